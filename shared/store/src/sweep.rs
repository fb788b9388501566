//! What the sweeper finds: work whose bell was lost, and what has outlived its retention.

use domain::{ConnectionId, DeliveryId, ErrandId, PostId, UserId};
use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};

use crate::{Pool, StoreError};

/// An open post that was overlooked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overdue {
    /// Its id.
    pub id: PostId,
    /// Whose it is.
    pub user_id: UserId,
    /// When it wants to be looked at now.
    pub at: OffsetDateTime,
}

/// Open posts that should have been looked at 30 seconds ago and that nobody works on: each is
/// pushed forward to a moment of its own, `turn` after the one before, and given with that moment. Users take
/// turns, so that nobody stands behind a crowd of another's.
///
/// Whoever is pushed forward stands behind all who were not, so that of more than `limit` none is
/// forgotten.
pub async fn overdue(
    db: impl PgExecutor<'_>,
    limit: i64,
    turn: Duration,
) -> Result<Vec<Overdue>, StoreError> {
    let rows = sqlx::query!(
        r#"WITH queues AS (
               SELECT id, next_attempt_at AS at,
                      row_number() OVER (PARTITION BY user_id ORDER BY next_attempt_at) AS place
               FROM posts
               WHERE stage IN ('scheduled', 'preparing', 'prepared', 'firing', 'confirming')
                 AND next_attempt_at < app_now() - interval '30 seconds'
                 AND (lease_until IS NULL OR lease_until < app_now())
           ), first AS (
               SELECT id, at, place FROM queues ORDER BY place, at LIMIT $1
           ), late AS (
               SELECT posts.id, first.at, first.place FROM posts JOIN first ON first.id = posts.id
               WHERE stage IN ('scheduled', 'preparing', 'prepared', 'firing', 'confirming')
                 AND next_attempt_at = first.at AND (lease_until IS NULL OR lease_until < app_now())
               FOR UPDATE OF posts SKIP LOCKED
           ), turns AS (
               SELECT id, row_number() OVER (ORDER BY place, at) AS turn FROM late
           )
           UPDATE posts p SET next_attempt_at = app_now() + turns.turn * make_interval(secs => $2)
           FROM turns WHERE p.id = turns.id
           RETURNING p.id, p.user_id, p.next_attempt_at"#,
        limit,
        turn.as_seconds_f64()
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Overdue {
            id: row.id.into(),
            user_id: row.user_id.into(),
            at: row.next_attempt_at,
        })
        .collect())
}

/// Posts whose outcome nobody knows and that are to be looked for once more: each quarter of the first day after
/// the last commit was armed. They are open again.
pub async fn unsettled(db: impl PgExecutor<'_>, limit: i64) -> Result<Vec<PostId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "WITH unsettled AS (
             SELECT id FROM posts
             WHERE stage = 'needs_attention' AND progress IS NOT NULL AND next_attempt_at <= app_now()
               AND armed_at > app_now() - interval '1 day'
               AND 'unknown' = (SELECT outcome FROM attempts WHERE post_id = posts.id ORDER BY number DESC LIMIT 1)
             ORDER BY next_attempt_at LIMIT $1 FOR UPDATE SKIP LOCKED
         )
         UPDATE posts p SET stage = 'confirming', next_attempt_at = app_now(), updated_at = app_now()
         FROM unsettled WHERE p.id = unsettled.id
         RETURNING p.id",
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(PostId::from).collect())
}

/// Errands that should have been run 30 seconds ago and that nobody runs.
pub async fn overdue_errands(
    db: impl PgExecutor<'_>,
    limit: i64,
) -> Result<Vec<ErrandId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM errands
         WHERE state IN ('running', 'waiting') AND due_at < app_now() - interval '30 seconds'
           AND (lease_until IS NULL OR lease_until < app_now())
         ORDER BY due_at LIMIT $1",
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(ErrandId::from).collect())
}

/// Deliveries whose time came 30 seconds ago and that nobody sends, those that waited longest first; no more than
/// `each` for one endpoint, so that none that is behind stands before the others.
pub async fn overdue_deliveries(
    db: impl PgExecutor<'_>,
    each: i64,
    limit: i64,
) -> Result<Vec<DeliveryId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "SELECT late.id FROM webhook_endpoints e, LATERAL (
             SELECT id, due_at FROM deliveries
             WHERE endpoint_id = e.id AND state IN ('running', 'waiting')
               AND due_at < app_now() - interval '30 seconds'
               AND (lease_until IS NULL OR lease_until < app_now())
             ORDER BY due_at LIMIT $1
         ) AS late
         WHERE e.enabled ORDER BY late.due_at LIMIT $2",
        each,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(DeliveryId::from).collect())
}

