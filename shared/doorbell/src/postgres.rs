//! The receiving end of the embedded engine.

use std::{future::Future, sync::Arc, time::Duration};

use store::{PgListener, Pool, StoreError, rings};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Reception, Reply,
    desk::{Desk, Room},
};

/// How long to wait at most before looking on its own: a lost `NOTIFY` costs this much.
const POLL: Duration = Duration::from_secs(1);
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
        let mut listener = None;
        while !stop.is_cancelled() {
            let round = self.round(&desk, &tasks, &handle);
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
    }

    /// Takes what is due and there is room for; gives how long nothing more will be.
    async fn round<F, H>(
        &self,
        desk: &Arc<Desk>,
        tasks: &TaskTracker,
        handle: &Arc<H>,
    ) -> Result<Wait, StoreError>
    where
        H: Fn(String) -> F + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        let Room { places, but_of } = desk.room().await;
        let visibility = self.reception.visibility;
        let visibility = visibility.try_into().unwrap_or(time::Duration::MAX);
        let room = i64::try_from(places).unwrap_or(i64::MAX);
        let taken = rings::take(&self.pool, room, visibility, &but_of).await?;
        let is_full = taken.len() == places;
        for ring in taken {
            let (pool, handle) = (self.pool.clone(), Arc::clone(handle));
            let place = desk.take(ring.owner);
            tasks.spawn(async move {
                let reply = handle(ring.subject.clone()).await;
                if reply == Reply::Done
                    && let Err(error) = rings::answer(&pool, &ring).await
                {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "a ring could not be answered"
                    );
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

/// Until when nothing is to be taken, unless something rings.
enum Wait {
    For(Duration),
    /// Until those who take up their share have room again.
    ForRoom,
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
