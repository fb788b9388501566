//! `GET /api/connect/:platform`.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use domain::OauthAttemptId;
use http::{HeaderMap, StatusCode, header};
use platforms::{AuthorizeRequest, Login};
use serde::{Deserialize, Serialize};
use store::oauth_attempts::{self, Visit};
use time::OffsetDateTime;
use utoipa::ToSchema;
use web::{Caller, Json, Path, Problem, ProblemBody, Query};

use crate::{Env, visit};

/// Which way in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Choice {
    login: Option<String>,
}

/// Where to send the person's browser.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConsentPage {
    /// The network's consent page; open it in the browser that asked.
    url: String,
    /// Until when the person can come back from it.
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

/// Begins to connect an account. The answer marks the browser; the callback works only there.
#[utoipa::path(
    get, operation_id = "beginConnecting", path = "/api/connect/{platform}", tag = "connections",
    params(
        ("platform" = String, Path),
        ("login" = Option<String>, Query, description = "Which way in, where the network has several: Instagram's are `facebook` (through the Page that the account is linked to; the default) and `instagram`.")
    ),
    responses(
        (status = 200, body = ConsentPage),
        (status = 422, description = "There is no such network, or no such login.", body = ProblemBody),
        (status = 503, description = "The network is not set up here.", body = ProblemBody)
    ),
    security(("bearer" = []))
)]
pub(crate) async fn connect(
    State(env): State<Env>,
    caller: Caller,
    Path(platform): Path<String>,
    Query(choice): Query<Choice>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let platform = visit::platform(&platform)?;
    let login = visit::login(platform, choice.login.as_deref())?;
    let app = env
        .apps
        .find(login)
        .ok_or_else(|| not_set_up(platform, login))?;
    let state = visit::chance()?;
    let browser = match visit::browser(&headers) {
        Some(marked) => marked,
        None => visit::chance()?,
    };
    let (state_hash, browser_hash) = (visit::hash(&state), visit::hash(&browser));
    let id = OauthAttemptId::mint();
    oauth_attempts::begin(
        &env.web.pool,
        caller.user,
        id,
        &Visit {
            platform,
            login: login.name,
            state_hash: &state_hash,
            browser_hash: &browser_hash,
        },
        visit::LIFE,
    )
    .await?;
    let verifier = visit::verifier(&env.consent, &state);
    let request = AuthorizeRequest {
        state: state.into(),
        verifier,
    };
    let url = platforms::authorize_url(login, app, &request);
    let page = ConsentPage {
        url: env.wire.visible_url(&url).into(),
        expires_at: env.web.clock.now() + visit::LIFE,
    };
    Ok((
        [(header::SET_COOKIE, visit::mark(&env, &browser)?)],
        Json(page),
    )
        .into_response())
}

pub(crate) fn not_set_up(platform: domain::Platform, login: &Login) -> Problem {
    let name = login.variables;
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "network_not_configured",
        format!(
            "{} is not set up here; its operator must set {name}_CLIENT_ID and {name}_CLIENT_SECRET.",
            platform.display_name()
        ),
    )
}
