//! Leases: who works on a post now.

use std::collections::{HashMap, HashSet};

use domain::{LookId, PostId};
use time::Duration;
use uuid::Uuid;

use super::Work;
use crate::{
    Pool, StoreError,
    flight::{Ask, Told},
    posts::Row,
};

/// Asks for the lease of a post whose time has come, for so long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lease {
    pub(crate) post: PostId,
    pub(crate) by: LookId,
    pub(crate) time: Duration,
}

impl Ask for Lease {
    /// `None`: not now; see [`super::glance`].
    type Came = Option<Work>;

    fn changes(&self) -> Option<Uuid> {
        Some(self.post.uuid())
    }

    async fn all(pool: &Pool, asks: &[Self]) -> Result<Vec<Told<Option<Work>>>, StoreError> {
        let ids: Vec<_> = asks.iter().map(|ask| ask.post.uuid()).collect();
        let looks: Vec<_> = asks.iter().map(|ask| ask.by.uuid()).collect();
        let times: Vec<_> = asks.iter().map(|ask| ask.time.as_seconds_f64()).collect();
        let mut leased = lease(pool, &ids, &looks, &times).await?;
        let missed: Vec<_> = ids
            .into_iter()
            .filter(|id| !leased.contains_key(id))
            .collect();
        let held = held(pool, &missed).await?;
        let told = asks.iter().map(|ask| {
            let id = ask.post.uuid();
            if held.contains(&id) {
                return Told::Held;
            }
            Told::Came(leased.remove(&id).transpose())
        });
        Ok(told.collect())
    }
}

async fn lease(
    pool: &Pool,
    ids: &[Uuid],
    looks: &[Uuid],
    times: &[f64],
) -> Result<HashMap<Uuid, Result<Work, StoreError>>, StoreError> {
    let rows = sqlx::query!(
        r#"WITH asked AS (
               SELECT * FROM unnest((SELECT $1::uuid[]), (SELECT $2::uuid[]), (SELECT $3::float8[]))
                   AS a (id, look, seconds)
           ), free AS (
               SELECT p.*, asked.look, asked.seconds, p.lease_by IS NOT DISTINCT FROM asked.look AS is_held FROM asked
               CROSS JOIN LATERAL (
                   SELECT id, stage, lease_by, lease_until, next_attempt_at FROM posts
                   WHERE id = asked.id FOR NO KEY UPDATE SKIP LOCKED
               ) p
           )
           UPDATE posts SET fence = fence + 1,
               crash_count = crash_count + CASE WHEN free.is_held THEN 0 ELSE 1 END,
               lease_by = free.look, lease_until = app_now() + make_interval(secs => free.seconds)
           FROM free
           WHERE posts.id = free.id
             AND free.stage IN ('scheduled', 'preparing', 'prepared', 'firing', 'confirming')
             AND (free.lease_until IS NULL OR free.lease_until <= app_now() OR free.is_held)
             AND free.next_attempt_at <= app_now()
           RETURNING posts.id, user_id, connection_id, platform, caption, media, options, client_post_id,
               posts.stage, scheduled_at, due_at, revision, posts.next_attempt_at, armed_at, accepted_at,
               published_at, external_id, external_url, standing, error, candidates, created_at, updated_at,
               fence, crash_count, tries, progress,
               extract(epoch FROM max_lateness)::float8 AS "max_lateness!", app_now() AS "now!",
               (SELECT max(b.free_at) FROM budgets b
                WHERE b.key IN (posts.connection_id::text, 'app:' || posts.platform)
                  AND b.free_at > app_now()) AS held_until,
               (SELECT max(b.used_percent) FROM budgets b
                WHERE b.key IN (posts.connection_id::text, 'app:' || posts.platform)
                  AND b.updated_at > app_now() - interval '1 hour') AS used_percent"#,
        ids,
        looks,
        times
    )
    .fetch_all(pool)
    .await?;
    let leased = rows.into_iter().map(|row| {
        let id = row.id;
        let post = Row {
            id,
            user_id: row.user_id,
            connection_id: row.connection_id,
            platform: row.platform,
            caption: row.caption,
            media: row.media,
            options: row.options,
            client_post_id: row.client_post_id,
            stage: row.stage,
            scheduled_at: row.scheduled_at,
            due_at: row.due_at,
            revision: row.revision,
            next_attempt_at: row.next_attempt_at,
            armed_at: row.armed_at,
            accepted_at: row.accepted_at,
            published_at: row.published_at,
            external_id: row.external_id,
            external_url: row.external_url,
            standing: row.standing,
            error: row.error,
            candidates: row.candidates,
            created_at: row.created_at,
            updated_at: row.updated_at,
        };
        let work = post.try_into().map(|post| Work {
            post,
            fence: row.fence,
            crash_count: row.crash_count,
            tries: row.tries,
            progress: row.progress,
            max_lateness: Duration::seconds_f64(row.max_lateness),
            held_until: row.held_until,
            used_percent: row
                .used_percent
                .and_then(|percent| percent.try_into().ok())
                .unwrap_or(0),
            now: row.now,
        });
        (id, work)
    });
    Ok(leased.collect())
}

/// Those that could be leased and were not, for somebody held them.
async fn held(pool: &Pool, missed: &[Uuid]) -> Result<HashSet<Uuid>, StoreError> {
    if missed.is_empty() {
        return Ok(HashSet::new());
    }
    let held = sqlx::query_scalar!(
        "SELECT id FROM posts
         WHERE id = ANY($1)
           AND stage IN ('scheduled', 'preparing', 'prepared', 'firing', 'confirming')
           AND (lease_until IS NULL OR lease_until <= app_now())
           AND next_attempt_at <= app_now()",
        missed
    )
    .fetch_all(pool)
    .await?;
    Ok(held.into_iter().collect())
}
