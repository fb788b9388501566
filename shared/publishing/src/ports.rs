//! What a look at a post leans on beside keys, the wire and the doorbell: rows and files.
//!
//! Between a look and everything that can fail stand these two traits, [`wire::Carrier`],
//! [`vault::KeyShelf`] and [`doorbell::Ring`]. So the same look runs over a database, a bucket and
//! sockets, and over fakes that fail wherever they are told to.

use std::{io, ops::Range};

use bytes::Bytes;
use domain::{
    AttemptId, ConnectionId, ErrandId, ImageRules, LookId, MediaFacts, MediaId, MediaKind,
    PostError, PostId, Standing, UserId, Violation,
};
use futures_util::{future::BoxFuture, stream::BoxStream};
use media::{Intake, Library, LibraryError};
use serde_json::Value;
use store::{
    Pool, StoreError, Together, attempts,
    budgets::{self, Holder},
    connections::{Connection, SealedTokens},
    errands,
    job_log::Step,
    media as media_rows,
    tokens::{self, Versioned},
    work::{self, Armed, Glance, Live, Outcomes, Save, Settled, Work},
};
use time::{Duration, OffsetDateTime};
use url::Url;

/// What asking the rows comes to.
pub type Asked<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// The rows that a look reads and writes; each is the function of `store` that its text names.
pub trait Books: Send + Sync {
    /// [`Together::lease`].
    fn lease(&self, post: PostId, by: LookId, time: Duration) -> Asked<'_, Option<Work>>;
    /// [`work::glance`].
    fn glance(&self, post: PostId) -> Asked<'_, Option<Glance>>;
    /// [`work::set_aside`].
    fn set_aside<'a>(&'a self, post: PostId, crashes: i32, error: &'a PostError)
    -> Asked<'a, bool>;
    /// [`work::save`].
    fn save<'a>(&'a self, work: &'a Work, save: &'a Save<'a>) -> Asked<'a, bool>;
    /// [`work::before`].
    fn before<'a>(&'a self, work: &'a Work) -> Asked<'a, i64>;
    /// [`Together::arm`].
    fn arm<'a>(
        &'a self,
        work: &'a Work,
        attempt: AttemptId,
        step: &'a str,
        progress: &'a [u8],
    ) -> Asked<'a, Armed>;
    /// [`attempts::exists`].
    fn is_armed(&self, attempt: AttemptId) -> Asked<'_, bool>;
    /// [`Together::settle`].
    fn settle<'a>(&'a self, work: &'a Work, outcomes: &'a Outcomes<'a>) -> Asked<'a, Settled>;
    /// [`Together::settle_live`].
    fn settle_live<'a>(&'a self, work: &'a Work, live: &'a Live<'a>) -> Asked<'a, bool>;
    /// [`work::rewind`].
    fn rewind<'a>(&'a self, work: &'a Work, evidence: &'a str) -> Asked<'a, bool>;
    /// [`work::go_on`].
    fn go_on<'a>(&'a self, work: &'a Work, step: &'a str) -> Asked<'a, ()>;
    /// [`Together::published`].
    fn published<'a>(
        &'a self,
        post: PostId,
        external_id: Option<&'a str>,
        external_url: Option<&'a str>,
        standing: Standing,
    ) -> Asked<'a, bool>;
    /// [`work::end`].
    fn end<'a>(
        &'a self,
        work: &'a Work,
        to: domain::Stage,
        error: &'a PostError,
        candidates: Option<&'a Value>,
    ) -> Asked<'a, bool>;
    /// [`work::claimed`].
    fn claimed<'a>(&'a self, work: &'a Work) -> Asked<'a, Vec<String>>;
    /// [`Together::note`].
    fn note<'a>(
        &'a self,
        user: UserId,
        post: PostId,
        steps: &'a [(OffsetDateTime, Step)],
    ) -> Asked<'a, ()>;
    /// [`Together::connection`].
    fn connection(&self, id: ConnectionId) -> Asked<'_, Option<Connection>>;
    /// [`Together::tokens`].
    fn tokens(&self, user: UserId, id: ConnectionId) -> Asked<'_, Option<Versioned>>;
    /// [`tokens::begin_refresh`].
    fn begin_refresh(
        &self,
        user: UserId,
        id: ConnectionId,
        version: i32,
        patience: Duration,
    ) -> Asked<'_, bool>;
    /// [`tokens::finish_refresh`].
    fn finish_refresh<'a>(
        &'a self,
        user: UserId,
        id: ConnectionId,
        version: i32,
        tokens: &'a SealedTokens,
    ) -> Asked<'a, bool>;
    /// [`tokens::need_reconnect`].
    fn need_reconnect<'a>(
        &'a self,
        user: UserId,
        id: ConnectionId,
        version: i32,
        reason: &'a str,
    ) -> Asked<'a, bool>;
    /// [`budgets::tell`].
    fn tell_budget(&self, holder: Holder, used_percent: u8, hold: Duration) -> Asked<'_, ()>;
    /// [`media_rows::find`].
    fn file(&self, user: UserId, id: MediaId) -> Asked<'_, Option<media_rows::Media>>;
    /// [`media_rows::store`].
    fn keep_file<'a>(
        &'a self,
        user: UserId,
        id: MediaId,
        stored: &'a media_rows::Stored,
    ) -> Asked<'a, ()>;
    /// [`errands::plan`].
    fn plan<'a>(
        &'a self,
        user: UserId,
        connection: ConnectionId,
        wish: &'a Value,
        at: OffsetDateTime,
    ) -> Asked<'a, ErrandId>;
}

