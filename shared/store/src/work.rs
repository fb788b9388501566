//! Posts, as the publisher works on them.
//!
//! Every change is one conditional statement on the expected stage and fence; zero rows changed
//! means that somebody else acted, and the publisher stops quietly. Leases serve liveness only.

use domain::{AttemptId, ConnectionId, Post, PostError, PostId, Stage, Standing, UserId};
use serde_json::Value;
use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};

use crate::{StoreError, attempts::Outcome, posts::Row};

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

/// Takes the lease of a post whose time has come, for `time`. `None`: not now; see [`glance`].
pub async fn lease(
    db: impl PgExecutor<'_>,
    id: PostId,
    time: Duration,
) -> Result<Option<Work>, StoreError> {
    let row = sqlx::query!(
        r#"UPDATE posts SET fence = fence + 1, crash_count = crash_count + 1,
               lease_until = app_now() + make_interval(secs => $2)
           WHERE id = $1
             AND stage IN ('scheduled', 'preparing', 'prepared', 'firing', 'confirming')
             AND (lease_until IS NULL OR lease_until <= app_now())
             AND next_attempt_at <= app_now()
           RETURNING id, user_id, connection_id, platform, caption, media, options, client_post_id,
               stage, scheduled_at, due_at, revision, next_attempt_at, armed_at, accepted_at,
               published_at, external_id, external_url, standing, error, candidates, created_at, updated_at,
               fence, crash_count, tries, progress,
               extract(epoch FROM max_lateness)::float8 AS "max_lateness!", app_now() AS "now!",
               (SELECT max(b.free_at) FROM budgets b
                WHERE b.key IN (posts.connection_id::text, 'app:' || posts.platform)
                  AND b.free_at > app_now()) AS held_until,
               (SELECT max(b.used_percent) FROM budgets b
                WHERE b.key IN (posts.connection_id::text, 'app:' || posts.platform)
                  AND b.updated_at > app_now() - interval '1 hour') AS used_percent"#,
        id.uuid(),
        time.as_seconds_f64()
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let post = Row {
        id: row.id,
        user_id: row.user_id,
        connection_id: row.connection_id,
        platform: row.platform,
        caption: row.caption,
        media: row.media,
        options: row.options,
        client_post_id: row.client_post_id,
        stage: row.stage,
        scheduled_at: row.scheduled_at,
        due_at: row.due_at,
        revision: row.revision,
        next_attempt_at: row.next_attempt_at,
        armed_at: row.armed_at,
        accepted_at: row.accepted_at,
        published_at: row.published_at,
        external_id: row.external_id,
        external_url: row.external_url,
        standing: row.standing,
        error: row.error,
        candidates: row.candidates,
        created_at: row.created_at,
        updated_at: row.updated_at,
    };
    Ok(Some(Work {
        post: post.try_into()?,
        fence: row.fence,
        crash_count: row.crash_count,
        tries: row.tries,
        progress: row.progress,
        max_lateness: Duration::seconds_f64(row.max_lateness),
        held_until: row.held_until,
        used_percent: row
            .used_percent
            .and_then(|percent| percent.try_into().ok())
            .unwrap_or(0),
        now: row.now,
    }))
}

/// Ends a post whose row [`lease`] cannot read, after so many leases in a row without an orderly
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

/// Saves a step; tells whether the lease was still ours.
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
         WHERE id = $1 AND fence = $2 AND stage = $3",
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

/// What an attempt to arm came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Armed {
    /// Another post of the same account is being sent, or stands before it.
    Busy {
        /// How many, as far as is known.
        before: i64,
    },
    /// Armed at this time, by the database's clock.
    Done(OffsetDateTime),
    /// Publishing is halted by an operator.
    Halted,
    /// The post was changed, canceled, taken over or disconnected; or it is not due.
    Gone,
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
    db: impl PgExecutor<'_>,
    work: &Work,
    attempt: AttemptId,
    step: &str,
    progress: &[u8],
) -> Result<Armed, StoreError> {
    let came = sqlx::query!(
        r#"WITH halt AS (
               SELECT EXISTS (SELECT 1 FROM switches WHERE name = 'publishing_halted') AS halted
           ), line AS (
               SELECT (SELECT count(*) FROM posts o
                       WHERE o.connection_id = p.connection_id AND o.id <> p.id AND o.stage = 'firing')
                    + (SELECT count(*) FROM posts o
                       WHERE o.connection_id = p.connection_id AND o.stage = 'prepared'
                         AND (o.due_at, o.sequence) < (p.due_at, p.sequence)
                         AND o.due_at > app_now() - interval '1 minute' AND o.next_attempt_at <= app_now()) AS before
               FROM posts p WHERE p.id = $1
           ), armed AS (
               UPDATE posts SET stage = 'firing', armed_at = app_now(), progress = $4, updated_at = app_now()
               WHERE id = $1 AND fence = $2 AND revision = $3 AND stage IN ('prepared', 'confirming')
                 AND due_at <= app_now() AND lease_until > app_now()
                 AND NOT (SELECT halted FROM halt) AND (SELECT before FROM line) = 0
                 AND (SELECT c.health FROM connections c WHERE c.id = connection_id) = 'active'
                 AND NOT EXISTS (SELECT 1 FROM attempts a
                                 WHERE a.post_id = $1 AND (a.outcome IS NULL OR a.outcome IN ('unknown', 'accepted'))
                                   AND a.step = $5)
               RETURNING id, user_id, armed_at
           ), attempt AS (
               INSERT INTO attempts (id, post_id, user_id, number, step, armed_at)
               SELECT $6, id, user_id,
                      (SELECT coalesce(max(number), 0) + 1 FROM attempts WHERE post_id = $1), $5, armed_at
               FROM armed
           )
           SELECT halted AS "halted!", (SELECT before FROM line) AS before, (SELECT armed_at FROM armed) AS armed_at
           FROM halt"#,
        work.post.id.uuid(),
        work.fence,
        work.post.revision,
        progress,
        step,
        attempt.uuid()
    )
    .fetch_one(db)
    .await
    .map_err(StoreError::from);
    let came = match came {
        Ok(came) => came,
        Err(error) if error.is_conflict("posts_one_firing") => {
            return Ok(Armed::Busy { before: 1 });
        }
        Err(error) => return Err(error),
    };
    Ok(match (came.armed_at, came.before) {
        (Some(armed_at), _) => Armed::Done(armed_at),
        (None, _) if came.halted => Armed::Halted,
        (None, Some(before)) if before > 0 => Armed::Busy { before },
        (None, _) => Armed::Gone,
    })
}

