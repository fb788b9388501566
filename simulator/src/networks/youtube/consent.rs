//! Google's consent page and tokens.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    Json,
    body::Bytes,
    extract::{Query, State as Shared},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};
use time::Duration;

use super::{
    ACCESS_LIFE, MAX_TOKENS, TESTING_LIFE, UNUSED_LIFE, channel, channels,
    wire::{flat_refusal, value},
};
use crate::{
    AuthorizeVisit, Grant, World,
    oauth::{CodeError, Token},
};

/// Scopes that tell who consents.
const IDENTITY: [&str; 3] = ["email", "openid", "profile"];
const SCOPES: [&str; 4] = [
    "youtube",
    "youtube.force-ssl",
    "youtube.readonly",
    "youtube.upload",
];

pub(super) async fn authorize(
    Shared(world): Shared<World>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    let page = |error: &str| {
        (
            StatusCode::BAD_REQUEST,
            format!("Access blocked: Error 400: {error}"),
        )
            .into_response()
    };
    let Some(app) = world.oauth().app("youtube", value(&pairs, "client_id")) else {
        return page("invalid_client");
    };
    let redirect_uri = value(&pairs, "redirect_uri");
    if !app.redirect_uris.iter().any(|known| known == redirect_uri) {
        return page("redirect_uri_mismatch");
    }
    if value(&pairs, "response_type") != "code" {
        return page("unsupported_response_type");
    }
    let known = |scope: &str| {
        scope
            .strip_prefix("https://www.googleapis.com/auth/")
            .is_some_and(|name| SCOPES.contains(&name))
            || IDENTITY.contains(&scope)
    };
    let asked: Vec<&str> = value(&pairs, "scope").split_whitespace().collect();
    if asked.is_empty() || !asked.iter().all(|scope| known(scope)) {
        return page("invalid_scope");
    }
    let challenge = value(&pairs, "code_challenge");
    // `plain` is the default of a missing method; the simulation takes the strong one only.
    if !challenge.is_empty()
        && (value(&pairs, "code_challenge_method") != "S256" || challenge.len() != 43)
    {
        return page("invalid_request");
    }
    let scopes: Vec<String> = {
        let state = world.states().youtube();
        asked
            .iter()
            .filter(|scope| !state.denied_scopes.contains(**scope))
            .map(|scope| (*scope).to_owned())
            .collect()
    };
    let notes: BTreeMap<String, String> = ["access_type", "include_granted_scopes", "prompt"]
        .map(|name| (name.to_owned(), value(&pairs, name).to_owned()))
        .into();
    let state = value(&pairs, "state");
    world
        .ask_for_consent(AuthorizeVisit {
            network: "youtube".to_owned(),
            client_id: app.client_id,
            redirect_uri: redirect_uri.to_owned(),
            state: (!state.is_empty()).then(|| state.to_owned()),
            approved_parameters: vec![("scope".to_owned(), scopes.join(" "))],
            scopes,
            challenge: (!challenge.is_empty()).then(|| challenge.to_owned()),
            denied_parameters: vec![("error".to_owned(), "access_denied".to_owned())],
            accounts: channels().into_iter().map(|known| known.account).collect(),
            several: false,
            code_life: Duration::minutes(10),
            notes,
        })
        .into_response()
}

fn form(headers: &HeaderMap, body: &[u8]) -> Result<Vec<(String, String)>, Box<Response>> {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .filter(|value| value.starts_with("application/x-www-form-urlencoded"))
        .map(|_| url::form_urlencoded::parse(body).into_owned().collect())
        .ok_or_else(|| Box::new(bad("invalid_request", "Invalid content type")))
}

fn bad(error: &str, description: &str) -> Response {
    flat_refusal(StatusCode::BAD_REQUEST, error, description)
}

pub(super) async fn token(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let pairs = match form(&headers, &body) {
        Ok(pairs) => pairs,
        Err(refusal) => return *refusal,
    };
    let is_known = world.oauth().knows(
        "youtube",
        value(&pairs, "client_id"),
        value(&pairs, "client_secret"),
    );
    if !is_known {
        return flat_refusal(
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            "The OAuth client was not found.",
        );
    }
    match value(&pairs, "grant_type") {
        "authorization_code" => exchange(&world, &pairs),
        "refresh_token" => refresh(&world, &pairs),
        _ => bad("unsupported_grant_type", "Invalid grant_type"),
    }
}

