//! The time at the networks; tests move it.

use std::sync::{Arc, Mutex, PoisonError};

use time::{Duration, OffsetDateTime};

/// A clock that can be moved: the machine's time plus an offset, or one that stands still until it
/// is moved. Copies share the offset.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    stands_at: Option<OffsetDateTime>,
    offset: Arc<Mutex<Duration>>,
}

impl Clock {
    /// A clock that shows `time` until it is moved.
    pub fn standing_at(time: OffsetDateTime) -> Self {
        Self {
            stands_at: Some(time),
            offset: Arc::default(),
        }
    }

    /// The time.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock of the simulated networks"
    )]
    pub fn now(&self) -> OffsetDateTime {
        let offset = *self.offset.lock().unwrap_or_else(PoisonError::into_inner);
        self.stands_at.unwrap_or_else(OffsetDateTime::now_utc) + offset
    }

    /// Moves the time forward (or back, with a negative duration).
    pub fn advance(&self, by: Duration) {
        *self.offset.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}
