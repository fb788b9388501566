//! Evidence of live posts.

use domain::{PostId, Standing};
use uuid::Uuid;

use crate::{
    Pool, StoreError,
    flight::{Ask, Told, in_order},
};

/// Asks to store evidence of a live post.
#[derive(Debug, Clone)]
pub(crate) struct Publish {
    pub(crate) post: PostId,
    pub(crate) external_id: Option<String>,
    pub(crate) external_url: Option<String>,
    pub(crate) standing: Standing,
}

impl Ask for Publish {
    /// Whether it was news.
    type Came = bool;

    fn changes(&self) -> Option<Uuid> {
        Some(self.post.uuid())
    }

    async fn all(pool: &Pool, asks: &[Self]) -> Result<Vec<Told<bool>>, StoreError> {
        let posts: Vec<_> = asks.iter().map(|ask| ask.post.uuid()).collect();
        let ids: Vec<_> = asks.iter().map(|ask| ask.external_id.as_deref()).collect();
        let urls: Vec<_> = asks.iter().map(|ask| ask.external_url.as_deref()).collect();
        let standings: Vec<_> = asks.iter().map(|ask| ask.standing.as_str()).collect();
        let rows = sqlx::query!(
            r#"WITH asked AS (
                   SELECT * FROM unnest((SELECT $1::uuid[]), (SELECT $2::text[]), (SELECT $3::text[]), (SELECT $4::text[]))
                       AS a (id, external_id, external_url, standing)
               ), free AS (
                   SELECT p.id, p.stage IN ('firing', 'confirming', 'needs_attention', 'failed', 'missed', 'dismissed')
                              AS is_news
                   FROM asked CROSS JOIN LATERAL (
                       SELECT id, stage FROM posts WHERE id = asked.id FOR NO KEY UPDATE SKIP LOCKED
                   ) p
               ), arm AS (
                   UPDATE attempts SET outcome = 'accepted', ended_at = app_now()
                   FROM free
                   WHERE attempts.id = (SELECT a.id FROM attempts a WHERE a.post_id = free.id
                                        ORDER BY number DESC LIMIT 1)
                     AND (outcome IS NULL OR outcome = 'unknown')
               ), live AS (
                   UPDATE posts SET stage = 'published', external_id = coalesce(asked.external_id, posts.external_id),
                       external_url = coalesce(asked.external_url, posts.external_url), standing = asked.standing,
                       published_at = app_now(), accepted_at = coalesce(accepted_at, app_now()), error = NULL,
                       candidates = NULL, progress = NULL, lease_until = NULL, crash_count = 0, tries = 0,
                       updated_at = app_now()
                   FROM asked JOIN free ON free.id = asked.id
                   WHERE posts.id = asked.id AND is_news
                   RETURNING posts.id
               )
               SELECT asked.id AS "id!", live.id IS NOT NULL AS "news!",
                      CASE WHEN free.id IS NULL THEN EXISTS (SELECT 1 FROM posts WHERE posts.id = asked.id)
                           ELSE FALSE END AS "held!"
               FROM asked LEFT JOIN free ON free.id = asked.id LEFT JOIN live ON live.id = asked.id"#,
            &posts,
            &ids as &[Option<&str>],
            &urls as &[Option<&str>],
            &standings as &[&str]
        )
        .fetch_all(pool)
        .await?;
        let told = rows
            .into_iter()
            .map(|row| (row.id, Told::unless(row.held, row.news)));
        Ok(in_order(&posts, told))
    }
}
