//! What networks tell us on their own.

mod handshake;
mod news;
mod start;

use std::sync::Arc;

use axum::{Router, routing::get};
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
        .with_state(env)
}

/// The description of these routes.
#[derive(OpenApi)]
#[openapi(
    paths(handshake::handshake, news::news),
    tags((name = "webhooks", description = "For the networks; signed by them."))
)]
#[derive(Debug)]
pub struct Api;

#[cfg(test)]
mod tests;
