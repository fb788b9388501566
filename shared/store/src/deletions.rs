//! Deleting what a network gave us of a person who asks for it there, and telling that it was done.

use domain::Platform;
use sqlx::PgExecutor;
use time::OffsetDateTime;

use crate::{Link, StoreError};

/// A deletion that was asked for at a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// The network.
    pub platform: String,
    /// When it was done.
    pub done_at: OffsetDateTime,
    /// How many connections it emptied.
    pub connections: i32,
}

/// Deletes all that a grant gave us, and notes under `code` that it was done: tokens, names, pictures and ids of
/// its accounts, ids and addresses of its posts, and what the network said of them. Words and files are the
/// author's own and stay. What was not sent is not sent any more; of what is being sent nobody can ask any
/// more, so a person decides. What was connected after `before` belongs to a newer grant and stands.
pub async fn delete(
    db: &mut Link,
    code: &str,
    platform: Platform,
    grant_family: &str,
    subject: &str,
    before: OffsetDateTime,
) -> Result<(), StoreError> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM connections WHERE grant_family = $1 AND subject = $2 AND connected_at <= $3
         ORDER BY id FOR UPDATE",
        grant_family,
        subject,
        before
    )
    .fetch_all(&mut *db)
    .await?;
    sqlx::query!(
        r#"UPDATE posts SET updated_at = app_now(), lease_until = NULL,
               stage = CASE WHEN stage IN ('scheduled', 'preparing', 'prepared') THEN 'failed'
                            WHEN stage IN ('firing', 'confirming') THEN 'needs_attention' ELSE stage END,
               error = CASE WHEN stage IN ('scheduled', 'preparing', 'prepared')
                            THEN '{"code": "account_deleted", "message": "The data of the account was deleted at the person''s wish before the post was sent."}'
                            WHEN stage IN ('firing', 'confirming')
                            THEN '{"code": "account_deleted", "message": "The data of the account was deleted at the person''s wish while the post was being sent. Look at the account, then resolve the post as published or dismiss."}'
                            ELSE error - 'evidence' END,
               external_id = NULL, external_url = NULL, candidates = NULL, handle = NULL, progress = NULL
           WHERE connection_id = ANY($1)"#,
        &ids
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "UPDATE attempts a SET evidence = NULL, ended_at = coalesce(a.ended_at, app_now()),
             outcome = coalesce(a.outcome, 'unknown')
         FROM posts p WHERE p.id = a.post_id AND p.connection_id = ANY($1)",
        &ids
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "UPDATE job_log l SET detail = NULL FROM posts p WHERE p.id = l.post_id AND p.connection_id = ANY($1)",
        &ids
    )
    .execute(&mut *db)
    .await?;
    // What is told of them keeps its place and loses what the network gave us.
    sqlx::query!(
        "UPDATE events e SET data = e.data - '{displayName,externalId,healthReason,url,username}'::text[]
         FROM (SELECT user_id, id FROM connections WHERE id = ANY($1)
               UNION ALL SELECT user_id, id FROM posts WHERE connection_id = ANY($1)) AS them
         WHERE e.user_id = them.user_id AND e.subject = them.id",
        &ids
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "UPDATE connections SET health = 'disconnected', health_reason = NULL, updated_at = app_now(),
             external_id = 'deleted:' || id, username = NULL, display_name = 'Deleted account', avatar_url = NULL,
             facts = '{}', scopes = '{}', subject = '', access_token_ciphertext = NULL,
             refresh_token_ciphertext = NULL, access_expires_at = NULL, refresh_expires_at = NULL,
             token_version = token_version + 1, refresh_started_at = NULL
         WHERE id = ANY($1)",
        &ids
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "INSERT INTO deletions (code, platform, connections) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        code,
        platform.as_str(),
        i32::try_from(ids.len()).unwrap_or(i32::MAX)
    )
    .execute(&mut *db)
    .await?;
    Ok(())
}

/// What became of a deletion.
pub async fn find(db: impl PgExecutor<'_>, code: &str) -> Result<Option<Deletion>, StoreError> {
    Ok(sqlx::query_as!(
        Deletion,
        "SELECT platform, done_at, connections FROM deletions WHERE code = $1",
        code
    )
    .fetch_optional(db)
    .await?)
}
