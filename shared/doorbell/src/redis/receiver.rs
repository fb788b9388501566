//! The receiving end of the engine on Redis.
//!
//! The library's own worker sleeps for up to five seconds once it has seen a job that is due later,
//! whatever is added meanwhile, and takes a job whose worker is alive for a dead one's until its
//! lock was extended once (2.2, read 2026-11-30). Rings must be on time and come once, so this takes
//! jobs itself, woken by the queue's events, and brings back those of the dead itself.

use std::{
    collections::HashSet,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bullmq_rs::{BullmqError, Job, JobState, QueueEvent, QueueEventsBuilder, RedisConnection};
use time::OffsetDateTime;
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore, broadcast};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{ATTEMPTS, BACKOFF, Link, PREFIX, Redis};
use crate::{Reception, Reply, RingError};

/// How long to wait at most before looking again: a lost event costs this much.
const POLL: Duration = Duration::from_secs(1);
/// How long to leave Redis alone after it failed.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a job stays with a process that shows no sign of life.
const LIFE: Duration = Duration::from_secs(30);
/// How often a job may be taken, by those who answered and those who died, before it is laid aside as failed.
const TAKINGS: u32 = ATTEMPTS + 10;
/// Brings back jobs that nobody has a lock on any more. As jobs whose delay is over they find
/// their place by their priority when the next job is taken.
const REVIVE: &str = "
local revived = 0
for _, id in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  local job = ARGV[1] .. id
  if redis.call('EXISTS', job .. ':lock') == 0 then
    redis.call('LREM', KEYS[1], 1, id)
    redis.call('SREM', KEYS[2], id)
    if redis.call('EXISTS', job) == 1 then
      redis.call('ZADD', KEYS[3], 0, id)
      redis.call('XADD', KEYS[4], 'MAXLEN', '~', 10000, '*', 'event', 'stalled', 'jobId', id)
      revived = revived + 1
    end
  end
end
return revived";
/// For how long what is done, and what failed, can be looked at in a dashboard.
const DONE_KEPT: Duration = Duration::from_hours(1);
const FAILED_KEPT: Duration = Duration::from_hours(24 * 7);
/// How many finished jobs one tidying removes.
const TIDIED: u64 = 10_000;

/// Takes rings that are due and calls a handler for each.
#[derive(Debug)]
pub struct Receiver {
    redis: Arc<Redis>,
    reception: Reception,
    held: Held,
    slots: Arc<Semaphore>,
    token: OnceCell<String>,
}

/// The jobs this process works on, by id.
#[derive(Debug, Clone, Default)]
struct Held(Arc<Mutex<HashSet<String>>>);

/// One of them; let go of when dropped, whatever happened to the work.
struct Hold {
    held: Held,
    id: String,
}

impl Receiver {
    pub(crate) fn new(redis: Arc<Redis>, reception: Reception) -> Self {
        Self {
            redis,
            reception,
            held: Held::default(),
            slots: Arc::new(Semaphore::new(reception.at_once)),
            token: OnceCell::new(),
        }
    }

