//! `GET /api/webhook-endpoints`.

use axum::extract::State;
use serde::Serialize;
use store::webhook_endpoints;
use utoipa::ToSchema;
use web::{Caller, Json, Problem, ProblemBody};

use super::view::EndpointView;
use crate::Env;

/// Your endpoints.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookEndpoints {
    /// Oldest first.
    endpoints: Vec<EndpointView>,
}

/// Lists your endpoints.
#[utoipa::path(
    get, operation_id = "listWebhookEndpoints", path = "/api/webhook-endpoints", tag = "events",
    responses((status = 200, body = WebhookEndpoints), (status = 401, body = ProblemBody)),
    security(("bearer" = []))
)]
pub(crate) async fn list(
    State(env): State<Env>,
    caller: Caller,
) -> Result<Json<WebhookEndpoints>, Problem> {
    let endpoints = webhook_endpoints::list(&env.web.pool, caller.user).await?;
    Ok(Json(WebhookEndpoints {
        endpoints: endpoints.into_iter().map(EndpointView::from).collect(),
    }))
}
