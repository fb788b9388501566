//! When YouTube's daily quotas begin anew: midnight in California.

use std::ops::Range;

use time::{Date, Duration, Month, OffsetDateTime, Time, UtcOffset, Weekday};

/// The day in California that a moment falls into, from midnight to midnight; the end is not included.
///
/// The rule is that of the Energy Policy Act of 2005: summer time from the second Sunday of March
/// to the first Sunday of November, both at two in the morning.
pub fn day_of(at: OffsetDateTime) -> Range<OffsetDateTime> {
    let today = at.to_offset(offset_at(at)).date();
    midnight(today)..today.next_day().map_or(at, midnight)
}

/// The next midnight in California after `now`.
pub(super) fn next_midnight(now: OffsetDateTime) -> OffsetDateTime {
    day_of(now).end
}

/// When a day begins, in UTC. Clocks change at two, so that midnight has the offset of the day before.
fn midnight(day: Date) -> OffsetDateTime {
    let at = |hours| day.with_time(Time::MIDNIGHT).assume_offset(offset(hours));
    let summer = at(SUMMER);
    let midnight = if offset_at(summer) == summer.offset() {
        summer
    } else {
        at(WINTER)
    };
    midnight.to_offset(UtcOffset::UTC)
}

const SUMMER: i8 = -7;
const WINTER: i8 = -8;

fn offset(hours: i8) -> UtcOffset {
    UtcOffset::from_hms(hours, 0, 0).unwrap_or(UtcOffset::UTC)
}

/// California's offset at a moment.
fn offset_at(moment: OffsetDateTime) -> UtcOffset {
    let year = moment.to_offset(offset(WINTER)).year();
    let begins = sunday(year, Month::March, 2).map(|day| two_in_the_morning(day, WINTER));
    let ends = sunday(year, Month::November, 1).map(|day| two_in_the_morning(day, SUMMER));
    match (begins, ends) {
        (Some(begins), Some(ends)) if (begins..ends).contains(&moment) => offset(SUMMER),
        (Some(_) | None, Some(_) | None) => offset(WINTER),
    }
}

fn two_in_the_morning(day: Date, hours: i8) -> OffsetDateTime {
    day.with_time(Time::MIDNIGHT).assume_offset(offset(hours)) + Duration::hours(2)
}

/// The `number`th Sunday (from 1) of a month.
fn sunday(year: i32, month: Month, number: u8) -> Option<Date> {
    Date::from_calendar_date(year, month, 1)
        .ok()?
        .checked_sub(Duration::days(1))?
        .next_occurrence(Weekday::Sunday)
        .checked_add(Duration::weeks(i64::from(number) - 1))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn midnight_follows_summer_time() {
        for (now, midnight) in [
            (
                datetime!(2026-01-15 12:00 UTC),
                datetime!(2026-01-16 08:00 UTC),
            ),
            (
                datetime!(2026-01-15 07:59:59 UTC),
                datetime!(2026-01-15 08:00 UTC),
            ),
            (
                datetime!(2026-01-15 08:00 UTC),
                datetime!(2026-01-16 08:00 UTC),
            ),
            (
                datetime!(2026-07-01 06:59 UTC),
                datetime!(2026-07-01 07:00 UTC),
            ),
            (
                datetime!(2026-07-01 07:00 UTC),
                datetime!(2026-07-02 07:00 UTC),
            ),
            // 8 March 2026: the clocks go forward at 10:00 UTC.
            (
                datetime!(2026-03-08 07:59 UTC),
                datetime!(2026-03-08 08:00 UTC),
            ),
            (
                datetime!(2026-03-08 09:00 UTC),
                datetime!(2026-03-09 07:00 UTC),
            ),
            (
                datetime!(2026-03-08 12:00 UTC),
                datetime!(2026-03-09 07:00 UTC),
            ),
            // 1 November 2026: they go back at 09:00 UTC.
            (
                datetime!(2026-11-01 06:59 UTC),
                datetime!(2026-11-01 07:00 UTC),
            ),
            (
                datetime!(2026-11-01 08:30 UTC),
                datetime!(2026-11-02 08:00 UTC),
            ),
            (
                datetime!(2026-11-01 20:00 UTC),
                datetime!(2026-11-02 08:00 UTC),
            ),
            (
                datetime!(2026-12-31 23:00 UTC),
                datetime!(2027-01-01 08:00 UTC),
            ),
            (
                datetime!(2027-01-01 07:30 UTC),
                datetime!(2027-01-01 08:00 UTC),
            ),
        ] {
            assert_eq!(next_midnight(now), midnight, "{now}");
        }
    }

    #[test]
    fn days_join_and_have_23_25_or_24_hours() {
        // The Sundays on which clocks change, as published: forward, back.
        for (year, forward, back) in [
            (2024, 10, 3),
            (2025, 9, 2),
            (2026, 8, 1),
            (2027, 14, 7),
            (2028, 12, 5),
            (2029, 11, 4),
            (2030, 10, 3),
            (2031, 9, 2),
            (2032, 14, 7),
            (2033, 13, 6),
            (2034, 12, 5),
            (2035, 11, 4),
        ] {
            let date = |month, day| Date::from_calendar_date(year, month, day).unwrap();
            let (forward, back) = (date(Month::March, forward), date(Month::November, back));
            let mut day = date(Month::January, 1);
            let mut ends = day_of(day.midnight().assume_utc() + Duration::hours(8)).start;
            while day.year() == year {
                let known = day_of(ends);
                assert_eq!(known.start, ends, "{day}");
                let winter = day <= forward || day > back;
                let begins =
                    day.midnight().assume_utc() + Duration::hours(if winter { 8 } else { 7 });
                assert_eq!(known.start, begins, "{day}");
                let hours = match day {
                    it if it == forward => 23,
                    it if it == back => 25,
                    _ => 24,
                };
                assert_eq!(known.end - known.start, Duration::hours(hours), "{day}");
                assert_eq!(day_of(known.end - Duration::nanoseconds(1)), known, "{day}");
                ends = known.end;
                day = day.next_day().unwrap();
            }
        }
    }

    #[test]
    fn midnight_is_always_ahead_and_at_most_25_hours() {
        let mut now = datetime!(2024-01-01 00:17 UTC);
        while now < datetime!(2031-01-01 00:00 UTC) {
            let wait = next_midnight(now) - now;
            assert!(
                wait > Duration::ZERO && wait <= Duration::hours(25),
                "{now}"
            );
            now += Duration::hours(1);
        }
    }
}
