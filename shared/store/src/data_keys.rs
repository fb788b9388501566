//! Wrapped keys that seal secrets.

use domain::DataKeyId;
use sqlx::PgExecutor;
use time::OffsetDateTime;
use vault::{KeyShelf, ShelfFuture, WrappedKey};

use crate::{Pool, StoreError};

/// The key that new secrets are sealed with.
pub async fn current(db: impl PgExecutor<'_>) -> Result<Option<WrappedKey>, StoreError> {
    let row = sqlx::query!("SELECT id, wrapped, created_at FROM data_keys WHERE is_current")
        .fetch_optional(db)
        .await?;
    Ok(row.map(|row| WrappedKey {
        id: row.id.into(),
        wrapped: row.wrapped,
        created_at: row.created_at,
    }))
}

/// The key of that id.
pub async fn find(
    db: impl PgExecutor<'_>,
    id: DataKeyId,
) -> Result<Option<WrappedKey>, StoreError> {
    let row = sqlx::query!(
        "SELECT id, wrapped, created_at FROM data_keys WHERE id = $1",
        id.uuid()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| WrappedKey {
        id: row.id.into(),
        wrapped: row.wrapped,
        created_at: row.created_at,
    }))
}

/// Makes a key current in place of `replaces`; tells whether it did. Of several that try at once
/// exactly one succeeds.
pub async fn replace(
    pool: &Pool,
    replaces: Option<DataKeyId>,
    id: DataKeyId,
    wrapped: &[u8],
    created_at: OffsetDateTime,
) -> Result<bool, StoreError> {
    let mut tx = pool.begin().await?;
    if let Some(old) = replaces {
        let retired = sqlx::query!(
            "UPDATE data_keys SET is_current = false WHERE id = $1 AND is_current",
            old.uuid()
        )
        .execute(&mut tx)
        .await?;
        if retired.rows_affected() == 0 {
            return Ok(false);
        }
    }
    let added = sqlx::query!(
        "INSERT INTO data_keys (id, wrapped, is_current, created_at) VALUES ($1, $2, true, $3)
         ON CONFLICT (is_current) WHERE is_current DO NOTHING",
        id.uuid(),
        wrapped,
        created_at
    )
    .execute(&mut tx)
    .await?;
    tx.commit().await?;
    Ok(added.rows_affected() == 1)
}

/// Keeps a key that is not current.
pub async fn keep(db: impl PgExecutor<'_>, key: &WrappedKey) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO data_keys (id, wrapped, is_current, created_at) VALUES ($1, $2, false, $3)",
        key.id.uuid(),
        key.wrapped,
        key.created_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Retires keys that are not current, and deletes those that retired a day ago and that nothing lies
/// under; gives how many were deleted.
///
/// A key is sealed under for five minutes at most after it stopped to be current, and what was sealed
/// is stored before its function's time is over: after a day nothing can come to lie under it any more.
pub async fn retire(pool: &Pool) -> Result<u64, StoreError> {
    sqlx::query!(
        "UPDATE data_keys SET retired_at = app_now() WHERE NOT is_current AND retired_at IS NULL"
    )
    .execute(pool)
    .await?;
    let deleted = sqlx::query!(
        "DELETE FROM data_keys k
         WHERE NOT k.is_current AND k.retired_at < app_now() - interval '1 day'
           AND NOT EXISTS (SELECT 1 FROM connections c
                           WHERE c.access_token_ciphertext IS NOT NULL
                             AND substring(c.access_token_ciphertext FROM 2 FOR 16) = uuid_send(k.id))
           AND NOT EXISTS (SELECT 1 FROM connections c
                           WHERE c.refresh_token_ciphertext IS NOT NULL
                             AND substring(c.refresh_token_ciphertext FROM 2 FOR 16) = uuid_send(k.id))
           AND NOT EXISTS (SELECT 1 FROM posts p
                           WHERE p.progress IS NOT NULL
                             AND substring(p.progress FROM 2 FOR 16) = uuid_send(k.id))
           AND NOT EXISTS (SELECT 1 FROM webhook_secrets s
                           WHERE substring(s.ciphertext FROM 2 FOR 16) = uuid_send(k.id))"
    )
    .execute(pool)
    .await?;
    Ok(deleted.rows_affected())
}

/// The shelf of data keys in the database.
#[derive(Debug, Clone)]
pub struct Shelf(pub Pool);

impl KeyShelf for Shelf {
    fn current(&self) -> ShelfFuture<'_, Option<WrappedKey>> {
        Box::pin(async { Ok(current(&self.0).await?) })
    }

    fn find(&self, id: DataKeyId) -> ShelfFuture<'_, Option<WrappedKey>> {
        Box::pin(async move { Ok(find(&self.0, id).await?) })
    }

    fn add(&self, key: WrappedKey, replaces: Option<DataKeyId>) -> ShelfFuture<'_, bool> {
        Box::pin(async move {
            Ok(replace(&self.0, replaces, key.id, &key.wrapped, key.created_at).await?)
        })
    }

    fn keep(&self, key: WrappedKey) -> ShelfFuture<'_, ()> {
        Box::pin(async move { Ok(keep(&self.0, &key).await?) })
    }
}
