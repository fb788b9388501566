//! `POST /api/webhooks/:platform`.

use axum::{
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{ErrandId, Platform};
use http::{HeaderMap, StatusCode, header};
use platforms::{Errand, Happening, Incoming, Login, Received, Subscription, WebhookError, What};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use store::{Link, StoreError, connections, errands, subscriptions, webhook_receipts, work};
use time::Duration;
use web::{Path, Problem, ProblemBody, Query};

use crate::Env;

/// How far a network's clock may be from ours.
pub(crate) const SKEW: Duration = Duration::minutes(1);

/// How long a feed is told of where the hub does not say.
const USUAL_LEASE: Duration = Duration::DAY;

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
    let told = Told {
        is_get: false,
        query: &query,
        headers: &headers,
        body: &body,
    };
    receive(&env, &platform, told).await
}

/// Reads a request of a network and does what it asks for.
pub(crate) async fn receive(
    env: &Env,
    platform: &str,
    told: Told<'_>,
) -> Result<Response, Problem> {
    let platform: Platform = platform.parse().map_err(|_| Problem::not_found())?;
    match told
        .read(env, platform, platforms::receive)
        .map_err(refused)?
    {
        (_, Received::Handshake { content_type, body }) => {
            Ok(([(header::CONTENT_TYPE, content_type)], body).into_response())
        }
        (_, Received::Subscription(asked)) => confirm(env, platform, asked).await,
        (login, Received::News(happenings)) => {
            for happening in happenings {
                hear(env, platform, login, happening).await?;
            }
            Ok(StatusCode::OK.into_response())
        }
    }
}

/// Confirms what a hub asks about, if it was our wish: else anybody could have us told of any feed, or of none.
async fn confirm(env: &Env, platform: Platform, asked: Subscription) -> Result<Response, Problem> {
    let pool = &env.web.pool;
    let is_our_wish = if asked.wanted {
        let lease = asked.lease.unwrap_or(USUAL_LEASE);
        subscriptions::confirm(pool, platform, &asked.account, lease).await?
    } else {
        subscriptions::forget(pool, platform, &asked.account).await?
    };
    if !is_our_wish {
        return Err(Problem::not_found());
    }
    Ok(([(header::CONTENT_TYPE, "text/plain")], asked.challenge).into_response())
}

/// A request to our webhook addresses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) is_get: bool,
    pub(crate) query: &'a [(String, String)],
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

impl Told<'_> {
    /// What it says, read by the registration that it is signed for. Nothing in it names that one, so each
    /// is tried while the signature fits none.
    pub(crate) fn read<T>(
        self,
        env: &Env,
        platform: Platform,
        reading: fn(Platform, &Incoming<'_>) -> Result<T, WebhookError>,
    ) -> Result<(&'static Login, T), WebhookError> {
        let mut refused = WebhookError::Unsupported;
        for (login, app) in env.apps.at(platform) {
            let incoming = Incoming {
                is_get: self.is_get,
                query: self.query,
                headers: self.headers,
                body: self.body,
                now: env.web.clock.now(),
                app,
            };
            match reading(platform, &incoming) {
                Err(WebhookError::Unsigned) => refused = WebhookError::Unsigned,
                read => return read.map(|read| (login, read)),
            }
        }
        Err(refused)
    }
}

pub(crate) fn refused(error: WebhookError) -> Problem {
    match error {
        WebhookError::Malformed => {
            Problem::new(StatusCode::BAD_REQUEST, "malformed_event", capital(error))
        }
        WebhookError::Unsigned => {
            Problem::new(StatusCode::UNAUTHORIZED, "unsigned_event", capital(error))
        }
        WebhookError::Unsupported => Problem::not_found(),
    }
}

/// What a key is kept as: some hold the id of a person, which nobody needs to know the news again.
pub(crate) fn kept(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(key))
}

/// Does what a piece of news asks for. That it was heard is noted together with what it changed:
/// where one fails, the network tells it again and finds neither.
pub(crate) async fn hear(
    env: &Env,
    platform: Platform,
    login: &Login,
    happening: Happening,
) -> Result<(), Problem> {
    let mut tx = env.web.pool.begin().await.map_err(StoreError::from)?;
    if !webhook_receipts::first_time(&mut tx, platform, &kept(&happening.key)).await? {
        return Ok(());
    }
    let mut errands = Vec::new();
    let posts = match happening.what {
        What::AccessWithdrawn { subject, at } => {
            let before = at.map(|at| at + SKEW);
            let connections =
                connections::withdraw(&mut tx, login.grant_family, &subject, before).await?;
            tracing::info!(%platform, connections = connections.len(), "access was withdrawn at the network");
            Vec::new()
        }
        What::PostMoved { handle } => {
            errands = follow_up(&mut tx, platform, &handle).await?;
            work::by_handle(&mut tx, platform, &handle).await?
        }
    };
    let now = store::now(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    for post in posts {
        env.doorbell.try_ring(post, now).await;
    }
    for errand in errands {
        env.doorbell.try_ring(errand, now).await;
    }
    env.doorbell.announce(None).await;
    Ok(())
}

/// Has the network asked whether a post that it kept back can be seen: news is a hint, and may be late.
async fn follow_up(
    db: &mut Link,
    platform: Platform,
    handle: &str,
) -> Result<Vec<ErrandId>, StoreError> {
    let (mut planned, now) = (Vec::new(), store::now(&mut *db).await?);
    for post in work::kept_back(&mut *db, platform, handle).await? {
        let wish = json!(Errand::FollowUp {
            post: post.id,
            handle: handle.to_owned(),
            on: false,
        });
        let (user, connection) = (post.user_id, post.connection_id);
        planned.push(errands::plan(&mut *db, user, connection, &wish, now).await?);
    }
    Ok(planned)
}

pub(crate) fn unread(rejection: &BytesRejection) -> Problem {
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
