//! The engine on Redis, in the layout of BullMQ, so that its dashboards can be looked through.
//!
//! Every ring is a job of its own. Beside the queue stands, for each row, which job is its ring; a
//! new ring takes that place first and then removes the job it displaced. A job that is being worked
//! on cannot be removed, so a row that is rung for meanwhile is looked at again.
//!
//! A user's first ring of a minute goes before all others' second ones, and so on: that is the priority of a job.

mod receiver;

use std::{fmt, time::Duration};

use bullmq_rs::{BackoffStrategy, JobOptions, Queue, QueueBuilder, RedisConnection};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use store::Pool;
use time::OffsetDateTime;
use tokio::sync::OnceCell;

pub use receiver::Receiver;

use crate::{RingError, Subject};

/// How long Redis may keep a caller waiting.
const PATIENCE: Duration = Duration::from_secs(3);
/// What the names of a queue's keys begin with, in every BullMQ that was not told otherwise.
const PREFIX: &str = "bull";
/// What jobs are called in a dashboard.
const JOB: &str = "ring";
/// How often a ring that failed comes again before it is laid aside as failed.
const ATTEMPTS: u32 = 5;
const BACKOFF: BackoffStrategy = BackoffStrategy::Exponential {
    base: Duration::from_secs(1),
    max: Duration::from_mins(1),
};
/// How long after its time the note of a row's ring is kept.
const KEPT_SECONDS: i64 = 86_400;
/// How long after its minute it is kept how many rings somebody has in it.
const COUNTED_SECONDS: i64 = 120;
/// The last of all priorities that BullMQ knows.
const LAST_PRIORITY: u32 = (1 << 21) - 1;

/// Which Redis, and which queue in it.
#[derive(Clone)]
pub struct RedisSettings {
    /// `redis://…` or, over TLS, `rediss://…`.
    pub url: String,
    /// The name of the queue.
    pub queue: String,
}

impl RedisSettings {
    /// The queue of this project in the Redis at `url`.
    pub fn at(url: String) -> Self {
        Self {
            url,
            queue: "rings".to_owned(),
        }
    }
}

impl fmt::Debug for RedisSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may hold a password.
        f.debug_struct("RedisSettings")
            .field("queue", &self.queue)
            .finish_non_exhaustive()
    }
}

#[derive(Debug)]
pub(crate) struct Redis {
    settings: RedisSettings,
    pool: Pool,
    link: OnceCell<Link>,
}

/// What is connected by the first ring.
struct Link {
    queue: Queue<String>,
    notes: ConnectionManager,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

impl Redis {
    pub(crate) const fn pool(&self) -> &Pool {
        &self.pool
    }

    pub(crate) fn new(settings: RedisSettings, pool: Pool) -> Self {
        Self {
            settings,
            pool,
            link: OnceCell::new(),
        }
    }

    pub(crate) async fn ring(
        &self,
        subject: &Subject,
        at: OffsetDateTime,
    ) -> Result<(), RingError> {
        let now = store::now(&self.pool).await.map_err(RingError::new)?;
        let ahead = Duration::try_from(at - now).unwrap_or(Duration::ZERO);
        in_time(self.add(subject, at, ahead)).await
    }

    pub(crate) async fn silence(&self, subject: &str) -> Result<(), RingError> {
        in_time(async {
            let link = self.link().await?;
            let standing: Option<String> = redis::cmd("GETDEL")
                .arg(self.note(subject))
                .query_async(&mut link.notes.clone())
                .await
                .map_err(RingError::new)?;
            remove(link, standing).await;
            Ok(())
        })
        .await
    }

    pub(crate) async fn reach(&self) -> Result<(), RingError> {
        in_time(self.link()).await.map(drop)
    }

    async fn add(
        &self,
        subject: &Subject,
        at: OffsetDateTime,
        ahead: Duration,
    ) -> Result<(), RingError> {
        let link = self.link().await?;
        let ahead_seconds = i64::try_from(ahead.as_secs()).unwrap_or(i64::MAX / 2);
        let options = JobOptions {
            attempts: Some(ATTEMPTS),
            backoff: Some(BACKOFF),
            delay: Some(ahead),
            priority: self.turn(link, subject, at, ahead_seconds).await?,
            ..JobOptions::default()
        };
        let job = link
            .queue
            .add(JOB, subject.to_string(), Some(options))
            .await
            .map_err(RingError::new)?;
        let displaced: Option<String> = redis::cmd("SET")
            .arg(self.note(&subject.to_string()))
            .arg(&job.id)
            .arg("EX")
            .arg(ahead_seconds + KEPT_SECONDS)
            .arg("GET")
            .query_async(&mut link.notes.clone())
            .await
            .map_err(RingError::new)?;
        remove(link, displaced).await;
        Ok(())
    }

    /// How many rings its owner has in the minute of this one already; none is the highest priority.
    async fn turn(
        &self,
        link: &Link,
        subject: &Subject,
        at: OffsetDateTime,
        ahead_seconds: i64,
    ) -> Result<Option<u32>, RingError> {
        let Some(owner) = subject.owner() else {
            return Ok(None);
        };
        let minute = at.unix_timestamp().div_euclid(60);
        let key = format!("picscripter:{}:{owner}:{minute}", self.settings.queue);
        let (count,): (u32,) = redis::pipe()
            .atomic()
            .incr(&key, 1)
            .expire(&key, ahead_seconds + COUNTED_SECONDS)
            .ignore()
            .query_async(&mut link.notes.clone())
            .await
            .map_err(RingError::new)?;
        Ok(Some((count - 1).min(LAST_PRIORITY)))
    }

    /// Which job is the ring of a row.
    fn note(&self, subject: &str) -> String {
        format!("picscripter:{}:{subject}", self.settings.queue)
    }

    async fn link(&self) -> Result<&Link, RingError> {
        self.link
            .get_or_try_init(|| async {
                let queue = QueueBuilder::new(&self.settings.queue)
                    .prefix(PREFIX)
                    .connection(RedisConnection::new(&self.settings.url))
                    .build()
                    .await
                    .map_err(RingError::new)?;
                let client = redis::Client::open(self.settings.url.as_str());
                let config = ConnectionManagerConfig::new().set_response_timeout(Some(PATIENCE));
                let notes =
                    ConnectionManager::new_with_config(client.map_err(RingError::new)?, config)
                        .await
                        .map_err(RingError::new)?;
                Ok(Link { queue, notes })
            })
            .await
    }
}

/// Removes a job that nobody needs; one that is being worked on stays and ends by itself.
async fn remove(link: &Link, job: Option<String>) {
    if let Some(job) = job
        && let Err(error) = link.queue.remove(&job).await
    {
        tracing::debug!(
            job,
            error = &error as &dyn std::error::Error,
            "a ring stays"
        );
    }
}

async fn in_time<T>(work: impl Future<Output = Result<T, RingError>>) -> Result<T, RingError> {
    tokio::time::timeout(PATIENCE, work)
        .await
        .unwrap_or_else(|_| Err(RingError::new("Redis did not answer in time")))
}
