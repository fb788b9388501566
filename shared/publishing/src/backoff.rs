//! How long to wait before trying again.

use std::fmt::Display;

use domain::PostId;
use store::StoreError;
use time::Duration;
use tokio::time::sleep;
use uuid::Uuid;

use crate::Asked;

const FIRST: Duration = Duration::seconds(2);
const LONGEST: Duration = Duration::minutes(5);
/// How long to wait until what the database did not answer is asked again; one that starts anew takes seconds.
const ASK_AGAIN: [std::time::Duration; 3] = [
    std::time::Duration::from_millis(200),
    std::time::Duration::from_secs(1),
    std::time::Duration::from_secs(3),
];

/// How long to wait after the `tries`th fault in a row: doubling from two seconds to five minutes,
/// each shortened by up to half. The share is the post's own, so that posts that failed together
/// do not come back together.
pub(crate) fn after(tries: i32, post: PostId) -> Duration {
    let doublings = u32::try_from(tries.clamp(1, 16) - 1).unwrap_or(0);
    let full = (FIRST * 2_i32.saturating_pow(doublings).min(1024)).min(LONGEST);
    full * (1.0 - 0.5 * share(tries, post.uuid()))
}

/// A number from 0 to 1 that is spread over rows and tries.
pub(crate) fn share(tries: i32, row: Uuid) -> f64 {
    let bytes = row.into_bytes();
    let seed = bytes
        .iter()
        .fold(u64::from(tries.unsigned_abs()), |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
    f64::from(u32::try_from(seed >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}

/// Asks the database again for what it did not answer about `row`. Only for what may be asked twice.
#[expect(
    clippy::disallowed_methods,
    reason = "nothing can be parked in a database that is away"
)]
pub(crate) async fn persistently<'a, T>(
    row: impl Display,
    ask: impl Fn() -> Asked<'a, T>,
) -> Result<T, StoreError> {
    for pause in ASK_AGAIN {
        match ask().await {
            Err(error) if error.may_pass() => {
                tracing::warn!(%row, error = &error as &dyn std::error::Error, "the database is asked again for {row}");
                sleep(pause).await;
            }
            told => return told,
        }
    }
    ask().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_stay_within_their_bounds_and_differ_between_posts() {
        let (one, other) = (PostId::mint(), PostId::mint());
        for tries in 1..40 {
            let wait = after(tries, one);
            assert!(
                (Duration::seconds(1)..=LONGEST).contains(&wait),
                "{tries}: {wait}"
            );
        }
        assert!(after(9, one) >= Duration::seconds(150));
        assert_ne!(after(5, one), after(5, other));
    }
}
