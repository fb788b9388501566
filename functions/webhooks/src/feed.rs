//! `GET /api/events`.

use axum::extract::State;
use domain::{Event, UserId};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::events::{self, Span};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use web::{Caller, Json, Problem, ProblemBody, Query};

use crate::{Env, cursor};

/// The most events of one page.
const PAGE: i64 = 200;
const USUAL: i64 = 50;
/// Where to begin for whoever wants nothing of before.
const LATEST: &str = "latest";

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FeedQuery {
    /// Only what happened behind this place: the `next` of the page before. Left out, it begins with the oldest
    /// event that is kept; `latest` begins behind all that has happened so far.
    after: Option<String>,
    /// How many, 1 to 200; default 50.
    limit: Option<i64>,
}

/// A page of the feed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventPage {
    /// Oldest first.
    #[schema(value_type = Vec<EventView>)]
    events: Vec<Event>,
    /// Send it as `after` for what comes next; keep it also when there were no events.
    next: String,
    /// Whether there are more just now.
    has_more: bool,
}

/// Something that happened.
#[derive(ToSchema)]
#[schema(as = Event, rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "it describes what is told of an event; a test holds the two together"
)]
pub(crate) struct EventView {
    /// Its id, the same wherever it is told; `webhook-id` when it is sent to an endpoint.
    #[schema(example = "evt_019314b2c4d57c3ea1b2c3d4e5f60718")]
    id: String,
    /// Its place among all your events, counted from 1. What happened to one post or connection is in order.
    sequence: i64,
    /// What happened: `post.published`, `connection.needs_reconnect` …
    #[schema(rename = "type", example = "post.published")]
    kind: String,
    /// When.
    created_at: OffsetDateTime,
    /// The post that it happened to.
    #[schema(example = "pst_019314b2c4d57c3ea1b2c3d4e5f60718")]
    post_id: Option<String>,
    /// The connection that it happened to, or that the post goes to.
    connection_id: Option<String>,
    /// The endpoint that it happened to.
    webhook_endpoint_id: Option<String>,
    /// What was so when it happened. Of a post: `platform`, `status`, `revision`, `dueAt`, `clientPostId`; once it is
    /// published `externalId`, `url` and `standing`; when it failed or is unconfirmed `error` with `code` and `message`.
    /// Of a connection: `platform`, `displayName`, `username`, `health`, `healthReason`; `endsAt` of one that expires. Of an
    /// endpoint: `url`, `reason`, `failingSince`. What does not apply is left out.
    #[schema(value_type = Object)]
    data: Value,
}

/// Reads what happened to posts and connections, oldest first, and any time again for 30 days.
#[utoipa::path(
    get, operation_id = "listEvents", path = "/api/events", tag = "events", params(FeedQuery),
    responses(
        (status = 200, body = EventPage),
        (status = 410, description = "Events behind this place were deleted because of their age; read the posts and begin anew.", body = ProblemBody),
        (status = 422, description = "No cursor of this feed, or a limit out of range.", body = ProblemBody)
    ),
    security(("bearer" = []))
)]
pub(crate) async fn list(
    State(env): State<Env>,
    caller: Caller,
    Query(query): Query<FeedQuery>,
) -> Result<Json<EventPage>, Problem> {
    let limit = query.limit.unwrap_or(USUAL);
    if !(1..=PAGE).contains(&limit) {
        return Err(Problem::field(
            "limit",
            "out_of_range",
            format!("is {limit}; 1 to {PAGE} are taken"),
            format!("Leave it out for {USUAL}."),
        ));
    }
    let (pool, user) = (&env.web.pool, caller.user);
    if query.after.as_deref() == Some(LATEST) {
        events::give_places(pool, user).await?;
        let span = events::span(pool, user).await?;
        return Ok(Json(EventPage {
            events: Vec::new(),
            next: cursor::write(user, span.last),
            has_more: false,
        }));
    }
    let after = query.after.as_deref();
    let place = after.map(|cursor| behind(user, cursor)).transpose()?;
    let (mut events, span) = events::after(pool, user, place.unwrap_or(0), limit + 1).await?;
    if let Some(place) = place {
        hold(place, span)?;
    }
    let has_more = i64::try_from(events.len()).is_ok_and(|count| count > limit);
    events.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    // An empty feed may have forgotten what was in it: what comes next stands behind that.
    let last = events.last().map(|event| event.sequence);
    let last = last.or(place).unwrap_or(span.last);
    Ok(Json(EventPage {
        events,
        next: cursor::write(user, last),
        has_more,
    }))
}

/// The place that a cursor of a user stands for.
pub(crate) fn behind(user: UserId, after: &str) -> Result<i64, Problem> {
    cursor::read(user, after).ok_or_else(unknown)
}

/// Whether a place is one of the feed, and nothing behind it was forgotten.
pub(crate) fn hold(place: i64, span: Span) -> Result<(), Problem> {
    if place > span.last {
        return Err(unknown());
    }
    if place < span.forgotten {
        return Err(Problem::new(
            StatusCode::GONE,
            "cursor_too_old",
            "Events behind this place were deleted: they are kept for 30 days. Read where your posts and connections stand (GET /api/posts, GET /api/connections), then begin anew without after, or with after=latest.",
        ));
    }
    Ok(())
}

fn unknown() -> Problem {
    Problem::field(
        "after",
        "invalid_cursor",
        "is no cursor of this feed",
        "Send the next of a page as it was answered, or leave it out to begin with the oldest event.",
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::{ConnectionId, EventId, PostId, WebhookEndpointId};
    use serde_json::json;
    use utoipa::PartialSchema as _;

    use super::*;

    #[test]
    fn what_is_described_of_an_event_is_what_is_told() {
        let event = Event {
            id: EventId::mint(),
            sequence: 1,
            kind: "post.published".to_owned(),
            created_at: time::macros::datetime!(2026-11-29 12:00 UTC),
            post_id: Some(PostId::mint()),
            connection_id: Some(ConnectionId::mint()),
            webhook_endpoint_id: Some(WebhookEndpointId::mint()),
            data: json!({}),
        };
        let described = json!(EventView::schema());
        let names = |value: &Value| {
            let object = value.as_object().unwrap();
            object.keys().cloned().collect::<BTreeSet<_>>()
        };
        assert_eq!(names(&described["properties"]), names(&json!(event)));
    }

    #[test]
    fn a_place_is_too_old_when_something_behind_it_is_gone_and_not_before() {
        let span = Span {
            last: 9,
            forgotten: 4,
        };
        for (place, status) in [(0, 410), (3, 410), (4, 0), (9, 0), (10, 422)] {
            let held = hold(place, span);
            let found = held.err().map_or(0, |problem| problem.status().as_u16());
            assert_eq!(found, status, "{place}");
        }
    }
}
