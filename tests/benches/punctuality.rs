//! How late posts go out that are all due in the same second: a Postgres of its own, the embedded doorbell with its
//! receiver, and networks that take 50 ms for each answer. Prints what half, 95 and 99 of a hundred posts were late
//! at most, and the processor's seconds; fails when they are later than the bars, or when a post is missing or doubled.
//!
//! `cargo xtask bench tests punctuality [POSTS]`; a thousand unless told otherwise.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark tells what it measured, and stops where it cannot go on"
)]

mod processor;
mod rig;

use std::{process::ExitCode, time::Duration};

use domain::Platform;
use store::Pool;
use tests::bench;

use processor::{seconds_here, seconds_of_postgres};
use rig::{Rig, pass};

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
    let measured = rig::run(measure(posts));
    let [half, most, nearly_all, last] = measured.late_ms;
    println!(
        "{posts} posts of one second over {ACCOUNTS} accounts: late p50 {half} ms (bar {}), p95 {most} ms, p99 {nearly_all} ms (bar {}), the last {last} ms",
        BARS.0, BARS.1
    );
    println!(
        "from their time to the last: {:.2} CPU-seconds here, the simulated networks included, and {:.2} of Postgres",
        measured.seconds, measured.of_postgres
    );
    if half > BARS.0 || nearly_all > BARS.1 {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

struct Measured {
    /// What half, 95, 99 and all of a hundred posts were late at most.
    late_ms: [i64; 4],
    /// The processor's seconds of this process.
    seconds: f64,
    /// Those of Postgres.
    of_postgres: f64,
}

async fn measure(posts: usize) -> Measured {
    let rig = Rig::open("punctuality").await;
    let mut accounts = Vec::new();
    for user in 0..ACCOUNTS.div_ceil(NETWORKS.len()) {
        accounts.extend(rig.client.join(&rig.networks(), user, &NETWORKS).await);
    }
    let working = rig.publish();
    let due = rig
        .schedule(posts, |number| &accounts[number % accounts.len()])
        .await;
    rig.wait_until(due).await;
    let before = (seconds_here(), seconds_of_postgres());
    let late = lateness(&rig.pool, posts).await;
    let measured = Measured {
        late_ms: [50, 95, 99, 100].map(|part| late[(late.len() * part).div_ceil(100) - 1]),
        seconds: seconds_here() - before.0,
        of_postgres: seconds_of_postgres() - before.1,
    };
    working.stop().await;
    assert_eq!(rig.live(), posts);
    rig.close().await;
    measured
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
