//! The time, as the vault needs it.

use std::time::Instant;

use time::OffsetDateTime;

/// Tells the vault how long a clear key has been in memory and when a data key was made.
pub trait Clock: Send + Sync {
    /// A moment that never runs backwards, for the age of cached keys.
    fn instant(&self) -> Instant;

    /// The time of day, for the record of a new data key.
    fn now(&self) -> OffsetDateTime;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn instant(&self) -> Instant {
        Instant::now()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock others are to ask"
    )]
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}
