//! The receiving end of the embedded engine.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use store::{
    PgListener, Pool, StoreError,
    rings::{self, Taken},
};
use tokio::time::timeout;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Reception, Reply,
    desk::{Desk, Room},
};

/// How long to wait at most before looking on its own: a lost `NOTIFY` costs this much.
const POLL: Duration = Duration::from_secs(1);
/// Where more is due than there is room for, how long to wait for room for several, which are taken in one go.
const GATHER: Duration = Duration::from_millis(10);
/// How long to leave the database alone after it failed.
const PAUSE: Duration = Duration::from_secs(1);

/// Takes rings that are due and calls a handler for each.
#[derive(Debug)]
pub struct Receiver {
    pool: Pool,
    reception: Reception,
}

impl Receiver {
    pub(crate) const fn new(pool: Pool, reception: Reception) -> Self {
        Self { pool, reception }
    }

    pub(crate) async fn run<F, H>(&self, stop: CancellationToken, handle: H)
    where
        H: Fn(String) -> F + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        let handle = Arc::new(handle);
        let desk = Arc::new(Desk::new(self.reception.at_once));
        let tasks = TaskTracker::new();
        let answers = Arc::new(Answers::default());
        let mut listener = None;
        let mut is_busy = false;
        while !stop.is_cancelled() {
            let room = room(&desk, is_busy).await;
            let round = self.round(&desk, room, &tasks, &answers, &handle);
            let wait = match round.await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "rings could not be taken"
                    );
                    listener = None;
                    Wait::For(PAUSE)
                }
            };
            if listener.is_none() {
                listener = self.pool.listen(rings::CHANNEL).await.ok().flatten();
            }
            is_busy = wait.is_for_room();
            let (wait, for_room) = match wait {
                Wait::For(wait) => (wait, false),
                Wait::ForRoom => (POLL, true),
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = told(&mut listener, wait) => {}
                () = desk.freed(), if for_room => {}
            }
        }
        tasks.close();
        tasks.wait().await;
        let answered = answers.take();
        if !answered.is_empty()
            && let Err(error) = rings::answer(&self.pool, &answered).await
        {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "rings could not be answered"
            );
        }
    }

    /// Takes what is due and there is room for, and answers what was worked on; gives how long nothing more will be.
    async fn round<F, H>(
        &self,
        desk: &Arc<Desk>,
        Room { places, but_of }: Room,
        tasks: &TaskTracker,
        answers: &Arc<Answers>,
        handle: &Arc<H>,
    ) -> Result<Wait, StoreError>
    where
        H: Fn(String) -> F + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        let visibility = self.reception.visibility;
        let visibility = visibility.try_into().unwrap_or(time::Duration::MAX);
        let limit = i64::try_from(places).unwrap_or(i64::MAX);
        // Those that are not answered for a failure come again, and nothing is to do.
        let answered = answers.take();
        let taken = rings::take(&self.pool, limit, visibility, &but_of, &answered).await?;
        let is_full = taken.len() == places;
        for ring in taken {
            let (answers, handle) = (Arc::clone(answers), Arc::clone(handle));
            let place = desk.take(ring.owner);
            tasks.spawn(async move {
                if handle(ring.subject.clone()).await == Reply::Done {
                    answers.add(ring);
                }
                drop(place);
            });
        }
        if is_full {
            return Ok(Wait::For(Duration::ZERO));
        }
        if !but_of.is_empty() {
            return Ok(Wait::ForRoom);
        }
        let next = rings::next_due(&self.pool).await?;
        let next = next.map_or(POLL, |due| due.try_into().unwrap_or(POLL).min(POLL));
        Ok(Wait::For(next))
    }
}

/// Waits until there is room; where there is more to do than there was room for, for a moment until there is room for
/// several.
async fn room(desk: &Desk, is_busy: bool) -> Room {
    if is_busy && let Ok(room) = timeout(GATHER, desk.room_for_several()).await {
        return room;
    }
    desk.room().await
}

/// Rings that were worked on, and that the next round answers, within [`POLL`].
#[derive(Debug, Default)]
struct Answers(Mutex<Vec<Taken>>);

impl Answers {
    fn add(&self, ring: Taken) {
        let mut rings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rings.push(ring);
    }

    fn take(&self) -> Vec<Taken> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Until when nothing is to be taken, unless something rings.
#[derive(Debug, Clone, Copy)]
enum Wait {
    For(Duration),
    /// Until those who take up their share have room again.
    ForRoom,
}

impl Wait {
    /// Whether more may be due than there was room for.
    const fn is_for_room(self) -> bool {
        match self {
            Self::For(wait) => wait.is_zero(),
            Self::ForRoom => true,
        }
    }
}

/// Waits until something rings, or `wait` is over.
async fn told(listener: &mut Option<PgListener>, wait: Duration) {
    let heard = async {
        match listener {
            Some(open) => {
                if open.recv().await.is_err() {
                    *listener = None;
                }
            }
            None => std::future::pending().await,
        }
    };
    // Elapsed is the ordinary case: the next ring is due.
    drop(tokio::time::timeout(wait, heard).await);
}
