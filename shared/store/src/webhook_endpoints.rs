//! Where users' own servers are told of events, and what they are signed with.

use domain::{UserId, WebhookEndpointId, WebhookSecretId};
use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{Link, StoreError};

/// An endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Its id.
    pub id: WebhookEndpointId,
    /// Where it is.
    pub url: String,
    /// What its owner calls it.
    pub description: Option<String>,
    /// The kinds of events it is told of; of all when none is named.
    pub event_types: Vec<String>,
    /// Whether it is told of anything.
    pub enabled: bool,
    /// Why it is not: `asked`, `failing` or `gone`.
    pub disabled_reason: Option<String>,
    /// Since when it is not.
    pub disabled_at: Option<OffsetDateTime>,
    /// Since when nothing arrived there, while that is so.
    pub failing_since: Option<OffsetDateTime>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it was changed last.
    pub updated_at: OffsetDateTime,
}

/// A secret as it rests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSecret {
    /// Its row.
    pub id: WebhookSecretId,
    /// The sealed secret.
    pub ciphertext: Vec<u8>,
}

/// What its owner wants of an endpoint.
#[derive(Debug, Clone)]
pub struct Wish<'a> {
    /// Where it is.
    pub url: &'a str,
    /// What to call it.
    pub description: Option<&'a str>,
    /// The kinds of events it is told of; all when none is named.
    pub event_types: &'a [String],
    /// Whether it is told of anything.
    pub enabled: bool,
}

struct Row {
    id: Uuid,
    url: String,
    description: Option<String>,
    event_types: Vec<String>,
    enabled: bool,
    disabled_reason: Option<String>,
    disabled_at: Option<OffsetDateTime>,
    failing_since: Option<OffsetDateTime>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl From<Row> for Endpoint {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            url: row.url,
            description: row.description,
            event_types: row.event_types,
            enabled: row.enabled,
            disabled_reason: row.disabled_reason,
            disabled_at: row.disabled_at,
            failing_since: row.failing_since,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Makes an endpoint with its secret, in one transaction; tells whether the user had fewer than `most`.
pub async fn add(
    tx: &mut Link,
    user: UserId,
    id: WebhookEndpointId,
    wish: &Wish<'_>,
    secret: &SealedSecret,
    most: i64,
) -> Result<bool, StoreError> {
    // Two that are made at once would otherwise both be the last one.
    sqlx::query!(
        "SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE",
        user.uuid()
    )
    .fetch_optional(&mut *tx)
    .await?;
    let made = sqlx::query!(
        "INSERT INTO webhook_endpoints (id, user_id, url, description, event_types, enabled, disabled_reason, disabled_at)
         SELECT $1, $2, $3, $4, $5, $6, CASE WHEN NOT $6 THEN 'asked' END, CASE WHEN NOT $6 THEN app_now() END
         WHERE (SELECT count(*) FROM webhook_endpoints WHERE user_id = $2) < $7",
        id.uuid(),
        user.uuid(),
        wish.url,
        wish.description,
        wish.event_types,
        wish.enabled,
        most
    )
    .execute(&mut *tx)
    .await?;
    if made.rows_affected() == 0 {
        return Ok(false);
    }
    keep(tx, user, id, secret).await?;
    Ok(true)
}

/// A user's endpoints, oldest first.
pub async fn list(db: impl PgExecutor<'_>, user: UserId) -> Result<Vec<Endpoint>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, url, description, event_types, enabled, disabled_reason, disabled_at, failing_since,
                created_at, updated_at
         FROM webhook_endpoints WHERE user_id = $1 ORDER BY id",
        user.uuid()
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Endpoint::from).collect())
}

/// One endpoint.
pub async fn find(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: WebhookEndpointId,
) -> Result<Option<Endpoint>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, url, description, event_types, enabled, disabled_reason, disabled_at, failing_since,
                created_at, updated_at
         FROM webhook_endpoints WHERE user_id = $1 AND id = $2",
        user.uuid(),
        id.uuid()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(Endpoint::from))
}

/// Locks an endpoint until the transaction ends, and gives it.
pub async fn lock(
    tx: &mut Link,
    user: UserId,
    id: WebhookEndpointId,
) -> Result<Option<Endpoint>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, url, description, event_types, enabled, disabled_reason, disabled_at, failing_since,
                created_at, updated_at
         FROM webhook_endpoints WHERE user_id = $1 AND id = $2 FOR NO KEY UPDATE",
        user.uuid(),
        id.uuid()
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.map(Endpoint::from))
}

