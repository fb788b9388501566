//! `GET /api/webhook-endpoints/:id/deliveries`.

use axum::extract::State;
use domain::{DeliveryId, IdError, WebhookEndpointId};
use serde::{Deserialize, Serialize};
use store::deliveries::{self, Filter};
use utoipa::{IntoParams, ToSchema};
use web::{Caller, Json, Path, Problem, ProblemBody, Query};

use super::{find, view::DeliveryView};
use crate::Env;

/// The most deliveries of one page.
const PAGE: i64 = 100;
const STATUSES: [&str; 4] = ["delivered", "failed", "running", "waiting"];

/// Which deliveries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeliveryQuery {
    /// Only this status: `delivered`, `failed`, `running` or `waiting`.
    status: Option<String>,
    /// Only deliveries older than this one: the `next` of the page before.
    before: Option<String>,
    /// How many, 1 to 100; default 20.
    limit: Option<i64>,
}

/// A page of deliveries.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryPage {
    /// Newest first.
    deliveries: Vec<DeliveryView>,
    /// Send it as `before` for the next page; absent on the last one.
    next: Option<String>,
}

/// Lists what is and was on its way to an endpoint in the last 30 days, newest first: attempts, answers, and when the next
/// attempt is made.
#[utoipa::path(
    get, operation_id = "listWebhookDeliveries", path = "/api/webhook-endpoints/{endpointId}/deliveries", tag = "events",
    params(("endpointId" = String, Path), DeliveryQuery),
    responses((status = 200, body = DeliveryPage), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)),
    security(("bearer" = []))
)]
pub(crate) async fn list(
    State(env): State<Env>,
    caller: Caller,
    Path(id): Path<WebhookEndpointId>,
    Query(query): Query<DeliveryQuery>,
) -> Result<Json<DeliveryPage>, Problem> {
    find(&env, caller.user, id).await?;
    let limit = query.limit.unwrap_or(20);
    if !(1..=PAGE).contains(&limit) {
        return Err(Problem::field(
            "limit",
            "out_of_range",
            format!("is {limit}; 1 to {PAGE} are taken"),
            "Leave it out for 20.",
        ));
    }
    let unknown = |status: &String| !STATUSES.contains(&status.as_str());
    if query.status.as_ref().is_some_and(unknown) {
        return Err(Problem::field(
            "status",
            "unknown_status",
            "is no status of a delivery",
            format!("Use one of {}.", STATUSES.join(", ")),
        ));
    }
    let before = query.before.map(|id| id.parse::<DeliveryId>());
    let before = before.transpose().map_err(|error: IdError| {
        Problem::field(
            "before",
            "invalid_id",
            error.to_string(),
            "Use the next of the page before.",
        )
    })?;
    let filter = Filter {
        state: query.status,
        before,
    };
    let pool = &env.web.pool;
    let mut found = deliveries::list(pool, caller.user, id, &filter, limit + 1).await?;
    let more = i64::try_from(found.len()).is_ok_and(|count| count > limit);
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let last = found.last().filter(|_| more);
    let next = last.map(|last| last.id.to_string());
    let deliveries = found.into_iter().map(DeliveryView::try_from);
    Ok(Json(DeliveryPage {
        deliveries: deliveries.collect::<Result<_, _>>()?,
        next,
    }))
}
