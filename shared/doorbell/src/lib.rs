//! Rings when a row is to be looked at.
//!
//! A ring carries the id of a row and nothing else. Losing every ring costs time, never a post:
//! the sweeper rings again for whatever is overdue. A ring that comes twice finds nothing to do, and
//! one that comes early is rung again by whoever hears it.
//!
//! Three engines do it: [`Doorbell::postgres`] on a laptop, [`Doorbell::aws`] in the cloud, and
//! `Doorbell::redis` (feature `redis`) where a Redis is at hand.

mod announce;
mod aws;
mod desk;
mod open;
mod postgres;
#[cfg(feature = "redis")]
mod redis;
mod subject;
#[cfg(feature = "testing")]
pub mod testing;

use std::{
    error::Error,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

pub use aws::{AwsSettings, Reach, Timers};
use aws_types::SdkConfig;
use domain::UserId;
use futures_util::future::BoxFuture;
pub use open::{OpenError, open};
#[cfg(feature = "redis")]
pub use redis::RedisSettings;
use store::Pool;
pub use subject::Subject;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

/// How many planned deliveries are rung for at once; the next who looks, or the sweeper, rings for the rest.
const AT_MOST: i64 = 50;

/// Rings when a row is to be looked at. Cheap to clone.
#[derive(Clone)]
pub struct Doorbell {
    engine: Engine,
    failures: Arc<AtomicU64>,
    announcing: Arc<announce::Once>,
}

/// An engine that is made elsewhere.
pub trait Ring: Send + Sync {
    /// Rings for `subject` at `at`, in place of a ring that stands for it.
    fn ring(&self, subject: Subject, at: OffsetDateTime) -> BoxFuture<'_, Result<(), RingError>>;
}

#[derive(Clone)]
enum Engine {
    Aws(Arc<aws::Aws>),
    Other(Arc<dyn Ring>),
    Postgres(Pool),
    #[cfg(feature = "redis")]
    Redis(Arc<redis::Redis>),
}

/// The engine could not take the ring. Nothing is lost: the sweeper rings again.
#[derive(Debug, thiserror::Error)]
#[error("the doorbell did not ring")]
pub struct RingError(#[source] Box<dyn Error + Send + Sync>);

impl RingError {
    /// For this reason.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(error.into())
    }
}

/// What the one who was rung for says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// The ring is answered.
    Done,
    /// Something failed that another try may mend: ring again.
    Again,
}

impl Doorbell {
    /// The engine of the cloud: SQS, and EventBridge Scheduler for what is further ahead than SQS
    /// can hold a message back.
    pub fn aws(settings: AwsSettings, config: &SdkConfig, pool: impl Into<Pool>) -> Self {
        let aws = aws::Aws::new(settings, config, pool.into());
        Self::on(Engine::Aws(Arc::new(aws)))
    }

    /// The embedded engine: a table, told by `NOTIFY`.
    pub fn postgres(pool: impl Into<Pool>) -> Self {
        Self::on(Engine::Postgres(pool.into()))
    }

    /// The engine on Redis; it is connected to by the first ring.
    #[cfg(feature = "redis")]
    pub fn redis(settings: RedisSettings, pool: impl Into<Pool>) -> Self {
        let redis = redis::Redis::new(settings, pool.into());
        Self::on(Engine::Redis(Arc::new(redis)))
    }

    /// An engine of the caller's; it has no receiving end here, and what it rings for is not taken back.
    pub fn other(engine: Arc<dyn Ring>) -> Self {
        Self::on(Engine::Other(engine))
    }

    fn on(engine: Engine) -> Self {
        Self {
            engine,
            failures: Arc::default(),
            announcing: Arc::default(),
        }
    }

    /// Rings for `subject` at `at`, in place of a ring that stands for it.
    ///
    /// # Errors
    /// [`RingError`] when the engine could not take it.
    pub async fn ring(
        &self,
        subject: impl Into<Subject>,
        at: OffsetDateTime,
    ) -> Result<(), RingError> {
        let subject = subject.into();
        match &self.engine {
            // Boxed: what the clients of AWS wait in is deep.
            Engine::Aws(aws) => Box::pin(aws.ring(&subject, at)).await,
            Engine::Other(other) => other.ring(subject, at).await,
            Engine::Postgres(pool) => {
                store::rings::ring(pool, &subject.to_string(), subject.owner(), at)
                    .await
                    .map_err(RingError::new)
            }
            #[cfg(feature = "redis")]
            Engine::Redis(redis) => redis.ring(&subject, at).await,
        }
    }

    /// As [`ring`](Self::ring), for callers that have already committed what the ring is about: a
    /// failure is logged and counted, and left to the sweeper.
    pub async fn try_ring(&self, subject: impl Into<Subject>, at: OffsetDateTime) {
        let subject = subject.into();
        if let Err(error) = self.ring(subject.clone(), at).await {
            self.count(&subject, &error);
        }
    }

