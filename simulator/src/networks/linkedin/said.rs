//! LinkedIn's answers and refusals, and who calls.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use super::{NETWORK, accounts};
use crate::{Account, World};

/// The versions that are served (the sheet's table; the newest ones last).
const VERSIONS: [&str; 8] =
    ["202601", "202602", "202603", "202604", "202605", "202606", "202607", "202608"];

/// An answer.
#[derive(Debug, Clone)]
pub(super) struct Said {
    status: StatusCode,
    body: Value,
}

impl Said {
    pub(super) const fn good(body: Value) -> Self {
        Self { status: StatusCode::OK, body }
    }

    pub(super) fn refused(status: u16, code: &str, message: &str) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST),
            body: json!({ "status": status, "code": code, "message": message }),
        }
    }

    pub(super) fn oauth(status: u16, error: &str, description: &str) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST),
            body: json!({ "error": error, "error_description": description }),
        }
    }

    pub(super) fn with(mut self, name: &str, value: Value) -> Self {
        self.body[name] = value;
        self
    }
}

impl IntoResponse for Said {
    fn into_response(self) -> Response {
        (self.status, [("x-li-request-id", "sample-request")], Json(self.body)).into_response()
    }
}

/// The member whose token came along.
pub(super) fn member(world: &World, headers: &HeaderMap, scope: &str) -> Result<Account, Said> {
    let refuse = |code: i64, name: &str, message: &str| Said::refused(401, name, message).with("serviceErrorCode", code.into());
    let text = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default();
    let oauth = world.oauth();
    let token = oauth
        .token(text)
        .filter(|token| token.kind == "access" && token.grant.network == NETWORK)
        .ok_or_else(|| refuse(65600, "INVALID_ACCESS_TOKEN", "Invalid access token"))?;
    if token.dead {
        return Err(refuse(65601, "REVOKED_ACCESS_TOKEN", "The token used in the request has been revoked by the user"));
    }
    if token.ends_at.is_some_and(|end| world.now() >= end) {
        return Err(refuse(65602, "EXPIRED_ACCESS_TOKEN", "The token used in the request has expired"));
    }
    if !token.grant.scopes.iter().any(|given| given == scope) {
        return Err(Said::refused(403, "ACCESS_DENIED", "Not enough permissions to access: partnerApiPostsExternal.CREATE")
            .with("serviceErrorCode", 100.into()));
    }
    let account = accounts().into_iter().find(|account| account.id == token.account);
    account.ok_or_else(|| refuse(65600, "INVALID_ACCESS_TOKEN", "Invalid access token"))
}

/// Holds a call against the rules of versioned calls.
pub(super) fn versioned(headers: &HeaderMap) -> Result<(), Said> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let version = header("linkedin-version");
    if version.is_empty() {
        return Err(Said::refused(400, "VERSION_MISSING", "A version must be present. Please specify a version by adding the LinkedIn-Version header."));
    }
    if !VERSIONS.contains(&version) {
        return Err(Said::refused(426, "NONEXISTENT_VERSION", &format!("Requested version {version}01 is not active")));
    }
    if header("x-restli-protocol-version") != "2.0.0" {
        return Err(Said::refused(400, "INVALID_PROTOCOL", "Invalid rest.li protocol version"));
    }
    Ok(())
}
