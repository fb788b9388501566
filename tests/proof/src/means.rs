//! What a look works with, each behind a gate.

use std::{
    collections::BTreeMap,
    io,
    ops::Range,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use domain::{
    AttemptId, ConnectionId, DataKeyId, ErrandId, ImageRules, LookId, MediaFacts, MediaId,
    MediaKind, PostError, PostId, Stage, Standing, UserId, Violation,
};
use doorbell::{Ring, RingError, Subject};
use futures_util::{future::BoxFuture, stream::BoxStream};
use media::{Intake, LibraryError, ObjectError};
use publishing::{Asked, Books, Files};
use serde_json::Value;
use store::{
    StoreError,
    budgets::Holder,
    connections::{Connection, SealedTokens},
    job_log::Step,
    media::{Media, Stored},
    tokens::Versioned,
    work::{Armed, Glance, Live, Outcomes, Save, Settled, Work},
};
use time::{Duration, OffsetDateTime};
use url::Url;
use vault::{KeyShelf, ShelfFuture, WrappedKey, testing::MemoryShelf};

use crate::{
    books::MemoryBooks,
    gate::{Fault, Gates, Point},
    world::Shelves,
};

/// Longer than a commit may wait for its arm, and shorter than a lease.
const SLOW: std::time::Duration = std::time::Duration::from_secs(20);

/// Books behind gates.
pub(crate) struct GatedBooks {
    pub(crate) books: Arc<MemoryBooks>,
    pub(crate) gates: Gates,
}

impl GatedBooks {
    /// Asks, unless the database is down; the answer may be lost.
    fn ask<'a, T: Send + 'a>(
        &'a self,
        what: &'static str,
        ask: impl FnOnce(&MemoryBooks) -> Result<T, StoreError> + Send + 'a,
    ) -> Asked<'a, T> {
        Box::pin(async move {
            match self.gates.pass(Point::Books(what)).await {
                Some(Fault::Down) => Err(away()),
                Some(Fault::DoneButLost) => {
                    ask(&self.books)?;
                    Err(away())
                }
                Some(Fault::Slow) => {
                    self.gates.wait(SLOW).await;
                    ask(&self.books)
                }
                _ => ask(&self.books),
            }
        })
    }
}

fn away() -> StoreError {
    StoreError::Database(sqlx::Error::Io(broken()))
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "the connection broke")
}

