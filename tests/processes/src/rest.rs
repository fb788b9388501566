//! After the faults: time passes until every post has an end.

use std::time::{Duration as RealDuration, Instant};

use time::Duration;
use tokio::time::interval;

use crate::{Failure, fleet::Fleet, town::Town};

/// How often it is looked whether anybody works.
const LOOK: RealDuration = RealDuration::from_millis(150);
/// After so long without any change nobody works, whatever the rows say: who held them is dead.
const STILL: RealDuration = RealDuration::from_secs(10);
/// The longest that the work of one moment may take.
const PATIENCE: RealDuration = RealDuration::from_mins(10);
/// The steps in which time passes, in seconds: from what the sweeper overlooks to what it is asked for in the end.
const STEPS: [i64; 6] = [35, 35, 60, 60, 120, 180];
/// After so long no post may be without an end.
const END: Duration = Duration::hours(26);

/// Lets time pass until every post has an end or none will ever come; gives how long that took by the database's clock.
pub(crate) async fn rest(
    town: &Town,
    fleet: &Fleet,
    say: &impl Fn(&str),
) -> Result<Duration, Failure> {
    let (begun, before) = (Instant::now(), town.clocks.offset());
    let mut steps = STEPS.into_iter();
    let mut step = Duration::ZERO;
    loop {
        let passed = town.clocks.offset() - before + begun.elapsed();
        sweeper::sweep(&town.sweeper).await?;
        quiet(town, fleet).await?;
        let (open, next, which) = open(town).await?;
        if open == 0 || passed > END {
            return Ok(passed);
        }
        let (passed, next_in) = (passed.whole_seconds(), next.whole_seconds());
        say(&format!(
            "{open} posts have no end yet after {passed} s, the next look is in {next_in} s: {which}"
        ));
        step = steps.next().map_or(step, Duration::seconds);
        town.clocks.advance(step.max(next)).await?;
    }
}

/// Waits until nobody holds a lease and no ring is due.
async fn quiet(town: &Town, fleet: &Fleet) -> Result<(), Failure> {
    let (begun, mut looks) = (Instant::now(), interval(LOOK));
    let (mut seen, mut since) = (None, Instant::now());
    loop {
        looks.tick().await;
        fleet.start()?;
        let found: (i64, i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM posts WHERE lease_until > app_now()),
                    (SELECT count(*) FROM rings
                     WHERE due_at <= app_now() AND (taken_until IS NULL OR taken_until <= app_now())),
                    (SELECT coalesce(sum(fence), 0)::bigint FROM posts)",
        )
        .fetch_one(&town.pool)
        .await?;
        if seen != Some(found) {
            (seen, since) = (Some(found), Instant::now());
            if begun.elapsed() > PATIENCE {
                return Err("the publishers never come to rest".into());
            }
            continue;
        }
        if (found.0, found.1) == (0, 0) || since.elapsed() > STILL {
            return Ok(());
        }
    }
}

/// How many posts have no end, how long until one of them is to be looked at, and some of them by what stands in their
/// way.
async fn open(town: &Town) -> Result<(i64, Duration, String), Failure> {
    let (open, next, which): (i64, Option<f64>, Option<String>) = sqlx::query_as(
        "WITH open AS (
             SELECT platform, stage, error ->> 'code' AS code, next_attempt_at FROM posts
             WHERE stage IN ('scheduled', 'preparing', 'prepared', 'firing', 'confirming')
         ), reasons AS (
             SELECT concat_ws(' ', count(*), platform, stage, code) AS what FROM open
             GROUP BY platform, stage, code ORDER BY count(*) DESC LIMIT 5
         )
         SELECT (SELECT count(*) FROM open),
             (SELECT extract(epoch FROM min(next_attempt_at) - app_now())::float8 FROM open),
             (SELECT string_agg(what, ', ') FROM reasons)",
    )
    .fetch_one(&town.pool)
    .await?;
    let next = Duration::seconds_f64(next.unwrap_or_default());
    Ok((open, next, which.unwrap_or_default()))
}
