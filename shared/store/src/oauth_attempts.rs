//! Visits to consent pages: each state works once, for the user, the browser and the network it was made for.

use domain::{OauthAttemptId, Platform, UserId};
use sqlx::PgExecutor;
use time::Duration;

use crate::StoreError;

/// A visit that begins.
#[derive(Debug, Clone, Copy)]
pub struct Visit<'a> {
    /// Whose page it is.
    pub platform: Platform,
    /// The name of the login.
    pub login: &'a str,
    /// The hash of the state that goes with it.
    pub state_hash: &'a [u8],
    /// The hash of what marks the browser.
    pub browser_hash: &'a [u8],
}

/// A visit that ended: the state itself names the user, because a browser on its way back from a network
/// brings no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Whose visit it was.
    pub user: UserId,
    /// The name of its login; absent where it began before logins had names.
    pub login: Option<String>,
}

/// Notes a visit that begins.
pub async fn begin(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: OauthAttemptId,
    visit: &Visit<'_>,
    life: Duration,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO oauth_attempts (id, user_id, platform, login, state_hash, browser_hash, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, app_now() + make_interval(secs => $7))",
        id.uuid(),
        user.uuid(),
        visit.platform.as_str(),
        visit.login,
        visit.state_hash,
        visit.browser_hash,
        life.as_seconds_f64()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes a state, once.
pub async fn take(
    db: impl PgExecutor<'_>,
    platform: Platform,
    state_hash: &[u8],
    browser_hash: &[u8],
) -> Result<Option<Taken>, StoreError> {
    let row = sqlx::query!(
        "UPDATE oauth_attempts SET used_at = app_now()
         WHERE platform = $1 AND state_hash = $2 AND browser_hash = $3
           AND used_at IS NULL AND expires_at > app_now()
         RETURNING user_id, login",
        platform.as_str(),
        state_hash,
        browser_hash
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Taken {
        user: UserId::from(row.user_id),
        login: row.login,
    }))
}
