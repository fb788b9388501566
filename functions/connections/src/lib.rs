//! Connections: from the consent page and back, the list, and the end.

mod allowances;
mod boards;
mod callback;
mod connect;
mod creator_info;
mod disconnect;
mod errand;
mod list;
mod start;
mod visit;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};
use doorbell::Doorbell;
use http::{StatusCode, header};
use settings::{Apps, ConsentSettings};
use utoipa::OpenApi;
use vault::Sealer;
use web::{HasWeb, Problem, WebEnv};
use wire::Wire;

/// What this function needs. It seals tokens and cannot open them.
#[derive(Clone)]
pub struct Env {
    /// What every function has.
    pub web: WebEnv,
    /// Our registrations at the networks.
    pub apps: Arc<Apps>,
    /// Binds visits to consent pages.
    pub consent: ConsentSettings,
    /// Speaks to the networks.
    pub wire: Arc<Wire>,
    /// Seals tokens.
    pub sealer: Sealer,
    /// Rings for the publisher, which revokes and wipes.
    pub doorbell: Doorbell,
}

impl HasWeb for Env {
    fn web(&self) -> &WebEnv {
        &self.web
    }
}

/// The routes of this function.
pub fn router(env: Env) -> Router {
    Router::new()
        .route(
            "/api/callback/{platform}",
            get(callback::callback).head(no_head),
        )
        .route(
            "/api/connect/{platform}",
            get(connect::connect).head(no_head),
        )
        .route("/api/connections", get(list::list))
        .route(
            "/api/connections/{connectionId}/allowances",
            get(allowances::allowances),
        )
        .route(
            "/api/connections/{connectionId}/boards",
            get(boards::list).post(boards::create),
        )
        .route(
            "/api/connections/{connectionId}/boards/{boardId}/sections",
            get(boards::sections),
        )
        .route(
            "/api/connections/{connectionId}/creator-info",
            get(creator_info::creator_info),
        )
        .route("/api/disconnect/{platform}", post(disconnect::disconnect))
        .with_state(env)
}

/// A GET that begins or ends a visit changes something, so it must not answer a HEAD as well: who
/// only looks at an address would use up its state.
async fn no_head() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "This address does not take that method.",
    )
    .header(header::ALLOW, "GET")
}

/// The description of these routes.
#[derive(OpenApi)]
#[openapi(
    paths(
        allowances::allowances, boards::create, boards::list, boards::sections, callback::callback, connect::connect,
        creator_info::creator_info, disconnect::disconnect, list::list
    ),
    tags((name = "connections", description = "Accounts at the networks."))
)]
#[derive(Debug)]
pub struct Api;

#[cfg(test)]
mod tests;
