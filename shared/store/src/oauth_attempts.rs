//! Visits to consent pages: each state works once, for the user, the browser and the network it was made for.

use domain::{OauthAttemptId, Platform, UserId};
use sqlx::PgExecutor;
use time::Duration;

use crate::StoreError;

/// Notes a visit that begins.
pub async fn begin(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: OauthAttemptId,
    platform: Platform,
    state_hash: &[u8],
    browser_hash: &[u8],
    life: Duration,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO oauth_attempts (id, user_id, platform, state_hash, browser_hash, expires_at)
         VALUES ($1, $2, $3, $4, $5, app_now() + make_interval(secs => $6))",
        id.uuid(),
        user.uuid(),
        platform.as_str(),
        state_hash,
        browser_hash,
        life.as_seconds_f64()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes a state: tells whose visit it was, once. The state itself names the user, because a
/// browser on its way back from a network brings no token.
pub async fn take(
    db: impl PgExecutor<'_>,
    platform: Platform,
    state_hash: &[u8],
    browser_hash: &[u8],
) -> Result<Option<UserId>, StoreError> {
    let user = sqlx::query_scalar!(
        "UPDATE oauth_attempts SET used_at = app_now()
         WHERE platform = $1 AND state_hash = $2 AND browser_hash = $3
           AND used_at IS NULL AND expires_at > app_now()
         RETURNING user_id",
        platform.as_str(),
        state_hash,
        browser_hash
    )
    .fetch_optional(db)
    .await?;
    Ok(user.map(UserId::from))
}
