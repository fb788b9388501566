//! `POST /api/webhook-endpoints/:id/replay`.

use axum::extract::State;
use domain::WebhookEndpointId;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use store::{deliveries, events};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use utoipa::ToSchema;
use web::{Caller, Json, Path, Problem, ProblemBody};

use super::enabled;
use crate::{Env, cursor, feed};

/// How many events one replay sends.
const MOST: i64 = 1_000;

/// From where to send again: a cursor of the feed, or a time.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayRequest {
    /// What happened behind this place: the `next` of the feed or of the replay before.
    after: Option<String>,
    /// What happened at this time and later.
    #[schema(example = "2026-11-29T08:00:00Z")]
    since: Option<String>,
}

/// What is sent again.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Replayed {
    /// How many events are on their way because of it. What was on its way already is not counted.
    planned: i64,
    /// Send it as `after` for what comes next.
    next: String,
    /// Whether there may be more.
    has_more: bool,
}

/// Sends what happened again, oldest first and up to 1,000 events, of the types that the endpoint wants, whether or not
/// they arrived before. Each has the same `webhook-id` as before.
#[utoipa::path(
    post, operation_id = "replayWebhooks", path = "/api/webhook-endpoints/{endpointId}/replay", tag = "events",
    request_body = ReplayRequest, params(("endpointId" = String, Path)),
    responses(
        (status = 202, description = "It is on its way.", body = Replayed),
        (status = 404, body = ProblemBody),
        (status = 409, description = "The endpoint is disabled.", body = ProblemBody),
        (status = 410, description = "Events behind this place were deleted because of their age.", body = ProblemBody),
        (status = 422, description = "Neither or both of after and since, or one that cannot be read.", body = ProblemBody)
    ),
    security(("bearer" = []))
)]
pub(crate) async fn replay(
    State(env): State<Env>,
    caller: Caller,
    Path(id): Path<WebhookEndpointId>,
    Json(request): Json<ReplayRequest>,
) -> Result<(StatusCode, Json<Replayed>), Problem> {
    let (pool, user) = (&env.web.pool, caller.user);
    enabled(&env, user, id).await?;
    let (place, since) = match (request.after, request.since) {
        (Some(after), None) => {
            let place = feed::behind(user, &after)?;
            events::give_places(pool, user).await?;
            feed::hold(place, events::span(pool, user).await?)?;
            (place, None)
        }
        (None, Some(since)) => (0, Some(time(&since)?)),
        (None, None) | (Some(_), Some(_)) => {
            return Err(Problem::field(
                "since",
                "missing_field",
                "or after is needed, and not both",
                "Send a time as since, or a cursor of the feed as after.",
            ));
        }
    };
    let done = deliveries::replay(pool, user, id, place, since, MOST).await?;
    env.doorbell.announce(user).await;
    let next = match done.last {
        Some(last) => last,
        None => events::span(pool, user).await?.last,
    };
    Ok((
        StatusCode::ACCEPTED,
        Json(Replayed {
            planned: done.planned,
            next: cursor::write(user, next),
            has_more: done.found == MOST,
        }),
    ))
}

fn time(text: &str) -> Result<OffsetDateTime, Problem> {
    OffsetDateTime::parse(text, &Rfc3339).map_err(|_| {
        Problem::field(
            "since",
            "invalid_time",
            "is not an RFC 3339 time with its offset",
            "Write it as 2026-12-01T09:30:00+01:00.",
        )
    })
}
