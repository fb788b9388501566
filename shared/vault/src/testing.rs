//! A shelf in memory and a clock that is moved by hand, for tests.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use domain::DataKeyId;
use time::OffsetDateTime;

use crate::{Clock, KeyShelf, ShelfFuture, WrappedKey};

/// Keeps wrapped keys as long as the test runs.
#[derive(Default)]
pub struct MemoryShelf {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    keys: Vec<WrappedKey>,
    asked: usize,
    race: bool,
}

impl MemoryShelf {
    /// How often the shelf was read.
    pub fn asked(&self) -> usize {
        self.kept().asked
    }

    /// How many keys it holds.
    pub fn len(&self) -> usize {
        self.kept().keys.len()
    }

    /// Whether it holds no key.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Answers the next addition as if another process, holding the same key, had been first.
    pub fn lose_the_next_race(&self) {
        self.kept().race = true;
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn current(&self) -> Option<&WrappedKey> {
        self.keys.iter().max_by_key(|key| key.created_at)
    }
}

impl KeyShelf for MemoryShelf {
    fn current(&self) -> ShelfFuture<'_, Option<WrappedKey>> {
        let mut kept = self.kept();
        kept.asked += 1;
        let found = kept.current().cloned();
        Box::pin(async move { Ok(found) })
    }

    fn find(&self, id: DataKeyId) -> ShelfFuture<'_, Option<WrappedKey>> {
        let mut kept = self.kept();
        kept.asked += 1;
        let found = kept.keys.iter().find(|key| key.id == id).cloned();
        Box::pin(async move { Ok(found) })
    }

    fn add(&self, key: WrappedKey, replaces: Option<DataKeyId>) -> ShelfFuture<'_, bool> {
        let mut kept = self.kept();
        let lost = std::mem::take(&mut kept.race);
        let free = kept.current().map(|key| key.id) == replaces;
        if free {
            kept.keys.push(key);
        }
        Box::pin(async move { Ok(free && !lost) })
    }
}

/// A clock that stands still until it is moved.
pub struct SteeredClock {
    times: Mutex<(Instant, OffsetDateTime)>,
}

impl Default for SteeredClock {
    fn default() -> Self {
        Self {
            times: Mutex::new((Instant::now(), OffsetDateTime::UNIX_EPOCH)),
        }
    }
}

impl SteeredClock {
    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        let mut times = self.times();
        times.0 += by;
        times.1 += by;
    }

    /// Sets the time of day back, as a machine with a wrong clock has it.
    pub fn turn_back(&self, by: time::Duration) {
        self.times().1 -= by;
    }

    fn times(&self) -> MutexGuard<'_, (Instant, OffsetDateTime)> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for SteeredClock {
    fn instant(&self) -> Instant {
        self.times().0
    }

    fn now(&self) -> OffsetDateTime {
        self.times().1
    }
}
