//! `POST /api/webhook-endpoints/:id/test`.

use axum::extract::State;
use domain::WebhookEndpointId;
use http::StatusCode;
use store::deliveries;
use web::{Caller, Json, Path, Problem, ProblemBody};

use super::{enabled, view::DeliveryView};
use crate::Env;

/// Sends a `ping` to an endpoint, whatever types of events it wants: once, without retries. What came of it is
/// told by its delivery.
#[utoipa::path(
    post, operation_id = "testWebhookEndpoint", path = "/api/webhook-endpoints/{endpointId}/test", tag = "events", params(("endpointId" = String, Path)),
    responses(
        (status = 202, description = "It is on its way.", body = DeliveryView),
        (status = 404, body = ProblemBody),
        (status = 409, description = "The endpoint is disabled.", body = ProblemBody)
    ),
    security(("bearer" = []))
)]
pub(crate) async fn ping(
    State(env): State<Env>,
    caller: Caller,
    Path(id): Path<WebhookEndpointId>,
) -> Result<(StatusCode, Json<DeliveryView>), Problem> {
    enabled(&env, caller.user, id).await?;
    let planned = deliveries::ping(&env.web.pool, caller.user, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    env.doorbell.announce(caller.user).await;
    Ok((StatusCode::ACCEPTED, Json(planned.try_into()?)))
}
