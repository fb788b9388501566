//! Arms: at most one request was sent under each.

use domain::{AttemptId, PostId, UserId};
use sqlx::PgExecutor;
use time::OffsetDateTime;

use crate::StoreError;

/// What became of an arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Proof came later that nothing was published.
    Absent,
    /// The network took it.
    Accepted,
    /// It never left this process.
    NotSent,
    /// The network refused it before any effect.
    Rejected,
    /// Nobody knows.
    Unknown,
}

impl Outcome {
    /// The name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Accepted => "accepted",
            Self::NotSent => "not_sent",
            Self::Rejected => "rejected",
            Self::Unknown => "unknown",
        }
    }
}

/// An arm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its id.
    pub id: AttemptId,
    /// Its number, from 1.
    pub number: i32,
    /// The call it was for.
    pub step: String,
    /// When it was armed.
    pub armed_at: OffsetDateTime,
    /// What became of it; absent while open.
    pub outcome: Option<String>,
}

/// The arms of a post, first to last.
pub async fn list(
    db: impl PgExecutor<'_>,
    user: UserId,
    post: PostId,
) -> Result<Vec<Attempt>, StoreError> {
    let rows = sqlx::query!(
        "SELECT id, number, step, armed_at, outcome FROM attempts
         WHERE user_id = $1 AND post_id = $2 ORDER BY number",
        user.uuid(),
        post.uuid()
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Attempt {
            id: row.id.into(),
            number: row.number,
            step: row.step,
            armed_at: row.armed_at,
            outcome: row.outcome,
        })
        .collect())
}

/// Whether the arm was committed; asked when the answer of the commit itself was lost.
pub async fn exists(db: impl PgExecutor<'_>, id: AttemptId) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM attempts WHERE id = $1) AS "exists!""#,
        id.uuid()
    )
    .fetch_one(db)
    .await?)
}

/// Notes what became of the latest arm of a post. A proof (`accepted`, `rejected`, `absent`)
/// replaces `unknown`; nothing replaces a proof.
pub async fn close(
    db: impl PgExecutor<'_>,
    user: UserId,
    post: PostId,
    outcome: Outcome,
    evidence: Option<&str>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE attempts SET outcome = $3, evidence = $4, ended_at = app_now()
         WHERE user_id = $1 AND post_id = $2 AND (outcome IS NULL OR outcome = 'unknown')
           AND number = (SELECT max(number) FROM attempts WHERE post_id = $2)",
        user.uuid(),
        post.uuid(),
        outcome.as_str(),
        evidence
    )
    .execute(db)
    .await?;
    Ok(())
}
