//! What many looks ask at the same time.

use domain::{AttemptId, ConnectionId, LookId, PostId, Standing, UserId};
use time::{Duration, OffsetDateTime};

use crate::{
    Pool, StoreError,
    connections::{ByMessage, Connection},
    flight::Flights,
    job_log::{Note, Step},
    tokens::{self, Versioned},
    work::{Arm, Armed, Lease, Live, Outcomes, Publish, Settle, SettleLive, Settled, Work},
};

/// The statements that every look at a post needs: those who ask for the same at the same time are served by one
/// statement. Copies serve together.
#[derive(Debug, Clone)]
pub struct Together {
    leases: Flights<Lease>,
    arms: Flights<Arm>,
    lives: Flights<SettleLive>,
    settles: Flights<Settle>,
    published: Flights<Publish>,
    notes: Flights<Note>,
    connections: Flights<ByMessage>,
    tokens: Flights<tokens::Find>,
}

impl From<Pool> for Together {
    fn from(pool: Pool) -> Self {
        Self {
            leases: Flights::new(pool.clone()),
            arms: Flights::new(pool.clone()),
            lives: Flights::new(pool.clone()),
            settles: Flights::new(pool.clone()),
            published: Flights::new(pool.clone()),
            notes: Flights::new(pool.clone()),
            connections: Flights::new(pool.clone()),
            tokens: Flights::new(pool),
        }
    }
}

impl Together {
    /// Takes the lease of a post whose time has come, for `time`. `None`: not now; see [`crate::work::glance`].
    ///
    /// # Errors
    /// A database error leaves it open whether it was taken: asked for again by the same look, it is given.
    pub async fn lease(
        &self,
        post: PostId,
        by: LookId,
        time: Duration,
    ) -> Result<Option<Work>, StoreError> {
        self.leases.ask(Lease { post, by, time }).await
    }

    /// Arms the commit of a prepared post: from the moment this is committed exactly one process may
    /// send, once.
    ///
    /// Posts of an account go out in the order of their times, then in that in which they were accepted; one that
    /// is hindered, or a minute late, holds up nobody.
    ///
    /// # Errors
    /// A database error leaves it open whether the arm was committed: ask [`crate::attempts::exists`],
    /// and when that fails too do not send.
    pub async fn arm(
        &self,
        work: &Work,
        attempt: AttemptId,
        step: &str,
        progress: &[u8],
    ) -> Result<Armed, StoreError> {
        let armed = self.arms.ask(Arm::of(work, attempt, step, progress)).await;
        match armed {
            Err(error) if error.is_conflict("posts_one_firing") => Ok(Armed::Busy { before: 1 }),
            armed => armed,
        }
    }

    /// Stores what a fire came to. It asks for no fence: whoever was armed knows best, however late.
    pub async fn settle(
        &self,
        work: &Work,
        outcomes: &Outcomes<'_>,
    ) -> Result<Settled, StoreError> {
        self.settles.ask(Settle::of(work, outcomes)).await
    }

    /// Stores evidence of a live post, which wins over everything that was believed before; tells
    /// whether it was news.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] with `posts_one_claim` when another post of ours is that post: then
    /// this evidence is none.
    pub async fn published(
        &self,
        post: PostId,
        external_id: Option<&str>,
        external_url: Option<&str>,
        standing: Standing,
    ) -> Result<bool, StoreError> {
        let publish = Publish {
            post,
            external_id: external_id.map(str::to_owned),
            external_url: external_url.map(str::to_owned),
            standing,
        };
        self.published.ask(publish).await
    }

    /// [`Together::settle`] and [`Together::published`] in one, for a post that stands where its arm left it; tells
    /// whether it did.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] with `posts_one_claim`, as [`Together::published`]. Nothing is stored where this
    /// fails: [`Together::settle`] is still to be called.
    pub async fn settle_live(&self, work: &Work, live: &Live<'_>) -> Result<bool, StoreError> {
        self.lives.ask(SettleLive::of(work.post.id, live)).await
    }

    /// Notes steps of a post, with when each was taken, oldest first.
    pub async fn note(
        &self,
        user: UserId,
        post: PostId,
        steps: &[(OffsetDateTime, Step)],
    ) -> Result<(), StoreError> {
        let steps = steps.to_vec();
        self.notes.ask(Note { user, post, steps }).await
    }

    /// [`crate::connections::by_message`].
    pub async fn connection(&self, id: ConnectionId) -> Result<Option<Connection>, StoreError> {
        self.connections.ask(ByMessage(id)).await
    }

    /// The tokens of a connection; `None` when it is gone or wiped.
    pub async fn tokens(
        &self,
        user: UserId,
        id: ConnectionId,
    ) -> Result<Option<Versioned>, StoreError> {
        self.tokens.ask(tokens::Find { user, id }).await
    }
}
