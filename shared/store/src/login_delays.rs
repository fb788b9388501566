//! Growing delays after failed sign-ins.

use sqlx::PgExecutor;
use time::OffsetDateTime;

use crate::StoreError;

/// Until when any of `keys` is blocked; `None` when none is.
pub async fn blocked_until(
    db: impl PgExecutor<'_>,
    keys: &[String],
) -> Result<Option<OffsetDateTime>, StoreError> {
    Ok(sqlx::query_scalar!(
        "SELECT max(blocked_until) FROM login_delays WHERE key = ANY($1) AND blocked_until > app_now()",
        keys
    )
    .fetch_one(db)
    .await?)
}

/// Counts a failure of each key. The first five cost nothing; then the delay doubles from one
/// second up to 15 minutes. A day without failures forgets them.
pub async fn fail(db: impl PgExecutor<'_>, keys: &[String]) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO login_delays AS d (key, failures, blocked_until)
         SELECT key, 1, app_now() FROM unnest($1::text[]) AS key
         ON CONFLICT (key) DO UPDATE SET
             failures = CASE WHEN d.updated_at < app_now() - interval '1 day' THEN 1 ELSE d.failures + 1 END,
             blocked_until = app_now() + CASE
                 WHEN d.updated_at < app_now() - interval '1 day' OR d.failures < 5 THEN interval '0'
                 ELSE least(interval '15 minutes', interval '1 second' * power(2, least(d.failures - 5, 20)))
             END,
             updated_at = app_now()",
        keys
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets the failures of a key.
pub async fn clear(db: impl PgExecutor<'_>, key: &str) -> Result<(), StoreError> {
    sqlx::query!("DELETE FROM login_delays WHERE key = $1", key)
        .execute(db)
        .await?;
    Ok(())
}
