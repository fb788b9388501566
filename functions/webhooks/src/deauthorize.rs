//! `POST /api/webhooks/:platform/deauthorize`.

use axum::{
    body::Bytes,
    extract::{State, rejection::BytesRejection},
};
use http::{HeaderMap, StatusCode};
use web::{Path, Problem, ProblemBody};

use crate::{Env, news, withdrawal};

/// Hears that a person withdrew our access at the network: its connections end, and their tokens are dropped.
#[utoipa::path(
    post, operation_id = "hearDeauthorization", path = "/api/webhooks/{platform}/deauthorize", tag = "webhooks", params(("platform" = String, Path)),
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "`signed_request`, as Meta signs it."),
    responses(
        (status = 200, description = "Heard."),
        (status = 400, description = "It is no signed request.", body = ProblemBody),
        (status = 401, description = "The signature is wrong.", body = ProblemBody),
        (status = 404, description = "This network has no such callback, or is not set up.", body = ProblemBody)
    )
)]
pub(crate) async fn deauthorize(
    State(env): State<Env>,
    Path(platform): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, Problem> {
    let (platform, login, asked) = withdrawal::read(&env, &platform, &headers, body)?;
    news::hear(&env, platform, login, asked.into()).await?;
    Ok(StatusCode::OK)
}
