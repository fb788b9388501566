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
}
