//! Rings when a row is to be looked at.
//!
//! A ring carries the id of a row and nothing else. Losing every ring costs time, never a post:
//! the sweeper rings again for whatever is overdue. A ring that comes twice finds nothing to do.

mod postgres;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

pub use postgres::Receiver;
use store::Pool;
use time::OffsetDateTime;

/// Rings when a row is to be looked at. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Doorbell {
    engine: Engine,
    failures: Arc<AtomicU64>,
}

#[derive(Debug, Clone)]
enum Engine {
    Postgres(Pool),
}

/// The engine could not take the ring. Nothing is lost: the sweeper rings again.
#[derive(Debug, thiserror::Error)]
#[error("the doorbell did not ring")]
pub struct RingError(#[source] store::StoreError);

/// What the one who was rung for says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// The ring is answered.
    Done,
    /// Something failed that another try may mend: ring again.
    Again,
}

impl Doorbell {
    /// The embedded engine: a table, told by `NOTIFY`.
    pub fn postgres(pool: impl Into<Pool>) -> Self {
        Self {
            engine: Engine::Postgres(pool.into()),
            failures: Arc::default(),
        }
    }

    /// Rings for `subject` (`pst_…`, `con_…`) at `at`, in place of a ring that stands for it.
    ///
    /// # Errors
    /// [`RingError`] when the engine could not take it.
    pub async fn ring(&self, subject: &str, at: OffsetDateTime) -> Result<(), RingError> {
        match &self.engine {
            Engine::Postgres(pool) => store::rings::ring(pool, subject, at)
                .await
                .map_err(RingError),
        }
    }

    /// As [`ring`](Self::ring), for callers that have already committed what the ring is about: a
    /// failure is logged and counted, and left to the sweeper.
    pub async fn try_ring(&self, subject: &str, at: OffsetDateTime) {
        if let Err(error) = self.ring(subject, at).await {
            self.failures.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(
                subject,
                error = &error as &dyn std::error::Error,
                "the doorbell did not ring"
            );
        }
    }

    /// Takes a ring back.
    ///
    /// # Errors
    /// [`RingError`] when the engine could not be asked; a ring for nothing does no harm.
    pub async fn silence(&self, subject: &str) -> Result<(), RingError> {
        match &self.engine {
            Engine::Postgres(pool) => store::rings::silence(pool, subject)
                .await
                .map_err(RingError),
        }
    }

    /// How many rings failed in this process.
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// The receiving end, for engines that have no Lambda to call.
    pub fn receiver(&self) -> Receiver {
        match &self.engine {
            Engine::Postgres(pool) => Receiver::new(pool.clone()),
        }
    }
}
