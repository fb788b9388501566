//! What an account can be promised: how many posts the day's calls hold.

use std::ops::Range;

use domain::Counted;
use time::{Duration, OffsetDateTime, Time, UtcOffset};

use crate::{Allowance, Terms, UsageOf, Window, number};

/// How many calls a member has a day, of which each post takes at least one (Share on LinkedIn, read 2026-08-13);
/// `settings["calls_per_day"]` says otherwise, for apps with other products have other numbers.
const CALLS: usize = 150;

/// How many posts the account may make in a day.
pub fn allowance(terms: &Terms<'_>) -> Allowance {
    Allowance {
        name: "posts",
        of: UsageOf::Account,
        posts: number(terms.settings.get("calls_per_day")).unwrap_or(CALLS),
        window: Window::Day(day_of),
        counted: Counted::All,
    }
}

/// LinkedIn counts by days in UTC.
pub(super) fn day_of(moment: OffsetDateTime) -> Range<OffsetDateTime> {
    let begin = moment
        .to_offset(UtcOffset::UTC)
        .replace_time(Time::MIDNIGHT);
    begin..begin + Duration::DAY
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_day_holds_as_many_posts_as_calls() {
        for (setting, posts) in [(None, 150), (Some("100"), 100), (Some("many"), 150)] {
            let settings: BTreeMap<String, String> = setting
                .map(|calls| ("calls_per_day".to_owned(), calls.to_owned()))
                .into_iter()
                .collect();
            let terms = Terms {
                facts: &Value::Null,
                scopes: &[],
                settings: &settings,
            };
            assert_eq!(allowance(&terms).posts, posts, "{setting:?}");
        }
    }

    #[test]
    fn a_day_is_one_of_utc() {
        let day = datetime!(2026-03-04 00:00 UTC)..datetime!(2026-03-05 00:00 UTC);
        for moment in [
            datetime!(2026-03-04 00:00 UTC),
            datetime!(2026-03-04 23:59:59 UTC),
            datetime!(2026-03-05 01:30 +2),
        ] {
            assert_eq!(day_of(moment), day, "{moment}");
        }
    }
}
