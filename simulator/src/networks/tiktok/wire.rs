//! How TikTok spells its answers, and who is asking.

use axum::{
    Json,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use crate::World;

/// A success.
pub(super) fn ok(world: &World, data: &Value) -> Response {
    Json(json!({
        "data": data,
        "error": {"code": "ok", "message": "", "log_id": log_id(world)},
    }))
    .into_response()
}

/// A success that says nothing else.
pub(super) fn bare_ok(world: &World) -> Response {
    Json(json!({"error": {"code": "ok", "message": "", "log_id": log_id(world)}})).into_response()
}

/// A refusal, with an empty `data` as most have.
pub(super) fn refusal(world: &World, status: u16, code: &str, message: &str) -> Response {
    let body = json!({
        "data": {},
        "error": {"code": code, "message": message, "log_id": log_id(world)},
    });
    (status_of(status), Json(body)).into_response()
}

/// A refusal without `data`, as some have.
pub(super) fn bare_refusal(world: &World, status: u16, code: &str, message: &str) -> Response {
    let body = json!({"error": {"code": code, "message": message, "log_id": log_id(world)}});
    (status_of(status), Json(body)).into_response()
}

/// A refusal of the consent calls: flat.
pub(super) fn flat_refusal(world: &World, error: &str, description: &str) -> Response {
    let body = json!({
        "error": error,
        "error_description": description,
        "log_id": log_id(world),
    });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

fn status_of(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn log_id(world: &World) -> String {
    let now = world.now();
    format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}{:020X}",
        now.year(),
        u8::from(now.month()),
        now.day(),
        now.hour(),
        now.minute(),
        now.second(),
        world.number()
    )
}

/// Who is asking.
pub(super) struct Caller {
    pub(super) app: String,
    pub(super) token: String,
    pub(super) account: String,
    pub(super) scopes: Vec<String>,
}

/// The account that a call is made for.
///
/// # Errors
/// The refusal: no live access token, or none with one of these scopes.
pub(super) fn caller(
    world: &World,
    headers: &HeaderMap,
    scopes: &[&str],
) -> Result<Caller, Box<Response>> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default();
    let known = world
        .oauth()
        .live_token(token, world.now())
        .filter(|known| known.grant.network == "tiktok" && known.kind == "access")
        .cloned();
    let Some(known) = known else {
        return Err(Box::new(refusal(
            world,
            401,
            "access_token_invalid",
            "The access token is invalid or not found in the request.",
        )));
    };
    let has = |scope: &&str| known.grant.scopes.iter().any(|granted| granted == scope);
    if !scopes.iter().any(has) {
        return Err(Box::new(refusal(
            world,
            401,
            "scope_not_authorized",
            "The user did not authorize the scope required for completing this request.",
        )));
    }
    Ok(Caller {
        app: known.grant.client_id.clone(),
        token: token.to_owned(),
        account: known.account,
        scopes: known.grant.scopes,
    })
}

/// The pairs of a form; `None` when the body claims to be anything else.
pub(super) fn form(headers: &HeaderMap, body: &[u8]) -> Option<Vec<(String, String)>> {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .filter(|value| value.starts_with("application/x-www-form-urlencoded"))?;
    Some(url::form_urlencoded::parse(body).into_owned().collect())
}

/// The first value of a name.
pub(super) fn value<'a>(pairs: &'a [(String, String)], name: &str) -> &'a str {
    pairs
        .iter()
        .find(|(key, _)| key == name)
        .map_or("", |(_, value)| value)
}
