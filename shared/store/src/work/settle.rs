//! What fires came to.

use domain::{AttemptId, PostError, PostId, Stage};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::time::Instant;
use uuid::Uuid;

use super::Work;
use crate::{
    Pool, StoreError,
    attempts::Outcome,
    flight::{Ask, Told, in_order},
};

/// What a fire came to.
#[derive(Debug, Clone)]
pub struct Outcomes<'a> {
    /// The arm, where it is known; the post's latest otherwise.
    pub attempt: Option<AttemptId>,
    /// What became of the arm.
    pub outcome: Outcome,
    /// What the network said.
    pub evidence: Option<&'a str>,
    /// When it said so, by the caller's watch.
    pub heard: Instant,
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
    /// The post stood where it was left, or where this same outcome had led it, whose answer was lost.
    InTime,
    /// Others had taken its outcome for unknown, and now it is known: the post goes on from there, and whoever
    /// held it has lost it.
    Late,
    /// It stands elsewhere, and this outcome does not change that.
    Gone,
}

/// Asks to store what a fire came to.
#[derive(Debug, Clone)]
pub(crate) struct Settle {
    post: PostId,
    from: Stage,
    fence: i64,
    attempt: Option<AttemptId>,
    outcome: Outcome,
    evidence: Option<String>,
    heard: Instant,
    to: Stage,
    progress: Option<Vec<u8>>,
    error: Option<Value>,
    until: Option<OffsetDateTime>,
}

impl Settle {
    pub(crate) fn of(work: &Work, outcomes: &Outcomes<'_>) -> Self {
        Self {
            post: work.post.id,
            from: work.post.stage,
            fence: work.fence,
            attempt: outcomes.attempt,
            outcome: outcomes.outcome,
            evidence: outcomes.evidence.map(str::to_owned),
            heard: outcomes.heard,
            to: outcomes.to,
            progress: outcomes.progress.map(<[u8]>::to_vec),
            error: outcomes.error.map(|error| json!(error)),
            until: outcomes.until,
        }
    }
}

impl Ask for Settle {
    type Came = Settled;

    fn changes(&self) -> Option<Uuid> {
        Some(self.post.uuid())
    }

    async fn all(pool: &Pool, asks: &[Self]) -> Result<Vec<Told<Settled>>, StoreError> {
        let posts: Vec<_> = asks.iter().map(|ask| ask.post.uuid()).collect();
        let from: Vec<_> = asks.iter().map(|ask| ask.from.as_str()).collect();
        let fences: Vec<_> = asks.iter().map(|ask| ask.fence).collect();
        let attempts: Vec<_> = asks
            .iter()
            .map(|ask| ask.attempt.map(AttemptId::uuid))
            .collect();
        let outcomes: Vec<_> = asks.iter().map(|ask| ask.outcome.as_str()).collect();
        let evidence: Vec<_> = asks.iter().map(|ask| ask.evidence.as_deref()).collect();
        let heard: Vec<_> = asks
            .iter()
            .map(|ask| ask.heard.elapsed().as_secs_f64())
            .collect();
        let to: Vec<_> = asks.iter().map(|ask| ask.to.as_str()).collect();
        let progress: Vec<_> = asks.iter().map(|ask| ask.progress.as_deref()).collect();
        let errors: Vec<_> = asks.iter().map(|ask| ask.error.as_ref()).collect();
        let until: Vec<_> = asks.iter().map(|ask| ask.until).collect();
        let rows = sqlx::query!(
            r#"WITH asked AS (
                   SELECT * FROM unnest((SELECT $1::uuid[]), (SELECT $2::text[]), (SELECT $3::uuid[]), (SELECT $4::text[]),
                                        (SELECT $5::text[]), (SELECT $6::float8[]), (SELECT $7::text[]),
                                        (SELECT $8::bytea[]), (SELECT $9::jsonb[]), (SELECT $10::timestamptz[]),
                                        (SELECT $11::bigint[]))
                       AS a (id, from_stage, attempt_id, outcome, evidence, heard, to_stage, progress, error, until, fence)
               ), free AS (
                   SELECT asked.*, p.stage,
                          p.stage = from_stage OR (p.stage = to_stage AND p.fence = asked.fence) AS in_time,
                          (SELECT a.id FROM attempts a WHERE a.post_id = asked.id ORDER BY number DESC LIMIT 1) AS latest
                   FROM asked CROSS JOIN LATERAL (
                       SELECT stage, fence FROM posts WHERE id = asked.id FOR NO KEY UPDATE SKIP LOCKED
                   ) p
               ), arm AS (
                   UPDATE attempts SET outcome = free.outcome, evidence = free.evidence, ended_at = app_now()
                   FROM free
                   WHERE attempts.id = coalesce(attempt_id, latest) AND post_id = free.id
                     AND (attempts.outcome IS NULL OR attempts.outcome = 'unknown')
               ), settled AS (
                   UPDATE posts SET stage = to_stage, progress = coalesce(free.progress, posts.progress),
                       error = free.error, updated_at = app_now(),
                       accepted_at = CASE WHEN outcome = 'accepted'
                                          THEN coalesce(accepted_at,
                                                        greatest(armed_at, app_now() - make_interval(secs => heard)))
                                          ELSE accepted_at END,
                       next_attempt_at = CASE WHEN in_time THEN coalesce(until, next_attempt_at) ELSE app_now() END,
                       tries = CASE WHEN outcome IN ('not_sent', 'rejected') THEN tries + 1 ELSE 0 END,
                       fence = CASE WHEN in_time THEN posts.fence ELSE posts.fence + 1 END,
                       candidates = CASE WHEN in_time THEN candidates END,
                       lease_until = CASE WHEN in_time AND until IS NULL THEN lease_until END,
                       crash_count = CASE WHEN in_time AND until IS NULL THEN crash_count ELSE 0 END
                   FROM free
                   WHERE posts.id = free.id
                     AND (in_time
                          OR (attempt_id = latest
                              AND ((outcome = 'accepted' AND free.stage NOT IN ('canceled', 'published'))
                                   OR (outcome IN ('not_sent', 'rejected')
                                       AND free.stage IN ('confirming', 'needs_attention')))))
                   RETURNING posts.id, in_time
               )
               SELECT asked.id AS "id!", settled.in_time AS "in_time?",
                      CASE WHEN free.id IS NULL THEN EXISTS (SELECT 1 FROM posts WHERE posts.id = asked.id)
                           ELSE FALSE END AS "held!"
               FROM asked LEFT JOIN free ON free.id = asked.id LEFT JOIN settled ON settled.id = asked.id"#,
            &posts,
            &from as &[&str],
            &attempts as &[Option<Uuid>],
            &outcomes as &[&str],
            &evidence as &[Option<&str>],
            &heard,
            &to as &[&str],
            &progress as &[Option<&[u8]>],
            &errors as &[Option<&Value>],
            &until as &[Option<OffsetDateTime>],
            &fences
        )
        .fetch_all(pool)
        .await?;
        let told = rows.into_iter().map(|row| {
            let settled = match row.in_time {
                Some(true) => Settled::InTime,
                Some(false) => Settled::Late,
                None => Settled::Gone,
            };
            (row.id, Told::unless(row.held, settled))
        });
        Ok(in_order(&posts, told))
    }
}
