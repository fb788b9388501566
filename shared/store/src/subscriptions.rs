//! Feeds of networks that we asked to be told of. A topic is the network's id of an account; whoever connected it,
//! one subscription serves them all. Losing a row costs news, which polls find out as well.

use domain::Platform;
use sqlx::PgExecutor;
use time::Duration;

use crate::StoreError;

/// How long an ask waits for its confirmation before another follows.
const PATIENCE: Duration = Duration::HOUR;

/// Accounts whose feed is to be asked for now: connected, and not subscribed to, or not for longer than `margin`.
pub async fn wanted(
    db: impl PgExecutor<'_>,
    platform: Platform,
    margin: Duration,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO subscriptions (platform, topic)
         SELECT DISTINCT c.platform, c.external_id FROM connections c
         LEFT JOIN subscriptions s ON s.platform = c.platform AND s.topic = c.external_id
         WHERE c.platform = $1 AND c.health = 'active'
           AND (s.topic IS NULL OR (s.asked_at < app_now() - make_interval(secs => $2)
                AND (s.lease_until IS NULL OR s.lease_until < app_now() + make_interval(secs => $3))))
         ORDER BY c.external_id LIMIT $4
         ON CONFLICT (platform, topic) DO UPDATE SET asked_at = app_now()
         RETURNING topic",
        platform.as_str(),
        PATIENCE.as_seconds_f64(),
        margin.as_seconds_f64(),
        limit
    )
    .fetch_all(db)
    .await?)
}

/// Accounts whose feed is to be called off now, because nobody is connected to them any more. What is over by
/// itself is forgotten.
pub async fn unwanted(
    db: impl PgExecutor<'_>,
    platform: Platform,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar!(
        "WITH lone AS (
             SELECT s.topic, s.lease_until FROM subscriptions s
             WHERE s.platform = $1 AND s.asked_at < app_now() - make_interval(secs => $2)
               AND NOT EXISTS (SELECT 1 FROM connections c WHERE c.platform = s.platform
                               AND c.external_id = s.topic AND c.health = 'active')
             LIMIT $3
         ), over AS (
             DELETE FROM subscriptions s USING lone
             WHERE s.platform = $1 AND s.topic = lone.topic
               AND (lone.lease_until IS NULL OR lone.lease_until < app_now())
         )
         UPDATE subscriptions s SET asked_at = app_now() FROM lone
         WHERE s.platform = $1 AND s.topic = lone.topic AND lone.lease_until >= app_now()
         RETURNING s.topic",
        platform.as_str(),
        PATIENCE.as_seconds_f64(),
        limit
    )
    .fetch_all(db)
    .await?)
}

/// Notes that a feed is told of for `lease`; tells whether we asked for it.
pub async fn confirm(
    db: impl PgExecutor<'_>,
    platform: Platform,
    topic: &str,
    lease: Duration,
) -> Result<bool, StoreError> {
    let asked = sqlx::query!(
        "UPDATE subscriptions SET lease_until = app_now() + make_interval(secs => $3)
         WHERE platform = $1 AND topic = $2 AND asked_at > app_now() - interval '1 day'
           AND EXISTS (SELECT 1 FROM connections c WHERE c.platform = $1 AND c.external_id = $2
                       AND c.health = 'active')",
        platform.as_str(),
        topic,
        lease.as_seconds_f64()
    )
    .execute(db)
    .await?;
    Ok(asked.rows_affected() == 1)
}

/// Forgets a feed that is not told of any more; tells whether that was our wish.
pub async fn forget(
    db: impl PgExecutor<'_>,
    platform: Platform,
    topic: &str,
) -> Result<bool, StoreError> {
    let gone = sqlx::query!(
        "DELETE FROM subscriptions s WHERE s.platform = $1 AND s.topic = $2
           AND NOT EXISTS (SELECT 1 FROM connections c WHERE c.platform = $1 AND c.external_id = $2
                           AND c.health = 'active')",
        platform.as_str(),
        topic
    )
    .execute(db)
    .await?;
    Ok(gone.rows_affected() == 1)
}
