//! `GET /api/callback/:platform`.

use axum::{
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
};
use domain::{ConnectionId, GrantId, Platform, UserId};
use http::{HeaderMap, StatusCode, header};
use platforms::{App, AppContext, Callback, Fault, FaultKind, Grant, GrantedAccount, Login};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use store::{
    connections::{self, Granted, SealedTokens},
    oauth_attempts,
};
use url::Url;
use utoipa::ToSchema;
use vault::{Pen, Place, VaultError};
use web::{ConnectionView, Json, Path, Problem, ProblemBody, Query};

use crate::{Env, connect::not_set_up, visit};

/// How long a key is held: longer than a network takes to exchange a code for all accounts.
const EXCHANGE: std::time::Duration = std::time::Duration::from_mins(3);
/// When it is worth coming back if there is no key.
const AGAIN: time::Duration = time::Duration::seconds(30);
/// The longest code of any network is far shorter.
const LONGEST_CODE: usize = 4_096;

/// What was connected.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Connected {
    /// Every account that the consent covers.
    connections: Vec<ConnectionView>,
}

/// Ends a visit to a consent page: exchanges the code, and connects every account that was allowed.
///
/// Answers JSON, or sends a browser on to the app's own page with `connected` or `connect_error`.
#[utoipa::path(
    get, operation_id = "finishConnecting", path = "/api/callback/{platform}", tag = "connections",
    params(("platform" = String, Path), ("code" = Option<String>, Query), ("state" = Option<String>, Query), ("error" = Option<String>, Query)),
    responses(
        (status = 200, description = "Connected.", body = Connected),
        (status = 303, description = "To the app's own page, for browsers."),
        (status = 400, description = "The state is not one of ours, or was used; or the person said no.", body = ProblemBody),
        (status = 502, description = "The network could not be reached, or refused.", body = ProblemBody),
        (status = 503, description = "Our key service does not answer; the same way back can be taken again.", body = ProblemBody)
    )
)]
pub(crate) async fn callback(
    State(env): State<Env>,
    Path(platform): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let ended = end(&env, &platform, query, &headers).await;
    if !wants_page(&headers) {
        return ended
            .map(|connections| Json(Connected { connections }))
            .into_response();
    }
    let mut page = env.web.settings.app_url.clone();
    match ended {
        Ok(connections) => {
            let first = connections.first().map(|connection| connection.id.as_str());
            page.query_pairs_mut()
                .append_pair("connected", first.unwrap_or_default());
        }
        Err(problem) => {
            let rule = problem
                .body()
                .kind
                .trim_start_matches("/problems/")
                .to_owned();
            page.query_pairs_mut().append_pair("connect_error", &rule);
        }
    }
    Redirect::to(page.as_str()).into_response()
}

async fn end(
    env: &Env,
    platform: &str,
    query: Vec<(String, String)>,
    headers: &HeaderMap,
) -> Result<Vec<ConnectionView>, Problem> {
    let platform = visit::platform(platform)?;
    if env.apps.at(platform).next().is_none() {
        return Err(not_set_up(
            platform,
            platforms::profile(platform).usual_login(),
        ));
    }
    let state = only(&query, "state").ok_or_else(stale)?;
    let browser = visit::browser(headers).ok_or_else(stale)?;
    // Had before anything is used up: without a key the visit stays open, and the same way back can be
    // taken again; after the exchange the tokens must be stored even if no key is to be had any more.
    let pen = env
        .sealer
        .pen(EXCHANGE)
        .await
        .map_err(|error| no_key(&error))?;
    let (state_hash, browser_hash) = (visit::hash(state), visit::hash(&browser));
    let taken = oauth_attempts::take(&env.web.pool, platform, &state_hash, &browser_hash)
        .await?
        .ok_or_else(stale)?;
    let login = visit::login(platform, taken.login.as_deref())?;
    let app = env
        .apps
        .find(login)
        .ok_or_else(|| not_set_up(platform, login))?;
    if !is_from(login, app, &query) {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "issuer_foreign",
            "This way back was not sent by the network that it names. Start anew with GET /api/connect.",
        ));
    }
    if query.iter().any(|(name, _)| name == "error") {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "consent_denied",
            format!(
                "{} was not connected because the access was not allowed; try again and allow it.",
                platform.display_name()
            ),
        ));
    }
    let code = only(&query, "code")
        .filter(|code| (1..=LONGEST_CODE).contains(&code.len()))
        .ok_or_else(|| {
            Problem::field(
                "code",
                "missing_code",
                "is missing, empty, doubled or too long",
                "Start anew with GET /api/connect.",
            )
        })?;
    let callback = Callback {
        login: login.name,
        code: code.to_owned().into(),
        verifier: Some(visit::verifier(&env.consent, state)),
        parameters: query
            .iter()
            .filter(|(name, _)| name != "code" && name != "state")
            .cloned()
            .collect(),
    };
    let cx = AppContext {
        now: env.web.clock.now(),
        app,
    };
    let machine = platforms::connect(platform, callback);
    let grant = env
        .wire
        .converse(machine, &cx)
        .await
        .map_err(|fault| refused(platform, &fault))?;
    keep(env, taken.user, platform, login, &grant, &pen).await
}