    pub(crate) async fn run<F, H>(&self, stop: CancellationToken, handle: H)
    where
        H: Fn(String) -> F + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        let (handle, tasks) = (Arc::new(handle), TaskTracker::new());
        while !stop.is_cancelled() {
            if let Err(error) = self.receive(&stop, &tasks, &handle).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "rings could not be taken"
                );
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = pause() => {}
                }
            }
        }
        tasks.close();
        tasks.wait().await;
    }

    /// Takes jobs until `stop`, or until Redis fails.
    async fn receive<F, H>(
        &self,
        stop: &CancellationToken,
        tasks: &TaskTracker,
        handle: &Arc<H>,
    ) -> Result<(), RingError>
    where
        H: Fn(String) -> F + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        let link = self.redis.link().await?;
        let events = QueueEventsBuilder::new(&self.redis.settings.queue)
            .connection(self.connection())
            .build()
            .await
            .map_err(RingError::new)?;
        let mut told = events.subscribe();
        let token = self.token.get_or_try_init(|| self.token()).await?;
        let take = async {
            while !stop.is_cancelled() {
                let Ok(slot) = Arc::clone(&self.slots).acquire_owned().await else {
                    break;
                };
                match link.queue.get_next_job(token).await {
                    Ok(Some(job)) => {
                        let hold = self.held.take(&job.id);
                        tasks.spawn(work(
                            Arc::clone(&self.redis),
                            job,
                            Arc::clone(handle),
                            hold,
                            slot,
                        ));
                    }
                    Ok(None) => {
                        drop(slot);
                        let wait = self.next_due().await?;
                        tokio::select! {
                            () = stop.cancelled() => {}
                            () = rung(&mut told) => {}
                            _ = tokio::time::timeout(wait, std::future::pending::<()>()) => {}
                        }
                    }
                    Err(error) => return Err(RingError::new(error)),
                }
            }
            Ok(())
        };
        let ended = tokio::select! {
            ended = take => ended,
            error = self.beat(token) => Err(error),
        };
        events.shutdown();
        ended
    }

    /// Shows that this process is alive and tidies up, until Redis fails.
    async fn beat(&self, token: &str) -> RingError {
        let life = self.life();
        let mut beats = tokio::time::interval(life / 3);
        let mut tidied = tokio::time::Instant::now();
        loop {
            beats.tick().await;
            let ids = self.held.ids();
            let tokens = vec![token.to_owned(); ids.len()];
            let link = match self.redis.link().await {
                Ok(link) => link,
                Err(error) => return error,
            };
            if !ids.is_empty()
                && let Err(error) = link.queue.extend_job_locks(&ids, &tokens, life).await
            {
                return RingError::new(error);
            }
            if let Err(error) = self.revive(link).await {
                return error;
            }
            if tidied.elapsed() > Duration::from_mins(1) {
                tidied = tokio::time::Instant::now();
                for (state, kept) in [
                    (JobState::Completed, DONE_KEPT),
                    (JobState::Failed, FAILED_KEPT),
                ] {
                    if let Err(error) = link.queue.clean(kept, TIDIED, state).await {
                        return RingError::new(error);
                    }
                }
            }
        }
    }

    /// Brings back the jobs of the dead.
    async fn revive(&self, link: &Link) -> Result<(), RingError> {
        let of_queue = format!("{PREFIX}:{}:", self.redis.settings.queue);
        let revived: u64 = redis::cmd("EVAL")
            .arg(REVIVE)
            .arg(4)
            .arg(
                &["active", "stalled", "delayed", "events"].map(|name| format!("{of_queue}{name}")),
            )
            .arg(&of_queue)
            .query_async(&mut link.notes.clone())
            .await
            .map_err(RingError::new)?;
        if revived > 0 {
            tracing::info!(revived, "rings of receivers that died are taken again");
        }
        Ok(())
    }

    /// How long until the next job is due, as far as the queue tells.
    async fn next_due(&self) -> Result<Duration, RingError> {
        let link = self.redis.link().await?;
        let next = link.queue.get_delayed(0, 0).await.map_err(RingError::new)?;
        let due = next.first().map(|job| job.timestamp + job.delay);
        let wait = due.map_or(POLL, |due| {
            Duration::from_millis(due.saturating_sub(milliseconds(clock())))
        });
        // A job that is due is promoted by the next look; one moved meanwhile may seem due for long.
        Ok(wait.clamp(Duration::from_millis(1), POLL))
    }

    /// What tells this receiver from every other.
    async fn token(&self) -> Result<String, RingError> {
        let number: u64 = redis::cmd("INCR")
            .arg(format!(
                "picscripter:{}:receivers",
                self.redis.settings.queue
            ))
            .query_async(&mut self.redis.link().await?.notes.clone())
            .await
            .map_err(RingError::new)?;
        Ok(format!("receiver-{number}"))
    }

    fn life(&self) -> Duration {
        self.reception.visibility.min(LIFE)
    }

    fn connection(&self) -> RedisConnection {
        RedisConnection::new(&self.redis.settings.url)
    }
}

impl Held {
    fn take(&self, id: &str) -> Hold {
        self.lock().insert(id.to_owned());
        Hold {
            held: self.clone(),
            id: id.to_owned(),
        }
    }

    fn ids(&self) -> Vec<String> {
        self.lock().iter().cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.held.lock().remove(&self.id);
    }
}

async fn work<F, H>(
    redis: Arc<Redis>,
    mut job: Job<String>,
    handle: Arc<H>,
    hold: Hold,
    slot: OwnedSemaphorePermit,
) where
    H: Fn(String) -> F + Send + Sync + 'static,
    F: Future<Output = Reply> + Send + 'static,
{
    let stored = if job.attempts_started > TAKINGS {
        job.move_to_failed("whoever takes it dies").await
    } else {
        match handle(job.data.clone()).await {
            Reply::Done => job.move_to_completed(().into()).await,
            Reply::Again if job.attempts_started < ATTEMPTS => {
                let wait = BACKOFF.delay_for_attempt(job.attempts_started.saturating_sub(1));
                job.change_delay(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))
                    .await
            }
            Reply::Again => job.move_to_failed("it failed as often as it may").await,
        }
    };
    match stored {
        Ok(()) => {}
        // It lasted longer than its lock, and another took it.
        Err(BullmqError::LockMismatch) => tracing::info!(job = hold.id, "a ring was taken twice"),
        Err(error) => tracing::warn!(
            queue = redis.settings.queue,
            error = &error as &dyn std::error::Error,
            "a ring could not be answered"
        ),
    }
    drop(slot);
}

/// Waits until a job was added or came back.
async fn rung(events: &mut broadcast::Receiver<(QueueEvent, String)>) {
    loop {
        match events.recv().await {
            Ok((
                QueueEvent::Delayed { .. }
                | QueueEvent::Waiting { .. }
                | QueueEvent::Stalled { .. },
                _,
            ))
            | Err(broadcast::error::RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

async fn pause() {
    drop(tokio::time::timeout(PAUSE, std::future::pending::<()>()).await);
}

#[expect(
    clippy::disallowed_methods,
    reason = "it only tells how long to wait for a job whose time the library took from this clock"
)]
fn clock() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

fn milliseconds(at: OffsetDateTime) -> u64 {
    u64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(0)
}
