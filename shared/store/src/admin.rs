//! What operators do.

use domain::{PostId, Stage, UserId};
use sqlx::PgExecutor;

use crate::{Link, StoreError};

/// Makes the user of that address an operator; tells whether there is one.
pub async fn grant(db: impl PgExecutor<'_>, email: &str) -> Result<bool, StoreError> {
    let granted = sqlx::query!("UPDATE users SET role = 'admin' WHERE email = $1", email)
        .execute(db)
        .await?;
    Ok(granted.rows_affected() == 1)
}

/// Stops, or allows again, every arm.
pub async fn halt(db: impl PgExecutor<'_>, halted: bool) -> Result<(), StoreError> {
    if halted {
        sqlx::query!(
            "INSERT INTO switches (name) VALUES ('publishing_halted') ON CONFLICT DO NOTHING"
        )
        .execute(db)
        .await?;
    } else {
        sqlx::query!("DELETE FROM switches WHERE name = 'publishing_halted'")
            .execute(db)
            .await?;
    }
    Ok(())
}

/// What requeueing a post came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requeued {
    /// It will be looked at now.
    Done(UserId),
    /// There is no such post.
    Missing,
    /// It is live or called off, or its outcome is unknown and only its author may resolve it.
    Refused(Stage),
}

/// Queues a post again. One that failed or was missed starts over; an open one is looked at now,
/// and with `at_once` its due time becomes now. Nothing that may have been sent is ever sent again by this.
pub async fn requeue(db: &mut Link, id: PostId, at_once: bool) -> Result<Requeued, StoreError> {
    let done = sqlx::query_scalar!(
        "UPDATE posts SET
             stage = CASE WHEN stage IN ('failed', 'missed') THEN 'scheduled' ELSE stage END,
             progress = CASE WHEN stage IN ('failed', 'missed') THEN NULL ELSE progress END,
             error = CASE WHEN stage IN ('failed', 'missed') THEN NULL ELSE error END,
             due_at = CASE WHEN stage IN ('failed', 'missed')
                             OR ($2 AND stage IN ('scheduled', 'preparing', 'prepared'))
                           THEN app_now() ELSE due_at END,
             next_attempt_at = app_now(), tries = 0, crash_count = 0, updated_at = app_now()
         WHERE id = $1 AND stage IN ('scheduled', 'preparing', 'prepared', 'confirming', 'failed', 'missed')
         RETURNING user_id",
        id.uuid(),
        at_once
    )
    .fetch_optional(&mut *db)
    .await?;
    if let Some(user) = done {
        return Ok(Requeued::Done(user.into()));
    }
    let stage = sqlx::query_scalar!("SELECT stage FROM posts WHERE id = $1", id.uuid())
        .fetch_optional(db)
        .await?;
    stage.map_or(Ok(Requeued::Missing), |stage| {
        stage
            .parse()
            .map(Requeued::Refused)
            .map_err(|error| StoreError::row("posts", "stage", id, error))
    })
}
