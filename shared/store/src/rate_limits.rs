//! Limits that hold under any number of processes: the generic cell rate algorithm in one row a caller.

use sqlx::PgExecutor;
use time::Duration;

use crate::StoreError;

/// How much is allowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// How many at once.
    pub burst: u32,
    /// How long until one more is allowed.
    pub every: Duration,
}

/// Takes one; the error side of the answer says how long to wait until there is one.
pub async fn take(
    db: impl PgExecutor<'_>,
    key: &str,
    limit: Limit,
) -> Result<Result<(), Duration>, StoreError> {
    let every = limit.every.as_seconds_f64();
    let tolerance = every * f64::from(limit.burst.max(1) - 1);
    // The row lock of the upsert makes it exact: two callers never see the same arrival time.
    let row = sqlx::query!(
        r#"WITH taken AS (
               INSERT INTO rate_limits AS r (key, arrival)
               VALUES ($1, app_now() + make_interval(secs => $2))
               ON CONFLICT (key) DO UPDATE
                   SET arrival = greatest(r.arrival, app_now()) + make_interval(secs => $2)
                   WHERE r.arrival - app_now() <= make_interval(secs => $3)
               RETURNING 1
           )
           SELECT EXISTS (SELECT 1 FROM taken) AS "taken!",
                  (SELECT extract(epoch FROM arrival - app_now())::float8 FROM rate_limits WHERE key = $1) AS ahead"#,
        key,
        every,
        tolerance
    )
    .fetch_one(db)
    .await?;
    Ok(if row.taken {
        Ok(())
    } else {
        Err(Duration::seconds_f64(
            (row.ahead.unwrap_or(every) - tolerance).max(0.001),
        ))
    })
}
