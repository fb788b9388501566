//! How the Graph API answers.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::{Value, json};
use time::{OffsetDateTime, macros::format_description};

/// An answer.
#[derive(Debug, Clone)]
pub(in crate::networks) struct Said {
    status: StatusCode,
    body: Value,
}

impl Said {
    pub(in crate::networks) const fn good(body: Value) -> Self {
        Self {
            status: StatusCode::OK,
            body,
        }
    }

    /// A refusal; a subcode of 0 is none.
    pub(in crate::networks) fn refused(code: i64, subcode: i64, message: &str) -> Self {
        let status = match code {
            102 | 190 => StatusCode::UNAUTHORIZED,
            10 | 200..=299 => StatusCode::FORBIDDEN,
            _ => StatusCode::BAD_REQUEST,
        };
        let mut error = json!({
            "message": format!("(#{code}) {message}"), "type": "OAuthException", "code": code,
            "fbtrace_id": "AQxSimulatedTrace",
        });
        if subcode != 0 {
            error["error_subcode"] = subcode.into();
        }
        Self {
            status,
            body: json!({ "error": error }),
        }
    }

    /// The same refusal with `error_data`.
    pub(in crate::networks) fn with_data(mut self, data: Value) -> Self {
        self.body["error"]["error_data"] = data;
        self
    }

    /// A missing or wrong parameter.
    pub(in crate::networks) fn invalid(message: &str) -> Self {
        Self::refused(100, 0, message)
    }

    /// Something that the token does not see.
    pub(in crate::networks) fn invisible(id: &str) -> Self {
        Self::refused(
            100,
            33,
            &format!(
                "Unsupported request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation."
            ),
        )
    }
}

impl IntoResponse for Said {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}

/// A time as Meta writes it.
pub(in crate::networks) fn time_text(time: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]+0000");
    time.format(format).unwrap_or_default()
}