/// The files that a look fetches, fits and hands out; see [`Library`] for each.
pub trait Files: Send + Sync {
    /// [`Library::take_in_whole`].
    fn take_in_whole<'a>(
        &'a self,
        url: &'a str,
        kind: MediaKind,
        id: &'a str,
        most: u64,
    ) -> BoxFuture<'a, Result<Result<Intake, Violation>, LibraryError>>;
    /// [`Library::fit`].
    fn fit<'a>(
        &'a self,
        from: &'a str,
        facts: &'a MediaFacts,
        rules: ImageRules,
        network: &'static str,
        field: &'a str,
        to: &'a str,
    ) -> BoxFuture<'a, Result<Result<MediaFacts, Violation>, LibraryError>>;
    /// [`Library::stream`].
    fn stream(&self, key: &str, range: Range<u64>) -> BoxStream<'static, io::Result<Bytes>>;
    /// [`Library::reach`].
    fn reach<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), LibraryError>>;
    /// [`Library::public_url`].
    fn public_url<'a>(
        &'a self,
        key: &'a str,
        now: OffsetDateTime,
        ends_at: OffsetDateTime,
    ) -> BoxFuture<'a, Result<Url, LibraryError>>;
}

/// The rows of a database.
#[derive(Debug, Clone)]
pub struct DatabaseBooks {
    pool: Pool,
    together: Together,
}

impl From<Pool> for DatabaseBooks {
    fn from(pool: Pool) -> Self {
        let together = Together::from(pool.clone());
        Self { pool, together }
    }
}

