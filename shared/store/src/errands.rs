//! What accounts are asked for beside posts: asked by the app, done by the publisher, read by the app.

use domain::{ConnectionId, ErrandId, UserId};
use serde_json::Value;
use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};

use crate::{Link, StoreError};

/// An errand that is being run.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The account.
    pub connection_id: ConnectionId,
    /// What is wanted of it.
    pub wish: Value,
    /// How often it was begun, this time included.
    pub tries: i32,
    /// The database's time.
    pub now: OffsetDateTime,
}

/// What came of an errand.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It is not over yet.
    Open,
    /// The network's answer.
    Done(Value),
    /// Why there is none.
    Failed(Value),
}

/// Whether an errand was made or stands already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// It was made, and has to be rung for.
    Anew(ErrandId),
    /// The same was asked a moment ago; that answer will do.
    Already(ErrandId),
}

/// Asks an account for something; what is being asked, or was answered within `fresh`, is not asked again.
pub async fn ask(
    db: &mut Link,
    user: UserId,
    connection: ConnectionId,
    wish: &Value,
    fresh: Duration,
) -> Result<Asked, StoreError> {
    // Two who ask at once would otherwise both find nothing.
    sqlx::query!(
        "SELECT FROM connections WHERE user_id = $1 AND id = $2 FOR NO KEY UPDATE",
        user.uuid(),
        connection.uuid()
    )
    .fetch_optional(&mut *db)
    .await?;
    let stands = sqlx::query_scalar!(
        "SELECT id FROM errands
         WHERE user_id = $1 AND connection_id = $2 AND wish = $3
           AND ((state IN ('running', 'waiting') AND created_at > app_now() - interval '1 minute')
                OR (state = 'done' AND ended_at > app_now() - make_interval(secs => $4)))
         ORDER BY created_at DESC LIMIT 1",
        user.uuid(),
        connection.uuid(),
        wish,
        fresh.as_seconds_f64()
    )
    .fetch_optional(&mut *db)
    .await?;
    if let Some(id) = stands {
        return Ok(Asked::Already(id.into()));
    }
    let id = ErrandId::mint();
    sqlx::query!(
        "INSERT INTO errands (id, user_id, connection_id, wish) VALUES ($1, $2, $3, $4)",
        id.uuid(),
        user.uuid(),
        connection.uuid(),
        wish
    )
    .execute(&mut *db)
    .await?;
    Ok(Asked::Anew(id))
}

/// Plans to ask an account for something at a later time.
pub async fn plan(
    db: impl PgExecutor<'_>,
    user: UserId,
    connection: ConnectionId,
    wish: &Value,
    at: OffsetDateTime,
) -> Result<ErrandId, StoreError> {
    let id = ErrandId::mint();
    sqlx::query!(
        "INSERT INTO errands (id, user_id, connection_id, wish, due_at) VALUES ($1, $2, $3, $4, $5)",
        id.uuid(),
        user.uuid(),
        connection.uuid(),
        wish,
        at
    )
    .execute(db)
    .await?;
    Ok(id)
}

/// What came of an errand.
pub async fn outcome(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: ErrandId,
) -> Result<Option<Outcome>, StoreError> {
    let row = sqlx::query!(
        "SELECT state, answer, error FROM errands WHERE user_id = $1 AND id = $2",
        user.uuid(),
        id.uuid()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| match row.state.as_str() {
        "done" => Outcome::Done(row.answer.unwrap_or_default()),
        "failed" => Outcome::Failed(row.error.unwrap_or_default()),
        _ => Outcome::Open,
    }))
}

/// Takes an errand whose time has come, for `lease`. `None`: it is over, or somebody runs it.
pub async fn take(
    db: impl PgExecutor<'_>,
    id: ErrandId,
    lease: Duration,
) -> Result<Option<Run>, StoreError> {
    let row = sqlx::query!(
        r#"UPDATE errands SET state = 'running', tries = tries + 1,
               lease_until = app_now() + make_interval(secs => $2)
           WHERE id = $1 AND due_at <= app_now()
             AND (state = 'waiting' OR (state = 'running' AND lease_until <= app_now()))
           RETURNING connection_id, wish, tries, app_now() AS "now!""#,
        id.uuid(),
        lease.as_seconds_f64()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Run {
        connection_id: row.connection_id.into(),
        wish: row.wish,
        tries: row.tries,
        now: row.now,
    }))
}

/// Puts an errand down until `at`.
pub async fn put_down(
    db: impl PgExecutor<'_>,
    id: ErrandId,
    at: OffsetDateTime,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE errands SET state = 'waiting', due_at = $2, lease_until = NULL
         WHERE id = $1 AND state = 'running'",
        id.uuid(),
        at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends an errand.
pub async fn end(
    db: impl PgExecutor<'_>,
    id: ErrandId,
    outcome: Result<&Value, &Value>,
) -> Result<(), StoreError> {
    let (state, answer, error) = match outcome {
        Ok(answer) => ("done", Some(answer), None),
        Err(error) => ("failed", None, Some(error)),
    };
    sqlx::query!(
        "UPDATE errands SET state = $2, answer = $3, error = $4, lease_until = NULL, ended_at = app_now()
         WHERE id = $1 AND state = 'running'",
        id.uuid(),
        state,
        answer,
        error
    )
    .execute(db)
    .await?;
    Ok(())
}