/// Connects every account of a grant.
async fn keep(
    env: &Env,
    user: UserId,
    platform: Platform,
    login: &Login,
    grant: &Grant,
    pen: &Pen,
) -> Result<Vec<ConnectionView>, Problem> {
    let grant_id = GrantId::mint();
    let mut views = Vec::with_capacity(grant.accounts.len());
    for account in &grant.accounts {
        let granted = Granted {
            platform,
            external_id: &account.external_id,
            username: account.username.as_deref(),
            display_name: &account.display_name,
            avatar_url: account.avatar_url.as_deref(),
            facts: &account.facts,
            scopes: &account.tokens.scopes,
            grant_id,
            grant_family: login.grant_family,
            subject: &grant.subject,
        };
        let id = loop {
            let id =
                connections::id_for(&env.web.pool, user, platform, &account.external_id).await?;
            let sealed = seal(pen, user, platform, id, account)?;
            if connections::connect(&env.web.pool, user, id, &granted, &sealed).await? {
                break id;
            }
        };
        let connection = connections::find(&env.web.pool, user, id)
            .await?
            .ok_or_else(Problem::not_found)?;
        tracing::info!(connection.id = %id, %platform, "connected {id}");
        views.push(connection.into());
    }
    env.doorbell.announce(user).await;
    Ok(views)
}

fn seal(
    pen: &Pen,
    user: UserId,
    platform: Platform,
    id: ConnectionId,
    account: &GrantedAccount,
) -> Result<SealedTokens, Problem> {
    let seal = |field, clear: &SecretString| {
        let place = Place {
            table: "connections",
            row: id.uuid(),
            user: user.uuid(),
            platform: platform.as_str(),
            field,
        };
        pen.seal(&place, clear.expose_secret().as_bytes())
            .map_err(|error| Problem::internal(&error))
    };
    let tokens = &account.tokens;
    let refresh = tokens.refresh.as_ref();
    Ok(SealedTokens {
        access: seal("access_token", &tokens.access)?,
        access_expires_at: tokens.access_expires_at,
        refresh: refresh.map(|it| seal("refresh_token", it)).transpose()?,
        refresh_expires_at: tokens.refresh_expires_at,
    })
}

/// The one value of a parameter; none when it is missing or doubled.
fn only<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut values = query
        .iter()
        .filter(|(key, _)| key == name)
        .map(|(_, value)| value.as_str());
    values.next().filter(|_| values.next().is_none())
}

/// Whether the way back names no other issuer than the network whose page the browser was sent to
/// (RFC 9207). Issuers are held against the origin of that page, which they share with it.
fn is_from(login: &Login, app: &App, query: &[(String, String)]) -> bool {
    if query.iter().all(|(name, _)| name != "iss") {
        return true;
    }
    let page = (login.oauth.authorize_url)(app);
    only(query, "iss")
        .and_then(|issuer| Url::parse(issuer).ok())
        .is_some_and(|issuer| issuer.origin() == page.origin())
}

/// Whether the one who asks would rather have a page than JSON, as browsers would.
pub(crate) fn wants_page(headers: &HeaderMap) -> bool {
    let accept: Vec<&str> = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|accept| accept.to_str().ok())
        .flat_map(|accept| accept.split(','))
        .collect();
    weight(&accept, "text/html") > weight(&accept, "application/json")
}

/// How much a kind is wanted, in thousandths (RFC 9110 12.4.2); nothing where it is not named.
fn weight(accept: &[&str], kind: &str) -> u16 {
    accept
        .iter()
        .filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            parts
                .next()
                .filter(|name| name.eq_ignore_ascii_case(kind))?;
            let quality = parts.find_map(|part| part.strip_prefix("q="));
            Some(quality.map_or(1_000, thousandths))
        })
        .max()
        .unwrap_or(0)
}

fn thousandths(quality: &str) -> u16 {
    match quality.split_once('.') {
        Some(("0", digits)) if digits.len() <= 3 => format!("{digits:0<3}").parse().unwrap_or(0),
        Some(("1", _)) => 1_000,
        Some(_) => 0,
        None => u16::from(quality == "1") * 1_000,
    }
}

fn no_key(error: &VaultError) -> Problem {
    tracing::error!(
        error = error as &dyn std::error::Error,
        "an account could not be connected: there is no key to seal with"
    );
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "keys_unavailable",
        "The account could not be connected because our key service does not answer. Nothing is lost: reload this page in a moment.",
    )
    .retry_after(AGAIN)
}

fn stale() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "state_invalid",
        "This way back is not open: it was used, took longer than ten minutes, or began in another browser. Start anew with GET /api/connect.",
    )
}

fn refused(platform: Platform, fault: &Fault) -> Problem {
    tracing::warn!(%platform, code = fault.code, evidence = fault.evidence, "an account could not be connected");
    let status = match fault.kind {
        FaultKind::Content | FaultKind::Reconnect | FaultKind::Unauthorized => {
            StatusCode::BAD_REQUEST
        }
        FaultKind::Operator
        | FaultKind::Quota { .. }
        | FaultKind::Retry { .. }
        | FaultKind::Unconfirmed { .. } => StatusCode::BAD_GATEWAY,
    };
    Problem::new(status, &fault.code, fault.message.clone())
}
