//! The consent page, and the exchange of its code, which has refusals of its own.

use std::collections::BTreeMap;

use axum::{
    Json,
    body::Bytes,
    extract::{Query, State},
    response::{Html, IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use time::Duration;

use super::{NETWORK, accounts, tokens};
use crate::{AuthorizeVisit, Grant, World, networks::meta::read_body, oauth::CodeError};

const CODE_LIFE: Duration = Duration::hours(1);
const PARAMETERS: [&str; 7] = [
    "client_id",
    "enable_fb_login",
    "force_reauth",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
];
/// Without this one nothing can be asked for.
const BASIC: &str = "instagram_business_basic";
const SCOPES: [&str; 5] = [
    BASIC,
    "instagram_business_content_publish",
    "instagram_business_manage_comments",
    "instagram_business_manage_insights",
    "instagram_business_manage_messages",
];

type Fields = BTreeMap<String, String>;

/// What is wrong with a visit: shown to the person, who is not sent back.
struct Wrong(String);

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        let page = format!(
            "<!doctype html><title>Instagram</title><h1>Invalid Request</h1><p>{}</p>",
            self.0
        );
        (StatusCode::BAD_REQUEST, Html(page)).into_response()
    }
}

pub(super) async fn authorize(State(world): State<World>, Query(query): Query<Fields>) -> Response {
    match visit(&world, &query) {
        Ok(visit) => world.ask_for_consent(visit).into_response(),
        Err(wrong) => wrong.into_response(),
    }
}

fn visit(world: &World, query: &Fields) -> Result<AuthorizeVisit, Wrong> {
    let wrong = |what: &str| Err(Wrong(format!("Request parameters are invalid: {what}")));
    let one = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let known = world.oauth().app(NETWORK, one("client_id"));
    let Some(app) = known else {
        return wrong("Invalid platform app");
    };
    if !app
        .redirect_uris
        .iter()
        .any(|uri| uri == one("redirect_uri"))
    {
        return wrong("Invalid redirect_uri");
    }
    if one("response_type") != "code" {
        return wrong("Invalid response_type");
    }
    if query
        .keys()
        .any(|name| !PARAMETERS.contains(&name.as_str()))
    {
        return wrong("Unknown parameter");
    }
    let is_switch = |name| matches!(one(name), "" | "0" | "1" | "false" | "true");
    if !is_switch("force_reauth") || !is_switch("enable_fb_login") {
        return wrong("Invalid switch");
    }
    let scopes: Vec<String> = one("scope")
        .split([',', ' '])
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect();
    let is_known = |scope: &String| SCOPES.contains(&scope.as_str());
    if !scopes.iter().any(|scope| scope == BASIC) || !scopes.iter().all(is_known) {
        return wrong("Invalid scope");
    }
    let denied = [
        ("error", "access_denied"),
        ("error_reason", "user_denied"),
        ("error_description", "The user denied your request"),
    ];
    Ok(AuthorizeVisit {
        network: NETWORK.to_owned(),
        client_id: app.client_id,
        redirect_uri: one("redirect_uri").to_owned(),
        state: query.get("state").cloned(),
        scopes,
        challenge: None,
        approved_parameters: vec![("#".to_owned(), "_".to_owned())],
        denied_parameters: denied
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        accounts: accounts::choices(),
        several: false,
        code_life: CODE_LIFE,
        notes: BTreeMap::new(),
    })
}

/// A refusal of the exchange, which is not worded as those of the Graph API.
pub(super) struct Refused(&'static str);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = json!({
            "error_type": "OAuthException", "code": 400, "error_message": self.0,
        });
        (StatusCode::BAD_REQUEST, Json(body)).into_response()
    }
}

/// A code for a token of an hour.
pub(super) async fn exchange(
    State(world): State<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Refused> {
    let read = read_body(&headers, body).await;
    let (fields, _) = read.ok_or(Refused("The request could not be read"))?;
    let one = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    let (id, secret) = (one("client_id"), one("client_secret"));
    if world.oauth().app(NETWORK, id).is_none() {
        return Err(Refused("Invalid platform app"));
    }
    if !world.oauth().knows(NETWORK, id, secret) {
        return Err(Refused("Error validating client secret."));
    }
    if one("grant_type") != "authorization_code" {
        return Err(Refused("Invalid grant_type"));
    }
    let redeemed = world
        .oauth()
        .redeem(one("code"), id, one("redirect_uri"), None, world.now());
    let grant = redeemed.map_err(|error| match error {
        CodeError::NotYours | CodeError::Verifier => Refused(
            "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request",
        ),
        CodeError::Spent | CodeError::Unknown => {
            Refused("Matching code was not found or was already used")
        }
    })?;
    Ok(Json(given(&world, &grant)))
}

/// The answer in either of its shapes.
fn given(world: &World, grant: &Grant) -> Value {
    let chosen = grant.accounts.first();
    let user = chosen.and_then(|id| accounts::find(id));
    let user = user.map_or(0, |holder| holder.scoped_id);
    let allowed = tokens::allowed(world, grant);
    let token = tokens::short(world, grant);
    if world.states().instagram_login().answers_flat {
        json!({ "access_token": token, "user_id": user, "permissions": allowed })
    } else {
        json!({ "data": [{
            "access_token": token, "user_id": user.to_string(), "permissions": allowed.join(","),
        }] })
    }
}