impl Books for GatedBooks {
    fn lease(&self, post: PostId, by: LookId, time: Duration) -> Asked<'_, Option<Work>> {
        self.ask("lease", move |books| Ok(books.lease(post, by, time)))
    }

    fn glance(&self, post: PostId) -> Asked<'_, Option<Glance>> {
        self.ask("glance", move |books| Ok(books.glance(post)))
    }

    fn set_aside<'a>(
        &'a self,
        post: PostId,
        crashes: i32,
        error: &'a PostError,
    ) -> Asked<'a, bool> {
        self.ask("set aside", move |books| {
            Ok(books.set_aside(post, crashes, error))
        })
    }

    fn save<'a>(&'a self, work: &'a Work, save: &'a Save<'a>) -> Asked<'a, bool> {
        self.ask("save", move |books| Ok(books.save(work, save)))
    }

    fn arm<'a>(
        &'a self,
        work: &'a Work,
        attempt: AttemptId,
        step: &'a str,
        progress: &'a [u8],
    ) -> Asked<'a, Armed> {
        self.ask("arm", move |books| books.arm(work, attempt, step, progress))
    }

    fn before<'a>(&'a self, work: &'a Work) -> Asked<'a, i64> {
        self.ask("before", move |books| Ok(books.before(work)))
    }

    fn is_armed(&self, attempt: AttemptId) -> Asked<'_, bool> {
        self.ask("is armed", move |books| Ok(books.is_armed(attempt)))
    }

    fn settle<'a>(&'a self, work: &'a Work, outcomes: &'a Outcomes<'a>) -> Asked<'a, Settled> {
        self.ask("settle", move |books| Ok(books.settle(work, outcomes)))
    }

    fn settle_live<'a>(&'a self, work: &'a Work, live: &'a Live<'a>) -> Asked<'a, bool> {
        self.ask("settle live", move |books| books.settle_live(work, live))
    }

    fn rewind<'a>(&'a self, work: &'a Work, evidence: &'a str) -> Asked<'a, bool> {
        self.ask("rewind", move |books| Ok(books.rewind(work, evidence)))
    }

    fn go_on<'a>(&'a self, work: &'a Work, step: &'a str) -> Asked<'a, ()> {
        self.ask("go on", move |books| {
            books.go_on(work, step);
            Ok(())
        })
    }

    fn published<'a>(
        &'a self,
        post: PostId,
        external_id: Option<&'a str>,
        external_url: Option<&'a str>,
        standing: Standing,
    ) -> Asked<'a, bool> {
        self.ask("published", move |books| {
            books.published(post, external_id, external_url, standing)
        })
    }

    fn end<'a>(
        &'a self,
        work: &'a Work,
        to: Stage,
        error: &'a PostError,
        candidates: Option<&'a Value>,
    ) -> Asked<'a, bool> {
        self.ask("end", move |books| {
            Ok(books.end(work, to, error, candidates))
        })
    }

    fn claimed<'a>(&'a self, work: &'a Work) -> Asked<'a, Vec<String>> {
        self.ask("claimed", move |books| Ok(books.claimed(work)))
    }

    fn note<'a>(
        &'a self,
        _: UserId,
        post: PostId,
        steps: &'a [(OffsetDateTime, Step)],
    ) -> Asked<'a, ()> {
        self.ask("note", move |books| {
            books.note(post, steps);
            Ok(())
        })
    }

    fn connection(&self, id: ConnectionId) -> Asked<'_, Option<Connection>> {
        self.ask("connection", move |books| Ok(books.connection(id)))
    }

    fn tokens(&self, _: UserId, id: ConnectionId) -> Asked<'_, Option<Versioned>> {
        self.ask("tokens", move |books| Ok(books.tokens(id)))
    }

    fn begin_refresh(
        &self,
        _: UserId,
        id: ConnectionId,
        version: i32,
        patience: Duration,
    ) -> Asked<'_, bool> {
        self.ask("begin refresh", move |books| {
            Ok(books.begin_refresh(id, version, patience))
        })
    }

    fn finish_refresh<'a>(
        &'a self,
        _: UserId,
        id: ConnectionId,
        version: i32,
        tokens: &'a SealedTokens,
    ) -> Asked<'a, bool> {
        self.ask("finish refresh", move |books| {
            Ok(books.finish_refresh(id, version, tokens))
        })
    }

    fn need_reconnect<'a>(
        &'a self,
        _: UserId,
        id: ConnectionId,
        version: i32,
        reason: &'a str,
    ) -> Asked<'a, bool> {
        self.ask("need reconnect", move |books| {
            Ok(books.need_reconnect(id, version, reason))
        })
    }

    fn tell_budget(&self, holder: Holder, used_percent: u8, hold: Duration) -> Asked<'_, ()> {
        self.ask("tell budget", move |books| {
            books.tell_budget(holder, used_percent, hold);
            Ok(())
        })
    }

    fn file(&self, user: UserId, id: MediaId) -> Asked<'_, Option<Media>> {
        self.ask("file", move |books| Ok(books.file(user, id)))
    }

    fn keep_file<'a>(&'a self, user: UserId, id: MediaId, stored: &'a Stored) -> Asked<'a, ()> {
        self.ask("keep file", move |books| {
            books.keep_file(user, id, stored);
            Ok(())
        })
    }

    fn plan<'a>(
        &'a self,
        _: UserId,
        _: ConnectionId,
        wish: &'a Value,
        at: OffsetDateTime,
    ) -> Asked<'a, ErrandId> {
        self.ask("plan", move |books| Ok(books.plan(wish, at)))
    }
}

/// Files behind gates; each fits every network already.
pub(crate) struct GatedFiles {
    pub(crate) shelves: Shelves,
    pub(crate) gates: Gates,
}

impl GatedFiles {
    async fn reached(&self, what: &'static str) -> Result<(), LibraryError> {
        match self.gates.pass(Point::Files(what)).await {
            Some(Fault::Down) => Err(LibraryError::Objects(ObjectError::Io(broken()))),
            _ => Ok(()),
        }
    }
}