    /// As [`try_ring`](Self::try_ring), for a row that was edited: what stands for the revision
    /// before is taken back.
    pub async fn try_ring_anew(&self, subject: impl Into<Subject>, at: OffsetDateTime) {
        let subject = subject.into();
        self.try_ring(subject.clone(), at).await;
        if let Engine::Aws(aws) = &self.engine
            && let Err(error) = Box::pin(aws.silence(&subject.before_the_edit())).await
        {
            self.count(&subject, &error);
        }
    }

    /// Rings for deliveries that were planned together with what was committed just before: those of `user`, or of
    /// everybody. A failure is logged and left to the sweeper.
    ///
    /// Where somebody in this process rings for everybody's already, that one looks once more, and this is over at once.
    pub async fn announce(&self, user: impl Into<Option<UserId>>) {
        match user.into() {
            Some(user) => self.announce_to(Some(user)).await,
            None => self.announcing.run(|| self.announce_to(None)).await,
        }
    }

    async fn announce_to(&self, user: Option<UserId>) {
        let Some(pool) = self.pool() else { return };
        let announced = async {
            let planned = store::dispatch::unrung(pool, user, AT_MOST).await?;
            if planned.is_empty() {
                return Ok(());
            }
            let now = store::now(pool).await?;
            for delivery in planned {
                self.try_ring(delivery, now).await;
            }
            Ok::<_, store::StoreError>(())
        };
        if let Err(error) = announced.await {
            tracing::warn!(
                error = &error as &dyn Error,
                "planned deliveries could not be rung for"
            );
        }
    }

    /// Takes a ring back.
    ///
    /// # Errors
    /// [`RingError`] when the engine could not be asked; a ring for nothing does no harm.
    pub async fn silence(&self, subject: impl Into<Subject>) -> Result<(), RingError> {
        let subject = subject.into();
        match &self.engine {
            Engine::Aws(aws) => Box::pin(aws.silence(&subject)).await,
            Engine::Other(_) => Ok(()),
            Engine::Postgres(pool) => store::rings::silence(pool, &subject.to_string())
                .await
                .map_err(RingError::new),
            #[cfg(feature = "redis")]
            Engine::Redis(redis) => redis.silence(&subject.to_string()).await,
        }
    }

    /// Asks whether the engine can be reached; what is reached by its first ring alone is taken at its word.
    ///
    /// # Errors
    /// [`RingError`] when it cannot.
    pub async fn reach(&self) -> Result<(), RingError> {
        match &self.engine {
            Engine::Aws(_) | Engine::Other(_) => Ok(()),
            Engine::Postgres(pool) => store::now(pool).await.map(drop).map_err(RingError::new),
            #[cfg(feature = "redis")]
            Engine::Redis(redis) => redis.reach().await,
        }
    }

    /// How many rings failed in this process.
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// The receiving end; `None` where Lambda is it.
    pub fn receiver(&self, reception: Reception) -> Option<Receiver> {
        match &self.engine {
            Engine::Aws(_) | Engine::Other(_) => None,
            Engine::Postgres(pool) => Some(Receiver::Postgres(postgres::Receiver::new(
                pool.clone(),
                reception,
            ))),
            #[cfg(feature = "redis")]
            Engine::Redis(redis) => Some(Receiver::Redis(redis::Receiver::new(
                Arc::clone(redis),
                reception,
            ))),
        }
    }

    /// Where deliveries are planned; an engine of the caller's knows none.
    fn pool(&self) -> Option<&Pool> {
        match &self.engine {
            Engine::Aws(aws) => Some(aws.pool()),
            Engine::Other(_) => None,
            Engine::Postgres(pool) => Some(pool),
            #[cfg(feature = "redis")]
            Engine::Redis(redis) => Some(redis.pool()),
        }
    }

    fn count(&self, subject: &Subject, error: &RingError) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(
            %subject,
            error = error as &dyn Error,
            "the doorbell did not ring"
        );
    }
}

/// How rings are received.
#[derive(Debug, Clone, Copy)]
pub struct Reception {
    /// How many are worked on at once in this process.
    pub at_once: usize,
    /// How long a ring may be worked on by a process that shows no sign of life, before it comes again.
    pub visibility: Duration,
}

impl Default for Reception {
    /// 384 at once, most of which wait for a network; six minutes, which is longer than a look at a row may last.
    fn default() -> Self {
        Self {
            at_once: 384,
            visibility: Duration::from_mins(6),
        }
    }
}

/// Takes rings that are due and calls a handler for each.
#[derive(Debug)]
pub enum Receiver {
    /// Of the embedded engine.
    Postgres(postgres::Receiver),
    /// Of the engine on Redis.
    #[cfg(feature = "redis")]
    Redis(redis::Receiver),
}

impl Receiver {
    /// Calls `handle` for every ring that is due until `stop`; then waits for those that are under way.
    pub async fn run<F, H>(&self, stop: CancellationToken, handle: H)
    where
        H: Fn(String) -> F + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        match self {
            Self::Postgres(receiver) => receiver.run(stop, handle).await,
            #[cfg(feature = "redis")]
            Self::Redis(receiver) => receiver.run(stop, handle).await,
        }
    }
}
