//! What a network lets an account do: a post that could not go out at its time is refused when it is asked for.

use domain::{PostId, UserId, Violation};
use platforms::Allowance;
use serde_json::Value;
use store::{connections::Connection, posts};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use web::Problem;

use crate::{Env, accept::one};

/// How far ahead of a time that is taken a free one is looked for.
const SEARCH: Duration = Duration::days(30);

/// Refuses what the account may not do, and what its day has no room for. `at` is absent for posts that go out now;
/// `edited` is the post that is changed.
pub(crate) async fn hold(
    env: &Env,
    user: UserId,
    connection: &Connection,
    options: &Value,
    at: Option<OffsetDateTime>,
    edited: Option<PostId>,
) -> Result<(), Problem> {
    let (platform, facts) = (connection.platform, &connection.facts);
    if let Some(broken) = platforms::not_allowed(platform, options, facts, &connection.scopes) {
        return Err(one(broken));
    }
    let Some(allowance) = platforms::allowance(platform, options, facts) else {
        return Ok(());
    };
    let wanted = at.unwrap_or_else(|| env.web.clock.now());
    let between = (wanted - allowance.window, wanted + SEARCH);
    let taken = posts::times(
        &env.web.pool,
        user,
        connection.id,
        between,
        allowance.option,
        edited,
    )
    .await?;
    if is_free(&taken, wanted, allowance) {
        return Ok(());
    }
    let name = platform.display_name();
    let hours = allowance.window.whole_hours();
    let remedy = next_free(&taken, wanted, allowance)
        .and_then(|free| free.format(&Rfc3339).ok())
        .map_or_else(
            || "Cancel another one first.".to_owned(),
            |free| format!("Schedule it for {free} or later, or cancel another one first."),
        );
    Err(one(Violation::new(
        "scheduledAtISO",
        "daily_limit",
        format!(
            "falls into {hours} hours for which {} posts are planned already; {name} takes no more of this account",
            allowance.posts
        ),
        remedy,
    )))
}

/// Whether one more post at `wanted` leaves every stretch of the window's length with no more posts than allowed.
fn is_free(taken: &[OffsetDateTime], wanted: OffsetDateTime, allowance: Allowance) -> bool {
    let mut times = taken.to_vec();
    times.insert(times.partition_point(|at| *at <= wanted), wanted);
    times
        .windows(allowance.posts + 1)
        .all(|stretch| match (stretch.first(), stretch.last()) {
            (Some(first), Some(last)) => {
                !(*first..=*last).contains(&wanted) || *last - *first >= allowance.window
            }
            (None, _) | (_, None) => true,
        })
}

/// The first free time after `wanted`: one becomes free only when another post is a window old.
fn next_free(
    taken: &[OffsetDateTime],
    wanted: OffsetDateTime,
    allowance: Allowance,
) -> Option<OffsetDateTime> {
    taken
        .iter()
        .map(|at| *at + allowance.window)
        .filter(|free| *free > wanted)
        .find(|free| is_free(taken, *free, allowance))
        // Whole seconds are read more easily, and are no earlier.
        .map(|free| {
            free.replace_nanosecond(0)
                .map_or(free, |whole| whole + Duration::SECOND)
        })
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOON: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);
    const THREE: Allowance = Allowance {
        posts: 3,
        window: Duration::DAY,
        option: None,
    };

    fn at(hours: &[i64]) -> Vec<OffsetDateTime> {
        hours
            .iter()
            .map(|hours| NOON + Duration::hours(*hours))
            .collect()
    }

    #[test]
    fn a_day_is_any_stretch_of_24_hours() {
        assert!(is_free(&[], NOON, THREE));
        assert!(is_free(&at(&[-10, 10]), NOON, THREE));
        assert!(!is_free(&at(&[-2, -1, 1]), NOON, THREE));
        assert!(!is_free(&at(&[1, 2, 3]), NOON, THREE));
        assert!(is_free(&at(&[-24, -1, 1]), NOON, THREE));
        assert!(
            is_free(&at(&[-13, -12, 12]), NOON, THREE),
            "{:?}",
            at(&[-13, -12, 12])
        );
        // What is full without it stays none of its business.
        assert!(is_free(&at(&[-40, -39, -38, -37]), NOON, THREE));
    }

    #[test]
    fn the_next_free_time_is_a_window_after_the_post_that_makes_room() {
        let taken = at(&[-3, -2, -1]);
        let free = next_free(&taken, NOON, THREE).unwrap();
        assert!(is_free(&taken, free, THREE));
        assert_eq!(free, NOON + Duration::hours(21) + Duration::SECOND);
        assert!(next_free(&[], NOON, THREE).is_none());
    }
}
