//! How the Graph API answers.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};
use time::{OffsetDateTime, macros::format_description};

use super::{Usage, usage_headers};

/// An answer.
#[derive(Debug, Clone)]
pub(in crate::networks) struct Said {
    status: StatusCode,
    headers: Vec<(&'static str, String)>,
    body: Value,
}

impl Said {
    pub(in crate::networks) const fn good(body: Value) -> Self {
        Self {
            status: StatusCode::OK,
            headers: Vec::new(),
            body,
        }
    }

    /// A refusal; a subcode of 0 is none.
    pub(in crate::networks) fn refused(code: i64, subcode: i64, message: &str) -> Self {
        let status = match code {
            102 | 190 => StatusCode::UNAUTHORIZED,
            10 | 200..=299 => StatusCode::FORBIDDEN,
            1 | 2 if subcode == 0 => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        let mut error = json!({
            "message": format!("(#{code}) {message}"), "type": "OAuthException", "code": code,
        });
        if subcode != 0 {
            error["error_subcode"] = subcode.into();
        }
        Self {
            status,
            headers: Vec::new(),
            body: json!({ "error": error }),
        }
    }

    /// The same refusal with `error_data`.
    pub(in crate::networks) fn with_data(mut self, data: Value) -> Self {
        self.body["error"]["error_data"] = data;
        self
    }

    /// The same refusal with how much is used up of what.
    pub(in crate::networks) fn with_usage(
        mut self,
        network: &str,
        object: &str,
        usage: Usage,
    ) -> Self {
        self.headers.extend(usage_headers(network, object, usage));
        self
    }

    /// The same refusal under another `type`.
    pub(in crate::networks) fn typed(mut self, kind: &str) -> Self {
        self.body["error"]["type"] = kind.into();
        self
    }

    /// The same answer as Instagram's own host words it: what concerns neither the token nor its
    /// permissions is refused under another `type`.
    pub(super) fn at_instagram(self) -> Self {
        let error = &self.body["error"];
        let is_about_access = matches!(error["code"].as_i64(), None | Some(10 | 102 | 190 | 2_500));
        if is_about_access || error["type"] != "OAuthException" {
            self
        } else {
            self.typed("IGApiException")
        }
    }

    /// The same refusal with what it is found by in the network's logs; a good answer has none.
    pub(super) fn traced(mut self, trace: &str) -> Self {
        if let Some(error) = self.body.get_mut("error") {
            error["fbtrace_id"] = trace.into();
        }
        self
    }

    /// The `error` of a refusal.
    pub(in crate::networks) fn error(&self) -> &Value {
        &self.body["error"]
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
        let mut response = (self.status, Json(&self.body)).into_response();
        for (name, value) in &self.headers {
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().insert(*name, value);
            }
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// A time as Meta writes it.
pub(in crate::networks) fn time_text(time: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]+0000");
    time.format(format).unwrap_or_default()
}
