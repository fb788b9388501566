//! How much of what a network allows is used up, as it told last. Losing a row costs a refusal, never a post.

use domain::{ConnectionId, Platform};
use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};

use crate::StoreError;

/// Whose allowance it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// One account's.
    Account(ConnectionId),
    /// Our app's, over all accounts of a network.
    App(Platform),
    /// Our app's starts of uploads, over all accounts of a network.
    Uploads(Platform),
}

impl Holder {
    fn key(self) -> String {
        match self {
            Self::Account(id) => id.uuid().to_string(),
            Self::App(platform) => format!("app:{platform}"),
            Self::Uploads(platform) => format!("uploads:{platform}"),
        }
    }
}

/// Notes what a network told; calls wait for `hold` from now on.
pub async fn tell(
    db: impl PgExecutor<'_>,
    holder: Holder,
    used_percent: u8,
    hold: Duration,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO budgets (key, used_percent, free_at)
         VALUES ($1, $2, app_now() + make_interval(secs => $3))
         ON CONFLICT (key) DO UPDATE SET used_percent = excluded.used_percent,
             free_at = excluded.free_at, updated_at = app_now()",
        holder.key(),
        i16::from(used_percent),
        hold.as_seconds_f64()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Until when an allowance is used up, if it is.
pub async fn free_at(
    db: impl PgExecutor<'_>,
    holder: Holder,
) -> Result<Option<OffsetDateTime>, StoreError> {
    Ok(sqlx::query_scalar!(
        "SELECT free_at FROM budgets WHERE key = $1 AND free_at > app_now()",
        holder.key()
    )
    .fetch_optional(db)
    .await?)
}
