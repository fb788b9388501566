//! Pinterest's answers and refusals, spelled as Pinterest spells them.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::{NETWORK, account};
use crate::{Account, World};

/// An answer.
#[derive(Debug, Clone)]
pub(super) struct Said {
    status: StatusCode,
    body: Value,
}

impl Said {
    pub(super) const fn new(status: StatusCode, body: Value) -> Self {
        Self { status, body }
    }

    pub(super) const fn good(body: Value) -> Self {
        Self::new(StatusCode::OK, body)
    }

    pub(super) fn refused(status: u16, code: i64, message: &str) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        Self::new(status, json!({ "code": code, "message": message }))
    }

    pub(super) fn invalid(why: &str) -> Self {
        Self::refused(400, 1, &format!("Invalid request: {why}"))
    }

    pub(super) fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            json!({ "code": 2, "message": "Authentication failed.", "status": "failure" }),
        )
    }
}

impl IntoResponse for Said {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        response.headers_mut().insert("x-pinterest-rid", HeaderValue::from_static("1234567890123456"));
        response
    }
}

/// The account whose token came along, if the token lives and every scope was allowed.
pub(super) fn caller(world: &World, headers: &HeaderMap, scopes: &[&str]) -> Result<Account, Said> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or_else(Said::unauthenticated)?;
    let (id, granted) = {
        let oauth = world.oauth();
        let token = oauth
            .live_token(token, world.now())
            .filter(|token| token.kind == "access" && token.grant.network == NETWORK)
            .ok_or_else(Said::unauthenticated)?;
        (token.account.clone(), token.grant.scopes.clone())
    };
    if scopes.iter().any(|scope| !granted.iter().any(|given| given == scope)) {
        return Err(Said::refused(
            401,
            3,
            "Your token does not have sufficient permissions to perform this operation. Please ensure your token is authorized with the correct set of scopes.",
        ));
    }
    account(&id).ok_or_else(Said::unauthenticated)
}
