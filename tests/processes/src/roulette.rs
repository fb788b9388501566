//! Chooses which publisher dies and when: at any moment, or between the commit of an arm and what it came to.

use std::{
    io,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use fastrand::Rng;
use tokio::time::Instant;
use uuid::Uuid;

use crate::{Failure, fleet::Fleet, proxy::Witness, town::Town};

/// How often a publisher that armed a post is killed, at least.
const KILLS: f64 = 0.04;
/// How many should be, however few posts there are.
const SOME: f64 = 10.0;
/// How often a publisher that armed a post is stopped while one is to be stopped.
const STOPS: f64 = 0.3;
/// Of those that are killed so many are before they hear of their arm, the others within some milliseconds after.
const AT_ONCE: f64 = 0.5;
const SOON: u64 = 25;

/// Kills and stops publishers. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Roulette(Arc<Inner>);

struct Inner {
    fleet: OnceLock<Fleet>,
    town: Arc<Town>,
    chance: Mutex<Rng>,
    kills: f64,
    is_on: AtomicBool,
    to_stop: AtomicUsize,
    stopped: Mutex<Vec<Instant>>,
    counts: Counts,
    failure: Mutex<Option<io::Error>>,
}

/// Who died.
#[derive(Debug, Default)]
struct Counts {
    /// Wherever they stood.
    random: AtomicUsize,
    /// With a post `firing` that they had armed.
    at_commit: AtomicUsize,
}

impl Roulette {
    /// One that rests until it is turned on.
    pub(crate) fn new(town: &Arc<Town>, chance: Rng, posts: usize) -> Self {
        let posts = f64::from(u32::try_from(posts).unwrap_or(u32::MAX));
        Self(Arc::new(Inner {
            fleet: OnceLock::new(),
            town: Arc::clone(town),
            chance: Mutex::new(chance),
            kills: KILLS.max(SOME / posts),
            is_on: AtomicBool::new(false),
            to_stop: AtomicUsize::new(0),
            stopped: Mutex::default(),
            counts: Counts::default(),
            failure: Mutex::default(),
        }))
    }

    /// Gives it those whom it kills.
    pub(crate) fn take(&self, fleet: Fleet) -> &Fleet {
        self.0.fleet.get_or_init(|| fleet)
    }

    /// From here on it kills, or does not.
    pub(crate) fn turn(&self, on: bool) {
        self.0.is_on.store(on, Ordering::SeqCst);
    }

    /// From here on it stops so many more.
    pub(crate) fn stop_some(&self, processes: usize) {
        self.0.to_stop.store(processes, Ordering::SeqCst);
    }

    /// When processes were stopped.
    pub(crate) fn stopped(&self) -> Vec<Instant> {
        let stopped = self.0.stopped.lock();
        stopped.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Kills one, whatever it is doing.
    pub(crate) fn kill_any(&self) {
        let Some(fleet) = self.0.fleet.get() else {
            return;
        };
        let door = self.0.draw(|chance| chance.usize(..fleet.doors()));
        if let Some(process) = fleet.at(door)
            && self.0.kill(door, process)
        {
            self.note_random(1);
        }
    }

    /// So many were killed otherwise.
    pub(crate) fn note_random(&self, killed: usize) {
        let random = &self.0.counts.random;
        random.fetch_add(killed, Ordering::Relaxed);
    }

    /// How many were killed at random, and between an arm and its outcome.
    pub(crate) fn killed(&self) -> (usize, usize) {
        let Counts { random, at_commit } = &self.0.counts;
        (
            random.load(Ordering::Relaxed),
            at_commit.load(Ordering::Relaxed),
        )
    }

    /// What kept it from doing its work, if anything did.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let failure = self.0.failure.lock();
        let failure = failure.unwrap_or_else(PoisonError::into_inner).take();
        failure.map_or(Ok(()), |failure| Err(failure.into()))
    }

    /// Counts a publisher that died after it had armed a post.
    async fn count(&self, post: Uuid) {
        // Nobody takes a post over before its lease ends, so what it was when its publisher died it still is.
        let is_firing: Result<Option<bool>, _> =
            sqlx::query_scalar("SELECT stage = 'firing' FROM posts WHERE id = $1")
                .bind(post)
                .fetch_optional(&self.0.town.pool)
                .await;
        if matches!(is_firing, Ok(Some(true))) {
            self.0.counts.at_commit.fetch_add(1, Ordering::Relaxed);
        } else {
            self.note_random(1);
        }
    }
}

impl Inner {
    fn draw<T>(&self, draw: impl Fn(&mut Rng) -> T) -> T {
        draw(&mut self.chance.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn kill(&self, door: usize, process: u32) -> bool {
        let fleet = self.fleet.get();
        let killed = fleet.map_or(Ok(false), |fleet| fleet.kill(door, process));
        self.done(killed)
    }

    fn stop(&self, door: usize, process: u32) -> bool {
        let fleet = self.fleet.get();
        let stopped = fleet.map_or(Ok(false), |fleet| fleet.stop(door, process));
        self.done(stopped)
    }

    fn done(&self, done: io::Result<bool>) -> bool {
        done.unwrap_or_else(|error| {
            *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            false
        })
    }
}

impl Witness for Roulette {
    fn process(&self, door: usize) -> Option<u32> {
        self.0.fleet.get()?.at(door)
    }

    fn armed(&self, door: usize, process: u32, post: Uuid) {
        let inner = &self.0;
        if !inner.is_on.load(Ordering::SeqCst) {
            return;
        }
        let left = inner.to_stop.load(Ordering::SeqCst);
        if left > 0 && inner.draw(Rng::f64) < STOPS {
            if inner.stop(door, process) {
                inner.to_stop.store(left - 1, Ordering::SeqCst);
                let mut stopped = inner.stopped.lock().unwrap_or_else(PoisonError::into_inner);
                stopped.push(Instant::now());
            }
        } else if inner.draw(Rng::f64) < inner.kills {
            let is_at_once = inner.draw(Rng::f64) < AT_ONCE;
            let wait = Duration::from_millis(inner.draw(|chance| chance.u64(..SOON)));
            // Done before this comes back, because only then the publisher is told of its arm.
            let is_dead = is_at_once && inner.kill(door, process);
            let roulette = self.clone();
            tokio::spawn(async move {
                if !is_at_once {
                    tokio::time::sleep_until(Instant::now() + wait).await;
                }
                if is_dead || !is_at_once && roulette.0.kill(door, process) {
                    roulette.count(post).await;
                }
            });
        }
    }
}