fn exchange(world: &World, pairs: &[(String, String)]) -> Response {
    let verifier = value(pairs, "code_verifier");
    let redeemed = world.oauth().redeem(
        value(pairs, "code"),
        value(pairs, "client_id"),
        value(pairs, "redirect_uri"),
        (!verifier.is_empty()).then_some(verifier),
        world.now(),
    );
    let grant = match redeemed {
        Ok(grant) => grant,
        Err(CodeError::NotYours) => return bad("redirect_uri_mismatch", "Bad Request"),
        Err(CodeError::Verifier) => return bad("invalid_grant", "Invalid code verifier."),
        Err(CodeError::Spent | CodeError::Unknown) => return bad("invalid_grant", "Bad Request"),
    };
    let account = grant.accounts.first().cloned().unwrap_or_default();
    let note = |name: &str| grant.notes.get(name).cloned().unwrap_or_default();
    let is_asked = note("prompt")
        .split_whitespace()
        .any(|word| word == "consent");
    let is_offline = note("access_type") == "offline";
    let owner = owner(&account);
    let (is_first, scopes) = {
        let mut state = world.states().youtube();
        let who = (grant.client_id.clone(), account.clone());
        let is_first = state.consented.insert(who);
        let earlier = state
            .granted
            .entry((grant.client_id.clone(), owner))
            .or_default();
        let asked: BTreeSet<String> = grant.scopes.iter().cloned().collect();
        earlier.extend(asked.iter().cloned());
        let is_added = note("include_granted_scopes") == "true";
        (is_first, if is_added { earlier.clone() } else { asked })
    };
    // In the order in which they were asked for; what was granted earlier behind.
    let mut ordered = grant.scopes.clone();
    ordered.extend(
        scopes
            .into_iter()
            .filter(|scope| !grant.scopes.contains(scope)),
    );
    let grant = Grant {
        scopes: ordered,
        ..grant
    };
    let mut answer = give_access(world, &grant, &account);
    if is_offline && (is_first || is_asked) {
        give_refresh(world, &grant, &account, &mut answer);
    }
    if grant.scopes.iter().any(|scope| scope == "openid") {
        answer["id_token"] = json!(identity(world, &grant, owner));
    }
    Json(answer).into_response()
}

/// The Google account that a channel belongs to.
fn owner(account: &str) -> &'static str {
    channel(account).map_or("", |known| known.google_account)
}

/// Who consented, as a signed token (`OpenID` Connect); nobody here checks the signature.
fn identity(world: &World, grant: &Grant, owner: &str) -> String {
    let now = world.now().unix_timestamp();
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = encoded(&json!({"alg": "RS256", "kid": "1", "typ": "JWT"}));
    let claims = encoded(&json!({
        "iss": "https://accounts.google.com", "azp": grant.client_id, "aud": grant.client_id,
        "sub": owner, "iat": now, "exp": now + ACCESS_LIFE.whole_seconds(),
    }));
    format!("{head}.{claims}.{}", URL_SAFE_NO_PAD.encode(b"a signature"))
}

fn give_refresh(world: &World, grant: &Grant, account: &str, answer: &mut Value) {
    let refresh = world.secret("1//");
    let now = world.now();
    let oldest = {
        let mut state = world.states().youtube();
        if state.is_testing {
            answer["refresh_token_expires_in"] = json!(TESTING_LIFE.whole_seconds());
        }
        let who = (grant.client_id.clone(), owner(account));
        let tokens = state.refresh_tokens.entry(who).or_default();
        tokens.push_back(refresh.clone());
        (tokens.len() > MAX_TOKENS)
            .then(|| tokens.pop_front())
            .flatten()
    };
    if let Some(oldest) = oldest {
        world.oauth().kill(&oldest);
    }
    let is_testing = world.states().youtube().is_testing;
    let token = Token {
        kind: "refresh",
        grant: grant.clone(),
        account: account.to_owned(),
        ends_at: Some(
            now + if is_testing {
                TESTING_LIFE
            } else {
                UNUSED_LIFE
            },
        ),
        issued_at: now,
        dead: false,
    };
    world.oauth().give_token(&refresh, token);
    answer["refresh_token"] = json!(refresh);
}

fn refresh(world: &World, pairs: &[(String, String)]) -> Response {
    let known = world
        .oauth()
        .live_token(value(pairs, "refresh_token"), world.now())
        .filter(|known| known.grant.network == "youtube" && known.kind == "refresh")
        .filter(|known| known.grant.client_id == value(pairs, "client_id"))
        .cloned();
    let Some(known) = known else {
        return bad("invalid_grant", "Token has been expired or revoked.");
    };
    let answer = give_access(world, &known.grant, &known.account);
    if !world.states().youtube().is_testing {
        let used = Token {
            ends_at: Some(world.now() + UNUSED_LIFE),
            ..known
        };
        world
            .oauth()
            .give_token(value(pairs, "refresh_token"), used);
    }
    Json(answer).into_response()
}

fn give_access(world: &World, grant: &Grant, account: &str) -> Value {
    let now = world.now();
    let access = world.secret("ya29.");
    let token = Token {
        kind: "access",
        grant: grant.clone(),
        account: account.to_owned(),
        ends_at: Some(now + ACCESS_LIFE),
        issued_at: now,
        dead: false,
    };
    world.oauth().give_token(&access, token);
    json!({
        "access_token": access,
        "expires_in": ACCESS_LIFE.whole_seconds(),
        "scope": grant.scopes.join(" "),
        "token_type": "Bearer",
    })
}

/// Ends every token that the project holds for the Google account, not only this one.
pub(super) async fn revoke(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let pairs = match form(&headers, &body) {
        Ok(pairs) => pairs,
        Err(refusal) => return *refusal,
    };
    let owner = world
        .oauth()
        .live_token(value(&pairs, "token"), world.now())
        .filter(|known| known.grant.network == "youtube")
        .and_then(|known| channel(&known.account))
        .map(|known| known.google_account);
    let Some(owner) = owner else {
        return bad("invalid_token", "");
    };
    world
        .states()
        .youtube()
        .refresh_tokens
        .retain(|(_, known), _| *known != owner);
    world.oauth().kill_where(|token| {
        token.grant.network == "youtube"
            && channel(&token.account).is_some_and(|known| known.google_account == owner)
    });
    Json(json!({})).into_response()
}
