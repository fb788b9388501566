//! OAuth 2.0 with the app's credentials in the form, and who consented.

use std::collections::BTreeMap;

use axum::{
    body::Bytes,
    extract::{Query, State},
    response::{IntoResponse as _, Response},
};
use http::HeaderMap;
use serde_json::json;
use time::Duration;

use super::{NETWORK, accounts, said::{Said, member}};
use crate::{AuthorizeVisit, World, oauth::Token};

const CODE_LIFE: Duration = Duration::minutes(30);
const ACCESS_LIFE: Duration = Duration::seconds(5_184_000);
const SCOPES: [&str; 4] = ["openid", "profile", "email", "w_member_social"];

type Fields = BTreeMap<String, String>;

pub(super) async fn authorize(State(world): State<World>, Query(query): Query<Fields>) -> Response {
    match visit(&world, &query) {
        Ok(visit) => world.ask_for_consent(visit).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

fn visit(world: &World, query: &Fields) -> Result<AuthorizeVisit, Said> {
    let one = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let refuse = |why: &str| Said::oauth(400, "invalid_request", why);
    let app = world.oauth().app(NETWORK, one("client_id")).ok_or_else(|| refuse("The passed in client_id is invalid"))?;
    if !app.redirect_uris.iter().any(|uri| uri == one("redirect_uri")) {
        return Err(refuse("The redirect_uri does not match the registered value"));
    }
    if one("response_type") != "code" || one("state").is_empty() {
        return Err(refuse("A required parameter is missing"));
    }
    let scopes: Vec<String> = one("scope").split(' ').map(str::to_owned).collect();
    if scopes.iter().any(|scope| !SCOPES.contains(&scope.as_str())) {
        return Err(Said::oauth(400, "unauthorized_scope_error", "Scope is not authorized for your application"));
    }
    Ok(AuthorizeVisit {
        network: NETWORK.to_owned(),
        client_id: app.client_id,
        redirect_uri: one("redirect_uri").to_owned(),
        state: query.get("state").cloned(),
        scopes,
        challenge: None,
        approved_parameters: Vec::new(),
        denied_parameters: vec![
            ("error".to_owned(), "user_cancelled_authorize".to_owned()),
            ("error_description".to_owned(), "The user cancelled the authorization".to_owned()),
        ],
        accounts: accounts(),
        several: false,
        code_life: CODE_LIFE,
        notes: BTreeMap::new(),
    })
}

pub(super) async fn token(State(world): State<World>, body: Bytes) -> Result<Said, Said> {
    let fields: Fields = url::form_urlencoded::parse(&body).into_owned().collect();
    let one = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    if one("client_secret").is_empty() {
        return Err(Said::oauth(400, "invalid_request", "A required parameter \"client_secret\" is missing"));
    }
    if !world.oauth().knows(NETWORK, one("client_id"), one("client_secret")) {
        return Err(Said::oauth(401, "invalid_client", "Client authentication failed"));
    }
    if one("grant_type") != "authorization_code" {
        return Err(Said::oauth(400, "invalid_request", "Refresh is not enabled for this application"));
    }
    let redeemed = world.oauth().redeem(one("code"), one("client_id"), one("redirect_uri"), None, world.now());
    let grant = redeemed.map_err(|_| {
        Said::oauth(400, "invalid_request", "Unable to retrieve access token: appId or redirect uri does not match authorization code or authorization code expired")
    })?;
    let access = world.secret("AQX");
    let now = world.now();
    let scope = grant.scopes.join(",");
    let account = grant.accounts.first().cloned().unwrap_or_default();
    world.oauth().give_token(
        &access,
        Token { kind: "access", grant, account, ends_at: Some(now + ACCESS_LIFE), issued_at: now, dead: false },
    );
    Ok(Said::good(json!({
        "access_token": access, "expires_in": ACCESS_LIFE.whole_seconds(), "scope": scope, "token_type": "Bearer", "id_token": "eyJ.sample.token"
    })))
}

pub(super) async fn revoke(State(world): State<World>, body: Bytes) -> Result<Said, Said> {
    let fields: Fields = url::form_urlencoded::parse(&body).into_owned().collect();
    let one = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    if !world.oauth().knows(NETWORK, one("client_id"), one("client_secret")) {
        return Err(Said::oauth(401, "invalid_client", "Client authentication failed"));
    }
    world.oauth().kill(one("token"));
    Ok(Said::good(json!({})))
}

pub(super) async fn userinfo(State(world): State<World>, headers: HeaderMap) -> Result<Said, Said> {
    let account = member(&world, &headers, "openid")?;
    let mut state = world.states().linkedin();
    if state.new_tokens > 0 {
        state.new_tokens -= 1;
        return Err(Said::refused(401, "REVOKED_ACCESS_TOKEN", "The token used in the request has been revoked by the user")
            .with("serviceErrorCode", 65601.into()));
    }
    Ok(Said::good(json!({
        "sub": account.id, "name": account.name, "given_name": "Sample", "family_name": "Account",
        "picture": "https://media.licdn.com/sample.jpg", "locale": { "country": "US", "language": "en" }
    })))
}
