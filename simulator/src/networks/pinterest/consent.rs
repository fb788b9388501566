//! OAuth 2.0 without PKCE, and who consented.

use std::collections::BTreeMap;

use axum::{
    body::Bytes,
    extract::{Query, State},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, StatusCode, header};
use serde_json::json;
use time::Duration;

use super::{NETWORK, accounts, said::{Said, caller}};
use crate::{AuthorizeVisit, Grant, World, oauth::Token};

const CODE_LIFE: Duration = Duration::minutes(10);
const ACCESS_LIFE: Duration = Duration::seconds(2_592_000);
const REFRESH_LIFE: Duration = Duration::seconds(5_184_000);
const SCOPES: [&str; 9] = [
    "user_accounts:read", "boards:read", "boards:write", "pins:read", "pins:write", "boards:read_secret",
    "boards:write_secret", "pins:read_secret", "pins:write_secret",
];

type Fields = BTreeMap<String, String>;

pub(super) async fn authorize(State(world): State<World>, Query(query): Query<Fields>) -> Response {
    match visit(&world, &query) {
        Ok(visit) => world.ask_for_consent(visit).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

fn visit(world: &World, query: &Fields) -> Result<AuthorizeVisit, Said> {
    let one = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let app = world.oauth().app(NETWORK, one("client_id")).ok_or_else(|| Said::invalid("unknown client_id"))?;
    if !app.redirect_uris.iter().any(|uri| uri == one("redirect_uri")) {
        return Err(Said::invalid("redirect_uri does not match a registered one"));
    }
    if one("response_type") != "code" {
        return Err(Said::invalid("response_type must be code"));
    }
    let scopes: Vec<String> = one("scope").split(',').map(str::to_owned).collect();
    if scopes.iter().any(|scope| !SCOPES.contains(&scope.as_str())) {
        return Err(Said::invalid("unknown scope; scopes are separated by commas"));
    }
    Ok(AuthorizeVisit {
        network: NETWORK.to_owned(),
        client_id: app.client_id,
        redirect_uri: one("redirect_uri").to_owned(),
        state: query.get("state").cloned(),
        scopes,
        challenge: None,
        approved_parameters: Vec::new(),
        denied_parameters: vec![("error".to_owned(), "access_denied".to_owned())],
        accounts: accounts(),
        several: false,
        code_life: CODE_LIFE,
        notes: BTreeMap::new(),
    })
}

pub(super) async fn token(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Result<Said, Said> {
    let client_id = client(&world, &headers)?;
    let is_form = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    if !is_form {
        return Err(Said::invalid("the body must be a form"));
    }
    let fields: Fields = url::form_urlencoded::parse(&body).into_owned().collect();
    let one = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    match one("grant_type") {
        "authorization_code" => {
            let redeemed = world.oauth().redeem(one("code"), &client_id, one("redirect_uri"), None, world.now());
            let grant = redeemed.map_err(|_| Said::refused(400, 283, "Invalid authorization code."))?;
            Ok(give_tokens(&world, &grant, "authorization_code"))
        }
        "refresh_token" => {
            let spent = one("refresh_token");
            let grant = {
                let mut oauth = world.oauth();
                let grant = oauth
                    .live_token(spent, world.now())
                    .filter(|token| token.kind == "refresh" && token.grant.client_id == client_id)
                    .map(|token| token.grant.clone());
                oauth.kill(spent);
                grant.ok_or_else(|| Said::refused(400, 283, "Invalid refresh token."))?
            };
            Ok(give_tokens(&world, &grant, "refresh_token"))
        }
        _ => Err(Said::invalid("unknown grant_type")),
    }
}

/// Revocation is for system users; people's tokens are refused.
pub(super) async fn revoke(State(world): State<World>, headers: HeaderMap) -> Result<Said, Said> {
    client(&world, &headers)?;
    Err(Said::refused(403, 29, "You are not permitted to access that resource."))
}

pub(super) async fn user_account(State(world): State<World>, headers: HeaderMap) -> Result<Said, Said> {
    let account = caller(&world, &headers, &["user_accounts:read"])?;
    Ok(Said::good(json!({
        "id": account.id, "username": account.username, "account_type": "BUSINESS",
        "business_name": account.name, "profile_image": "https://i.pinimg.com/75x75_RS/sample.jpg",
        "website_url": "", "board_count": 2, "pin_count": 0, "follower_count": 10, "following_count": 3, "monthly_views": 163
    })))
}

fn client(world: &World, headers: &HeaderMap) -> Result<String, Said> {
    let pair = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Basic "))
        .and_then(|text| STANDARD.decode(text).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(Said::unauthenticated)?;
    let (id, secret) = pair.split_once(':').ok_or_else(Said::unauthenticated)?;
    if world.oauth().knows(NETWORK, id, secret) { Ok(id.to_owned()) } else { Err(Said::unauthenticated()) }
}

fn give_tokens(world: &World, grant: &Grant, response_type: &str) -> Said {
    let (access, refresh) = (world.secret("pina_"), world.secret("pinr."));
    let now = world.now();
    let account = grant.accounts.first().cloned().unwrap_or_default();
    let token = |kind, life| Token {
        kind,
        grant: grant.clone(),
        account: account.clone(),
        ends_at: Some(now + life),
        issued_at: now,
        dead: false,
    };
    let mut oauth = world.oauth();
    oauth.give_token(&access, token("access", ACCESS_LIFE));
    oauth.give_token(&refresh, token("refresh", REFRESH_LIFE));
    Said::new(
        StatusCode::OK,
        json!({
            "access_token": access, "refresh_token": refresh, "response_type": response_type, "token_type": "bearer",
            "expires_in": ACCESS_LIFE.whole_seconds(), "refresh_token_expires_in": REFRESH_LIFE.whole_seconds(),
            "refresh_token_expires_at": (now + REFRESH_LIFE).unix_timestamp(), "scope": grant.scopes.join(" ")
        }),
    )
}
