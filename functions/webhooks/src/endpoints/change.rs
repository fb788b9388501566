//! `PATCH /api/webhook-endpoints/:id`.

use axum::extract::State;
use domain::WebhookEndpointId;
use serde::Deserialize;
use store::{
    StoreError,
    webhook_endpoints::{self, Wish},
};
use utoipa::ToSchema;
use web::{Caller, Json, Path, Problem, ProblemBody};

use super::{find, request, view::EndpointView};
use crate::Env;

/// What to change; what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WebhookEndpointChange {
    /// Where events are sent: a public https address.
    url: Option<String>,
    /// What you call it; an empty text takes the name away.
    description: Option<String>,
    /// The types of events that are sent; an empty list for all.
    event_types: Option<Vec<String>>,
    /// Whether events are sent. What was on its way to one that is disabled is given up; enabled again, it is told
    /// of what happens from then on, and of what happened before by a replay.
    enabled: Option<bool>,
}

/// Changes an endpoint.
#[utoipa::path(
    patch, operation_id = "changeWebhookEndpoint", path = "/api/webhook-endpoints/{endpointId}", tag = "events",
    request_body = WebhookEndpointChange, params(("endpointId" = String, Path)),
    responses(
        (status = 200, body = EndpointView),
        (status = 404, body = ProblemBody),
        (status = 422, description = "A field breaks a rule.", body = ProblemBody)
    ),
    security(("bearer" = []))
)]
pub(crate) async fn change(
    State(env): State<Env>,
    caller: Caller,
    Path(id): Path<WebhookEndpointId>,
    Json(request): Json<WebhookEndpointChange>,
) -> Result<Json<EndpointView>, Problem> {
    find(&env, caller.user, id).await?;
    let one = |broken| Problem::fields(vec![broken]);
    let renamed = request.description.is_some();
    let description = request::description(request.description).map_err(one)?;
    let event_types = request.event_types.map(request::event_types);
    let event_types = event_types.transpose().map_err(one)?;
    let url = match &request.url {
        Some(text) => Some(request::url(&env, text).await?),
        None => None,
    };
    let mut tx = env.web.pool.begin().await.map_err(StoreError::from)?;
    let before = webhook_endpoints::lock(&mut tx, caller.user, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let wish = Wish {
        url: url.as_deref().unwrap_or(&before.url),
        description: if renamed {
            description.as_deref()
        } else {
            before.description.as_deref()
        },
        event_types: event_types.as_deref().unwrap_or(&before.event_types),
        enabled: request.enabled.unwrap_or(before.enabled),
    };
    webhook_endpoints::change(&mut tx, caller.user, id, &wish).await?;
    tx.commit().await.map_err(StoreError::from)?;
    // That it was disabled is an event, which others are told of.
    env.doorbell.announce(caller.user).await;
    Ok(Json(find(&env, caller.user, id).await?.into()))
}
