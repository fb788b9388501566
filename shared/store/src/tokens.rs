//! The sealed tokens of connections, and the single flight of their refresh.

use domain::{ConnectionId, UserId};
use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};

use crate::{StoreError, connections::SealedTokens};

/// Sealed tokens with the version they carry.
#[derive(Debug, Clone)]
pub struct Versioned {
    /// The tokens.
    pub tokens: SealedTokens,
    /// Raised whenever they are replaced.
    pub version: i32,
}

/// The tokens of a connection; `None` when it is gone or wiped.
pub async fn find(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: ConnectionId,
) -> Result<Option<Versioned>, StoreError> {
    let row = sqlx::query!(
        r#"SELECT access_token_ciphertext AS "access!", access_expires_at,
                  refresh_token_ciphertext AS refresh, refresh_expires_at, token_version
           FROM connections WHERE user_id = $1 AND id = $2 AND access_token_ciphertext IS NOT NULL"#,
        user.uuid(),
        id.uuid()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Versioned {
        tokens: SealedTokens {
            access: row.access,
            access_expires_at: row.access_expires_at,
            refresh: row.refresh,
            refresh_expires_at: row.refresh_expires_at,
        },
        version: row.token_version,
    }))
}

/// Claims the refresh of one version of the tokens. Of many callers one is told `true`; the claim
/// of a caller that died is free again after `patience`.
pub async fn begin_refresh(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: ConnectionId,
    version: i32,
    patience: Duration,
) -> Result<bool, StoreError> {
    let claimed = sqlx::query!(
        "UPDATE connections SET refresh_started_at = app_now()
         WHERE user_id = $1 AND id = $2 AND token_version = $3 AND health = 'active'
           AND (refresh_started_at IS NULL
                OR refresh_started_at < app_now() - make_interval(secs => $4))",
        user.uuid(),
        id.uuid(),
        version,
        patience.as_seconds_f64()
    )
    .execute(db)
    .await?;
    Ok(claimed.rows_affected() == 1)
}

/// Stores refreshed tokens and raises the version; tells whether that version was still current.
pub async fn finish_refresh(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: ConnectionId,
    version: i32,
    tokens: &SealedTokens,
) -> Result<bool, StoreError> {
    let stored = sqlx::query!(
        "UPDATE connections SET access_token_ciphertext = $4, access_expires_at = $5,
             refresh_token_ciphertext = $6, refresh_expires_at = $7,
             token_version = token_version + 1, refresh_started_at = NULL, updated_at = app_now()
         WHERE user_id = $1 AND id = $2 AND token_version = $3
           AND health IN ('active', 'needs_reconnect')",
        user.uuid(),
        id.uuid(),
        version,
        tokens.access,
        tokens.access_expires_at,
        tokens.refresh,
        tokens.refresh_expires_at
    )
    .execute(db)
    .await?;
    Ok(stored.rows_affected() == 1)
}

/// Gives a claim back after a failure that another try may mend.
pub async fn abandon_refresh(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: ConnectionId,
    version: i32,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE connections SET refresh_started_at = NULL
         WHERE user_id = $1 AND id = $2 AND token_version = $3",
        user.uuid(),
        id.uuid(),
        version
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Marks a connection whose tokens of this version are dead for good; tells whether they still
/// were the current ones.
pub async fn need_reconnect(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: ConnectionId,
    version: i32,
    reason: &str,
) -> Result<bool, StoreError> {
    let marked = sqlx::query!(
        "UPDATE connections SET health = 'needs_reconnect', health_reason = $4,
             refresh_started_at = NULL, updated_at = app_now()
         WHERE user_id = $1 AND id = $2 AND token_version = $3 AND health = 'active'",
        user.uuid(),
        id.uuid(),
        version,
        reason
    )
    .execute(db)
    .await?;
    Ok(marked.rows_affected() == 1)
}

/// Active connections whose access token ends before `before`, and that can be renewed.
pub async fn ending(
    db: impl PgExecutor<'_>,
    before: OffsetDateTime,
    limit: i64,
) -> Result<Vec<ConnectionId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM connections
         WHERE health = 'active' AND access_expires_at < $1 AND refresh_token_ciphertext IS NOT NULL
         ORDER BY access_expires_at LIMIT $2",
        before,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(ConnectionId::from).collect())
}
