//! The simulator's own endpoints: the ledger, faults, files and the time.

use axum::{
    Json, Router,
    extract::{Path, State},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use http::{StatusCode, header};
use serde::Deserialize;
use time::Duration;

use crate::{FaultScript, Ledger, World, consent, networks};

pub(crate) fn routes() -> Router<World> {
    Router::new()
        .route("/_simulator/calls", get(calls))
        .route("/_simulator/consent", post(consent::decide))
        .route("/_simulator/faults", post(add_fault).delete(clear_faults))
        .route("/_simulator/ledger", get(ledger))
        .route("/_simulator/media/{digest}", get(media))
        .route("/_simulator/processing", post(set_processing))
        .route(
            "/_simulator/tokens/{network}",
            axum::routing::delete(end_tokens),
        )
}

async fn ledger(State(world): State<World>) -> Json<Ledger> {
    Json(Ledger::clone(&world.ledger()))
}

async fn calls(State(world): State<World>) -> Json<Vec<String>> {
    Json(world.calls())
}

async fn add_fault(State(world): State<World>, Json(script): Json<FaultScript>) -> StatusCode {
    world.add_fault(script);
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(world): State<World>) -> StatusCode {
    world.set_faults(Vec::new());
    StatusCode::NO_CONTENT
}

async fn media(State(world): State<World>, Path(digest): Path<String>) -> Response {
    world.kept(&digest).map_or_else(
        || StatusCode::NOT_FOUND.into_response(),
        |(content_type, bytes)| ([(header::CONTENT_TYPE, content_type)], bytes).into_response(),
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Processing {
    network: String,
    seconds: i64,
}

async fn set_processing(State(world): State<World>, Json(order): Json<Processing>) -> StatusCode {
    if !networks::NAMES.contains(&order.network.as_str()) {
        return StatusCode::UNPROCESSABLE_ENTITY;
    }
    world.set_processing(&order.network, Duration::seconds(order.seconds));
    StatusCode::NO_CONTENT
}

/// Ends every access token of a network, as a password change would; refresh tokens stay.
async fn end_tokens(State(world): State<World>, Path(network): Path<String>) -> StatusCode {
    world.end_tokens(&network);
    StatusCode::NO_CONTENT
}
