//! Sign-ins. A refresh token works once; the second use of one ends the sign-in.

use domain::{SessionId, UserId};
use sqlx::PgExecutor;
use time::Duration;

use crate::{Link, StoreError};

/// What presenting a refresh token came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// It was the current one and has been replaced.
    Done(UserId),
    /// The session is over, or there never was one.
    Over,
    /// It was an older one: somebody uses a stolen token, so the session has been ended.
    Reused,
}

/// Opens a session.
pub async fn open(
    db: impl PgExecutor<'_>,
    user: UserId,
    session: SessionId,
    refresh_hash: &[u8],
    life: Duration,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO sessions (id, user_id, refresh_hash, expires_at)
         VALUES ($1, $2, $3, app_now() + make_interval(secs => $4))",
        session.uuid(),
        user.uuid(),
        refresh_hash,
        life.as_seconds_f64()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Replaces the refresh token of a session.
pub async fn rotate(
    db: &mut Link,
    session: SessionId,
    presented_hash: &[u8],
    next_hash: &[u8],
) -> Result<Rotation, StoreError> {
    let rotated = sqlx::query_scalar!(
        "UPDATE sessions SET refresh_hash = $3, refreshed_at = app_now()
         WHERE id = $1 AND refresh_hash = $2 AND revoked_at IS NULL AND expires_at > app_now()
         RETURNING user_id",
        session.uuid(),
        presented_hash,
        next_hash
    )
    .fetch_optional(&mut *db)
    .await?;
    if let Some(user) = rotated {
        return Ok(Rotation::Done(user.into()));
    }
    let ended = sqlx::query!(
        "UPDATE sessions SET revoked_at = app_now()
         WHERE id = $1 AND revoked_at IS NULL AND expires_at > app_now()",
        session.uuid()
    )
    .execute(db)
    .await?;
    Ok(if ended.rows_affected() == 1 {
        Rotation::Reused
    } else {
        Rotation::Over
    })
}

/// Ends a session at once; tells whether it was open.
pub async fn close(
    db: impl PgExecutor<'_>,
    user: UserId,
    session: SessionId,
) -> Result<bool, StoreError> {
    let ended = sqlx::query!(
        "UPDATE sessions SET revoked_at = app_now()
         WHERE user_id = $1 AND id = $2 AND revoked_at IS NULL",
        user.uuid(),
        session.uuid()
    )
    .execute(db)
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// The role of the user of an open session: `None` when the session is over.
pub async fn role(
    db: impl PgExecutor<'_>,
    user: UserId,
    session: SessionId,
) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar!(
        "SELECT u.role FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.user_id = $1 AND s.id = $2 AND s.revoked_at IS NULL AND s.expires_at > app_now()",
        user.uuid(),
        session.uuid()
    )
    .fetch_optional(db)
    .await?)
}
