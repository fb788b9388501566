//! A shelf in memory, a clock that is moved by hand and a wrapper that fails on demand, for tests.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use domain::DataKeyId;
use time::OffsetDateTime;

use crate::{
    Clock, KeyShelf, LocalKey, ShelfFuture, VaultError, WrappedKey, Wrapper, clear_key::ClearKey,
};

/// How a [`SteeredWrapper`] does today.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Health {
    /// It does not answer.
    Down,
    /// It does everything.
    #[default]
    Good,
    /// It refuses everything.
    Refusing,
    /// It makes keys and refuses to unwrap any, as for a request handler.
    SealingOnly,
}

/// A wrapper that does as well as a test wants. Clones share everything.
#[derive(Clone)]
pub struct SteeredWrapper {
    local: Arc<LocalKey>,
    state: Arc<Mutex<Steering>>,
}

#[derive(Default)]
struct Steering {
    health: Health,
    made: usize,
    unwrapped: usize,
    answers_left: Option<usize>,
}

impl SteeredWrapper {
    /// Wraps with these 32 bytes.
    ///
    /// # Panics
    /// Never: 32 bytes are a key.
    pub fn new(key: [u8; 32]) -> Self {
        Self {
            local: Arc::new(LocalKey::from_bytes(&key).expect("32 bytes are a key")),
            state: Arc::default(),
        }
    }

    /// The same, as what a vault takes.
    pub fn wrapper(&self) -> Wrapper {
        Wrapper::Steered(self.clone())
    }

    /// Lets it do like that from here on.
    pub fn set(&self, health: Health) {
        let mut state = self.state();
        state.health = health;
        state.answers_left = None;
    }

    /// Lets it go down after so many more answers.
    pub fn go_down_after(&self, answers: usize) {
        self.state().answers_left = Some(answers);
    }

    /// How often it was asked for a new key.
    pub fn made(&self) -> usize {
        self.state().made
    }

    /// How often it was asked to unwrap a key.
    pub fn unwrapped(&self) -> usize {
        self.state().unwrapped
    }

    pub(crate) fn generate(&self, id: DataKeyId) -> Result<(ClearKey, Vec<u8>), VaultError> {
        let health = {
            let mut state = self.state();
            state.made += 1;
            state.asked()
        };
        match health {
            Health::Down => Err(VaultError::KeyServiceDown("it is down".into())),
            Health::Refusing => Err(VaultError::KeyServiceRefuses("it refuses".into())),
            Health::Good | Health::SealingOnly => self.local.generate(id),
        }
    }

    pub(crate) fn unwrap(&self, id: DataKeyId, wrapped: &[u8]) -> Result<ClearKey, VaultError> {
        let health = {
            let mut state = self.state();
            state.unwrapped += 1;
            state.asked()
        };
        match health {
            Health::Down => Err(VaultError::KeyServiceDown("it is down".into())),
            Health::Refusing | Health::SealingOnly => {
                Err(VaultError::KeyServiceRefuses("it refuses".into()))
            }
            Health::Good => self.local.unwrap(id, wrapped),
        }
    }

    fn state(&self) -> MutexGuard<'_, Steering> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Steering {
    /// How it does when it is asked once more.
    fn asked(&mut self) -> Health {
        match &mut self.answers_left {
            Some(0) => self.health = Health::Down,
            Some(left) => *left -= 1,
            None => {}
        }
        self.health
    }
}

/// Keeps wrapped keys as long as the test runs.
#[derive(Default)]
pub struct MemoryShelf {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    keys: Vec<WrappedKey>,
    current: Option<DataKeyId>,
    asked: usize,
    race: bool,
    full: bool,
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

    /// Fails at the next key that is to be kept.
    pub fn refuse_the_next_addition(&self) {
        self.kept().full = true;
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn current(&self) -> Option<&WrappedKey> {
        self.keys.iter().find(|key| Some(key.id) == self.current)
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
        let free = kept.current == replaces;
        if free {
            kept.current = Some(key.id);
            kept.keys.push(key);
        }
        Box::pin(async move { Ok(free && !lost) })
    }

    fn keep(&self, key: WrappedKey) -> ShelfFuture<'_, ()> {
        let mut kept = self.kept();
        let refused = std::mem::take(&mut kept.full);
        if !refused {
            kept.keys.push(key);
        }
        Box::pin(async move {
            if refused {
                return Err("there is no place".into());
            }
            Ok(())
        })
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
