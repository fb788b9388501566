//! What the publisher does with deliveries: takes one, sends it, notes what came of it.

use domain::{DeliveryId, UserId, WebhookEndpointId};
use serde_json::Value;
use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};

use crate::{Pool, StoreError};

/// A delivery of which an attempt is being made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The delivery.
    pub id: DeliveryId,
    /// Whose it is.
    pub user_id: UserId,
    /// Where it goes.
    pub endpoint_id: WebhookEndpointId,
    /// The address of that.
    pub url: String,
    /// The sequence of the event; a ping has none.
    pub event: Option<i64>,
    /// How often it was tried since it was ordered, this time included.
    pub tries: i32,
    /// Tells the attempts apart.
    pub fence: i64,
    /// When it was planned.
    pub created_at: OffsetDateTime,
    /// The database's time.
    pub now: OffsetDateTime,
}

/// What an endpoint comes to when an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It was disabled because of this attempt, for this reason.
    Disabled(&'static str),
    /// It stays what it was.
    Same,
}

/// Why an attempt failed, as far as it says something about the endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// It did not take it.
    Failed,
    /// It said that it is gone for good.
    Gone,
}

/// Takes a delivery whose time has come, for `lease`, where fewer than `at_once` are being sent to its endpoint.
/// `None`: it is over, or it is somebody's who rings for the next one when done.
pub async fn take(
    db: impl PgExecutor<'_>,
    id: DeliveryId,
    at_once: i64,
    lease: Duration,
) -> Result<Option<Run>, StoreError> {
    let row = sqlx::query!(
        r#"UPDATE deliveries d SET state = 'running', fence = d.fence + 1, tries = d.tries + 1,
               rung_at = coalesce(d.rung_at, app_now()), lease_until = app_now() + make_interval(secs => $3)
           FROM webhook_endpoints e
           WHERE d.id = $1 AND e.id = d.endpoint_id AND e.enabled AND d.due_at <= app_now()
             AND (d.state = 'waiting' OR (d.state = 'running' AND d.lease_until <= app_now()))
             AND (SELECT count(*) FROM deliveries o
                  WHERE o.endpoint_id = d.endpoint_id AND o.state = 'running' AND o.lease_until > app_now()) < $2
           RETURNING d.user_id, d.endpoint_id, e.url, d.event, d.tries, d.fence, d.created_at, app_now() AS "now!""#,
        id.uuid(),
        at_once,
        lease.as_seconds_f64()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Run {
        id,
        user_id: row.user_id.into(),
        endpoint_id: row.endpoint_id.into(),
        url: row.url,
        event: row.event,
        tries: row.tries,
        fence: row.fence,
        created_at: row.created_at,
        now: row.now,
    }))
}

/// Notes that a delivery arrived.
pub async fn delivered(pool: &Pool, run: &Run, attempt: &Value) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE deliveries SET state = 'delivered', lease_until = NULL, ended_at = app_now(),
             attempts = jsonb_path_query_array(attempts || $3, '$[last - 19 to last]')
         WHERE id = $1 AND fence = $2 AND state = 'running'",
        run.id.uuid(),
        run.fence,
        attempt
    )
    .execute(pool)
    .await?;
    sqlx::query!(
        "UPDATE webhook_endpoints SET failing_since = NULL, failures = 0 WHERE id = $1 AND failing_since IS NOT NULL",
        run.endpoint_id.uuid()
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// How long nothing may arrive at an endpoint, and in how many attempts.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// That long,
    pub time: Duration,
    /// and that many, this one included.
    pub attempts: i32,
}

/// Notes that an attempt failed, and plans the next one in `next`, if there is to be one. An endpoint that is gone,
/// or that is out of `patience`, is disabled, and all that was on its way there is given up.
pub async fn failed(
    pool: &Pool,
    run: &Run,
    attempt: &Value,
    failure: Failure,
    next: Option<Duration>,
    patience: Patience,
) -> Result<Standing, StoreError> {
    let mut tx = pool.begin().await?;
    // The endpoint first, as everybody does.
    let endpoint = sqlx::query!(
        r#"SELECT enabled, failures + 1 >= $3
                  AND coalesce(failing_since <= app_now() - make_interval(secs => $2), false) AS "is_failing!"
           FROM webhook_endpoints WHERE id = $1 FOR NO KEY UPDATE"#,
        run.endpoint_id.uuid(),
        patience.time.as_seconds_f64(),
        patience.attempts
    )
    .fetch_optional(&mut tx)
    .await?;
    let Some(endpoint) = endpoint else {
        return Ok(Standing::Same);
    };
    let disabled = match failure {
        _ if !endpoint.enabled => None,
        Failure::Gone => Some("gone"),
        Failure::Failed if endpoint.is_failing => Some("failing"),
        Failure::Failed => None,
    };
    let next = next.filter(|_| endpoint.enabled && disabled.is_none());
    let noted = sqlx::query!(
        "UPDATE deliveries SET lease_until = NULL,
             state = CASE WHEN $4::float8 IS NULL THEN 'failed' ELSE 'waiting' END,
             due_at = app_now() + make_interval(secs => coalesce($4, 0)),
             ended_at = CASE WHEN $4::float8 IS NULL THEN app_now() END,
             attempts = jsonb_path_query_array(attempts || $3, '$[last - 19 to last]')
         WHERE id = $1 AND fence = $2 AND state = 'running'",
        run.id.uuid(),
        run.fence,
        attempt,
        next.map(Duration::as_seconds_f64)
    )
    .execute(&mut tx)
    .await?;
    if noted.rows_affected() == 0 {
        return Ok(Standing::Same);
    }
    sqlx::query!(
        "UPDATE webhook_endpoints SET failing_since = coalesce(failing_since, app_now()), failures = failures + 1,
             enabled = enabled AND $2::text IS NULL, disabled_reason = coalesce(disabled_reason, $2),
             disabled_at = CASE WHEN $2::text IS NULL THEN disabled_at ELSE app_now() END
         WHERE id = $1",
        run.endpoint_id.uuid(),
        disabled
    )
    .execute(&mut tx)
    .await?;
    if disabled.is_some() {
        sqlx::query!(
            "UPDATE deliveries SET state = 'failed', ended_at = app_now()
             WHERE endpoint_id = $1 AND state = 'waiting'",
            run.endpoint_id.uuid()
        )
        .execute(&mut tx)
        .await?;
    }
    tx.commit().await?;
    Ok(disabled.map_or(Standing::Same, Standing::Disabled))
}

/// The delivery to an endpoint that waited longest of those whose time has come.
pub async fn next(
    db: impl PgExecutor<'_>,
    endpoint: WebhookEndpointId,
) -> Result<Option<DeliveryId>, StoreError> {
    let id = sqlx::query_scalar!(
        "SELECT id FROM deliveries WHERE endpoint_id = $1 AND state = 'waiting' AND due_at <= app_now()
         ORDER BY due_at LIMIT 1",
        endpoint.uuid()
    )
    .fetch_optional(db)
    .await?;
    Ok(id.map(DeliveryId::from))
}

/// Deliveries, of one user or of all, that were planned and not rung for yet; from here on they are.
pub async fn unrung(
    db: impl PgExecutor<'_>,
    user: Option<UserId>,
    limit: i64,
) -> Result<Vec<DeliveryId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "UPDATE deliveries SET rung_at = app_now() WHERE id IN (
             SELECT id FROM deliveries
             WHERE rung_at IS NULL AND state = 'waiting' AND ($1::uuid IS NULL OR user_id = $1)
             ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)
         RETURNING id",
        user.map(UserId::uuid),
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(DeliveryId::from).collect())
}
