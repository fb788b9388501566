//! The rows of `store` in memory, by the same rules as the statements there.
//!
//! Whoever changes a statement that a look uses changes its twin here; `tests/books.rs` holds the two
//! against each other, step by step.

mod accounts;
mod posts;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::{
    AttemptId, ConnectionHealth, ConnectionId, LookId, MediaId, Post, PostId, Stage, UserId,
};
use publishing::Books;
use serde_json::Value;
use store::{
    StoreError,
    attempts::Outcome,
    connections::{Connection, SealedTokens},
    job_log::Step,
    media::Media,
};
use time::{Duration, OffsetDateTime};

use crate::{Clock, gate::Gates, means::GatedBooks, planted::Flaw};

/// The rows.
pub struct MemoryBooks {
    clock: Clock,
    rows: Mutex<Rows>,
    flaw: Option<Flaw>,
}

/// Everything that is kept.
#[derive(Default)]
pub struct Rows {
    /// Posts.
    pub posts: BTreeMap<PostId, PostRow>,
    /// Connections.
    pub connections: BTreeMap<ConnectionId, ConnectionRow>,
    /// Arms, in the order in which they were made.
    pub attempts: Vec<Arm>,
    /// What was written down of each post.
    pub log: BTreeMap<PostId, Vec<(OffsetDateTime, Step)>>,
    budgets: BTreeMap<String, Budget>,
    files: BTreeMap<MediaId, (UserId, Media)>,
    errands: Vec<Value>,
    /// Whether an operator halted publishing.
    pub halted: bool,
    /// Rules that a change broke: those that the database keeps, and those that arms keep.
    pub broken: Vec<String>,
}

/// A post's row.
#[derive(Debug, Clone)]
pub struct PostRow {
    /// The post.
    pub post: Post,
    /// Which in the order in which posts were accepted.
    pub sequence: usize,
    /// What tells its leases apart.
    pub fence: i64,
    /// Which look works on it, or did last.
    pub lease_by: Option<LookId>,
    /// Until when somebody works on it.
    pub lease_until: Option<OffsetDateTime>,
    /// Leases in a row without an orderly end.
    pub crash_count: i32,
    /// Faults in a row.
    pub tries: i32,
    /// The sealed machine.
    pub progress: Option<Vec<u8>>,
    /// What the network names it by before it has an id.
    pub handle: Option<String>,
    /// How late it may go out at most.
    pub max_lateness: Duration,
    /// When it had its first end; kept for the judge.
    pub ended_at: Option<OffsetDateTime>,
}

/// A connection's row.
#[derive(Debug, Clone)]
pub struct ConnectionRow {
    /// The connection.
    pub connection: Connection,
    /// Its tokens; absent once wiped.
    pub tokens: Option<SealedTokens>,
    /// Since when somebody renews them.
    pub refresh_started_at: Option<OffsetDateTime>,
}

/// An arm's row.
#[derive(Debug, Clone)]
pub struct Arm {
    /// Its id.
    pub id: AttemptId,
    /// The post.
    pub post: PostId,
    /// Its number among the arms of the post, from 1.
    pub number: i32,
    /// The call it was for.
    pub step: String,
    /// When it was committed.
    pub armed_at: OffsetDateTime,
    /// What became of it.
    pub outcome: Option<Outcome>,
    /// What the network said.
    pub evidence: Option<String>,
}

struct Budget {
    used_percent: u8,
    free_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl MemoryBooks {
    /// Empty books.
    pub fn new(clock: Clock) -> Self {
        Self::with_flaw(clock, None)
    }

    /// Empty books that are kept wrongly on purpose.
    pub fn with_flaw(clock: Clock, flaw: Option<Flaw>) -> Self {
        Self {
            clock,
            rows: Mutex::default(),
            flaw,
        }
    }

    /// The same books as looks see them, with nothing in the way.
    pub fn at_hand(self: &Arc<Self>) -> Arc<dyn Books> {
        let gates = Gates::default();
        gates.open(true);
        Arc::new(GatedBooks {
            books: Arc::clone(self),
            gates,
        })
    }

    /// Everything that is kept.
    pub fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time that the books go by.
    pub fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    /// What a change comes to; what it broke is noted.
    fn change<T>(&self, change: impl FnOnce(&mut Rows, OffsetDateTime) -> T) -> T {
        let now = self.now();
        let mut rows = self.rows();
        let changed = change(&mut rows, now);
        rows.check();
        changed
    }
}

impl Rows {
    /// Holds the rows against the rules that the database keeps, and that arms keep.
    fn check(&mut self) {
        let mut firing: Vec<_> = self
            .posts
            .values()
            .filter(|row| row.post.stage == Stage::Firing)
            .map(|row| row.post.connection_id)
            .collect();
        firing.sort_unstable();
        let len = firing.len();
        firing.dedup();
        if firing.len() < len {
            self.broken
                .push("two posts of an account are firing".to_owned());
        }
    }

    fn latest_arm(&mut self, post: PostId) -> Option<&mut Arm> {
        self.attempts
            .iter_mut()
            .filter(|arm| arm.post == post)
            .max_by_key(|arm| arm.number)
    }
}

fn is_active(row: &ConnectionRow) -> bool {
    row.connection.health == ConnectionHealth::Active
}

fn conflict(rule: &str) -> StoreError {
    StoreError::Conflict(rule.to_owned())
}
