//! Posts, as the publisher works on them.
//!
//! Every change is one conditional statement on the expected stage and fence; zero rows changed
//! means that somebody else acted, and the publisher stops quietly. Leases serve liveness only.
//!
//! What many looks do at the same time, each once, is asked of [`crate::Together`].

mod arm;
mod lease;
mod live;
mod published;
mod settle;

use domain::{ConnectionId, Post, PostError, PostId, Stage, UserId};
use serde_json::Value;
use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};

use crate::StoreError;

pub(crate) use arm::Arm;
pub use arm::Armed;
pub(crate) use lease::Lease;
pub use live::Live;
pub(crate) use live::SettleLive;
pub(crate) use published::Publish;
pub(crate) use settle::Settle;
pub use settle::{Outcomes, Settled};

/// A post under lease.
#[derive(Debug, Clone)]
pub struct Work {
    /// The post.
    pub post: Post,
    /// What tells this lease from all others.
    pub fence: i64,
    /// How many leases in a row ended without an orderly end, this one counted.
    pub crash_count: i32,
    /// How many faults in a row it met.
    pub tries: i32,
    /// The sealed machine and snapshot.
    pub progress: Option<Vec<u8>>,
    /// How late it may go out at most.
    pub max_lateness: Duration,
    /// Until when the network, or its account, takes no more calls; see [`crate::budgets`].
    pub held_until: Option<OffsetDateTime>,
    /// How much of what it allows was used up when it last said so, in the last hour, in percent.
    pub used_percent: u8,
    /// The database's time when the lease was taken.
    pub now: OffsetDateTime,
}

/// What a post looks like to one that could not lease it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glance {
    /// Whose it is.
    pub user_id: UserId,
    /// Where it stands.
    pub stage: Stage,
    /// Which edit of it.
    pub revision: i32,
    /// When it wants to be looked at.
    pub next_attempt_at: OffsetDateTime,
    /// Until when somebody else works on it.
    pub lease_until: Option<OffsetDateTime>,
    /// The database's time.
    pub now: OffsetDateTime,
}

/// Ends a post whose row a lease cannot read, after so many leases in a row without an orderly
/// end; tells whether it did.
pub async fn set_aside(
    db: impl PgExecutor<'_>,
    id: PostId,
    crashes: i32,
    error: &PostError,
) -> Result<bool, StoreError> {
    let ended = sqlx::query!(
        "UPDATE posts SET stage = 'needs_attention', error = $3, lease_until = NULL, crash_count = 0,
             next_attempt_at = app_now() + interval '6 hours', updated_at = app_now()
         WHERE id = $1 AND crash_count > $2
           AND stage IN ('scheduled', 'preparing', 'prepared', 'firing', 'confirming')",
        id.uuid(),
        crashes,
        serde_json::json!(error)
    )
    .execute(db)
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// Looks at a post without taking it.
pub async fn glance(db: impl PgExecutor<'_>, id: PostId) -> Result<Option<Glance>, StoreError> {
    let row = sqlx::query!(
        r#"SELECT user_id, stage, revision, next_attempt_at, lease_until, app_now() AS "now!" FROM posts WHERE id = $1"#,
        id.uuid()
    )
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        Ok(Glance {
            user_id: row.user_id.into(),
            stage: row
                .stage
                .parse()
                .map_err(|error| StoreError::row("posts", "stage", id, error))?,
            revision: row.revision,
            next_attempt_at: row.next_attempt_at,
            lease_until: row.lease_until,
            now: row.now,
        })
    })
    .transpose()
}

/// What a step of the publisher leaves in the row.
#[derive(Debug, Clone)]
pub struct Save<'a> {
    /// Where the post stood when the step began.
    pub from: Stage,
    /// Where it stands afterwards.
    pub to: Stage,
    /// The sealed machine and snapshot; kept as it is when absent.
    pub progress: Option<&'a [u8]>,
    /// What the network names it by before it has an id.
    pub handle: Option<&'a str>,
    /// What stands in its way; none clears it.
    pub error: Option<&'a PostError>,
    /// How many faults in a row it met.
    pub tries: i32,
    /// When to look again, if this ends the pass: the lease is given back.
    pub until: Option<OffsetDateTime>,
}

