//! News: what networks tell us on their own, and what we tell users' own servers and apps.

mod cursor;
mod deauthorize;
mod deletion;
mod endpoints;
mod feed;
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
use guard::Guard;
use settings::Apps;
use utoipa::OpenApi;
use vault::Sealer;
use web::{HasWeb, WebEnv};

/// What this function needs. It seals secrets of endpoints and cannot open them.
#[derive(Clone)]
pub struct Env {
    /// What every function has.
    pub web: WebEnv,
    /// Our registrations, whose secrets sign the news.
    pub apps: Arc<Apps>,
    /// Rings for the publisher.
    pub doorbell: Doorbell,
    /// Says which addresses events may be sent to.
    pub guard: Guard,
    /// Seals secrets of endpoints.
    pub sealer: Sealer,
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
        .route("/api/events", get(feed::list))
        .route(
            "/api/webhook-endpoints",
            get(endpoints::list::list).post(endpoints::create::create),
        )
        .route(
            "/api/webhook-endpoints/{endpointId}",
            get(endpoints::show::show)
                .patch(endpoints::change::change)
                .delete(endpoints::remove::remove),
        )
        .route(
            "/api/webhook-endpoints/{endpointId}/deliveries",
            get(endpoints::deliveries::list),
        )
        .route(
            "/api/webhook-endpoints/{endpointId}/deliveries/{deliveryId}/redeliver",
            post(endpoints::redeliver::redeliver),
        )
        .route(
            "/api/webhook-endpoints/{endpointId}/replay",
            post(endpoints::replay::replay),
        )
        .route(
            "/api/webhook-endpoints/{endpointId}/rotate-secret",
            post(endpoints::rotate::rotate),
        )
        .route(
            "/api/webhook-endpoints/{endpointId}/test",
            post(endpoints::ping::ping),
        )
        .with_state(env)
}

/// The description of these routes.
#[derive(OpenApi)]
#[openapi(
    paths(
        endpoints::change::change, endpoints::create::create, endpoints::deliveries::list, endpoints::list::list,
        endpoints::ping::ping, endpoints::redeliver::redeliver, endpoints::remove::remove, endpoints::replay::replay,
        endpoints::rotate::rotate, endpoints::show::show, feed::list,
        handshake::handshake, news::news, deauthorize::deauthorize, deletion::delete, deletion::show
    ),
    tags(
        (name = "events", description = "Hear what happens: a feed to read, and endpoints of yours that are told."),
        (name = "webhooks", description = "For the networks; signed by them.")
    )
)]
#[derive(Debug)]
pub struct Api;

#[cfg(test)]
mod tests;
