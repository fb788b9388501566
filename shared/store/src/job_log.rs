//! Every step of every post, for its author and for operators.

use domain::{PostId, UserId};
use sqlx::PgExecutor;
use time::OffsetDateTime;

use crate::StoreError;

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What was done: the name of a call, or `lease`, `arm`, `wait` …
    pub step: String,
    /// What came of it: `answered`, `lost`, `refused`, `done` …
    pub outcome: String,
    /// The network's HTTP status.
    pub http_status: Option<i32>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<i32>,
    /// More, for people; no secrets.
    pub detail: Option<String>,
}

/// Notes a step.
pub async fn note(
    db: impl PgExecutor<'_>,
    user: UserId,
    post: PostId,
    step: &Step,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO job_log (post_id, user_id, step, outcome, http_status, duration_ms, detail)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        post.uuid(),
        user.uuid(),
        step.step,
        step.outcome,
        step.http_status,
        step.duration_ms,
        step.detail
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The latest steps of a post, oldest first, at most 200.
pub async fn list(
    db: impl PgExecutor<'_>,
    user: UserId,
    post: PostId,
) -> Result<Vec<(OffsetDateTime, Step)>, StoreError> {
    let rows = sqlx::query!(
        "SELECT * FROM (
             SELECT id, step, outcome, http_status, duration_ms, detail, created_at FROM job_log
             WHERE user_id = $1 AND post_id = $2 ORDER BY id DESC LIMIT 200
         ) AS latest ORDER BY id",
        user.uuid(),
        post.uuid()
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let step = Step {
                step: row.step,
                outcome: row.outcome,
                http_status: row.http_status,
                duration_ms: row.duration_ms,
                detail: row.detail,
            };
            (row.created_at, step)
        })
        .collect())
}
