//! The consent page, tokens, who it is.

use std::collections::BTreeMap;

use axum::{
    body::Bytes,
    extract::{Query, State as Shared},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};
use time::Duration;

use super::{
    ACCESS_LIFE, REFRESH_LIFE, boards, pinners,
    rates::Category,
    wire::{enter, invalid, ok, refusal, value},
};
use crate::{
    AuthorizeVisit, Grant, World,
    oauth::{CodeError, Token},
};

const SCOPES: [&str; 9] = [
    "user_accounts:read",
    "boards:read",
    "boards:write",
    "pins:read",
    "pins:write",
    "boards:read_secret",
    "boards:write_secret",
    "pins:read_secret",
    "pins:write_secret",
];

pub(super) async fn authorize(
    Shared(world): Shared<World>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    let page = |error: &str| (StatusCode::BAD_REQUEST, format!("Oops! {error}")).into_response();
    let Some(app) = world.oauth().app("pinterest", value(&pairs, "client_id")) else {
        return page("client_id is not known");
    };
    let redirect_uri = value(&pairs, "redirect_uri");
    if !app.redirect_uris.iter().any(|known| known == redirect_uri) {
        return page("redirect_uri is not registered");
    }
    if value(&pairs, "response_type") != "code" {
        return page("response_type is not supported");
    }
    let asked = value(&pairs, "scope");
    if asked.split(',').any(|scope| !SCOPES.contains(&scope)) {
        return page("scope is not valid");
    }
    let scopes: Vec<String> = {
        let state = world.states().pinterest();
        asked
            .split(',')
            .filter(|scope| !state.denied_scopes.contains(*scope))
            .map(str::to_owned)
            .collect()
    };
    let state = value(&pairs, "state");
    world
        .ask_for_consent(AuthorizeVisit {
            network: "pinterest".to_owned(),
            client_id: app.client_id,
            redirect_uri: redirect_uri.to_owned(),
            state: (!state.is_empty()).then(|| state.to_owned()),
            scopes,
            challenge: None,
            approved_parameters: Vec::new(),
            denied_parameters: vec![("error".to_owned(), "access_denied".to_owned())],
            accounts: pinners().into_iter().map(|known| known.account).collect(),
            several: false,
            code_life: Duration::minutes(10),
            notes: BTreeMap::new(),
        })
        .into_response()
}

pub(super) async fn token(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(client_id) = client(&world, &headers) else {
        return refusal(&world, 401, 2, "Authentication failed.");
    };
    let is_form = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
    if !is_form {
        return refusal(&world, 400, 1, "Invalid request body");
    }
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(&body).into_owned().collect();
    match value(&pairs, "grant_type") {
        "authorization_code" => exchange(&world, &client_id, &pairs),
        "refresh_token" => refresh(&world, &client_id, &pairs),
        "client_credentials" => of_app(&world, value(&pairs, "scope")),
        _ => refusal(&world, 400, 1, "Invalid grant_type"),
    }
}

/// The client that Basic names and proves.
fn client(world: &World, headers: &HeaderMap) -> Option<String> {
    let encoded = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Basic ")?;
    let pair = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    world
        .oauth()
        .knows("pinterest", id, secret)
        .then(|| id.to_owned())
}

fn exchange(world: &World, client_id: &str, pairs: &[(String, String)]) -> Response {
    let redeemed = world.oauth().redeem(
        value(pairs, "code"),
        client_id,
        value(pairs, "redirect_uri"),
        None,
        world.now(),
    );
    match redeemed {
        Ok(grant) => ok(world, give(world, &grant, "authorization_code")),
        Err(CodeError::NotYours | CodeError::Spent | CodeError::Unknown | CodeError::Verifier) => {
            refusal(world, 400, 1, "Invalid or expired authorization code")
        }
    }
}

fn refresh(world: &World, client_id: &str, pairs: &[(String, String)]) -> Response {
    let old = value(pairs, "refresh_token");
    let known = world
        .oauth()
        .live_token(old, world.now())
        .filter(|token| token.grant.network == "pinterest" && token.kind == "refresh")
        .filter(|token| token.grant.client_id == client_id)
        .cloned();
    let Some(known) = known else {
        return refusal(world, 401, 2, "Authentication failed.");
    };
    if !world.states().pinterest().keeps_used_refresh_tokens {
        world.oauth().kill(old);
    }
    ok(world, give(world, &known.grant, "refresh_token"))
}

/// A token of the app itself, which opens nothing here.
fn of_app(world: &World, scope: &str) -> Response {
    if scope.is_empty() || scope.split(',').any(|scope| !SCOPES.contains(&scope)) {
        return invalid(world, "{'scope': ...} (scope is not valid)");
    }
    let token = json!({
        "access_token": world.secret("pinc_"),
        "response_type": "client_credentials",
        "token_type": "bearer",
        "expires_in": ACCESS_LIFE.whole_seconds(),
        "scope": scope,
    });
    ok(world, token)
}

fn give(world: &World, grant: &Grant, response_type: &str) -> Value {
    let now = world.now();
    let account = grant.accounts.first().cloned().unwrap_or_default();
    let (access, refresh) = (world.secret("pina_"), world.secret("pinr."));
    let token = |kind, life| Token {
        kind,
        grant: grant.clone(),
        account: account.clone(),
        ends_at: Some(now + life),
        issued_at: now,
        dead: false,
    };
    world
        .oauth()
        .give_token(&access, token("access", ACCESS_LIFE));
    world
        .oauth()
        .give_token(&refresh, token("refresh", REFRESH_LIFE));
    json!({
        "access_token": access,
        "refresh_token": refresh,
        "response_type": response_type,
        "token_type": "bearer",
        "expires_in": ACCESS_LIFE.whole_seconds(),
        "refresh_token_expires_in": REFRESH_LIFE.whole_seconds(),
        "refresh_token_expires_at": (now + REFRESH_LIFE).unix_timestamp(),
        "scope": grant.scopes.join(" "),
    })
}

/// Only system users may revoke.
pub(super) async fn revoke(Shared(world): Shared<World>) -> Response {
    refusal(
        &world,
        403,
        29,
        "You are not permitted to access that resource.",
    )
}

pub(super) async fn user(Shared(world): Shared<World>, headers: HeaderMap) -> Response {
    match enter(&world, &headers, &["user_accounts:read"], Category::Read) {
        Ok(caller) => caller.left.on(shown(&world, &caller.account)),
        Err(refusal) => refusal,
    }
}

fn shown(world: &World, account: &str) -> Result<Response, Response> {
    let Some(known) = pinners()
        .into_iter()
        .find(|known| known.account.id == account)
    else {
        return Err(refusal(world, 401, 2, "Authentication failed."));
    };
    let boards = boards::of(world, account).len();
    let pins = {
        let state = world.states().pinterest();
        let own = state.pins.iter().filter(|pin| pin.account == account);
        own.count()
    };
    let username = &known.account.username;
    let user = json!({
        "id": known.account.id,
        "username": username,
        "account_type": known.account_type,
        "business_name": known.account.name,
        "profile_image": format!("https://i.pinimg.com/280x280_RS/{username}.jpg"),
        "website_url": "",
        "board_count": boards,
        "pin_count": pins,
        "follower_count": 10,
        "following_count": 347,
        "monthly_views": 163,
    });
    Ok(ok(world, user))
}
