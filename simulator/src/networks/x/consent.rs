//! OAuth 2.0 with PKCE, and who consented.

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

use super::{NETWORK, accounts, caller::for_caller, rates::Limit, said::Said};
use crate::{AuthorizeVisit, Grant, World, oauth::Token};

const CODE_LIFE: Duration = Duration::seconds(30);
const ACCESS_LIFE: Duration = Duration::seconds(7200);
const MAX_STATE: usize = 500;
const SCOPES: [&str; 7] = [
    "tweet.read",
    "tweet.write",
    "users.read",
    "users.email",
    "media.write",
    "offline.access",
    "tweet.moderate.write",
];
const ME: Limit = Limit {
    name: "me",
    calls: 75,
    a_day: None,
};

type Fields = BTreeMap<String, String>;

pub(super) async fn authorize(State(world): State<World>, Query(query): Query<Fields>) -> Response {
    match visit(&world, &query) {
        Ok(visit) => world.ask_for_consent(visit).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

fn visit(world: &World, query: &Fields) -> Result<AuthorizeVisit, Said> {
    let refuse = |why: &str| Said::oauth(StatusCode::BAD_REQUEST, "invalid_request", why);
    let one = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let app = world
        .oauth()
        .app(NETWORK, one("client_id"))
        .ok_or_else(|| refuse("Value passed for the client id was invalid."))?;
    if !app
        .redirect_uris
        .iter()
        .any(|uri| uri == one("redirect_uri"))
    {
        return Err(Said::new(
            StatusCode::BAD_REQUEST,
            json!({ "errors": [{ "code": 415, "message": "Callback URL not approved for this client application." }] }),
        ));
    }
    if one("response_type") != "code" {
        return Err(refuse("Value passed for the response type was invalid."));
    }
    let challenge = one("code_challenge");
    if challenge.len() != 43 || one("code_challenge_method") != "S256" {
        return Err(refuse("Value passed for the code challenge was invalid."));
    }
    let state = one("state");
    if state.is_empty() || state.len() > MAX_STATE {
        return Err(refuse("Value passed for the state was invalid."));
    }
    let scopes: Vec<String> = one("scope").split(' ').map(str::to_owned).collect();
    if scopes.iter().any(|scope| !SCOPES.contains(&scope.as_str())) {
        return Err(refuse("Value passed for the scope was invalid."));
    }
    Ok(AuthorizeVisit {
        network: NETWORK.to_owned(),
        client_id: app.client_id,
        redirect_uri: one("redirect_uri").to_owned(),
        state: Some(state.to_owned()),
        scopes,
        challenge: Some(challenge.to_owned()),
        approved_parameters: Vec::new(),
        denied_parameters: vec![("error".to_owned(), "access_denied".to_owned())],
        accounts: accounts(),
        several: false,
        code_life: CODE_LIFE,
        notes: BTreeMap::new(),
    })
}

pub(super) async fn token(
    State(world): State<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Said, Said> {
    let client_id = client(&world, &headers)?;
    let fields = form(&headers, &body)?;
    let one = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    let refuse = |what: &str| {
        Said::oauth(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            &format!("Value passed for the {what} was invalid."),
        )
    };
    match one("grant_type") {
        "authorization_code" => {
            let verifier = fields.get("code_verifier").map(String::as_str);
            let redeemed = world.oauth().redeem(
                one("code"),
                &client_id,
                one("redirect_uri"),
                verifier,
                world.now(),
            );
            let grant = redeemed.map_err(|_| refuse("authorization code"))?;
            Ok(give_tokens(&world, &grant))
        }
        "refresh_token" => {
            let spent = world
                .oauth()
                .token(one("refresh_token"))
                .filter(|token| token.kind == "refresh" && token.grant.client_id == client_id)
                .cloned()
                .ok_or_else(|| refuse("token"))?;
            // The old pair ends with the new one; a spent token ends the whole family.
            world
                .oauth()
                .kill_where(|token| token.grant.id == spent.grant.id);
            if spent.dead {
                return Err(refuse("token"));
            }
            Ok(give_tokens(&world, &spent.grant))
        }
        _ => Err(refuse("grant type")),
    }
}

fn give_tokens(world: &World, grant: &Grant) -> Said {
    let now = world.now();
    let token = |kind, ends_at| Token {
        kind,
        grant: grant.clone(),
        account: grant.accounts.first().cloned().unwrap_or_default(),
        ends_at,
        issued_at: now,
        dead: false,
    };
    // X tells the scopes in an order of its own.
    let scope: Vec<&str> = grant.scopes.iter().rev().map(String::as_str).collect();
    let access = world.secret("access-");
    let mut answer = json!({
        "token_type": "bearer",
        "expires_in": ACCESS_LIFE.whole_seconds(),
        "access_token": access,
        "scope": scope.join(" "),
    });
    world
        .oauth()
        .give_token(&access, token("access", Some(now + ACCESS_LIFE)));
    if grant.scopes.iter().any(|scope| scope == "offline.access") {
        let refresh = world.secret("refresh-");
        answer["refresh_token"] = json!(refresh);
        world.oauth().give_token(&refresh, token("refresh", None));
    }
    Said::good(answer)
}

pub(super) async fn revoke(
    State(world): State<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Said, Said> {
    let client_id = client(&world, &headers)?;
    let fields = form(&headers, &body)?;
    let text = fields.get("token").map(String::as_str).unwrap_or_default();
    let token = world.oauth().token(text).cloned();
    if let Some(token) = token.filter(|token| token.grant.client_id == client_id) {
        world
            .oauth()
            .kill_where(|other| other.grant.id == token.grant.id);
    }
    Ok(Said::good(json!({ "revoked": true })))
}

pub(super) async fn me(
    State(world): State<World>,
    Query(query): Query<Fields>,
    headers: HeaderMap,
) -> Response {
    for_caller(
        &world,
        &headers,
        ME,
        &["tweet.read", "users.read"],
        |caller| {
            if let Some(unknown) = query.keys().find(|key| *key != "user.fields") {
                return Err(Said::invalid(&format!(
                    "The query parameter [{unknown}] is not one of [user.fields]"
                )));
            }
            let mut user =
                json!({ "id": caller.id, "name": caller.name, "username": caller.username });
            let asked = query.get("user.fields").map(String::as_str);
            for field in asked.unwrap_or_default().split(',') {
                let value = match field {
                    "profile_image_url" => json!(format!(
                        "https://pbs.twimg.com/profile_images/{}/normal.jpg",
                        caller.id
                    )),
                    "verified" => json!(false),
                    "subscription_type" => json!(if caller.id == "783214" {
                        "Premium"
                    } else {
                        "None"
                    }),
                    _ => continue,
                };
                user[field] = value;
            }
            Ok(Said::good(json!({ "data": user })))
        },
    )
}

/// The app whose id and secret came along.
fn client(world: &World, headers: &HeaderMap) -> Result<String, Said> {
    let pair = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Basic "))
        .and_then(|value| STANDARD.decode(value).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    pair.as_deref()
        .and_then(|pair| pair.split_once(':'))
        .filter(|(id, secret)| world.oauth().knows(NETWORK, id, secret))
        .map(|(id, _)| id.to_owned())
        .ok_or_else(|| {
            Said::oauth(
                StatusCode::UNAUTHORIZED,
                "unauthorized_client",
                "Missing valid authorization header",
            )
        })
}

fn form(headers: &HeaderMap, body: &[u8]) -> Result<Fields, Said> {
    let is_form = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if !is_form {
        return Err(Said::oauth(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "Content-Type must be application/x-www-form-urlencoded.",
        ));
    }
    Ok(url::form_urlencoded::parse(body).into_owned().collect())
}