impl Books for DatabaseBooks {
    fn lease(&self, post: PostId, by: LookId, time: Duration) -> Asked<'_, Option<Work>> {
        Box::pin(self.together.lease(post, by, time))
    }

    fn glance(&self, post: PostId) -> Asked<'_, Option<Glance>> {
        Box::pin(work::glance(&self.pool, post))
    }

    fn set_aside<'a>(
        &'a self,
        post: PostId,
        crashes: i32,
        error: &'a PostError,
    ) -> Asked<'a, bool> {
        Box::pin(work::set_aside(&self.pool, post, crashes, error))
    }

    fn save<'a>(&'a self, work: &'a Work, save: &'a Save<'a>) -> Asked<'a, bool> {
        Box::pin(work::save(&self.pool, work, save))
    }

    fn arm<'a>(
        &'a self,
        work: &'a Work,
        attempt: AttemptId,
        step: &'a str,
        progress: &'a [u8],
    ) -> Asked<'a, Armed> {
        Box::pin(self.together.arm(work, attempt, step, progress))
    }

    fn before<'a>(&'a self, work: &'a Work) -> Asked<'a, i64> {
        Box::pin(work::before(&self.pool, work))
    }

    fn is_armed(&self, attempt: AttemptId) -> Asked<'_, bool> {
        Box::pin(attempts::exists(&self.pool, attempt))
    }

    fn settle<'a>(&'a self, work: &'a Work, outcomes: &'a Outcomes<'a>) -> Asked<'a, Settled> {
        Box::pin(self.together.settle(work, outcomes))
    }

    fn settle_live<'a>(&'a self, work: &'a Work, live: &'a Live<'a>) -> Asked<'a, bool> {
        Box::pin(self.together.settle_live(work, live))
    }

    fn rewind<'a>(&'a self, work: &'a Work, evidence: &'a str) -> Asked<'a, bool> {
        Box::pin(work::rewind(&self.pool, work, evidence))
    }

    fn go_on<'a>(&'a self, work: &'a Work, step: &'a str) -> Asked<'a, ()> {
        Box::pin(work::go_on(&self.pool, work, step))
    }

    fn published<'a>(
        &'a self,
        post: PostId,
        external_id: Option<&'a str>,
        external_url: Option<&'a str>,
        standing: Standing,
    ) -> Asked<'a, bool> {
        let together = &self.together;
        Box::pin(together.published(post, external_id, external_url, standing))
    }

    fn end<'a>(
        &'a self,
        work: &'a Work,
        to: domain::Stage,
        error: &'a PostError,
        candidates: Option<&'a Value>,
    ) -> Asked<'a, bool> {
        Box::pin(work::end(&self.pool, work, to, error, candidates))
    }

    fn claimed<'a>(&'a self, work: &'a Work) -> Asked<'a, Vec<String>> {
        Box::pin(work::claimed(&self.pool, work))
    }

    fn note<'a>(
        &'a self,
        user: UserId,
        post: PostId,
        steps: &'a [(OffsetDateTime, Step)],
    ) -> Asked<'a, ()> {
        Box::pin(self.together.note(user, post, steps))
    }

    fn connection(&self, id: ConnectionId) -> Asked<'_, Option<Connection>> {
        Box::pin(self.together.connection(id))
    }

    fn tokens(&self, user: UserId, id: ConnectionId) -> Asked<'_, Option<Versioned>> {
        Box::pin(self.together.tokens(user, id))
    }

    fn begin_refresh(
        &self,
        user: UserId,
        id: ConnectionId,
        version: i32,
        patience: Duration,
    ) -> Asked<'_, bool> {
        Box::pin(tokens::begin_refresh(
            &self.pool, user, id, version, patience,
        ))
    }

    fn finish_refresh<'a>(
        &'a self,
        user: UserId,
        id: ConnectionId,
        version: i32,
        tokens: &'a SealedTokens,
    ) -> Asked<'a, bool> {
        Box::pin(tokens::finish_refresh(
            &self.pool, user, id, version, tokens,
        ))
    }

    fn need_reconnect<'a>(
        &'a self,
        user: UserId,
        id: ConnectionId,
        version: i32,
        reason: &'a str,
    ) -> Asked<'a, bool> {
        Box::pin(tokens::need_reconnect(
            &self.pool, user, id, version, reason,
        ))
    }

    fn tell_budget(&self, holder: Holder, used_percent: u8, hold: Duration) -> Asked<'_, ()> {
        Box::pin(budgets::tell(&self.pool, holder, used_percent, hold))
    }

    fn file(&self, user: UserId, id: MediaId) -> Asked<'_, Option<media_rows::Media>> {
        Box::pin(media_rows::find(&self.pool, user, id))
    }

    fn keep_file<'a>(
        &'a self,
        user: UserId,
        id: MediaId,
        stored: &'a media_rows::Stored,
    ) -> Asked<'a, ()> {
        Box::pin(media_rows::store(&self.pool, user, id, stored))
    }

    fn plan<'a>(
        &'a self,
        user: UserId,
        connection: ConnectionId,
        wish: &'a Value,
        at: OffsetDateTime,
    ) -> Asked<'a, ErrandId> {
        Box::pin(errands::plan(&self.pool, user, connection, wish, at))
    }
}

impl Files for Library {
    fn take_in_whole<'a>(
        &'a self,
        url: &'a str,
        kind: MediaKind,
        id: &'a str,
        most: u64,
    ) -> BoxFuture<'a, Result<Result<Intake, Violation>, LibraryError>> {
        Box::pin(self.take_in_whole(url, kind, id, most))
    }

    fn fit<'a>(
        &'a self,
        from: &'a str,
        facts: &'a MediaFacts,
        rules: ImageRules,
        network: &'static str,
        field: &'a str,
        to: &'a str,
    ) -> BoxFuture<'a, Result<Result<MediaFacts, Violation>, LibraryError>> {
        Box::pin(self.fit(from, facts, rules, network, field, to))
    }

    fn stream(&self, key: &str, range: Range<u64>) -> BoxStream<'static, io::Result<Bytes>> {
        self.stream(key, range)
    }

    fn reach<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), LibraryError>> {
        Box::pin(self.reach(key))
    }

    fn public_url<'a>(
        &'a self,
        key: &'a str,
        now: OffsetDateTime,
        ends_at: OffsetDateTime,
    ) -> BoxFuture<'a, Result<Url, LibraryError>> {
        Box::pin(self.public_url(key, now, ends_at))
    }
}
