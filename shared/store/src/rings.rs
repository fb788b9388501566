//! The embedded doorbell's table. Losing it costs time, never a post.

use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};

use crate::StoreError;

/// The channel on which a new ring is told.
pub const CHANNEL: &str = "picscripter_rings";

/// A ring that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The row to look at.
    pub subject: String,
    /// Which ring for it; [`answer`] must name it.
    pub version: i64,
}

/// Rings for `subject` at `due_at`, replacing a ring that stands, and tells whoever listens.
pub async fn ring(
    db: impl PgExecutor<'_>,
    subject: &str,
    due_at: OffsetDateTime,
) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH rung AS (
             INSERT INTO rings AS r (subject, due_at) VALUES ($1, $2)
             ON CONFLICT (subject) DO UPDATE
                 SET due_at = excluded.due_at, taken_until = NULL, version = r.version + 1
         )
         SELECT pg_notify($3, $1)",
        subject,
        due_at,
        CHANNEL
    )
    .fetch_one(db)
    .await?;
    Ok(())
}

/// Takes a ring for `subject` back.
pub async fn silence(db: impl PgExecutor<'_>, subject: &str) -> Result<(), StoreError> {
    sqlx::query!("DELETE FROM rings WHERE subject = $1", subject)
        .execute(db)
        .await?;
    Ok(())
}

/// Takes up to `limit` rings that are due, oldest first; unanswered ones come again after `visibility`.
pub async fn take(
    db: impl PgExecutor<'_>,
    limit: i64,
    visibility: Duration,
) -> Result<Vec<Taken>, StoreError> {
    Ok(sqlx::query_as!(
        Taken,
        r#"WITH due AS (
               SELECT subject FROM rings
               WHERE due_at <= app_now() AND (taken_until IS NULL OR taken_until <= app_now())
               ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED
           ), taken AS (
               UPDATE rings SET taken_until = app_now() + make_interval(secs => $2)
               WHERE subject IN (SELECT subject FROM due)
               RETURNING subject, version, due_at
           )
           SELECT subject AS "subject!", version AS "version!" FROM taken ORDER BY due_at"#,
        limit,
        visibility.as_seconds_f64()
    )
    .fetch_all(db)
    .await?)
}

/// Answers a ring; one that was replaced meanwhile stays.
pub async fn answer(db: impl PgExecutor<'_>, taken: &Taken) -> Result<(), StoreError> {
    sqlx::query!(
        "DELETE FROM rings WHERE subject = $1 AND version = $2",
        taken.subject,
        taken.version
    )
    .execute(db)
    .await?;
    Ok(())
}

/// How long until the next ring is due; `None` when there is none.
pub async fn next_due(db: impl PgExecutor<'_>) -> Result<Option<Duration>, StoreError> {
    let seconds = sqlx::query_scalar!(
        "SELECT extract(epoch FROM min(greatest(due_at, coalesce(taken_until, due_at))) - app_now())::float8
         FROM rings"
    )
    .fetch_one(db)
    .await?;
    Ok(seconds.map(|seconds| Duration::seconds_f64(seconds.max(0.0))))
}
