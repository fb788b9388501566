//! News from networks that was already heard.

use domain::Platform;
use sqlx::PgExecutor;

use crate::StoreError;

/// Notes a piece of news; tells whether it is new.
pub async fn first_time(
    db: impl PgExecutor<'_>,
    platform: Platform,
    key: &str,
) -> Result<bool, StoreError> {
    let added = sqlx::query!(
        "INSERT INTO webhook_receipts (platform, event_key) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        platform.as_str(),
        key
    )
    .execute(db)
    .await?;
    Ok(added.rows_affected() == 1)
}
