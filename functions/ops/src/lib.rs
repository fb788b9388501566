//! For operators and developers: health, the API description, the console, requeueing, punctuality.

mod console;
mod docs;
mod health;
mod punctuality;
mod requeue;

use axum::{
    Router,
    routing::{get, post},
};
use doorbell::Doorbell;
use utoipa::OpenApi;
use web::{HasWeb, WebEnv};

/// What this function needs.
#[derive(Clone)]
pub struct Env {
    /// What every function has.
    pub web: WebEnv,
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
        .route("/", get(console::console))
        .route("/api/admin/posts/{id}/requeue", post(requeue::requeue))
        .route("/api/admin/punctuality", get(punctuality::punctuality))
        .route("/docs", get(docs::docs))
        .route("/healthz", get(health::live))
        .route("/openapi.json", get(docs::openapi))
        .route("/readyz", get(health::ready))
        .with_state(env)
}

/// The description of these routes.
#[derive(OpenApi)]
#[openapi(
    paths(health::live, health::ready, punctuality::punctuality, requeue::requeue),
    tags((name = "ops", description = "For operators."))
)]
#[derive(Debug)]
pub struct Api;

#[cfg(test)]
mod tests;
