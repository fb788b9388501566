//! What happened, as the app's feed and a user's own servers are told of it; the rows are written by triggers.
//!
//! A sequence is given out before its row is committed, so that rows do not come to light in its order. The feed
//! goes by places, which are given to what is committed, for each user by one process at a time: whatever
//! comes to light later stands behind all that was read before. What happened to one post or connection
//! keeps its order, because each change waits for the one before it.

use domain::{ConnectionId, Event, PostId, UserId, WebhookEndpointId};
use serde_json::Value;
use sqlx::PgExecutor;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{Pool, StoreError};

struct Row {
    id: Uuid,
    place: i64,
    kind: String,
    subject: Uuid,
    data: Value,
    created_at: OffsetDateTime,
}

impl From<Row> for Event {
    fn from(row: Row) -> Self {
        let mut data = row.data;
        let of_post = data
            .as_object_mut()
            .and_then(|it| it.remove("connectionId"));
        let of_post = of_post.and_then(|id| id.as_str()?.parse().ok());
        // A newer build may tell of more; what it happened to stands in its data.
        let (about, _) = row.kind.split_once('.').unwrap_or_default();
        let is = |what: &str| (about == what).then_some(row.subject);
        Self {
            id: row.id.into(),
            sequence: row.place,
            created_at: row.created_at,
            post_id: is("post").map(PostId::from),
            connection_id: of_post.or_else(|| is("connection").map(ConnectionId::from)),
            webhook_endpoint_id: is("webhook_endpoint").map(WebhookEndpointId::from),
            kind: row.kind,
            data,
        }
    }
}

/// How far a user's feed goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// The place of the last event; 0 when there never was one.
    pub last: i64,
    /// The highest place whose event was deleted because of its age.
    pub forgotten: i64,
}

/// What stands behind `place` in a user's feed, in order, and how far the feed goes.
pub async fn after(
    pool: &Pool,
    user: UserId,
    place: i64,
    limit: i64,
) -> Result<(Vec<Event>, Span), StoreError> {
    give_places(pool, user).await?;
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id AS "id!", place AS "place!", kind, subject, data, created_at FROM events
           WHERE user_id = $1 AND place > $2 ORDER BY place LIMIT $3"#,
        user.uuid(),
        place,
        limit
    )
    .fetch_all(pool)
    .await?;
    let events = rows.into_iter().map(Event::from);
    // Asked last: what is deleted meanwhile is taken for missed, and never the other way round.
    Ok((events.collect(), span(pool, user).await?))
}

/// How far a user's feed goes.
pub async fn span(db: impl PgExecutor<'_>, user: UserId) -> Result<Span, StoreError> {
    let row = sqlx::query!(
        "SELECT last_place, forgotten_place FROM feeds WHERE user_id = $1",
        user.uuid()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map_or_else(Span::default, |row| Span {
        last: row.last_place,
        forgotten: row.forgotten_place,
    }))
}

/// One event of a user, by the sequence of its row.
pub async fn by_row(pool: &Pool, user: UserId, sequence: i64) -> Result<Option<Event>, StoreError> {
    give_places(pool, user).await?;
    let row = sqlx::query_as!(
        Row,
        r#"SELECT id AS "id!", place AS "place!", kind, subject, data, created_at FROM events
           WHERE user_id = $1 AND sequence = $2"#,
        user.uuid(),
        sequence
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(Event::from))
}

/// Gives a place to every event of a user that is committed and has none.
pub async fn give_places(pool: &Pool, user: UserId) -> Result<(), StoreError> {
    let waits = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM events WHERE user_id = $1 AND place IS NULL) AS "waits!""#,
        user.uuid()
    )
    .fetch_one(pool)
    .await?;
    if !waits {
        return Ok(());
    }
    let mut tx = pool.begin().await?;
    // One process at a time, until its places are committed; the next statement sees all of the one before.
    sqlx::query!(
        "INSERT INTO feeds (user_id) VALUES ($1) ON CONFLICT (user_id) DO UPDATE SET user_id = excluded.user_id",
        user.uuid()
    )
    .execute(&mut tx)
    .await?;
    sqlx::query!(
        "WITH fresh AS (
             SELECT sequence, row_number() OVER (ORDER BY sequence) AS number FROM events
             WHERE user_id = $1 AND place IS NULL
         ), placed AS (
             UPDATE events e SET place = f.last_place + fresh.number, id = coalesce(e.id, new_event_id())
             FROM fresh, feeds f WHERE e.sequence = fresh.sequence AND f.user_id = $1
         )
         UPDATE feeds SET last_place = last_place + (SELECT count(*) FROM fresh) WHERE user_id = $1",
        user.uuid()
    )
    .execute(&mut tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Users with events that have no place, those that waited longest first.
pub async fn without_place(db: impl PgExecutor<'_>, limit: i64) -> Result<Vec<UserId>, StoreError> {
    let users = sqlx::query_scalar!(
        r#"SELECT DISTINCT user_id AS "user_id!"
           FROM (SELECT user_id FROM events WHERE place IS NULL ORDER BY sequence LIMIT $1) AS oldest"#,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(users.into_iter().map(UserId::from).collect())
}