/// How many posts are unconfirmed: sent, the answer lost, and not yet settled by anybody.
pub async fn unconfirmed(db: impl PgExecutor<'_>) -> Result<i64, StoreError> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM posts WHERE stage = 'needs_attention'"#
    )
    .fetch_one(db)
    .await?;
    Ok(count)
}

/// Connections that wait to be revoked and wiped.
pub async fn disconnecting(
    db: impl PgExecutor<'_>,
    limit: i64,
) -> Result<Vec<ConnectionId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM connections WHERE health = 'disconnecting' ORDER BY updated_at LIMIT $1",
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(ConnectionId::from).collect())
}

/// Files that no open post needs and that are older than 30 days, as (id, key).
pub async fn outlived_media(
    db: impl PgExecutor<'_>,
    limit: i64,
) -> Result<Vec<(domain::MediaId, Option<String>)>, StoreError> {
    let rows = sqlx::query!(
        "SELECT m.id, m.object_key FROM media m
         WHERE m.created_at < app_now() - interval '30 days'
           AND NOT EXISTS (
               SELECT 1 FROM posts p
               WHERE p.user_id = m.user_id
                 AND p.media @> jsonb_build_array(jsonb_build_object('mediaId', 'med_' || replace(m.id::text, '-', '')))
                 AND (p.stage IN ('scheduled', 'preparing', 'prepared', 'firing', 'confirming', 'needs_attention')
                      OR p.updated_at > app_now() - interval '30 days'))
         ORDER BY m.created_at LIMIT $1",
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id.into(), row.object_key))
        .collect())
}

/// Forgets a file whose bytes are gone.
pub async fn forget_media(db: impl PgExecutor<'_>, id: domain::MediaId) -> Result<(), StoreError> {
    sqlx::query!("DELETE FROM media WHERE id = $1", id.uuid())
        .execute(db)
        .await?;
    Ok(())
}

/// Deletes the rows that have outlived their retention (see `migrations/README.md`); gives how many.
pub async fn forget(pool: &Pool) -> Result<u64, StoreError> {
    let mut rows = 0;
    rows += sqlx::query!("DELETE FROM sessions WHERE expires_at < app_now() - interval '7 days'")
        .execute(pool)
        .await?
        .rows_affected();
    rows +=
        sqlx::query!("DELETE FROM oauth_attempts WHERE expires_at < app_now() - interval '1 day'")
            .execute(pool)
            .await?
            .rows_affected();
    rows +=
        sqlx::query!("DELETE FROM login_delays WHERE updated_at < app_now() - interval '1 day'")
            .execute(pool)
            .await?
            .rows_affected();
    rows += sqlx::query!("DELETE FROM job_log WHERE created_at < app_now() - interval '90 days'")
        .execute(pool)
        .await?
        .rows_affected();
    rows += forget_events(pool).await?;
    rows +=
        sqlx::query!("DELETE FROM deliveries WHERE created_at < app_now() - interval '30 days'")
            .execute(pool)
            .await?
            .rows_affected();
    rows += sqlx::query!("DELETE FROM webhook_secrets WHERE ends_at < app_now()")
        .execute(pool)
        .await?
        .rows_affected();
    rows += sqlx::query!(
        "DELETE FROM webhook_receipts WHERE received_at < app_now() - interval '30 days'"
    )
    .execute(pool)
    .await?
    .rows_affected();
    rows += sqlx::query!("DELETE FROM budgets WHERE updated_at < app_now() - interval '1 day'")
        .execute(pool)
        .await?
        .rows_affected();
    rows += sqlx::query!("DELETE FROM errands WHERE due_at < app_now() - interval '1 day'")
        .execute(pool)
        .await?
        .rows_affected();
    rows += sqlx::query!("DELETE FROM deletions WHERE done_at < app_now() - interval '1 year'")
        .execute(pool)
        .await?
        .rows_affected();
    rows += sqlx::query!("DELETE FROM rate_limits WHERE arrival < app_now() - interval '1 day'")
        .execute(pool)
        .await?
        .rows_affected();
    Ok(rows)
}

/// Deletes old events that have a place, and notes in each feed how far they went.
async fn forget_events(pool: &Pool) -> Result<u64, StoreError> {
    let forgotten = sqlx::query_scalar!(
        r#"WITH gone AS (
               DELETE FROM events WHERE created_at < app_now() - interval '30 days' AND place IS NOT NULL
               RETURNING user_id, place
           ), noted AS (
               UPDATE feeds f SET forgotten_place = greatest(f.forgotten_place, old.place)
               FROM (SELECT user_id, max(place) AS place FROM gone GROUP BY user_id) AS old
               WHERE f.user_id = old.user_id
           )
           SELECT count(*) AS "count!" FROM gone"#
    )
    .fetch_one(pool)
    .await?;
    Ok(u64::try_from(forgotten).unwrap_or_default())
}
