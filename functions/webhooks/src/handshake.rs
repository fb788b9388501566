//! `GET /api/webhooks/:platform`.

use axum::{extract::State, response::Response};
use http::HeaderMap;
use web::{Path, Problem, ProblemBody, Query};

use crate::{
    Env,
    news::{Told, receive},
};

/// Answers a network that checks our address.
#[utoipa::path(
    get, operation_id = "answerHandshake", path = "/api/webhooks/{platform}", tag = "webhooks", params(("platform" = String, Path)),
    responses(
        (status = 200, description = "What the network asked to hear."),
        (status = 401, description = "It does not know what we agreed on.", body = ProblemBody),
        (status = 404, description = "This network has no webhooks, or is not set up.", body = ProblemBody)
    )
)]
pub(crate) async fn handshake(
    State(env): State<Env>,
    Path(platform): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let told = Told {
        is_get: true,
        query: &query,
        headers: &headers,
        body: &[],
    };
    receive(&env, &platform, told).await
}
