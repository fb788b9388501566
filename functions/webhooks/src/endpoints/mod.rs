//! `/api/webhook-endpoints`: where a user's own servers are told of events.

pub(crate) mod change;
pub(crate) mod create;
pub(crate) mod deliveries;
pub(crate) mod list;
pub(crate) mod ping;
pub(crate) mod redeliver;
pub(crate) mod remove;
pub(crate) mod replay;
pub(crate) mod rotate;
pub(crate) mod show;

mod request;
mod secret;
mod view;

use domain::{UserId, WebhookEndpointId};
use http::StatusCode;
use store::webhook_endpoints::{self, Endpoint};
use web::Problem;

use crate::Env;

/// An endpoint of the caller's.
async fn find(env: &Env, user: UserId, id: WebhookEndpointId) -> Result<Endpoint, Problem> {
    webhook_endpoints::find(&env.web.pool, user, id)
        .await?
        .ok_or_else(Problem::not_found)
}

/// An endpoint of the caller's that can be sent something.
async fn enabled(env: &Env, user: UserId, id: WebhookEndpointId) -> Result<Endpoint, Problem> {
    let endpoint = find(env, user, id).await?;
    if endpoint.enabled {
        return Ok(endpoint);
    }
    Err(Problem::new(
        StatusCode::CONFLICT,
        "endpoint_disabled",
        r#"The endpoint is disabled, so nothing is sent to it; enable it first with PATCH and {"enabled": true}."#,
    ))
}
