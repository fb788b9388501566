//! `DELETE /api/webhook-endpoints/:id`.

use axum::extract::State;
use domain::WebhookEndpointId;
use http::StatusCode;
use store::webhook_endpoints;
use web::{Caller, Path, Problem, ProblemBody};

use crate::Env;

/// Removes an endpoint with its secret and all that was on its way to it.
#[utoipa::path(
    delete, operation_id = "deleteWebhookEndpoint", path = "/api/webhook-endpoints/{endpointId}", tag = "events", params(("endpointId" = String, Path)),
    responses((status = 204, description = "It is gone."), (status = 404, body = ProblemBody)),
    security(("bearer" = []))
)]
pub(crate) async fn remove(
    State(env): State<Env>,
    caller: Caller,
    Path(id): Path<WebhookEndpointId>,
) -> Result<StatusCode, Problem> {
    if webhook_endpoints::remove(&env.web.pool, caller.user, id).await? {
        tracing::info!(endpoint.id = %id, "removed {id}");
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::not_found())
}
