//! Arms: who may send, once.

use domain::{AttemptId, PostId};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Work;
use crate::{
    Pool, StoreError,
    flight::{Ask, Told, in_order},
};

/// What an attempt to arm came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Armed {
    /// Another post of the same account is being sent, or stands before it.
    Busy {
        /// How many, as far as is known.
        before: i64,
    },
    /// Armed at this time, by the database's clock.
    Done(OffsetDateTime),
    /// Publishing is halted by an operator.
    Halted,
    /// The post was changed, canceled, taken over or disconnected; or it is not due.
    Gone,
}

/// Asks to arm the commit of a prepared post.
#[derive(Debug, Clone)]
pub(crate) struct Arm {
    post: PostId,
    fence: i64,
    revision: i32,
    attempt: AttemptId,
    step: String,
    progress: Vec<u8>,
}

impl Arm {
    pub(crate) fn of(work: &Work, attempt: AttemptId, step: &str, progress: &[u8]) -> Self {
        Self {
            post: work.post.id,
            fence: work.fence,
            revision: work.post.revision,
            attempt,
            step: step.to_owned(),
            progress: progress.to_vec(),
        }
    }
}

impl Ask for Arm {
    type Came = Armed;

    fn changes(&self) -> Option<Uuid> {
        Some(self.post.uuid())
    }

    async fn all(pool: &Pool, asks: &[Self]) -> Result<Vec<Told<Armed>>, StoreError> {
        let posts: Vec<_> = asks.iter().map(|ask| ask.post.uuid()).collect();
        let fences: Vec<_> = asks.iter().map(|ask| ask.fence).collect();
        let revisions: Vec<_> = asks.iter().map(|ask| ask.revision).collect();
        let attempts: Vec<_> = asks.iter().map(|ask| ask.attempt.uuid()).collect();
        let steps: Vec<_> = asks.iter().map(|ask| ask.step.as_str()).collect();
        let progress: Vec<_> = asks.iter().map(|ask| ask.progress.as_slice()).collect();
        let rows = sqlx::query!(
            r#"WITH halt AS (
                   SELECT EXISTS (SELECT 1 FROM switches WHERE name = 'publishing_halted') AS halted
               ), asked AS (
                   SELECT * FROM unnest((SELECT $1::uuid[]), (SELECT $2::bigint[]), (SELECT $3::integer[]),
                                        (SELECT $4::uuid[]), (SELECT $5::text[]), (SELECT $6::bytea[]))
                       AS a (id, fence, revision, attempt_id, step, progress)
               ), free AS (
                   SELECT p.*, asked.attempt_id, asked.step, asked.progress,
                          p.fence = asked.fence AND p.revision = asked.revision AS is_same
                   FROM asked CROSS JOIN LATERAL (
                       SELECT id, connection_id, stage, due_at, sequence, fence, revision, lease_until FROM posts
                       WHERE id = asked.id FOR NO KEY UPDATE SKIP LOCKED
                   ) p
               ), line AS (
                   SELECT free.id,
                          (SELECT count(*) FROM posts o
                           WHERE o.connection_id = free.connection_id AND o.id <> free.id AND o.stage = 'firing')
                        + (SELECT count(*) FROM posts o
                           WHERE o.connection_id = free.connection_id AND o.stage = 'prepared'
                             AND (o.due_at, o.sequence) < (free.due_at, free.sequence)
                             AND o.due_at > app_now() - interval '1 minute' AND o.next_attempt_at <= app_now()) AS before
                   FROM free
               ), armed AS (
                   UPDATE posts SET stage = 'firing', armed_at = app_now(), progress = free.progress,
                       updated_at = app_now()
                   FROM free JOIN line ON line.id = free.id
                   WHERE posts.id = free.id AND is_same AND free.stage IN ('prepared', 'confirming')
                     AND free.due_at <= app_now() AND free.lease_until > app_now()
                     AND NOT (SELECT halted FROM halt) AND line.before = 0
                     AND (SELECT c.health FROM connections c WHERE c.id = free.connection_id) = 'active'
                     AND NOT EXISTS (SELECT 1 FROM attempts a
                                     WHERE a.post_id = free.id AND a.step = free.step
                                       AND (a.outcome IS NULL OR a.outcome IN ('unknown', 'accepted')))
                   RETURNING posts.id, user_id, armed_at, attempt_id, step
               ), attempt AS (
                   INSERT INTO attempts (id, post_id, user_id, number, step, armed_at)
                   SELECT attempt_id, id, user_id,
                          (SELECT coalesce(max(number), 0) + 1 FROM attempts WHERE post_id = armed.id), step, armed_at
                   FROM armed
               )
               SELECT asked.id AS "id!", halted AS "halted!", line.before AS "before?",
                      CASE WHEN line.id IS NULL THEN EXISTS (SELECT 1 FROM posts WHERE posts.id = asked.id)
                           ELSE FALSE END AS "held!",
                      armed_at AS "armed_at?"
               FROM halt CROSS JOIN asked LEFT JOIN line ON line.id = asked.id LEFT JOIN armed ON armed.id = asked.id"#,
            &posts,
            &fences,
            &revisions,
            &attempts,
            &steps as &[&str],
            &progress as &[&[u8]]
        )
        .fetch_all(pool)
        .await?;
        let told = rows.into_iter().map(|row| {
            let armed = match (row.armed_at, row.before) {
                (Some(armed_at), _) => Armed::Done(armed_at),
                (None, _) if row.halted => Armed::Halted,
                (None, Some(before)) if before > 0 => Armed::Busy { before },
                (None, _) => Armed::Gone,
            };
            (row.id, Told::unless(row.held, armed))
        });
        Ok(in_order(&posts, told))
    }
}
