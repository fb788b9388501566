//! How long to wait before trying again.

use domain::PostId;
use time::Duration;
use uuid::Uuid;

const FIRST: Duration = Duration::seconds(2);
const LONGEST: Duration = Duration::minutes(5);

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
