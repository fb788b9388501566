//! Pictures, videos and documents of users.

use domain::{MediaFacts, MediaId, MediaKind, UserId};
use sqlx::PgExecutor;

use crate::StoreError;

/// A picture, video or document.
#[derive(Debug, Clone, PartialEq)]
pub struct Media {
    /// Its id.
    pub id: MediaId,
    /// What its author says it is.
    pub kind: MediaKind,
    /// Where its author said it was.
    pub source_url: String,
    /// Where it is kept, and what was read from it; absent until it was fetched whole.
    pub stored: Option<Stored>,
}

/// A file that is kept with us.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// Its key in the object store.
    pub object_key: String,
    /// What was read from it.
    pub facts: MediaFacts,
    /// SHA-256 of its bytes.
    pub sha256: Vec<u8>,
}

/// Adds a file.
pub async fn add(db: impl PgExecutor<'_>, user: UserId, media: &Media) -> Result<(), StoreError> {
    let facts = media
        .stored
        .as_ref()
        .map(|stored| serde_json::json!(stored.facts));
    sqlx::query!(
        "INSERT INTO media (id, user_id, kind, source_url, object_key, bytes, sha256, facts)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        media.id.uuid(),
        user.uuid(),
        media.kind.as_str(),
        media.source_url,
        media
            .stored
            .as_ref()
            .map(|stored| stored.object_key.as_str()),
        media
            .stored
            .as_ref()
            .and_then(|stored| i64::try_from(stored.facts.bytes()).ok()),
        media.stored.as_ref().map(|stored| stored.sha256.as_slice()),
        facts
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes where a file is kept.
pub async fn store(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: MediaId,
    stored: &Stored,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE media SET object_key = $3, bytes = $4, sha256 = $5, facts = $6
         WHERE user_id = $1 AND id = $2",
        user.uuid(),
        id.uuid(),
        stored.object_key,
        i64::try_from(stored.facts.bytes()).ok(),
        stored.sha256,
        serde_json::json!(stored.facts)
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Finds a file.
pub async fn find(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: MediaId,
) -> Result<Option<Media>, StoreError> {
    let row = sqlx::query!(
        "SELECT kind, source_url, object_key, sha256, facts FROM media WHERE user_id = $1 AND id = $2",
        user.uuid(),
        id.uuid()
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let kind = row
        .kind
        .parse()
        .map_err(|error| StoreError::row("media", "kind", id, error))?;
    let stored = match (row.object_key, row.facts) {
        (Some(object_key), Some(facts)) => Some(Stored {
            object_key,
            facts: serde_json::from_value(facts)
                .map_err(|error| StoreError::row("media", "facts", id, error))?,
            sha256: row.sha256.unwrap_or_default(),
        }),
        (None, _) | (_, None) => None,
    };
    Ok(Some(Media {
        id,
        kind,
        source_url: row.source_url,
        stored,
    }))
}
