//! What operators do.

use domain::{PostError, PostId, Stage, UserId};
use sqlx::PgExecutor;
use time::OffsetDateTime;

use crate::{Link, Pool, StoreError};

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

/// What became of the open posts of a database that was restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// They may have gone out since, and wait for their authors.
    pub unconfirmed: i64,
    /// They are open as they were: due later, or too late to be sent when the state was taken.
    pub waiting: i64,
}

/// Halts publishing in a database whose state is that of `from`, and leaves every post that may have gone out
/// since to its author. `None`, and nothing is done, when `from` is not in the past.
///
/// A post was sent since if it could be: one that is due, unless its grace was over when the state was
/// taken, and one that was being sent or confirmed. The machines of the latter could ask the network, but
/// only about what they knew then: whoever sent anew since did it under another handle, and a machine that
/// finds its own unused sends again.
pub async fn restored(pool: &Pool, from: OffsetDateTime) -> Result<Option<Restored>, StoreError> {
    let told = PostError {
        code: "outcome_unknown".to_owned(),
        message: "The service was restored from a backup, and it is not known whether this post went out. Look at the account, then resolve the post as published, retry or dismiss.".to_owned(),
        evidence: None,
    };
    let mut tx = pool.begin().await?;
    let is_past = sqlx::query_scalar!(r#"SELECT $1::timestamptz < app_now() AS "is_past!""#, from)
        .fetch_one(&mut tx)
        .await?;
    if !is_past {
        return Ok(None);
    }
    halt(&mut tx, true).await?;
    let unconfirmed = sqlx::query_scalar!(
        r#"WITH doubtful AS (
               UPDATE posts SET stage = 'needs_attention', error = $2, fence = fence + 1, lease_until = NULL,
                   crash_count = 0, updated_at = app_now()
               WHERE stage IN ('firing', 'confirming')
                  OR (stage IN ('scheduled', 'preparing', 'prepared') AND due_at <= app_now()
                      AND due_at + max_lateness >= $1::timestamptz - interval '15 minutes')
               RETURNING id, user_id
           ), arms AS (
               UPDATE attempts SET outcome = 'unknown', ended_at = coalesce(ended_at, app_now())
               WHERE outcome IS NULL AND post_id IN (SELECT id FROM doubtful)
           ), notes AS (
               INSERT INTO job_log (post_id, user_id, step, outcome)
               SELECT id, user_id, 'restore', 'needs_attention' FROM doubtful
           )
           SELECT count(*) AS "count!" FROM doubtful"#,
        from,
        serde_json::json!(told)
    )
    .fetch_one(&mut tx)
    .await?;
    // Places that were given since are known outside; whoever reads on from one must not pass by what comes.
    sqlx::query!("UPDATE feeds SET last_place = last_place + 1000000")
        .execute(&mut tx)
        .await?;
    let waiting = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM posts WHERE stage IN ('scheduled', 'preparing', 'prepared')"#
    )
    .fetch_one(&mut tx)
    .await?;
    tx.commit().await?;
    Ok(Some(Restored {
        unconfirmed,
        waiting,
    }))
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
