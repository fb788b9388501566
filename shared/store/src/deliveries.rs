//! Events on their way to users' own servers, as those users see them. They are planned by a trigger, together with
//! the event.

use domain::{DeliveryId, EventId, UserId, WebhookEndpointId};
use serde_json::Value;
use sqlx::PgExecutor;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{Pool, StoreError, events};

/// One event, or a ping, on its way to one endpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// The event and its kind; a ping has none.
    pub event: Option<(EventId, String)>,
    /// `delivered`, `failed`, `running` or `waiting`.
    pub state: String,
    /// The attempts that were made, oldest first; the last twenty.
    pub attempts: Value,
    /// When the next one is made, while there will be one.
    pub due_at: OffsetDateTime,
    /// When it was planned.
    pub created_at: OffsetDateTime,
    /// When it was delivered or given up.
    pub ended_at: Option<OffsetDateTime>,
}

/// Which deliveries to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only those in this state.
    pub state: Option<String>,
    /// Only those planned before this one.
    pub before: Option<DeliveryId>,
}

/// What ordering a delivery again came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Again {
    /// It is on its way.
    Ordered(Box<Delivery>),
    /// An attempt is being made just then.
    Running,
    /// There is none.
    Missing,
}

/// What ordering the events of a time again came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replay {
    /// How many were found.
    pub found: i64,
    /// How many of them are on their way because of it; the others were so already.
    pub planned: i64,
    /// The place of the last one that was found.
    pub last: Option<i64>,
}

struct Row {
    id: Uuid,
    event_id: Option<Uuid>,
    kind: Option<String>,
    state: String,
    attempts: Value,
    due_at: OffsetDateTime,
    created_at: OffsetDateTime,
    ended_at: Option<OffsetDateTime>,
}

impl From<Row> for Delivery {
    fn from(row: Row) -> Self {
        let event = row.event_id.map(EventId::from).zip(row.kind);
        Self {
            id: row.id.into(),
            event,
            state: row.state,
            attempts: row.attempts,
            due_at: row.due_at,
            created_at: row.created_at,
            ended_at: row.ended_at,
        }
    }
}

/// What is and was on its way to an endpoint, newest first.
pub async fn list(
    db: impl PgExecutor<'_>,
    user: UserId,
    endpoint: WebhookEndpointId,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<Delivery>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT d.id, e.id AS "event_id?", e.kind AS "kind?", d.state, d.attempts, d.due_at, d.created_at, d.ended_at
           FROM deliveries d LEFT JOIN events e ON e.sequence = d.event
           WHERE d.user_id = $1 AND d.endpoint_id = $2 AND ($3::text IS NULL OR d.state = $3)
             AND ($4::uuid IS NULL OR d.id < $4)
           ORDER BY d.id DESC LIMIT $5"#,
        user.uuid(),
        endpoint.uuid(),
        filter.state,
        filter.before.map(DeliveryId::uuid),
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Delivery::from).collect())
}

/// One delivery to an endpoint.
pub async fn find(
    db: impl PgExecutor<'_>,
    user: UserId,
    endpoint: WebhookEndpointId,
    id: DeliveryId,
) -> Result<Option<Delivery>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT d.id, e.id AS "event_id?", e.kind AS "kind?", d.state, d.attempts, d.due_at, d.created_at, d.ended_at
           FROM deliveries d LEFT JOIN events e ON e.sequence = d.event
           WHERE d.user_id = $1 AND d.endpoint_id = $2 AND d.id = $3"#,
        user.uuid(),
        endpoint.uuid(),
        id.uuid()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(Delivery::from))
}

/// Plans a ping to an endpoint that is enabled.
pub async fn ping(
    pool: &Pool,
    user: UserId,
    endpoint: WebhookEndpointId,
) -> Result<Option<Delivery>, StoreError> {
    let id = DeliveryId::mint();
    sqlx::query!(
        "INSERT INTO deliveries (id, user_id, endpoint_id)
         SELECT $1, user_id, id FROM webhook_endpoints WHERE user_id = $2 AND id = $3 AND enabled FOR KEY SHARE",
        id.uuid(),
        user.uuid(),
        endpoint.uuid()
    )
    .execute(pool)
    .await?;
    find(pool, user, endpoint, id).await
}

/// Orders a delivery again, whatever became of it, with all its tries before it.
pub async fn again(
    pool: &Pool,
    user: UserId,
    endpoint: WebhookEndpointId,
    id: DeliveryId,
) -> Result<Again, StoreError> {
    let ordered = sqlx::query!(
        "UPDATE deliveries SET state = 'waiting', due_at = app_now(), tries = 0, rung_at = NULL, ended_at = NULL,
             lease_until = NULL
         WHERE user_id = $1 AND endpoint_id = $2 AND id = $3
           AND (state <> 'running' OR lease_until <= app_now())",
        user.uuid(),
        endpoint.uuid(),
        id.uuid()
    )
    .execute(pool)
    .await?;
    Ok(match find(pool, user, endpoint, id).await? {
        None => Again::Missing,
        Some(_) if ordered.rows_affected() == 0 => Again::Running,
        Some(delivery) => Again::Ordered(Box::new(delivery)),
    })
}

/// Orders again what happened behind `place` and not before `since`, oldest first and at most `limit` events, of the
/// kinds that the endpoint is told of. What is on its way already stays so; where the endpoint is disabled
/// nothing is found.
pub async fn replay(
    pool: &Pool,
    user: UserId,
    endpoint: WebhookEndpointId,
    place: i64,
    since: Option<OffsetDateTime>,
    limit: i64,
) -> Result<Replay, StoreError> {
    events::give_places(pool, user).await?;
    let row = sqlx::query!(
        r#"WITH target AS (
               SELECT id, event_types FROM webhook_endpoints
               WHERE user_id = $1 AND id = $2 AND enabled FOR KEY SHARE
           ), found AS (
               SELECT e.sequence, e.place, target.id AS endpoint FROM events e, target
               WHERE e.user_id = $1 AND e.place > $3 AND ($4::timestamptz IS NULL OR e.created_at >= $4)
                 AND (target.event_types = '{}' OR e.kind = ANY (target.event_types))
               ORDER BY e.place LIMIT $5
           ), planned AS (
               INSERT INTO deliveries AS d (id, user_id, endpoint_id, event)
               SELECT new_event_id(), $1, endpoint, sequence FROM found
               ON CONFLICT (endpoint_id, event) DO UPDATE
                   SET state = 'waiting', due_at = app_now(), tries = 0, rung_at = NULL, ended_at = NULL
                   WHERE d.state IN ('delivered', 'failed')
               RETURNING 1
           )
           SELECT (SELECT count(*) FROM found) AS "found!", (SELECT count(*) FROM planned) AS "planned!",
                  (SELECT max(place) FROM found) AS last"#,
        user.uuid(),
        endpoint.uuid(),
        place,
        since,
        limit
    )
    .fetch_one(pool)
    .await?;
    Ok(Replay {
        found: row.found,
        planned: row.planned,
        last: row.last,
    })
}
