//! How Google spells its refusals, and who is asking.

use axum::{
    Json,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode, header};
use serde_json::json;

use crate::World;

/// A refusal of the data and upload interfaces.
pub(super) fn refusal(status: u16, domain: &str, reason: &str, message: &str) -> Response {
    let body = json!({"error": {
        "code": status,
        "message": message,
        "errors": [{"message": message, "domain": domain, "reason": reason}],
    }});
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, Json(body)).into_response()
}

/// A refusal of the token endpoints.
pub(super) fn flat_refusal(status: StatusCode, error: &str, description: &str) -> Response {
    let body = if description.is_empty() {
        json!({"error": error})
    } else {
        json!({"error": error, "error_description": description})
    };
    (status, Json(body)).into_response()
}

/// The project's units for today are used up.
pub(super) fn quota_exceeded() -> Response {
    refusal(
        403,
        "youtube.quota",
        "quotaExceeded",
        "The request cannot be completed because you have exceeded your <a href=\"/youtube/v3/getting-started#quota\">quota</a>.",
    )
}

/// The Google account has no channel.
pub(super) fn no_channel() -> Response {
    let body = json!({"error": {
        "errors": [{
            "domain": "youtube.header", "reason": "youtubeSignupRequired", "message": "Unauthorized",
            "locationType": "header", "location": "Authorization",
        }],
        "code": 401,
        "message": "Unauthorized",
    }});
    (StatusCode::UNAUTHORIZED, Json(body)).into_response()
}

const ALL: [&str; 2] = ["youtube", "youtube.force-ssl"];

/// The channel that a call is made as.
///
/// # Errors
/// The refusal: no live access token, or none with `scope` or a wider one.
pub(super) fn caller(
    world: &World,
    headers: &HeaderMap,
    scope: &str,
) -> Result<String, Box<Response>> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default();
    let known = world
        .oauth()
        .live_token(token, world.now())
        .filter(|known| known.grant.network == "youtube" && known.kind == "access")
        .cloned()
        .ok_or_else(|| Box::new(refusal(401, "global", "authError", "Invalid Credentials")))?;
    let may = known.grant.scopes.iter().any(|granted| {
        granted
            .strip_prefix("https://www.googleapis.com/auth/")
            .is_some_and(|name| name == scope || ALL.contains(&name))
    });
    if !may {
        return Err(Box::new(refusal(
            403,
            "global",
            "insufficientPermissions",
            "Request had insufficient authentication scopes.",
        )));
    }
    Ok(known.account)
}

/// The first value of a name.
pub(super) fn value<'a>(pairs: &'a [(String, String)], name: &str) -> &'a str {
    pairs
        .iter()
        .find(|(key, _)| key == name)
        .map_or("", |(_, value)| value)
}
