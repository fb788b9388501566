//! What X's headers tell of the calls that are left (docs.x.com, rate limits, read 2026-08-22; the
//! daily ones are reported).

use time::OffsetDateTime;

use crate::{Answer, Usage, UsageOf};

/// What begins the names of the three headers of a limit, and whose limit it is.
const LIMITS: [(&str, UsageOf); 3] = [
    ("x-rate-limit", UsageOf::Account),
    ("x-user-limit-24hour", UsageOf::Account),
    ("x-app-limit-24hour", UsageOf::App),
];

/// One of an answer's limits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    of: UsageOf,
    calls: u64,
    remaining: u64,
    pub(super) reset: Option<OffsetDateTime>,
}

impl Limit {
    pub(super) const fn is_used_up(self) -> bool {
        self.remaining == 0
    }

    fn usage(self, now: OffsetDateTime) -> Usage {
        let reset_in = self.reset.map(|reset| reset - now);
        Usage::of_calls(self.of, self.calls, self.remaining, reset_in)
    }
}

/// What an answer tells: the worst of the account's limits, and the app's. A call that is told to be the
/// last one of its window makes the next ones wait for the end of it.
pub(crate) fn usage(answer: &Answer, now: OffsetDateTime) -> Vec<Usage> {
    let worst = |of| {
        limits(answer)
            .filter(|limit| limit.of == of)
            .map(|limit| limit.usage(now))
            .max_by_key(|usage| (usage.free_in, usage.percent))
    };
    [worst(UsageOf::App), worst(UsageOf::Account)]
        .into_iter()
        .flatten()
        .collect()
}

/// The limits that an answer tells of.
pub(super) fn limits(answer: &Answer) -> impl Iterator<Item = Limit> {
    LIMITS.into_iter().filter_map(|(name, of)| {
        let number = |what: &str| {
            answer
                .header(&format!("{name}-{what}"))?
                .trim()
                .parse()
                .ok()
        };
        let remaining = number("remaining")?;
        Some(Limit {
            of,
            calls: number("limit").unwrap_or(remaining),
            remaining,
            reset: number("reset")
                .and_then(|seconds| i64::try_from(seconds).ok())
                .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok()),
        })
    })
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName};
    use time::{Duration, macros::datetime};

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

    fn told(headers: &[(&'static str, i64)]) -> Vec<Usage> {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), (*value).into()))
            .collect::<HeaderMap>();
        let answer = Answer {
            status: 200,
            headers,
            body: Vec::new(),
        };
        usage(&answer, NOW)
    }

    fn after(seconds: i64) -> i64 {
        NOW.unix_timestamp() + seconds
    }

    #[test]
    fn a_share_of_each_holder_is_told() {
        let headers = [
            ("x-rate-limit-limit", 100),
            ("x-rate-limit-remaining", 80),
            ("x-rate-limit-reset", after(600)),
            ("x-user-limit-24hour-limit", 50),
            ("x-user-limit-24hour-remaining", 5),
            ("x-user-limit-24hour-reset", after(6_000)),
            ("x-app-limit-24hour-limit", 10_000),
            ("x-app-limit-24hour-remaining", 9_999),
            ("x-app-limit-24hour-reset", after(6_000)),
        ];
        let part = |of, percent| Usage {
            of,
            percent,
            free_in: None,
        };
        assert_eq!(
            told(&headers),
            [part(UsageOf::App, 0), part(UsageOf::Account, 90)]
        );
    }

    #[test]
    fn the_limit_that_is_used_up_counts_until_it_is_whole_again() {
        let headers = [
            ("x-rate-limit-limit", 100),
            ("x-rate-limit-remaining", 0),
            ("x-rate-limit-reset", after(600)),
            ("x-user-limit-24hour-limit", 50),
            ("x-user-limit-24hour-remaining", 1),
            ("x-user-limit-24hour-reset", after(6_000)),
        ];
        let used_up = Usage {
            of: UsageOf::Account,
            percent: 100,
            free_in: Some(Duration::minutes(10)),
        };
        assert_eq!(told(&headers), [used_up]);
    }

    #[test]
    fn what_is_not_told_or_makes_no_sense_is_nothing() {
        assert_eq!(told(&[]), []);
        assert_eq!(told(&[("x-rate-limit-limit", 100)]), []);
        for reset in [after(-1), after(26 * 3_600)] {
            let headers = [("x-rate-limit-remaining", 0), ("x-rate-limit-reset", reset)];
            assert_eq!(told(&headers)[0].free_in, None);
        }
    }
}
