//! The consent page, tokens, who it is.

use std::collections::BTreeMap;

use axum::{
    Json,
    body::Bytes,
    extract::{Query, State as Shared},
    response::{IntoResponse as _, Redirect, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use url::Url;

use super::{
    ACCESS_LIFE, REFRESH_LIFE, gateway, members,
    wire::{content_type, oauth_refusal, refusal, value},
};
use crate::{
    Account, AuthorizeVisit, Grant, World,
    oauth::{CodeError, Token},
};

pub(super) async fn authorize(
    Shared(world): Shared<World>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    let page = |error: &str| (StatusCode::BAD_REQUEST, format!("Bummer: {error}")).into_response();
    let Some(app) = world.oauth().app("linkedin", value(&pairs, "client_id")) else {
        return page("the passed in client_id is invalid");
    };
    let redirect_uri = value(&pairs, "redirect_uri");
    let without_query = redirect_uri.split('?').next().unwrap_or_default();
    let is_registered = app.redirect_uris.iter().any(|known| known == without_query);
    if !is_registered || redirect_uri.contains('#') {
        return page("the redirect_uri does not match the registered value");
    }
    if value(&pairs, "response_type") != "code" {
        return page("response_type must be code");
    }
    let asked: Vec<String> = value(&pairs, "scope")
        .split(' ')
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect();
    let state = value(&pairs, "state");
    let (granted, denial) = {
        let kept = world.states().linkedin();
        (kept.product_scopes.clone(), kept.denial)
    };
    let foreign = asked
        .iter()
        .find(|scope| !granted.contains(&scope.as_str()));
    if asked.is_empty() || foreign.is_some() {
        let scope = foreign.map_or("", String::as_str);
        return scope_refused(redirect_uri, scope, state);
    }
    world
        .ask_for_consent(AuthorizeVisit {
            network: "linkedin".to_owned(),
            client_id: app.client_id,
            redirect_uri: redirect_uri.to_owned(),
            state: (!state.is_empty()).then(|| state.to_owned()),
            scopes: asked,
            challenge: None,
            approved_parameters: Vec::new(),
            denied_parameters: vec![
                ("error".to_owned(), denial.to_owned()),
                (
                    "error_description".to_owned(),
                    "The user cancelled the authorization".to_owned(),
                ),
            ],
            accounts: members(),
            several: false,
            code_life: Duration::minutes(30),
            notes: BTreeMap::new(),
        })
        .into_response()
}

/// Back to the app with the scope that its products do not grant (reported, 2025).
fn scope_refused(redirect_uri: &str, scope: &str, state: &str) -> Response {
    let Ok(mut back) = Url::parse(redirect_uri) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let description = format!("Scope \"{scope}\" is not authorized for your application");
    back.query_pairs_mut()
        .append_pair("error", "unauthorized_scope_error")
        .append_pair("error_description", &description)
        .append_pair("state", state);
    Redirect::to(back.as_str()).into_response()
}

pub(super) async fn token(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let pairs = match known_client(&world, &headers, &body) {
        Ok(pairs) => pairs,
        Err(refusal) => return refusal,
    };
    match value(&pairs, "grant_type") {
        "authorization_code" => exchange(&world, &pairs),
        "refresh_token" => refresh(&world, &pairs),
        _ => oauth_refusal(
            400,
            "unsupported_grant_type",
            "The passed in grant_type is invalid",
        ),
    }
}

/// The form of a client that named itself and its secret in the body; anything else is refused.
fn known_client(
    world: &World,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Vec<(String, String)>, Response> {
    if !content_type(headers).starts_with("application/x-www-form-urlencoded") {
        return Err(oauth_refusal(
            400,
            "invalid_request",
            "A required parameter \"grant_type\" is missing",
        ));
    }
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(body).into_owned().collect();
    for name in ["client_id", "client_secret"] {
        if value(&pairs, name).is_empty() {
            return Err(oauth_refusal(
                400,
                "invalid_request",
                &format!("A required parameter \"{name}\" is missing"),
            ));
        }
    }
    let (id, secret) = (value(&pairs, "client_id"), value(&pairs, "client_secret"));
    if !world.oauth().knows("linkedin", id, secret) {
        return Err(oauth_refusal(
            401,
            "invalid_client",
            "Client authentication failed",
        ));
    }
    Ok(pairs)
}

fn exchange(world: &World, pairs: &[(String, String)]) -> Response {
    let redeemed = world.oauth().redeem(
        value(pairs, "code"),
        value(pairs, "client_id"),
        value(pairs, "redirect_uri"),
        None,
        world.now(),
    );
    match redeemed {
        Ok(grant) => Json(give(world, &grant, world.now() + REFRESH_LIFE)).into_response(),
        Err(CodeError::NotYours | CodeError::Spent | CodeError::Unknown | CodeError::Verifier) => {
            oauth_refusal(
                400,
                "invalid_request",
                "Unable to retrieve access token: appId or redirect uri does not match authorization code or authorization code expired",
            )
        }
    }
}

fn refresh(world: &World, pairs: &[(String, String)]) -> Response {
    let known = world
        .oauth()
        .live_token(value(pairs, "refresh_token"), world.now())
        .filter(|token| token.grant.network == "linkedin" && token.kind == "refresh")
        .filter(|token| token.grant.client_id == value(pairs, "client_id"))
        .cloned();
    let Some(known) = known else {
        return oauth_refusal(
            400,
            "invalid_request",
            "The provided refresh token is invalid, expired or revoked",
        );
    };
    let ends_at = known.ends_at.unwrap_or_else(|| world.now());
    let mut answer = give(world, &known.grant, ends_at);
    // The refresh token stays the same and its end does not move.
    answer["refresh_token"] = json!(value(pairs, "refresh_token"));
    Json(answer).into_response()
}

fn give(world: &World, grant: &Grant, refresh_ends_at: OffsetDateTime) -> Value {
    let now = world.now();
    let account = grant.accounts.first().cloned().unwrap_or_default();
    let (with_refresh, withheld) = {
        let state = world.states().linkedin();
        (state.gives_refresh_tokens, state.withheld_scopes.clone())
    };
    let mut grant = grant.clone();
    grant.scopes.retain(|scope| !withheld.contains(scope));
    let life = if with_refresh {
        ACCESS_LIFE.min(refresh_ends_at - now)
    } else {
        ACCESS_LIFE
    };
    let access = world.secret("AQX");
    let mut answer = json!({
        "access_token": access,
        "expires_in": life.whole_seconds(),
        "scope": grant.scopes.join(","),
        "token_type": "Bearer",
    });
    if grant.scopes.iter().any(|scope| scope == "openid") {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        answer["id_token"] = json!(format!(
            "{}.{}.{}",
            part(json!({"alg": "RS256", "typ": "JWT"})),
            part(json!({"iss": "https://www.linkedin.com/oauth", "sub": account})),
            world.secret("")
        ));
    }
    let token = |kind, ends_at| Token {
        kind,
        grant: grant.clone(),
        account: account.clone(),
        ends_at: Some(ends_at),
        issued_at: now,
        dead: false,
    };
    world
        .oauth()
        .give_token(&access, token("access", now + life));
    if with_refresh {
        let refresh = world.secret("AQV");
        world
            .oauth()
            .give_token(&refresh, token("refresh", refresh_ends_at));
        answer["refresh_token"] = json!(refresh);
        answer["refresh_token_expires_in"] = json!((refresh_ends_at - now).whole_seconds());
    }
    answer
}

pub(super) async fn revoke(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let pairs = match known_client(&world, &headers, &body) {
        Ok(pairs) => pairs,
        Err(refusal) => return refusal,
    };
    let grant = world
        .oauth()
        .live_token(value(&pairs, "token"), world.now())
        .filter(|token| token.grant.network == "linkedin")
        .map(|token| token.grant.id);
    let Some(grant) = grant else {
        return oauth_refusal(400, "invalid_request", "The token is invalid or revoked");
    };
    world.oauth().kill_where(|token| token.grant.id == grant);
    StatusCode::OK.into_response()
}

/// Who calls an address that shows the member to tokens with all of these scopes.
fn shown_to(
    world: &World,
    headers: &HeaderMap,
    scopes: &[&str],
    resource: &str,
) -> Result<Account, Response> {
    let token = gateway::token(world, headers)?;
    let trouble = world.states().linkedin().fresh_token_trouble;
    if world.now() < token.issued_at + trouble {
        return Err(gateway::called_revoked());
    }
    let granted = &token.grant.scopes;
    let may_ask = scopes
        .iter()
        .all(|scope| granted.iter().any(|given| given == scope));
    members()
        .into_iter()
        .find(|member| member.id == token.account)
        .filter(|_| may_ask)
        .ok_or_else(|| {
            let message = format!("Not enough permissions to access: {resource}.GET.NO_VERSION");
            refusal(403, Some(100), "ACCESS_DENIED", &message)
        })
}

pub(super) async fn user(Shared(world): Shared<World>, headers: HeaderMap) -> Response {
    let member = match shown_to(&world, &headers, &["openid", "profile"], "userinfo") {
        Ok(member) => member,
        Err(refusal) => return refusal,
    };
    let (given, family) = member.name.split_once(' ').unwrap_or((&member.name, ""));
    let body = json!({
        "sub": member.id,
        "name": member.name,
        "given_name": given,
        "family_name": family,
        "picture": format!("https://media.licdn.com/dms/image/{}", member.username),
        "locale": {"country": "US", "language": "en"},
    });
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

pub(super) async fn me(Shared(world): Shared<World>, headers: HeaderMap) -> Response {
    let member = match shown_to(&world, &headers, &["r_basicprofile"], "me") {
        Ok(member) => member,
        Err(refusal) => return refusal,
    };
    let (given, family) = member.name.split_once(' ').unwrap_or((&member.name, ""));
    Json(json!({
        "id": member.id,
        "localizedFirstName": given,
        "localizedLastName": family,
        "vanityName": member.username,
    }))
    .into_response()
}
