//! Posts: accept, list, read, edit, cancel, resolve.

mod accept;
mod cancel;
mod check;
mod create;
mod edit;
mod list;
mod promise;
mod request;
mod resolve;
mod show;
mod validate;
mod view;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};
use doorbell::Doorbell;
use media::Library;
use utoipa::OpenApi;
use web::{HasWeb, WebEnv};

/// What this function needs.
#[derive(Clone)]
pub struct Env {
    /// What every function has.
    pub web: WebEnv,
    /// Fetches and keeps files.
    pub library: Arc<Library>,
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
        .route("/api/posts", post(create::now).get(list::list))
        .route("/api/posts/validate", post(validate::validate))
        .route(
            "/api/posts/{id}",
            get(show::show).patch(edit::edit).delete(cancel::cancel),
        )
        .route("/api/posts/{id}/log", get(show::log))
        .route("/api/posts/{id}/resolve", post(resolve::resolve))
        .route("/api/posts/{id}/status", get(show::status))
        .route("/api/schedule", post(create::schedule))
        .with_state(env)
}

/// The description of these routes.
#[derive(OpenApi)]
#[openapi(
    paths(
        cancel::cancel, create::now, create::schedule, edit::edit, list::list, resolve::resolve,
        show::log, show::show, show::status, validate::validate
    ),
    components(schemas(
        request::MediaItem, request::OneOrMany, request::PostRequest, request::ScheduleRequest, view::PostView
    )),
    tags((name = "posts", description = "Publish now, schedule, follow, change and call off."))
)]
#[derive(Debug)]
pub struct Api;
