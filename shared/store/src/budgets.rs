//! How much of what a network allows is used up, as it told last. Losing a row costs a refusal, never a post.

use domain::{ConnectionId, Platform};
use sqlx::PgExecutor;
use time::Duration;

use crate::StoreError;

/// Whose allowance it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// One account's.
    Account(ConnectionId),
    /// Our app's, over all accounts of a network.
    App(Platform),
}

impl Holder {
    fn key(self) -> String {
        match self {
            Self::Account(id) => id.uuid().to_string(),
            Self::App(platform) => format!("app:{platform}"),
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
