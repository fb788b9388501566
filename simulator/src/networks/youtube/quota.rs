//! The project's daily buckets, which begin anew at midnight in California.

use time::{Date, Duration, Month, OffsetDateTime};

use super::State;

/// What a list costs.
pub(super) const LIST: u32 = 1;
/// What it costs to change something.
pub(super) const CHANGE: u32 = 50;

/// What was spent today.
#[derive(Debug, Default)]
pub(super) struct Spent {
    day: Option<Date>,
    uploads: u32,
    units: u32,
}

impl State {
    /// Counts an upload; tells whether it is one too many for today.
    pub(super) fn spends_upload(&mut self, now: OffsetDateTime) -> bool {
        self.turn_day(now);
        self.spent.uploads += 1;
        self.spent.uploads > self.uploads_a_day
    }

    /// Counts units; tells whether they are too many for today. What is refused for that costs nothing.
    pub(super) fn spends_units(&mut self, units: u32, now: OffsetDateTime) -> bool {
        self.turn_day(now);
        let after = self.spent.units + units;
        if after > self.units_a_day {
            return true;
        }
        self.spent.units = after;
        false
    }

    fn turn_day(&mut self, now: OffsetDateTime) {
        let today = day_in_california(now);
        if self.spent.day != Some(today) {
            self.spent = Spent {
                day: Some(today),
                ..Spent::default()
            };
        }
    }
}

/// The date in California. Clocks change at two in the morning there: forward at 10:00 UTC, back at 9:00 UTC.
fn day_in_california(now: OffsetDateTime) -> Date {
    let year = now.year();
    let sunday = |month, weeks: i64| {
        let first = Date::from_calendar_date(year, month, 1).ok()?;
        let wait = (7 - i64::from(first.weekday().number_days_from_sunday())) % 7;
        first.checked_add(Duration::days(wait + 7 * weeks))
    };
    let forward =
        sunday(Month::March, 1).map(|day| day.midnight().assume_utc() + Duration::hours(10));
    let back =
        sunday(Month::November, 0).map(|day| day.midnight().assume_utc() + Duration::hours(9));
    let is_summer = forward.is_some_and(|at| now >= at) && back.is_some_and(|at| now < at);
    (now - Duration::hours(if is_summer { 7 } else { 8 })).date()
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn days_turn_at_midnight_in_california() {
        for (now, day) in [
            (datetime!(2026-01-15 07:59 UTC), date!(2026 - 01 - 14)),
            (datetime!(2026-01-15 08:00 UTC), date!(2026 - 01 - 15)),
            (datetime!(2026-07-15 06:59 UTC), date!(2026 - 07 - 14)),
            (datetime!(2026-07-15 07:00 UTC), date!(2026 - 07 - 15)),
            (datetime!(2026-03-08 07:59 UTC), date!(2026 - 03 - 07)),
            (datetime!(2026-03-08 08:00 UTC), date!(2026 - 03 - 08)),
            (datetime!(2026-03-09 06:59 UTC), date!(2026 - 03 - 08)),
            (datetime!(2026-03-09 07:00 UTC), date!(2026 - 03 - 09)),
            (datetime!(2026-11-01 07:00 UTC), date!(2026 - 11 - 01)),
            (datetime!(2026-11-02 07:59 UTC), date!(2026 - 11 - 01)),
            (datetime!(2026-11-02 08:00 UTC), date!(2026 - 11 - 02)),
        ] {
            assert_eq!(day_in_california(now), day, "{now}");
        }
    }
}
