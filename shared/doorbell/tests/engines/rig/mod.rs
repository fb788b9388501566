//! What the suite runs on.

pub mod stranger;

use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use domain::PostId;
use doorbell::{Doorbell, Reception, Reply, Subject, testing::Queues};
use sqlx::PgPool;
use time::OffsetDateTime;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How long an engine of the tests hides what is being worked on.
pub const VISIBILITY: Duration = Duration::from_secs(2);

pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What the suite must know of an engine beyond its interface.
pub trait Inside: Send + Sync {
    /// Whether a ring stands for a row, as of one revision where the engine tells them apart.
    fn stands<'a>(&'a self, subject: &'a Subject) -> Later<'a, bool>;

    /// Loses every ring.
    fn lose_everything(&self) -> Later<'_, ()>;

    /// The queues that somebody must poll, where Lambda would.
    fn queues(&self) -> Option<&Queues> {
        None
    }

    /// What a receiver in another process is told, so that it finds this engine.
    fn directions(&self) -> Vec<(&'static str, String)>;
}

/// An engine under test.
pub struct Rig {
    pub pool: PgPool,
    pub bell: Doorbell,
    pub inside: Box<dyn Inside>,
    due: Due,
}

/// When what was rung for is due.
type Due = Arc<Mutex<HashMap<String, OffsetDateTime>>>;

/// What a receiver hears; it stops when this is dropped.
pub struct Heard {
    told: mpsc::UnboundedReceiver<(String, OffsetDateTime)>,
    _stop: DropGuard,
}

impl Rig {
    pub fn new(pool: PgPool, bell: Doorbell, inside: impl Inside + 'static) -> Self {
        Self {
            pool,
            bell,
            inside: Box::new(inside),
            due: Due::default(),
        }
    }

    pub async fn now(&self) -> OffsetDateTime {
        store::now(&self.pool).await.expect("a time")
    }

    /// Rings `milliseconds` from now; gives for when.
    pub async fn ring_in(&self, id: PostId, milliseconds: i64) -> OffsetDateTime {
        let at = self.now().await + time::Duration::milliseconds(milliseconds);
        self.ring(id, at).await;
        at
    }

    pub async fn ring(&self, id: PostId, at: OffsetDateTime) {
        self.note(id, at);
        self.bell.ring((id, 1), at).await.expect("a ring");
    }

    /// Notes when a row is due; a publisher would read it in the row.
    pub fn note(&self, id: PostId, at: OffsetDateTime) {
        self.due.lock().expect("a lock").insert(id.to_string(), at);
    }

    /// Listens, and answers everything with [`Reply::Done`].
    pub fn hear(&self) -> Heard {
        self.hear_and(|_| async { Reply::Done })
    }

    /// Listens as a publisher does: what comes early is rung again, the rest is told and answered.
    pub fn hear_and<F, A>(&self, answer: A) -> Heard
    where
        A: Fn(String) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        self.hear_within(VISIBILITY, 16, answer)
    }

    /// The same, with `at_once` places and hiding for `visibility` what is worked on.
    pub fn hear_within<F, A>(&self, visibility: Duration, at_once: usize, answer: A) -> Heard
    where
        A: Fn(String) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        let (tell, told) = mpsc::unbounded_channel();
        let (bell, pool, due) = (self.bell.clone(), self.pool.clone(), Arc::clone(&self.due));
        let handle = move |subject: String| {
            let (tell, bell, pool) = (tell.clone(), bell.clone(), pool.clone());
            let at = due.lock().expect("a lock").get(&subject).copied();
            let answer = answer.clone();
            async move {
                let now = store::now(&pool).await.expect("a time");
                if let Some(at) = at.filter(|at| *at > now) {
                    let id: PostId = subject.parse().expect("an id");
                    bell.ring((id, 1), at).await.expect("a ring");
                    return Reply::Done;
                }
                // The test may be over.
                drop(tell.send((subject.clone(), now)));
                answer(subject).await
            }
        };
        let stop = CancellationToken::new();
        let until = stop.clone();
        if let Some(queues) = self.inside.queues() {
            let queues = queues.clone();
            tokio::spawn(async move { queues.poll(1, until, handle).await });
        } else {
            let reception = Reception {
                at_once,
                visibility,
            };
            let receiver = self.bell.receiver(reception).expect("a receiver");
            tokio::spawn(async move { receiver.run(until, handle).await });
        }
        Heard {
            told,
            _stop: stop.drop_guard(),
        }
    }
}

impl Heard {
    /// The next row that is to be looked at, and when that was told.
    pub async fn next(&mut self) -> (String, OffsetDateTime) {
        tokio::time::timeout(Duration::from_mins(2), self.told.recv())
            .await
            .expect("a ring within two minutes")
            .expect("a receiver")
    }

    /// Everything until `last`, which included.
    pub async fn until(&mut self, last: PostId) -> Vec<String> {
        let mut heard = Vec::new();
        while heard.last() != Some(&last.to_string()) {
            heard.push(self.next().await.0);
        }
        heard
    }
}
