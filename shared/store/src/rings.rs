//! The embedded doorbell's table. Losing it costs time, never a post.

use domain::UserId;
use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::StoreError;

/// The channel on which a new ring is told.
pub const CHANNEL: &str = "picscripter_rings";

/// A ring that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The row to look at.
    pub subject: String,
    /// Whose it is, where that was told.
    pub owner: Option<UserId>,
    /// Which ring for it; [`answer`] must name it.
    pub version: i64,
}

/// Rings for `subject`, which is `owner`'s, at `due_at`, replacing a ring that stands, and tells whoever listens.
///
/// Its turn is its time, but a second after the turn of the owner's ring before it if that is later: who rings more
/// than once a second yields to whoever does not, once there is no room for all.
pub async fn ring(
    db: impl PgExecutor<'_>,
    subject: &str,
    owner: Option<UserId>,
    due_at: OffsetDateTime,
) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH before AS (
             SELECT turn_at FROM rings WHERE owner = $4 AND due_at <= $2 AND subject <> $1
             ORDER BY due_at DESC, turn_at DESC LIMIT 1
         ), rung AS (
             INSERT INTO rings AS r (subject, due_at, owner, turn_at)
             VALUES ($1, $2, $4, greatest($2, (SELECT turn_at + interval '1 second' FROM before)))
             ON CONFLICT (subject) DO UPDATE
                 SET due_at = excluded.due_at, owner = excluded.owner, turn_at = excluded.turn_at,
                     taken_until = NULL, version = r.version + 1
         )
         SELECT pg_notify($3, $1)",
        subject,
        due_at,
        CHANNEL,
        owner.map(UserId::uuid)
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

/// Takes up to `limit` rings that are due, those whose turn is first; unanswered ones come again after `visibility`.
/// Where some owners are to have no more now, others get what is due by their turn as well. Those that are answered
/// are answered in the same go; see [`answer`].
pub async fn take(
    db: impl PgExecutor<'_>,
    limit: i64,
    visibility: Duration,
    but_of: &[UserId],
    answered: &[Taken],
) -> Result<Vec<Taken>, StoreError> {
    let but_of: Vec<Uuid> = but_of.iter().map(|owner| owner.uuid()).collect();
    let (subjects, versions) = named(answered);
    // The oldest of what is due bound how far the turns must be gone through: most are those of rings that are not due.
    let rows = sqlx::query!(
        r#"WITH answered AS (
               DELETE FROM rings USING unnest($4::text[], $5::bigint[]) AS a (subject, version)
               WHERE rings.subject = a.subject AND rings.version = a.version
           ), oldest AS MATERIALIZED (
               SELECT coalesce(turn_at, due_at) AS turn_at FROM rings
               WHERE due_at <= app_now() AND (taken_until IS NULL OR taken_until <= app_now())
               ORDER BY due_at LIMIT $1
           ), due AS (
               SELECT subject FROM rings
               WHERE coalesce(turn_at, due_at)
                     <= CASE cardinality($3::uuid[]) WHEN 0 THEN (SELECT max(turn_at) FROM oldest) ELSE app_now() END
                 AND due_at <= app_now() AND (taken_until IS NULL OR taken_until <= app_now())
                 AND (owner IS NULL OR owner <> ALL($3))
               ORDER BY coalesce(turn_at, due_at) LIMIT $1 FOR UPDATE SKIP LOCKED
           ), taken AS (
               UPDATE rings SET taken_until = app_now() + make_interval(secs => $2)
               WHERE subject IN (SELECT subject FROM due)
               RETURNING subject, owner, version, coalesce(turn_at, due_at) AS turn_at
           )
           SELECT subject AS "subject!", owner, version AS "version!" FROM taken ORDER BY turn_at"#,
        limit,
        visibility.as_seconds_f64(),
        &but_of,
        &subjects as &[&str],
        &versions
    )
    .fetch_all(db)
    .await?;
    let taken = rows.into_iter().map(|row| Taken {
        subject: row.subject,
        owner: row.owner.map(UserId::from),
        version: row.version,
    });
    Ok(taken.collect())
}

/// Answers rings; one that was replaced meanwhile stays.
pub async fn answer(db: impl PgExecutor<'_>, taken: &[Taken]) -> Result<(), StoreError> {
    let (subjects, versions) = named(taken);
    sqlx::query!(
        "DELETE FROM rings USING unnest($1::text[], $2::bigint[]) AS a (subject, version)
         WHERE rings.subject = a.subject AND rings.version = a.version",
        &subjects as &[&str],
        &versions
    )
    .execute(db)
    .await?;
    Ok(())
}

fn named(taken: &[Taken]) -> (Vec<&str>, Vec<i64>) {
    let names = taken
        .iter()
        .map(|ring| (ring.subject.as_str(), ring.version));
    names.unzip()
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