/// What a fire came to.
#[derive(Debug, Clone)]
pub struct Outcomes<'a> {
    /// The arm, where it is known; the post's latest otherwise.
    pub attempt: Option<AttemptId>,
    /// What became of the arm.
    pub outcome: Outcome,
    /// What the network said.
    pub evidence: Option<&'a str>,
    /// How long ago it said so.
    pub heard: Duration,
    /// Where the post stands afterwards.
    pub to: Stage,
    /// The sealed machine and snapshot; kept as it is when absent.
    pub progress: Option<&'a [u8]>,
    /// What stands in its way.
    pub error: Option<&'a PostError>,
    /// When to look again; the lease is kept when absent.
    pub until: Option<OffsetDateTime>,
}

/// What storing an outcome came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The post stood where it was left.
    InTime,
    /// Others had taken its outcome for unknown, and now it is known: the post goes on from there, and whoever
    /// held it has lost it.
    Late,
    /// It stands elsewhere, and this outcome does not change that.
    Gone,
}

/// Stores what a fire came to, in one statement. It asks for no fence: whoever was armed knows
/// best, however late.
pub async fn settle(
    db: impl PgExecutor<'_>,
    work: &Work,
    outcome: &Outcomes<'_>,
) -> Result<Settled, StoreError> {
    let error = outcome.error.map(|error| serde_json::json!(error));
    let in_time = sqlx::query_scalar!(
        r#"WITH latest AS (
             SELECT id FROM attempts WHERE post_id = $1 ORDER BY number DESC LIMIT 1
         ), arm AS (
             UPDATE attempts SET outcome = $3, evidence = $4, ended_at = app_now()
             WHERE post_id = $1 AND (outcome IS NULL OR outcome = 'unknown')
               AND id = coalesce($9::uuid, (SELECT id FROM latest))
         ), found AS (
             SELECT id, stage = $2 AS in_time FROM posts
             WHERE id = $1
               AND (stage = $2
                    OR ($9 = (SELECT id FROM latest)
                        AND (($3 = 'accepted' AND stage NOT IN ('canceled', 'published'))
                             OR ($3 IN ('not_sent', 'rejected') AND stage IN ('confirming', 'needs_attention')))))
             FOR UPDATE
         )
         UPDATE posts SET stage = $5, progress = coalesce($6, progress), error = $7,
             accepted_at = CASE WHEN $3 = 'accepted'
                                THEN coalesce(accepted_at, greatest(armed_at, app_now() - make_interval(secs => $10)))
                                ELSE accepted_at END,
             next_attempt_at = CASE WHEN in_time THEN coalesce($8, next_attempt_at) ELSE app_now() END,
             updated_at = app_now(),
             tries = CASE WHEN $3 = 'not_sent' OR $3 = 'rejected' THEN tries + 1 ELSE 0 END,
             fence = CASE WHEN in_time THEN fence ELSE fence + 1 END,
             candidates = CASE WHEN in_time THEN candidates END,
             lease_until = CASE WHEN in_time AND $8::timestamptz IS NULL THEN lease_until END,
             crash_count = CASE WHEN in_time AND $8::timestamptz IS NULL THEN crash_count ELSE 0 END
         FROM found WHERE posts.id = found.id
         RETURNING in_time AS "in_time!""#,
        work.post.id.uuid(),
        work.post.stage.as_str(),
        outcome.outcome.as_str(),
        outcome.evidence,
        outcome.to.as_str(),
        outcome.progress,
        error,
        outcome.until,
        outcome.attempt.map(AttemptId::uuid),
        outcome.heard.as_seconds_f64()
    )
    .fetch_optional(db)
    .await?;
    Ok(match in_time {
        Some(true) => Settled::InTime,
        Some(false) => Settled::Late,
        None => Settled::Gone,
    })
}

