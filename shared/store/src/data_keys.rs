//! Wrapped keys that seal secrets.

use domain::DataKeyId;
use sqlx::PgExecutor;
use time::OffsetDateTime;

use crate::StoreError;

/// A wrapped key.
#[derive(Debug, Clone)]
pub struct DataKey {
    /// Its id, which every secret it seals names.
    pub id: DataKeyId,
    /// The key, wrapped.
    pub wrapped: Vec<u8>,
    /// When it was made.
    pub created_at: OffsetDateTime,
}

/// The key that new secrets are sealed with.
pub async fn current(db: impl PgExecutor<'_>) -> Result<Option<DataKey>, StoreError> {
    let row = sqlx::query!("SELECT id, wrapped, created_at FROM data_keys WHERE is_current")
        .fetch_optional(db)
        .await?;
    Ok(row.map(|row| DataKey {
        id: row.id.into(),
        wrapped: row.wrapped,
        created_at: row.created_at,
    }))
}

/// The key of that id.
pub async fn find(db: impl PgExecutor<'_>, id: DataKeyId) -> Result<Option<DataKey>, StoreError> {
    let row = sqlx::query!(
        "SELECT id, wrapped, created_at FROM data_keys WHERE id = $1",
        id.uuid()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| DataKey {
        id: row.id.into(),
        wrapped: row.wrapped,
        created_at: row.created_at,
    }))
}

/// Makes a key current in place of `replaces`; tells whether it did. Of several that try at once
/// exactly one succeeds.
pub async fn replace(
    db: &mut sqlx::PgConnection,
    replaces: Option<DataKeyId>,
    id: DataKeyId,
    wrapped: &[u8],
) -> Result<bool, StoreError> {
    let mut tx = sqlx::Connection::begin(db).await?;
    if let Some(old) = replaces {
        let retired = sqlx::query!(
            "UPDATE data_keys SET is_current = false WHERE id = $1 AND is_current",
            old.uuid()
        )
        .execute(&mut *tx)
        .await?;
        if retired.rows_affected() == 0 {
            return Ok(false);
        }
    }
    let added = sqlx::query!(
        "INSERT INTO data_keys (id, wrapped, is_current) VALUES ($1, $2, true)
         ON CONFLICT (is_current) WHERE is_current DO NOTHING",
        id.uuid(),
        wrapped
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(added.rows_affected() == 1)
}
