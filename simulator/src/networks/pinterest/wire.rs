//! How Pinterest spells its answers, and who is asking.

use axum::{
    Json,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

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

/// What a call counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Category {
    Read,
    Write,
}

/// The account that a call is made for.
///
/// # Errors
/// The refusal: no live token, a missing scope, too many calls.
pub(super) fn enter(
    world: &World,
    headers: &HeaderMap,
    scopes: &[&str],
    category: Category,
) -> Result<String, Response> {
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
    let has = |scope: &&&str| known.grant.scopes.iter().any(|given| given == **scope);
    if scopes.iter().find(|scope| !has(scope)).is_some() {
        let hides = world.states().pinterest().hides_missing_scopes;
        return Err(if hides {
            refusal(
                world,
                403,
                29,
                "You are not permitted to access that resource.",
            )
        } else {
            refusal(
                world,
                401,
                3,
                "Your token does not have sufficient permissions to perform this operation. Please ensure your token is authorized with the correct set of scopes.",
            )
        });
    }
    count(world, &known.account, category)?;
    Ok(known.account)
}

fn count(world: &World, account: &str, category: Category) -> Result<(), Response> {
    let now = world.now();
    let mut state = world.states().pinterest();
    let (most, name) = match category {
        Category::Read => (state.calls_a_minute.0, "org_read"),
        Category::Write => (state.calls_a_minute.1, "org_write"),
    };
    let calls = state.calls.entry((account.to_owned(), name)).or_default();
    while calls
        .front()
        .is_some_and(|first| now - *first >= Duration::minutes(1))
    {
        calls.pop_front();
    }
    if calls.len() < most {
        calls.push_back(now);
        return Ok(());
    }
    let reset = calls
        .front()
        .map_or(60, |first| 60 - (now - *first).whole_seconds());
    drop(state);
    let mut response = refusal(
        world,
        429,
        8,
        "You have exceeded your rate limit. Try again later.",
    );
    for (name, value) in [
        ("x-ratelimit-limit", format!("{most}, {most};w=60")),
        ("x-ratelimit-remaining", "0".to_owned()),
        ("x-ratelimit-reset", reset.max(1).to_string()),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    Err(response)
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