/// Saves a step; tells whether the lease was still ours. May be asked again where the answer was lost.
pub async fn save(
    db: impl PgExecutor<'_>,
    work: &Work,
    save: &Save<'_>,
) -> Result<bool, StoreError> {
    let error = save.error.map(|error| serde_json::json!(error));
    let saved = sqlx::query!(
        "UPDATE posts SET stage = $4, progress = coalesce($5, progress), handle = coalesce($6, handle),
             error = $7, tries = $8, updated_at = app_now(),
             next_attempt_at = coalesce($9, next_attempt_at),
             lease_until = CASE WHEN $9::timestamptz IS NULL THEN lease_until END,
             crash_count = CASE WHEN $9::timestamptz IS NULL THEN crash_count ELSE 0 END
         WHERE id = $1 AND fence = $2 AND stage IN ($3, $4)",
        work.post.id.uuid(),
        work.fence,
        save.from.as_str(),
        save.to.as_str(),
        save.progress,
        save.handle,
        error,
        save.tries,
        save.until
    )
    .execute(db)
    .await?;
    Ok(saved.rows_affected() == 1)
}

/// How many posts of its account are due at the very same time and will go out before a post.
pub async fn before(db: impl PgExecutor<'_>, work: &Work) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM posts o JOIN posts p ON p.id = $1
           WHERE o.connection_id = p.connection_id AND o.due_at = p.due_at AND o.sequence < p.sequence
             AND o.stage IN ('scheduled', 'preparing', 'prepared', 'firing')"#,
        work.post.id.uuid()
    )
    .fetch_one(db)
    .await?)
}

/// Leads a post whose commit was proven to have published nothing back to `prepared`; tells whether
/// the lease was still ours.
pub async fn rewind(
    db: impl PgExecutor<'_>,
    work: &Work,
    evidence: &str,
) -> Result<bool, StoreError> {
    let rewound = sqlx::query!(
        "WITH arm AS (
             UPDATE attempts SET outcome = 'absent', evidence = $3, ended_at = app_now()
             WHERE post_id = $1 AND (outcome IS NULL OR outcome IN ('unknown', 'accepted'))
               AND number = (SELECT max(number) FROM attempts WHERE post_id = $1)
         )
         UPDATE posts SET stage = 'prepared', accepted_at = NULL, updated_at = app_now()
         WHERE id = $1 AND fence = $2 AND stage = 'confirming'",
        work.post.id.uuid(),
        work.fence,
        evidence
    )
    .execute(db)
    .await?;
    Ok(rewound.rows_affected() == 1)
}

