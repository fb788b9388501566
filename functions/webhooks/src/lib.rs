//! What networks tell us on their own.

mod deauthorize;
mod deletion;
mod handshake;
mod news;
mod start;
mod withdrawal;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};
use doorbell::Doorbell;
use settings::Apps;
use utoipa::OpenApi;
use web::{HasWeb, WebEnv};

/// What this function needs.
#[derive(Clone)]
pub struct Env {
    /// What every function has.
    pub web: WebEnv,
    /// Our registrations, whose secrets sign the news.
    pub apps: Arc<Apps>,
    /// Rings for the publisher.
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
            "/api/webhooks/{platform}",
            get(handshake::handshake).post(news::news),
        )
        .route(
            "/api/webhooks/{platform}/data-deletion",
            post(deletion::delete),
        )
        .route(
            "/api/webhooks/{platform}/deauthorize",
            post(deauthorize::deauthorize),
        )
        .route("/api/deletions/{code}", get(deletion::show))
        .with_state(env)
}

/// The description of these routes.
#[derive(OpenApi)]
#[openapi(
    paths(handshake::handshake, news::news, deauthorize::deauthorize, deletion::delete, deletion::show),
    tags((name = "webhooks", description = "For the networks; signed by them."))
)]
#[derive(Debug)]
pub struct Api;

#[cfg(test)]
mod tests;
