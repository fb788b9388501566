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

/// Notes steps of a post, with when each was taken, oldest first.
pub async fn note(
    db: impl PgExecutor<'_>,
    user: UserId,
    post: PostId,
    steps: &[(OffsetDateTime, Step)],
) -> Result<(), StoreError> {
    let column = |of: fn(&Step) -> &str| steps.iter().map(move |(_, step)| of(step)).collect();
    let (names, outcomes): (Vec<&str>, Vec<&str>) =
        (column(|step| &step.step), column(|step| &step.outcome));
    let statuses: Vec<_> = steps.iter().map(|(_, step)| step.http_status).collect();
    let durations: Vec<_> = steps.iter().map(|(_, step)| step.duration_ms).collect();
    let details: Vec<_> = steps
        .iter()
        .map(|(_, step)| step.detail.as_deref())
        .collect();
    let times: Vec<_> = steps.iter().map(|(at, _)| *at).collect();
    sqlx::query!(
        "INSERT INTO job_log (post_id, user_id, step, outcome, http_status, duration_ms, detail, created_at)
         SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::integer[], $6::integer[], $7::text[], $8::timestamptz[])",
        post.uuid(),
        user.uuid(),
        &names as &[&str],
        &outcomes as &[&str],
        &statuses as &[Option<i32>],
        &durations as &[Option<i32>],
        &details as &[Option<&str>],
        &times
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