impl Files for GatedFiles {
    fn take_in_whole<'a>(
        &'a self,
        url: &'a str,
        _: MediaKind,
        id: &'a str,
        _: u64,
    ) -> BoxFuture<'a, Result<Result<Intake, Violation>, LibraryError>> {
        Box::pin(async move {
            self.reached("take in").await?;
            let key = format!("media/{id}");
            let facts = self.shelves.copy(url, &key);
            Ok(facts
                .map(|facts| Intake {
                    object_key: key,
                    facts,
                    sha256: vec![0; 32],
                })
                .ok_or_else(|| {
                    Violation::new(
                        "media.url",
                        "media_unreachable",
                        "is not there",
                        "Try again.",
                    )
                }))
        })
    }

    fn fit<'a>(
        &'a self,
        from: &'a str,
        facts: &'a MediaFacts,
        _: ImageRules,
        _: &'static str,
        _: &'a str,
        to: &'a str,
    ) -> BoxFuture<'a, Result<Result<MediaFacts, Violation>, LibraryError>> {
        Box::pin(async move {
            self.reached("fit").await?;
            self.shelves.copy(from, to);
            Ok(Ok(facts.clone()))
        })
    }

    fn stream(&self, key: &str, range: Range<u64>) -> BoxStream<'static, io::Result<Bytes>> {
        let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        let piece = self.shelves.bytes(key).map_or_else(
            || Err(io::Error::from(io::ErrorKind::NotFound)),
            |bytes| Ok(bytes.slice(place(range.start)..place(range.end).min(bytes.len()))),
        );
        Box::pin(futures_util::stream::iter([piece]))
    }

    fn reach<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<(), LibraryError>> {
        Box::pin(self.reached("reach"))
    }

    fn public_url<'a>(
        &'a self,
        key: &'a str,
        from: OffsetDateTime,
        until: OffsetDateTime,
    ) -> BoxFuture<'a, Result<Url, LibraryError>> {
        let url = format!("{}/{key}", Shelves::ORIGIN).parse().ok();
        // An address that ends before a network can use it is none.
        let url = url.filter(|_| from < until);
        let none = || LibraryError::Objects(ObjectError::Key(key.to_owned()));
        Box::pin(async move { url.ok_or_else(none) })
    }
}

/// The shelf of data keys, behind a gate.
pub(crate) struct GatedShelf {
    pub(crate) shelf: MemoryShelf,
    pub(crate) gates: Gates,
}

impl GatedShelf {
    fn ask<'a, T: Send + 'a>(&'a self, answer: ShelfFuture<'a, T>) -> ShelfFuture<'a, T> {
        Box::pin(async move {
            match self.gates.pass(Point::Keys).await {
                Some(Fault::Down) => Err("the keys are away".into()),
                _ => answer.await,
            }
        })
    }
}

impl KeyShelf for GatedShelf {
    fn current(&self) -> ShelfFuture<'_, Option<WrappedKey>> {
        self.ask(Box::pin(async { self.shelf.current().await }))
    }

    fn find(&self, id: DataKeyId) -> ShelfFuture<'_, Option<WrappedKey>> {
        self.ask(Box::pin(async move { self.shelf.find(id).await }))
    }

    fn add(&self, key: WrappedKey, replaces: Option<DataKeyId>) -> ShelfFuture<'_, bool> {
        self.ask(Box::pin(async move { self.shelf.add(key, replaces).await }))
    }

    fn keep(&self, key: WrappedKey) -> ShelfFuture<'_, ()> {
        self.ask(Box::pin(async move { self.shelf.keep(key).await }))
    }
}

/// Rings that are to come. Copies are the same.
#[derive(Clone, Default)]
pub(crate) struct Bell {
    /// By their time, in nanoseconds since 1970, and their turn.
    rings: Arc<Mutex<BTreeMap<(i128, u64), String>>>,
    turns: Arc<AtomicU64>,
    pub(crate) gates: Gates,
}

impl Bell {
    pub(crate) fn new(gates: Gates) -> Self {
        Self {
            gates,
            ..Self::default()
        }
    }

    /// Rings at `at`.
    pub(crate) fn order(&self, at: OffsetDateTime, subject: impl Into<String>) {
        let turn = self.turns.fetch_add(1, Ordering::Relaxed);
        let key = (at.unix_timestamp_nanos(), turn);
        self.rings().insert(key, subject.into());
    }

    /// When it rings next.
    pub(crate) fn next(&self) -> Option<OffsetDateTime> {
        let rings = self.rings();
        let ((at, _), _) = rings.first_key_value()?;
        OffsetDateTime::from_unix_timestamp_nanos(*at).ok()
    }

    /// What it rings for by now, first first.
    pub(crate) fn take(&self, now: OffsetDateTime) -> Option<String> {
        let mut rings = self.rings();
        let first = rings.first_entry()?;
        (first.key().0 <= now.unix_timestamp_nanos()).then(|| first.remove())
    }

    fn rings(&self) -> MutexGuard<'_, BTreeMap<(i128, u64), String>> {
        self.rings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring for Bell {
    fn ring(&self, subject: Subject, at: OffsetDateTime) -> BoxFuture<'_, Result<(), RingError>> {
        Box::pin(async move {
            match self.gates.pass(Point::Ring).await {
                Some(Fault::RingLost) => {}
                Some(Fault::RingTwice) => {
                    self.order(at, subject.to_string());
                    self.order(at, subject.to_string());
                }
                _ => self.order(at, subject.to_string()),
            }
            Ok(())
        })
    }
}