/// Lets a post of which a part is live go on to the commit of `step`, without leading it back: the last
/// commit was accepted where it was another step's, and had no effect where it was this one's and a
/// refusal is on record.
pub async fn go_on(db: impl PgExecutor<'_>, work: &Work, step: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE attempts SET outcome = CASE WHEN step = $3 THEN 'absent' ELSE 'accepted' END, ended_at = app_now()
         WHERE post_id = $1 AND outcome = 'unknown' AND (step <> $3 OR evidence LIKE 'status 4%')
           AND number = (SELECT max(number) FROM attempts WHERE post_id = $1)
           AND EXISTS (SELECT 1 FROM posts WHERE id = $1 AND fence = $2 AND stage = 'confirming')",
        work.post.id.uuid(),
        work.fence,
        step
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends a post that is not live (`failed`, `missed`) or that nobody can tell of
/// (`needs_attention`, with candidates); tells whether the lease was still ours. What looks for its outcome is
/// kept; what would send it is not.
pub async fn end(
    db: impl PgExecutor<'_>,
    work: &Work,
    to: Stage,
    error: &PostError,
    candidates: Option<&Value>,
) -> Result<bool, StoreError> {
    let ended = sqlx::query!(
        "WITH arm AS (
             UPDATE attempts SET ended_at = coalesce(ended_at, app_now()), outcome = CASE
                 WHEN $4 = 'needs_attention' THEN 'unknown' ELSE 'absent' END
             WHERE post_id = $1 AND (outcome IS NULL OR outcome = 'unknown')
               AND EXISTS (SELECT 1 FROM posts WHERE id = $1 AND fence = $2 AND stage = $3)
         )
         UPDATE posts SET stage = $4, error = $5, candidates = $6, lease_until = NULL, crash_count = 0,
             next_attempt_at = CASE WHEN $4 = 'needs_attention' THEN app_now() + interval '6 hours'
                                    ELSE next_attempt_at END,
             progress = CASE WHEN $4 = 'needs_attention' AND $3 = 'confirming' THEN progress END, updated_at = app_now()
         WHERE id = $1 AND fence = $2 AND stage = $3",
        work.post.id.uuid(),
        work.fence,
        work.post.stage.as_str(),
        to.as_str(),
        serde_json::json!(error),
        candidates
    )
    .execute(db)
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// Ids of live posts of a connection that are known to be other posts than `id`, of the last days.
pub async fn claimed(db: impl PgExecutor<'_>, work: &Work) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"SELECT external_id AS "external_id!" FROM posts
           WHERE connection_id = $1 AND id <> $2 AND external_id IS NOT NULL
             AND published_at > app_now() - interval '3 days'"#,
        work.post.connection_id.uuid(),
        work.post.id.uuid()
    )
    .fetch_all(db)
    .await?)
}

/// The posts that a network's news may be about, by handle or by id; those that a person was asked about are
/// open again.
pub async fn by_handle(
    db: impl PgExecutor<'_>,
    platform: domain::Platform,
    handle: &str,
) -> Result<Vec<PostId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "UPDATE posts SET next_attempt_at = least(next_attempt_at, app_now()), stage = 'confirming'
         WHERE platform = $1 AND (handle = $2 OR external_id = $2)
           AND (stage = 'confirming'
                OR (stage = 'needs_attention' AND progress IS NOT NULL
                    AND 'unknown' = (SELECT outcome FROM attempts WHERE post_id = posts.id ORDER BY number DESC LIMIT 1)))
         RETURNING id",
        platform.as_str(),
        handle
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(PostId::from).collect())
}

/// A post that its network keeps back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptBack {
    /// Its id.
    pub id: PostId,
    /// Whose it is.
    pub user_id: UserId,
    /// The account that it went to.
    pub connection_id: ConnectionId,
}

/// The posts that a network keeps back and that its news may be about: by handle or by id.
pub async fn kept_back(
    db: impl PgExecutor<'_>,
    platform: domain::Platform,
    handle: &str,
) -> Result<Vec<KeptBack>, StoreError> {
    let rows = sqlx::query!(
        "SELECT id, user_id, connection_id FROM posts
         WHERE platform = $1 AND (handle = $2 OR external_id = $2) AND stage = 'published'
           AND standing IN ('draft', 'scheduled')",
        platform.as_str(),
        handle
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| KeptBack {
            id: row.id.into(),
            user_id: row.user_id.into(),
            connection_id: row.connection_id.into(),
        })
        .collect())
}

/// A post that was kept back can be seen now; tells whether that is news.
///
/// # Errors
/// [`StoreError::Conflict`] with `posts_one_claim` when another post has that id at the network.
pub async fn shown(
    db: impl PgExecutor<'_>,
    id: PostId,
    external_id: Option<&str>,
    external_url: Option<&str>,
) -> Result<bool, StoreError> {
    let news = sqlx::query!(
        "UPDATE posts SET standing = 'live', external_id = coalesce($2, external_id),
             external_url = coalesce($3, external_url), updated_at = app_now()
         WHERE id = $1 AND stage = 'published' AND standing IN ('draft', 'scheduled')",
        id.uuid(),
        external_id,
        external_url
    )
    .execute(db)
    .await?;
    Ok(news.rows_affected() == 1)
}
