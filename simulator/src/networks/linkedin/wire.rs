//! How LinkedIn spells its refusals.

use axum::{
    Json,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

/// A refusal of the gateway.
pub(super) fn refusal(status: u16, service: Option<i64>, code: &str, message: &str) -> Response {
    let mut body = json!({"status": status, "code": code, "message": message});
    if let Some(service) = service {
        body["serviceErrorCode"] = json!(service);
    }
    (status_of(status), Json(body)).into_response()
}

/// A refusal of what was sent.
pub(super) fn bad_input(status: u16, code: &str, description: &str, path: &str) -> Response {
    let body = json!({
        "errorDetailType": "com.linkedin.common.error.BadRequest",
        "message": description,
        "errorDetails": {"inputErrors": [{
            "description": description,
            "input": {"inputPath": {"fieldPath": path}},
            "code": code,
        }]},
        "status": status,
    });
    (status_of(status), Json(body)).into_response()
}

/// A refusal of the token endpoint.
pub(super) fn oauth_refusal(status: u16, error: &str, description: &str) -> Response {
    let body = json!({"error": error, "error_description": description});
    (status_of(status), Json(body)).into_response()
}

fn status_of(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The body of a call, if it claims to be JSON and is.
pub(super) fn json_body(headers: &HeaderMap, body: &[u8]) -> Result<Value, Response> {
    let is_json = content_type(headers).starts_with("application/json");
    is_json
        .then(|| serde_json::from_slice(body).ok())
        .flatten()
        .ok_or_else(|| {
            refusal(
                400,
                None,
                "INVALID_REQUEST",
                "Request body is not valid JSON",
            )
        })
}

pub(super) fn content_type(headers: &HeaderMap) -> &str {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// The first value of a name.
pub(super) fn value<'a>(pairs: &'a [(String, String)], name: &str) -> &'a str {
    pairs
        .iter()
        .find(|(key, _)| key == name)
        .map_or("", |(_, value)| value)
}