/// Makes an endpoint what its owner wants. One that was disabled and is enabled starts afresh; what was
/// on its way to one that is disabled is given up.
pub async fn change(
    tx: &mut Link,
    user: UserId,
    id: WebhookEndpointId,
    wish: &Wish<'_>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE webhook_endpoints SET url = $3, description = $4, event_types = $5, enabled = $6,
             disabled_reason = CASE WHEN NOT $6 THEN coalesce(disabled_reason, 'asked') END,
             disabled_at = CASE WHEN NOT $6 THEN coalesce(disabled_at, app_now()) END,
             failing_since = CASE WHEN enabled OR NOT $6 THEN failing_since END,
             failures = CASE WHEN enabled OR NOT $6 THEN failures ELSE 0 END,
             updated_at = app_now()
         WHERE user_id = $1 AND id = $2",
        user.uuid(),
        id.uuid(),
        wish.url,
        wish.description,
        wish.event_types,
        wish.enabled
    )
    .execute(&mut *tx)
    .await?;
    if !wish.enabled {
        sqlx::query!(
            "UPDATE deliveries SET state = 'failed', ended_at = app_now()
             WHERE user_id = $1 AND endpoint_id = $2 AND state = 'waiting'",
            user.uuid(),
            id.uuid()
        )
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// Removes an endpoint with all that was on its way; tells whether there was one.
pub async fn remove(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: WebhookEndpointId,
) -> Result<bool, StoreError> {
    let removed = sqlx::query!(
        "DELETE FROM webhook_endpoints WHERE user_id = $1 AND id = $2",
        user.uuid(),
        id.uuid()
    )
    .execute(db)
    .await?;
    Ok(removed.rows_affected() == 1)
}

/// Puts a new secret in the place of the one that signs; that one signs on for `overlap`, and the one before it no
/// more. Tells when the old one ends; `None` where there is no such endpoint.
pub async fn rotate(
    tx: &mut Link,
    user: UserId,
    id: WebhookEndpointId,
    secret: &SealedSecret,
    overlap: Duration,
) -> Result<Option<OffsetDateTime>, StoreError> {
    if lock(tx, user, id).await?.is_none() {
        return Ok(None);
    }
    sqlx::query!(
        "DELETE FROM webhook_secrets WHERE user_id = $1 AND endpoint_id = $2 AND ends_at IS NOT NULL",
        user.uuid(),
        id.uuid()
    )
    .execute(&mut *tx)
    .await?;
    let ends_at = sqlx::query_scalar!(
        r#"UPDATE webhook_secrets SET ends_at = app_now() + make_interval(secs => $3)
           WHERE user_id = $1 AND endpoint_id = $2 RETURNING ends_at AS "ends_at!""#,
        user.uuid(),
        id.uuid(),
        overlap.as_seconds_f64()
    )
    .fetch_optional(&mut *tx)
    .await?;
    keep(tx, user, id, secret).await?;
    Ok(ends_at)
}

/// The secrets that requests to an endpoint are signed with just then, the lasting one first.
pub async fn secrets(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: WebhookEndpointId,
) -> Result<Vec<SealedSecret>, StoreError> {
    let rows = sqlx::query!(
        "SELECT id, ciphertext FROM webhook_secrets
         WHERE user_id = $1 AND endpoint_id = $2 AND (ends_at IS NULL OR ends_at > app_now())
         ORDER BY ends_at IS NOT NULL",
        user.uuid(),
        id.uuid()
    )
    .fetch_all(db)
    .await?;
    let secrets = rows.into_iter().map(|row| SealedSecret {
        id: row.id.into(),
        ciphertext: row.ciphertext,
    });
    Ok(secrets.collect())
}

async fn keep(
    tx: &mut Link,
    user: UserId,
    id: WebhookEndpointId,
    secret: &SealedSecret,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO webhook_secrets (id, user_id, endpoint_id, ciphertext) VALUES ($1, $2, $3, $4)",
        secret.id.uuid(),
        user.uuid(),
        id.uuid(),
        secret.ciphertext
    )
    .execute(tx)
    .await?;
    Ok(())
}
