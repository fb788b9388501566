//! Fires of which all is known at once.

use domain::{AttemptId, PostId, Standing};
use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    Pool, StoreError,
    flight::{Ask, Told, in_order},
};

/// A fire that was accepted, where what it made is known at once.
#[derive(Debug, Clone)]
pub struct Live<'a> {
    /// The arm.
    pub attempt: AttemptId,
    /// What the network said.
    pub evidence: &'a str,
    /// When it said so, by the caller's watch.
    pub heard: Instant,
    /// The network's id of what it made.
    pub external_id: Option<&'a str>,
    /// Its address.
    pub external_url: Option<&'a str>,
    /// Who sees it.
    pub standing: Standing,
}

/// Asks to store it.
#[derive(Debug, Clone)]
pub(crate) struct SettleLive {
    post: PostId,
    attempt: AttemptId,
    evidence: String,
    heard: Instant,
    external_id: Option<String>,
    external_url: Option<String>,
    standing: Standing,
}

impl SettleLive {
    pub(crate) fn of(post: PostId, live: &Live<'_>) -> Self {
        Self {
            post,
            attempt: live.attempt,
            evidence: live.evidence.to_owned(),
            heard: live.heard,
            external_id: live.external_id.map(str::to_owned),
            external_url: live.external_url.map(str::to_owned),
            standing: live.standing,
        }
    }
}

impl Ask for SettleLive {
    /// Whether the post stood where its arm left it.
    type Came = bool;

    fn changes(&self) -> Option<Uuid> {
        Some(self.post.uuid())
    }

    async fn all(pool: &Pool, asks: &[Self]) -> Result<Vec<Told<bool>>, StoreError> {
        let posts: Vec<_> = asks.iter().map(|ask| ask.post.uuid()).collect();
        let attempts: Vec<_> = asks.iter().map(|ask| ask.attempt.uuid()).collect();
        let evidence: Vec<_> = asks.iter().map(|ask| ask.evidence.as_str()).collect();
        let heard: Vec<_> = asks
            .iter()
            .map(|ask| ask.heard.elapsed().as_secs_f64())
            .collect();
        let ids: Vec<_> = asks.iter().map(|ask| ask.external_id.as_deref()).collect();
        let urls: Vec<_> = asks.iter().map(|ask| ask.external_url.as_deref()).collect();
        let standings: Vec<_> = asks.iter().map(|ask| ask.standing.as_str()).collect();
        let rows = sqlx::query!(
            r#"WITH asked AS (
                   SELECT * FROM unnest((SELECT $1::uuid[]), (SELECT $2::uuid[]), (SELECT $3::text[]),
                                        (SELECT $4::float8[]), (SELECT $5::text[]), (SELECT $6::text[]),
                                        (SELECT $7::text[]))
                       AS a (id, attempt_id, evidence, heard, external_id, external_url, standing)
               ), free AS (
                   SELECT p.id, p.stage = 'firing' AS is_firing FROM asked CROSS JOIN LATERAL (
                       SELECT id, stage FROM posts WHERE id = asked.id FOR NO KEY UPDATE SKIP LOCKED
                   ) p
               ), live AS (
                   UPDATE posts SET stage = 'published', external_id = coalesce(asked.external_id, posts.external_id),
                       external_url = coalesce(asked.external_url, posts.external_url), standing = asked.standing,
                       published_at = app_now(), error = NULL, candidates = NULL, progress = NULL, lease_until = NULL,
                       accepted_at = coalesce(accepted_at,
                                              greatest(armed_at, app_now() - make_interval(secs => asked.heard))),
                       crash_count = 0, tries = 0, updated_at = app_now()
                   FROM asked JOIN free ON free.id = asked.id
                   WHERE posts.id = asked.id AND is_firing
                     AND attempt_id = (SELECT a.id FROM attempts a WHERE a.post_id = asked.id
                                       ORDER BY number DESC LIMIT 1)
                   RETURNING posts.id, attempt_id, evidence
               ), arm AS (
                   UPDATE attempts SET outcome = 'accepted', evidence = live.evidence, ended_at = app_now()
                   FROM live WHERE attempts.id = live.attempt_id
               )
               SELECT asked.id AS "id!", live.id IS NOT NULL AS "settled!",
                      CASE WHEN free.id IS NULL THEN EXISTS (SELECT 1 FROM posts WHERE posts.id = asked.id)
                           ELSE FALSE END AS "held!"
               FROM asked LEFT JOIN free ON free.id = asked.id LEFT JOIN live ON live.id = asked.id"#,
            &posts,
            &attempts,
            &evidence as &[&str],
            &heard,
            &ids as &[Option<&str>],
            &urls as &[Option<&str>],
            &standings as &[&str]
        )
        .fetch_all(pool)
        .await?;
        let told = rows
            .into_iter()
            .map(|row| (row.id, Told::unless(row.held, row.settled)));
        Ok(in_order(&posts, told))
    }
}
