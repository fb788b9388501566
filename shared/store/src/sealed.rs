//! What lies under data keys that are not current, for sealing it anew.
//!
//! Every replacement compares with the bytes that were found: what was refreshed, wiped or sealed anew
//! meanwhile stays as it is. Versions and times of change stay too, so nobody notices a replacement.

use domain::{ConnectionId, Platform, PostId, UserId, WebhookSecretId};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::StoreError;

/// The sealed tokens of one connection.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// The connection.
    pub id: ConnectionId,
    /// Whose it is.
    pub user: UserId,
    /// Of which network.
    pub platform: Platform,
    /// The access token.
    pub access: Option<Vec<u8>>,
    /// The refresh token.
    pub refresh: Option<Vec<u8>>,
}

/// The sealed progress of one post.
#[derive(Debug, Clone)]
pub struct Progress {
    /// The post.
    pub id: PostId,
    /// Whose it is.
    pub user: UserId,
    /// For which network.
    pub platform: Platform,
    /// The progress.
    pub sealed: Vec<u8>,
}

/// The sealed secret of one endpoint.
#[derive(Debug, Clone)]
pub struct WebhookSecret {
    /// Its row.
    pub id: WebhookSecretId,
    /// Whose it is.
    pub user: UserId,
    /// The secret.
    pub sealed: Vec<u8>,
}

/// Tokens of which one lies under a key that is not current, but not those of `set_aside`.
pub async fn old_tokens(
    db: impl PgExecutor<'_>,
    set_aside: &[Uuid],
    limit: i64,
) -> Result<Vec<Tokens>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT c.id, c.user_id, c.platform, c.access_token_ciphertext AS access,
                  c.refresh_token_ciphertext AS refresh
           FROM connections c
           WHERE c.id IN (
               (SELECT a.id FROM data_keys k
                JOIN connections a ON substring(a.access_token_ciphertext FROM 2 FOR 16) = uuid_send(k.id)
                WHERE NOT k.is_current AND a.access_token_ciphertext IS NOT NULL AND a.id <> ALL($1)
                LIMIT $2)
               UNION
               (SELECT r.id FROM data_keys k
                JOIN connections r ON substring(r.refresh_token_ciphertext FROM 2 FOR 16) = uuid_send(k.id)
                WHERE NOT k.is_current AND r.refresh_token_ciphertext IS NOT NULL AND r.id <> ALL($1)
                LIMIT $2))
           LIMIT $2"#,
        set_aside,
        limit
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let id = ConnectionId::from(row.id);
            Ok(Tokens {
                id,
                user: row.user_id.into(),
                platform: row
                    .platform
                    .parse()
                    .map_err(|error| StoreError::row("connections", "platform", id, error))?,
                access: row.access,
                refresh: row.refresh,
            })
        })
        .collect()
}

/// Puts tokens that were sealed anew in the place of `old`; tells whether those still were there.
pub async fn replace_tokens(
    db: impl PgExecutor<'_>,
    old: &Tokens,
    access: Option<&[u8]>,
    refresh: Option<&[u8]>,
) -> Result<bool, StoreError> {
    let replaced = sqlx::query!(
        "UPDATE connections SET access_token_ciphertext = $5, refresh_token_ciphertext = $6
         WHERE user_id = $1 AND id = $2
           AND access_token_ciphertext IS NOT DISTINCT FROM $3
           AND refresh_token_ciphertext IS NOT DISTINCT FROM $4",
        old.user.uuid(),
        old.id.uuid(),
        old.access.as_deref(),
        old.refresh.as_deref(),
        access,
        refresh
    )
    .execute(db)
    .await?;
    Ok(replaced.rows_affected() == 1)
}

/// Progress that lies under a key that is not current, but not that of `set_aside`.
pub async fn old_progress(
    db: impl PgExecutor<'_>,
    set_aside: &[Uuid],
    limit: i64,
) -> Result<Vec<Progress>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT p.id, p.user_id, p.platform, p.progress AS "progress!" FROM data_keys k
           JOIN posts p ON substring(p.progress FROM 2 FOR 16) = uuid_send(k.id)
           WHERE NOT k.is_current AND p.progress IS NOT NULL AND p.id <> ALL($1)
           LIMIT $2"#,
        set_aside,
        limit
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let id = PostId::from(row.id);
            Ok(Progress {
                id,
                user: row.user_id.into(),
                platform: row
                    .platform
                    .parse()
                    .map_err(|error| StoreError::row("posts", "platform", id, error))?,
                sealed: row.progress,
            })
        })
        .collect()
}

/// Puts progress that was sealed anew in the place of `old`; tells whether that still was there.
pub async fn replace_progress(
    db: impl PgExecutor<'_>,
    old: &Progress,
    sealed: &[u8],
) -> Result<bool, StoreError> {
    let replaced = sqlx::query!(
        "UPDATE posts SET progress = $4 WHERE user_id = $1 AND id = $2 AND progress = $3",
        old.user.uuid(),
        old.id.uuid(),
        old.sealed,
        sealed
    )
    .execute(db)
    .await?;
    Ok(replaced.rows_affected() == 1)
}

/// Secrets of endpoints that lie under a key that is not current, but not those of `set_aside`.
pub async fn old_webhook_secrets(
    db: impl PgExecutor<'_>,
    set_aside: &[Uuid],
    limit: i64,
) -> Result<Vec<WebhookSecret>, StoreError> {
    let rows = sqlx::query!(
        "SELECT s.id, s.user_id, s.ciphertext FROM data_keys k
         JOIN webhook_secrets s ON substring(s.ciphertext FROM 2 FOR 16) = uuid_send(k.id)
         WHERE NOT k.is_current AND s.id <> ALL($1)
         LIMIT $2",
        set_aside,
        limit
    )
    .fetch_all(db)
    .await?;
    let secrets = rows.into_iter().map(|row| WebhookSecret {
        id: row.id.into(),
        user: row.user_id.into(),
        sealed: row.ciphertext,
    });
    Ok(secrets.collect())
}

/// Puts a secret that was sealed anew in the place of `old`; tells whether that still was there.
pub async fn replace_webhook_secret(
    db: impl PgExecutor<'_>,
    old: &WebhookSecret,
    sealed: &[u8],
) -> Result<bool, StoreError> {
    let replaced = sqlx::query!(
        "UPDATE webhook_secrets SET ciphertext = $4 WHERE user_id = $1 AND id = $2 AND ciphertext = $3",
        old.user.uuid(),
        old.id.uuid(),
        old.sealed,
        sealed
    )
    .execute(db)
    .await?;
    Ok(replaced.rows_affected() == 1)
}
