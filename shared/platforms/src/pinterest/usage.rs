//! What Pinterest's headers tell of the calls that are left (reported; their form is not published).

use time::Duration;

use super::fault::leading_number;
use crate::{Answer, Usage, UsageOf};

/// A limit of such a time is our app's over all accounts: that of trial access. All others are a person's.
const OF_APP: Duration = Duration::DAY;
/// A limit that is counted by a shorter time is free again before the next call.
const SHORTEST: Duration = Duration::seconds(10);
/// Without a window a limit that is whole again this late is one of a day.
const LONG: Duration = Duration::hours(1);

/// What an answer tells of its kind of calls, reads or writes. A call that is told to be the last one makes the next
/// ones wait.
pub(crate) fn usage(answer: &Answer) -> Option<Usage> {
    let number = |name| {
        let number = leading_number(answer.header(name)?)?;
        u64::try_from(number).ok()
    };
    let remaining = number("x-ratelimit-remaining")?;
    let limit = number("x-ratelimit-limit").unwrap_or(remaining);
    let reset = answer
        .header("x-ratelimit-reset")
        .and_then(leading_number)
        .map(Duration::seconds);
    let window = answer.header("x-ratelimit-limit").and_then(window_of);
    if window.is_some_and(|window| window < SHORTEST) {
        return None;
    }
    let lasts_long = match window {
        Some(window) => window >= OF_APP,
        None => reset.is_some_and(|reset| reset > LONG),
    };
    let of = if lasts_long {
        UsageOf::App
    } else {
        UsageOf::Account
    };
    Some(Usage::of_calls(of, limit, remaining, reset))
}

/// The time that a limit is counted by: the least `w` of `100, 100;w=1, 1000;w=60`.
fn window_of(limit: &str) -> Option<Duration> {
    let windows = limit.split([',', ';']).filter_map(|part| {
        let seconds = part.trim().strip_prefix("w=")?;
        leading_number(seconds).map(Duration::seconds)
    });
    windows.min()
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    fn read(limit: &'static str, remaining: &'static str, reset: &'static str) -> Option<Usage> {
        let headers = [
            ("x-ratelimit-limit", limit),
            ("x-ratelimit-remaining", remaining),
            ("x-ratelimit-reset", reset),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        })
        .collect::<HeaderMap>();
        let answer = Answer {
            status: 200,
            headers,
            body: Vec::new(),
        };
        usage(&answer)
    }

    fn used(of: UsageOf, percent: u8, free_in: Option<i64>) -> Usage {
        Usage {
            of,
            percent,
            free_in: free_in.map(Duration::seconds),
        }
    }

    #[test]
    fn the_limit_of_a_minute_is_a_persons_and_that_of_a_day_the_apps() {
        let (person, app) = (UsageOf::Account, UsageOf::App);
        for (limit, remaining, reset, told) in [
            ("100, 100;w=60", "99", "60", used(person, 1, None)),
            ("100", "20", "31", used(person, 80, None)),
            ("100, 100;w=60", "0", "12", used(person, 100, Some(12))),
            ("300, 300;w=86400", "30", "7200", used(app, 90, None)),
            ("300, 300;w=86400", "0", "60", used(app, 100, Some(60))),
            ("300", "0", "40000", used(app, 100, Some(40_000))),
            ("", "0", "45.5", used(person, 100, Some(45))),
        ] {
            assert_eq!(
                read(limit, remaining, reset),
                Some(told),
                "{limit} {remaining}"
            );
        }
    }

    #[test]
    fn what_is_not_told_or_makes_no_sense_is_nothing() {
        assert_eq!(read("", "", ""), None);
        assert_eq!(read("100", "", "5"), None);
        assert_eq!(read("100", "many", "5"), None);
        // Calls of one second are free again before anybody waits for them.
        assert_eq!(read("100, 100;w=1", "0", "1"), None);
        let person = UsageOf::Account;
        for reset in ["", "0", "soon"] {
            assert_eq!(
                read("100", "0", reset),
                Some(used(person, 100, None)),
                "{reset}"
            );
        }
        let later = Some(used(UsageOf::App, 100, None));
        assert_eq!(read("100", "0", "99999999"), later);
    }
}
