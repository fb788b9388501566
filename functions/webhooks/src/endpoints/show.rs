//! `GET /api/webhook-endpoints/:id`.

use axum::extract::State;
use domain::WebhookEndpointId;
use web::{Caller, Json, Path, Problem, ProblemBody};

use super::{find, view::EndpointView};
use crate::Env;

/// Reads an endpoint.
#[utoipa::path(
    get, operation_id = "getWebhookEndpoint", path = "/api/webhook-endpoints/{endpointId}", tag = "events", params(("endpointId" = String, Path)),
    responses((status = 200, body = EndpointView), (status = 404, body = ProblemBody)),
    security(("bearer" = []))
)]
pub(crate) async fn show(
    State(env): State<Env>,
    caller: Caller,
    Path(id): Path<WebhookEndpointId>,
) -> Result<Json<EndpointView>, Problem> {
    Ok(Json(find(&env, caller.user, id).await?.into()))
}
