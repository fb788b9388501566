//! `POST /api/webhook-endpoints`.

use axum::extract::State;
use domain::WebhookEndpointId;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use store::{
    StoreError,
    webhook_endpoints::{self, Wish},
};
use utoipa::ToSchema;
use web::{Caller, Json, Problem, ProblemBody};

use super::{find, request, secret, view::EndpointView};
use crate::Env;

/// How many endpoints a user has at most.
const MOST: i64 = 10;

/// A new endpoint.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"url": "http://localhost:4000/webhooks", "eventTypes": ["post.published", "post.failed"]}))]
pub(crate) struct WebhookEndpointRequest {
    /// Where events are sent: a public https address; in development also this machine.
    url: String,
    /// What you call it; up to 200 characters.
    description: Option<String>,
    /// The types of events that are sent; all when none is named.
    #[serde(default)]
    event_types: Vec<String>,
    /// Whether events are sent from the beginning; they are unless you say false.
    enabled: Option<bool>,
}

/// An endpoint that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewWebhookEndpoint {
    #[serde(flatten)]
    endpoint: EndpointView,
    /// What requests to it are signed with. It is shown here and never again.
    #[schema(example = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")]
    secret: String,
}

/// Makes an endpoint; from here on it is told of events. The answer holds the secret, once.
#[utoipa::path(
    post, operation_id = "createWebhookEndpoint", path = "/api/webhook-endpoints", tag = "events",
    request_body = WebhookEndpointRequest,
    responses(
        (status = 201, body = NewWebhookEndpoint),
        (status = 409, description = "There are ten already.", body = ProblemBody),
        (status = 422, description = "A field breaks a rule.", body = ProblemBody),
        (status = 503, description = "No secret could be made; ask again.", body = ProblemBody)
    ),
    security(("bearer" = []))
)]
pub(crate) async fn create(
    State(env): State<Env>,
    caller: Caller,
    Json(request): Json<WebhookEndpointRequest>,
) -> Result<(StatusCode, Json<NewWebhookEndpoint>), Problem> {
    let one = |broken| Problem::fields(vec![broken]);
    let description = request::description(request.description).map_err(one)?;
    let event_types = request::event_types(request.event_types).map_err(one)?;
    let url = request::url(&env, &request.url).await?;
    let fresh = secret::make(&env, caller.user).await?;
    let wish = Wish {
        url: &url,
        description: description.as_deref(),
        event_types: &event_types,
        enabled: request.enabled.unwrap_or(true),
    };
    let id = WebhookEndpointId::mint();
    let mut tx = env.web.pool.begin().await.map_err(StoreError::from)?;
    let made = webhook_endpoints::add(&mut tx, caller.user, id, &wish, &fresh.sealed, MOST).await?;
    if !made {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "too_many_endpoints",
            format!("You have {MOST} endpoints, which is the most; remove one first."),
        ));
    }
    tx.commit().await.map_err(StoreError::from)?;
    tracing::info!(endpoint.id = %id, "made {id}");
    let made = NewWebhookEndpoint {
        endpoint: find(&env, caller.user, id).await?.into(),
        secret: fresh.shown,
    };
    Ok((StatusCode::CREATED, Json(made)))
}
