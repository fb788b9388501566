//! `POST /api/webhooks/:platform`.

use axum::{
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    response::{IntoResponse as _, Response},
};
use domain::Platform;
use http::{HeaderMap, StatusCode, header};
use platforms::{Happening, Incoming, Login, Received, WebhookError, What};
use store::{StoreError, connections, webhook_receipts, work};
use web::{Path, Problem, ProblemBody, Query};

use crate::Env;

/// Takes news from a network. The same news told twice has the effect of once.
#[utoipa::path(
    post, operation_id = "receiveNews", path = "/api/webhooks/{platform}", tag = "webhooks", params(("platform" = String, Path)),
    request_body(content = String, description = "As the network sends it; the signature is over these bytes."),
    responses(
        (status = 200, description = "Heard."),
        (status = 400, description = "It is no event of this network.", body = ProblemBody),
        (status = 401, description = "The signature is missing or wrong.", body = ProblemBody),
        (status = 404, description = "This network has no webhooks, or is not set up.", body = ProblemBody)
    )
)]
pub(crate) async fn news(
    State(env): State<Env>,
    Path(platform): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let body = body.map_err(|rejection| unread(&rejection))?;
    receive(&env, &platform, false, &query, &headers, &body).await
}

/// Reads a request of a network and does what it asks for.
pub(crate) async fn receive(
    env: &Env,
    platform: &str,
    is_get: bool,
    query: &[(String, String)],
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Response, Problem> {
    let platform: Platform = platform.parse().map_err(|_| Problem::not_found())?;
    match read(env, platform, is_get, query, headers, body) {
        Ok((_, Received::Handshake { content_type, body })) => {
            Ok(([(header::CONTENT_TYPE, content_type)], body).into_response())
        }
        Ok((login, Received::News(happenings))) => {
            for happening in happenings {
                hear(env, platform, login, happening).await?;
            }
            Ok(StatusCode::OK.into_response())
        }
        Err(error @ WebhookError::Malformed) => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "malformed_event",
            capital(error),
        )),
        Err(error @ WebhookError::Unsigned) => Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "unsigned_event",
            capital(error),
        )),
        Err(WebhookError::Unsupported) => Err(Problem::not_found()),
    }
}

/// What a request says, read as our registration that it is signed for reads it. Nothing in a request names
/// the registration, so each is tried while the signature fits none.
fn read(
    env: &Env,
    platform: Platform,
    is_get: bool,
    query: &[(String, String)],
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(&'static Login, Received), WebhookError> {
    let mut refused = WebhookError::Unsupported;
    for (login, app) in env.apps.at(platform) {
        let incoming = Incoming {
            is_get,
            query,
            headers,
            body,
            now: env.web.clock.now(),
            app,
        };
        match platforms::receive(platform, &incoming) {
            Err(WebhookError::Unsigned) => refused = WebhookError::Unsigned,
            read => return read.map(|read| (login, read)),
        }
    }
    Err(refused)
}

/// Does what a piece of news asks for. That it was heard is noted together with what it changed:
/// where one fails, the network tells it again and finds neither.
async fn hear(
    env: &Env,
    platform: Platform,
    login: &Login,
    happening: Happening,
) -> Result<(), Problem> {
    let mut tx = env.web.pool.begin().await.map_err(StoreError::from)?;
    if !webhook_receipts::first_time(&mut tx, platform, &happening.key).await? {
        return Ok(());
    }
    let posts = match happening.what {
        What::AccessWithdrawn { subject } => {
            let connections = connections::withdraw(&mut tx, login.grant_family, &subject).await?;
            tracing::info!(%platform, connections = connections.len(), "access was withdrawn at the network");
            Vec::new()
        }
        What::PostMoved { handle } => work::by_handle(&mut tx, platform, &handle).await?,
    };
    let now = store::now(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    for post in posts {
        env.doorbell.try_ring(post, now).await;
    }
    Ok(())
}

fn unread(rejection: &BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            "The body is larger than 1 MiB; send less.",
        );
    }
    Problem::new(
        StatusCode::BAD_REQUEST,
        "body_unreadable",
        "The body did not arrive whole; send it again.",
    )
}

fn capital(error: WebhookError) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).chain(['.']).collect()
    })
}
