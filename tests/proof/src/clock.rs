//! One time for the books, the networks and the vault; it passes only where it is told to.

use std::time::Instant;

use time::{Duration, OffsetDateTime, macros::datetime};

/// When every world begins: a quiet hour, at which no clocks change anywhere.
const BEGINNING: OffsetDateTime = datetime!(2026-03-04 05:06:07 UTC);

/// The time. Copies are the same clock.
#[derive(Debug, Clone)]
pub struct Clock(simulator::Clock);

impl Default for Clock {
    fn default() -> Self {
        Self(simulator::Clock::standing_at(BEGINNING))
    }
}

impl Clock {
    /// The time.
    pub fn now(&self) -> OffsetDateTime {
        self.0.now()
    }

    /// The same clock, as the networks take it.
    pub fn of_the_networks(&self) -> simulator::Clock {
        self.0.clone()
    }

    /// Lets time pass, for watches too.
    pub async fn advance(&self, by: Duration) {
        let by = by.max(Duration::ZERO);
        self.0.advance(by);
        tokio::time::advance(by.unsigned_abs()).await;
    }

    /// Begins anew.
    pub(crate) fn begin(&self) {
        self.0.advance(BEGINNING - self.now());
    }

    /// Puts the clock forward or back; watches do not notice.
    pub fn jump(&self, by: Duration) {
        self.0.advance(by);
    }
}

impl vault::Clock for Clock {
    fn instant(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn now(&self) -> OffsetDateTime {
        self.0.now()
    }
}
