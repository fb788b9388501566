//! How late posts go out that are all due in the same second: a Postgres of its own, each engine of the doorbell in turn,
//! and networks that take 50 ms for each answer. Prints what half, 95 and 99 of a hundred posts were late at most, and the
//! processor's seconds; fails when a post is missing or doubled, or when those of the embedded engine are later than the
//! bars.
//!
//! `cargo xtask bench tests punctuality [POSTS]`; a thousand unless told otherwise.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark tells what it measured, and stops where it cannot go on"
)]

mod engines;
mod processor;
mod rig;

use std::{process::ExitCode, time::Duration};

use domain::Platform;
use store::Pool;
use tests::bench;

use engines::{Aws, Redis};
use processor::{seconds_here, seconds_of_servers};
use rig::{Embedded, Engine, Rig, pass};

const POSTS: usize = 1_000;
/// How many accounts they are spread over; a user has one of each network.
const ACCOUNTS: usize = 200;
/// Where a text goes out by one call. The simulated networks have few accounts, which are connected again and again;
/// those that count an account's posts closely are left out.
const NETWORKS: [Platform; 2] = [Platform::Facebook, Platform::Linkedin];
/// How late half of them, and 99 of a hundred, may be, in milliseconds.
const BARS: (i64, i64) = (400, 1_000);
/// How long after their time the last of them is waited for.
const PATIENCE: Duration = Duration::from_mins(2);
/// How often it is looked whether all are out.
const LOOK: Duration = Duration::from_millis(250);

fn main() -> ExitCode {
    let Some(bench::Asked { count }) = bench::asked("punctuality") else {
        return ExitCode::SUCCESS;
    };
    let posts = count.unwrap_or(POSTS);
    println!("{posts} posts of one second over {ACCOUNTS} accounts");
    let embedded = rig::run(measure("embedded", posts, Embedded));
    rig::run(async { measure("redis", posts, Redis::open().await).await });
    rig::run(async { measure("aws", posts, Aws::open().await).await });
    let [half, _, nearly_all, _] = embedded;
    if half > BARS.0 || nearly_all > BARS.1 {
        println!(
            "embedded: later than p50 {} ms or p99 {} ms",
            BARS.0, BARS.1
        );
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// What half, 95, 99 and all of a hundred posts were late at most, in milliseconds; printed under the name of the engine.
async fn measure(name: &str, posts: usize, engine: impl Engine + 'static) -> [i64; 4] {
    let rig = Rig::open("punctuality", engine).await;
    let mut accounts = Vec::new();
    for user in 0..ACCOUNTS.div_ceil(NETWORKS.len()) {
        accounts.extend(rig.client.join(&rig.networks(), user, &NETWORKS).await);
    }
    let working = rig.publish();
    let due = rig
        .schedule(posts, |number| &accounts[number % accounts.len()])
        .await;
    rig.wait_until(due).await;
    let before = (seconds_here(), seconds_of_servers());
    let late = lateness(&rig.pool, posts).await;
    let (here, of_servers) = (seconds_here() - before.0, seconds_of_servers() - before.1);
    working.stop().await;
    assert_eq!(rig.live(), posts);
    rig.close().await;
    let late = [50, 95, 99, 100].map(|part| late[(late.len() * part).div_ceil(100) - 1]);
    let [half, most, nearly_all, last] = late;
    println!(
        "{name}: late p50 {half} ms, p95 {most} ms, p99 {nearly_all} ms, the last {last} ms; from their time on {here:.2} CPU-seconds here, the simulated networks included, and {of_servers:.2} of the servers"
    );
    late
}

/// How late each post was accepted, sorted, once all of them were.
async fn lateness(pool: &Pool, posts: usize) -> Vec<i64> {
    for _ in 0..PATIENCE.as_millis() / LOOK.as_millis() {
        let late: Vec<i64> = sqlx::query_scalar(
            "SELECT (extract(epoch FROM accepted_at - due_at) * 1000)::bigint FROM posts
             WHERE stage = 'published' ORDER BY 1",
        )
        .fetch_all(pool)
        .await
        .unwrap();
        if late.len() == posts {
            return late;
        }
        pass(LOOK).await;
    }
    panic!("not all posts were published within {PATIENCE:?}");
}