/// A fire that was accepted, where what it made is known at once.
#[derive(Debug, Clone)]
pub struct Live<'a> {
    /// The arm.
    pub attempt: AttemptId,
    /// What the network said.
    pub evidence: &'a str,
    /// How long ago it said so.
    pub heard: Duration,
    /// The network's id of what it made.
    pub external_id: Option<&'a str>,
    /// Its address.
    pub external_url: Option<&'a str>,
    /// Who sees it.
    pub standing: Standing,
}

/// [`settle`] and [`published`] in one statement, for a post that stands where its arm left it; tells whether it did.
///
/// # Errors
/// [`StoreError::Conflict`] with `posts_one_claim`, as [`published`]. Nothing is stored where this fails: [`settle`]
/// is still to be called.
pub async fn settle_live(
    db: impl PgExecutor<'_>,
    work: &Work,
    live: &Live<'_>,
) -> Result<bool, StoreError> {
    let settled = sqlx::query!(
        "WITH live AS (
             UPDATE posts SET stage = 'published', external_id = coalesce($3, external_id),
                 external_url = coalesce($4, external_url), standing = $5, published_at = app_now(),
                 accepted_at = coalesce(accepted_at, greatest(armed_at, app_now() - make_interval(secs => $6))),
                 error = NULL, candidates = NULL, progress = NULL, lease_until = NULL, crash_count = 0, tries = 0,
                 updated_at = app_now()
             WHERE id = $1 AND stage = 'firing'
               AND $2 = (SELECT id FROM attempts WHERE post_id = $1 ORDER BY number DESC LIMIT 1)
             RETURNING id
         )
         UPDATE attempts SET outcome = 'accepted', evidence = $7, ended_at = app_now()
         WHERE id = $2 AND post_id = (SELECT id FROM live)",
        work.post.id.uuid(),
        live.attempt.uuid(),
        live.external_id,
        live.external_url,
        live.standing.as_str(),
        live.heard.as_seconds_f64(),
        live.evidence
    )
    .execute(db)
    .await?;
    Ok(settled.rows_affected() == 1)
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

/// Stores evidence of a live post, which wins over everything that was believed before; tells
/// whether it was news.
///
/// # Errors
/// [`StoreError::Conflict`] with `posts_one_claim` when another post of ours is that post: then
/// this evidence is none.
pub async fn published(
    db: impl PgExecutor<'_>,
    id: PostId,
    external_id: Option<&str>,
    external_url: Option<&str>,
    standing: Standing,
) -> Result<bool, StoreError> {
    let news = sqlx::query!(
        "WITH arm AS (
             UPDATE attempts SET outcome = 'accepted', ended_at = app_now()
             WHERE post_id = $1 AND (outcome IS NULL OR outcome = 'unknown')
               AND number = (SELECT max(number) FROM attempts WHERE post_id = $1)
         )
         UPDATE posts SET stage = 'published', external_id = coalesce($2, external_id),
             external_url = coalesce($3, external_url), standing = $4, published_at = app_now(),
             accepted_at = coalesce(accepted_at, app_now()), error = NULL, candidates = NULL,
             progress = NULL, lease_until = NULL, crash_count = 0, tries = 0, updated_at = app_now()
         WHERE id = $1 AND stage IN ('firing', 'confirming', 'needs_attention', 'failed', 'missed', 'dismissed')",
        id.uuid(),
        external_id,
        external_url,
        standing.as_str()
    )
    .execute(db)
    .await?;
    Ok(news.rows_affected() == 1)
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
