//! How Pinterest spells its answers, and who is asking.

use axum::{
    Json,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::rates::{Category, Left};
use crate::World;

/// An answer; each carries an id.
pub(super) fn answer(world: &World, status: StatusCode, body: Value) -> Response {
    with_id(world, (status, Json(body)).into_response())
}

/// A success.
pub(super) fn ok(world: &World, body: Value) -> Response {
    answer(world, StatusCode::OK, body)
}

/// A refusal.
pub(super) fn refusal(world: &World, status: u16, code: i64, message: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer(
        world,
        status,
        json!({"code": code, "message": message, "status": "failure"}),
    )
}

/// The refusal of a request that breaks the description.
pub(super) fn invalid(world: &World, why: &str) -> Response {
    refusal(world, 400, 1, &format!("Invalid request: {why}"))
}

pub(super) fn with_id(world: &World, mut response: Response) -> Response {
    if let Ok(id) = HeaderValue::from_str(&world.number().to_string()) {
        response
            .headers_mut()
            .insert(HeaderName::from_static("x-pinterest-rid"), id);
    }
    response
}

/// Who calls.
pub(super) struct Caller {
    pub(super) account: String,
    scopes: Vec<String>,
    /// What it may still call; to be told with the answer.
    pub(super) left: Left,
}

impl Caller {
    /// Whether the person allowed it.
    pub(super) fn may(&self, scope: &str) -> bool {
        self.scopes.iter().any(|given| given == scope)
    }
}

/// Who makes a call.
///
/// # Errors
/// The refusal: no live token, too many calls, a missing scope.
pub(super) fn enter(
    world: &World,
    headers: &HeaderMap,
    scopes: &[&str],
    category: Category,
) -> Result<Caller, Response> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default();
    let known = world
        .oauth()
        .live_token(token, world.now())
        .filter(|token| token.grant.network == "pinterest" && token.kind == "access")
        .cloned();
    let Some(known) = known else {
        return Err(refusal(world, 401, 2, "Authentication failed."));
    };
    let now = world.now();
    let left = world
        .states()
        .pinterest()
        .count(&known.account, category, now);
    if left.is_over {
        let message = "You have exceeded your rate limit. Try again later.";
        return Err(left.on(Err(refusal(world, 429, 8, message))));
    }
    let caller = Caller {
        account: known.account,
        scopes: known.grant.scopes,
        left,
    };
    if scopes.iter().all(|scope| caller.may(scope)) {
        return Ok(caller);
    }
    Err(left.on(Err(lacks_scope(world))))
}

/// The refusal of a call that the person did not allow.
pub(super) fn lacks_scope(world: &World) -> Response {
    if world.states().pinterest().hides_missing_scopes {
        return forbidden(world);
    }
    refusal(
        world,
        401,
        3,
        "Your token does not have sufficient permissions to perform this operation. Please ensure your token is authorized with the correct set of scopes.",
    )
}

/// The refusal of what is somebody else's.
pub(super) fn forbidden(world: &World) -> Response {
    let message = "You are not permitted to access that resource.";
    refusal(world, 403, 29, message)
}

/// A part of a list by `page_size` and `bookmark`.
///
/// # Errors
/// The refusal of a page size that is no number from 1 to 250.
pub(super) fn page(
    world: &World,
    items: Vec<Value>,
    pairs: &[(String, String)],
) -> Result<Value, Response> {
    let size = match value(pairs, "page_size") {
        "" => Some(25),
        text => text.parse().ok().filter(|size| (1..=250).contains(size)),
    };
    let Some(size) = size else {
        return Err(invalid(
            world,
            "{'page_size': ...} (page_size is not within 1 to 250)",
        ));
    };
    let start = match value(pairs, "bookmark") {
        "" => Some(0),
        text => text.strip_prefix("Zz").and_then(|text| text.parse().ok()),
    };
    let Some(start) = start else {
        return Err(invalid(world, "{'bookmark': ...} (bookmark is not valid)"));
    };
    let total = items.len();
    let part: Vec<Value> = items.into_iter().skip(start).take(size).collect();
    let end = start + part.len();
    let bookmark = (end < total).then(|| format!("Zz{end}"));
    Ok(json!({"items": part, "bookmark": bookmark}))
}

/// A time as Pinterest writes it: in UTC, without saying so.
pub(super) fn written(time: OffsetDateTime) -> String {
    let format = time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    time.format(format).unwrap_or_default()
}

/// The first value of a name.
pub(super) fn value<'a>(pairs: &'a [(String, String)], name: &str) -> &'a str {
    pairs
        .iter()
        .find(|(key, _)| key == name)
        .map_or("", |(_, value)| value)
}
