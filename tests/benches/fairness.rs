//! How late the posts of others go out while one user has ten thousand due in one second: a Postgres of its own, the
//! embedded doorbell with its receiver, and networks that take 50 ms for each answer. Prints how late the others' posts
//! were, one due in each second of the crowd; fails when one was later than the bar, or when a post is doubled.
//!
//! `cargo xtask bench tests fairness [POSTS]`; ten thousand unless told otherwise.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark tells what it measured, and stops where it cannot go on"
)]

mod rig;

use std::{process::ExitCode, time::Duration};

use domain::Platform;
use tests::bench;

use rig::{Embedded, Rig, pass};

const CROWD: usize = 10_000;
/// Where a text goes out by one call, and nobody counts how many.
const NETWORK: Platform = Platform::Facebook;
/// How many others have a post each, due so many seconds one after the other.
const OTHERS: usize = 30;
/// How late one of theirs may be, in milliseconds.
const BAR: i64 = 5_000;
/// How long after the time of the last of theirs is looked.
const AFTER: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let Some(bench::Asked { count }) = bench::asked("fairness") else {
        return ExitCode::SUCCESS;
    };
    let crowd = count.unwrap_or(CROWD);
    let (late, gone) = rig::run(measure(crowd));
    let (half, last) = (late[late.len() / 2], late[late.len() - 1]);
    println!(
        "beside {crowd} posts of one user, {gone} of them out by then: {} of {OTHERS} posts of others out, late p50 {half} ms, the last {last} ms (bar {BAR})",
        late.len()
    );
    if late.len() < OTHERS || last > BAR {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// How late each post of others was, sorted, and how many of the crowd were out by then.
async fn measure(crowd: usize) -> (Vec<i64>, usize) {
    let rig = Rig::open("fairness", Embedded).await;
    let mut accounts = Vec::new();
    for user in 0..=OTHERS {
        accounts.push(rig.client.join(&rig.networks(), user, &[NETWORK]).await);
    }
    let (one, others) = accounts.split_first().unwrap();
    let working = rig.publish();
    let due = rig.schedule(crowd, |_| &one[0]).await;
    let mut last = due;
    for (place, of_other) in others.iter().enumerate() {
        last = due + time::Duration::SECOND * i32::try_from(place).unwrap();
        rig.client.schedule(&of_other[0], crowd + place, last).await;
    }
    rig.wait_until(due).await;
    pass(Duration::try_from(last - due).unwrap() + AFTER).await;
    let late: Vec<i64> = sqlx::query_scalar(
        "SELECT (extract(epoch FROM accepted_at - due_at) * 1000)::bigint FROM posts
         WHERE stage = 'published' AND user_id <> (SELECT user_id FROM posts GROUP BY user_id ORDER BY count(*) DESC LIMIT 1)
         ORDER BY 1",
    )
    .fetch_all(&rig.pool)
    .await
    .unwrap();
    working.stop().await;
    let gone = rig.live() - late.len();
    rig.close().await;
    (late, gone)
}
