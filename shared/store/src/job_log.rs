//! Every step of every post, for its author and for operators.

use std::time::Duration;

use domain::{PostId, UserId};
use sqlx::PgExecutor;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    Pool, StoreError,
    flight::{Ask, Told},
};

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What was done: the name of a call, or `lease`, `arm`, `wait` …
    pub step: String,
    /// What came of it: `answered`, `lost`, `refused`, `done` …
    pub outcome: String,
    /// The network's HTTP status.
    pub http_status: Option<i32>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<i32>,
    /// More, for people; no secrets.
    pub detail: Option<String>,
}

/// Asks to note steps of a post, with when each was taken, oldest first.
#[derive(Debug, Clone)]
pub(crate) struct Note {
    pub(crate) user: UserId,
    pub(crate) post: PostId,
    pub(crate) steps: Vec<(OffsetDateTime, Step)>,
}

impl Ask for Note {
    type Came = ();

    /// Nobody waits for steps, while posts that are due wait for the database.
    const LINGER: Duration = Duration::from_millis(20);

    /// The row of a post stands still while steps of it are added.
    fn changes(&self) -> Option<Uuid> {
        Some(self.post.uuid())
    }

    async fn all(pool: &Pool, asks: &[Self]) -> Result<Vec<Told<()>>, StoreError> {
        let (mut posts, mut users) = (Vec::new(), Vec::new());
        let (mut times, mut steps) = (Vec::new(), Vec::new());
        for ask in asks {
            for (at, step) in &ask.steps {
                posts.push(ask.post.uuid());
                users.push(ask.user.uuid());
                times.push(*at);
                steps.push(step);
            }
        }
        let text = |of: fn(&Step) -> &str| steps.iter().map(|step| of(step)).collect();
        let (names, outcomes): (Vec<&str>, Vec<&str>) =
            (text(|step| &step.step), text(|step| &step.outcome));
        let statuses: Vec<_> = steps.iter().map(|step| step.http_status).collect();
        let durations: Vec<_> = steps.iter().map(|step| step.duration_ms).collect();
        let details: Vec<_> = steps.iter().map(|step| step.detail.as_deref()).collect();
        let held = sqlx::query_scalar!(
            r#"WITH steps AS (
                   SELECT * FROM unnest((SELECT $1::uuid[]), (SELECT $2::uuid[]), (SELECT $3::text[]), (SELECT $4::text[]),
                                        (SELECT $5::integer[]), (SELECT $6::integer[]), (SELECT $7::text[]),
                                        (SELECT $8::timestamptz[]))
                       AS s (post_id, user_id, step, outcome, http_status, duration_ms, detail, created_at)
               ), free AS (
                   SELECT p.id FROM (SELECT DISTINCT post_id FROM steps) s CROSS JOIN LATERAL (
                       SELECT id FROM posts WHERE id = s.post_id FOR KEY SHARE SKIP LOCKED
                   ) p
               ), noted AS (
                   INSERT INTO job_log (post_id, user_id, step, outcome, http_status, duration_ms, detail, created_at)
                   SELECT steps.* FROM steps WHERE post_id IN (SELECT id FROM free)
               )
               SELECT DISTINCT post_id AS "id!" FROM steps
               WHERE post_id NOT IN (SELECT id FROM free) AND EXISTS (SELECT 1 FROM posts WHERE id = post_id)"#,
            &posts,
            &users,
            &names as &[&str],
            &outcomes as &[&str],
            &statuses as &[Option<i32>],
            &durations as &[Option<i32>],
            &details as &[Option<&str>],
            &times
        )
        .fetch_all(pool)
        .await?;
        let told = asks.iter().map(|ask| {
            if held.contains(&ask.post.uuid()) {
                Told::Held
            } else {
                Told::Came(Ok(()))
            }
        });
        Ok(told.collect())
    }
}

/// The latest steps of a post, oldest first, at most 200.
pub async fn list(
    db: impl PgExecutor<'_>,
    user: UserId,
    post: PostId,
) -> Result<Vec<(OffsetDateTime, Step)>, StoreError> {
    let rows = sqlx::query!(
        "SELECT * FROM (
             SELECT id, step, outcome, http_status, duration_ms, detail, created_at FROM job_log
             WHERE user_id = $1 AND post_id = $2 ORDER BY id DESC LIMIT 200
         ) AS latest ORDER BY id",
        user.uuid(),
        post.uuid()
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let step = Step {
                step: row.step,
                outcome: row.outcome,
                http_status: row.http_status,
                duration_ms: row.duration_ms,
                detail: row.detail,
            };
            (row.created_at, step)
        })
        .collect())
}
