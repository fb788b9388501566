//! What happened, as the app's feed tells it; the rows are written by triggers.

use domain::UserId;
use sqlx::PgExecutor;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::StoreError;

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its place in the feed.
    pub sequence: i64,
    /// `post.published`, `connection.needs_reconnect` …
    pub kind: String,
    /// What it happened to.
    pub subject: Uuid,
    /// More of it.
    pub data: serde_json::Value,
    /// When.
    pub created_at: OffsetDateTime,
}

/// What happened to a user's posts and connections after `sequence`, oldest first.
pub async fn after(
    db: impl PgExecutor<'_>,
    user: UserId,
    sequence: i64,
    limit: i64,
) -> Result<Vec<Event>, StoreError> {
    Ok(sqlx::query_as!(
        Event,
        "SELECT sequence, kind, subject, data, created_at FROM events
         WHERE user_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3",
        user.uuid(),
        sequence,
        limit
    )
    .fetch_all(db)
    .await?)
}
