//! X's answers and refusals, spelled as X spells them.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::{Value, json};

/// Why X takes nothing from our app for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// The credits are used up.
    Credits,
    /// The month's cap is reached.
    MonthlyCap,
    /// The spending limit of the console is reached.
    SpendCap,
}

impl Hold {
    pub(super) fn said(self) -> Said {
        let typed = |status: StatusCode, title: &str, detail: &str, kind: &str| {
            let kind = format!("https://api.twitter.com/2/problems/{kind}");
            Said::new(
                status,
                json!({ "title": title, "detail": detail, "type": kind, "account_id": 1_234_567_890 }),
            )
        };
        match self {
            Self::Credits => typed(
                StatusCode::PAYMENT_REQUIRED,
                "CreditsDepleted",
                "Your enrolled account [1234567890] does not have any credits to fulfill this request.",
                "credits",
            ),
            Self::MonthlyCap => typed(
                StatusCode::TOO_MANY_REQUESTS,
                "UsageCapExceeded",
                "Usage cap exceeded: Monthly product cap",
                "usage-capped",
            ),
            Self::SpendCap => typed(
                StatusCode::FORBIDDEN,
                "SpendCapReached",
                "The spending limit of this app is reached.",
                "credits",
            ),
        }
    }
}

/// An answer: a status, and a body where there is one.
#[derive(Debug, Clone)]
pub(super) struct Said {
    status: StatusCode,
    body: Option<Value>,
}

impl Said {
    pub(super) const fn new(status: StatusCode, body: Value) -> Self {
        Self {
            status,
            body: Some(body),
        }
    }

    pub(super) const fn good(body: Value) -> Self {
        Self::new(StatusCode::OK, body)
    }

    /// A problem without a type of its own.
    pub(super) fn blank(status: StatusCode, title: &str, detail: &str) -> Self {
        Self::new(
            status,
            json!({ "title": title, "type": "about:blank", "status": status.as_u16(), "detail": detail }),
        )
    }

    pub(super) fn unauthorized() -> Self {
        Self::blank(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized")
    }

    pub(super) fn forbidden(detail: &str) -> Self {
        Self::blank(StatusCode::FORBIDDEN, "Forbidden", detail)
    }

    pub(super) fn invalid(message: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            json!({
                "errors": [{ "message": message, "parameters": {} }],
                "title": "Invalid Request",
                "detail": "One or more parameters to your request was invalid.",
                "type": "https://api.twitter.com/2/problems/invalid-request",
            }),
        )
    }

    pub(super) fn not_found(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            json!({
                "title": "Not Found Error",
                "detail": format!("Could not find {what}."),
                "type": "https://api.twitter.com/2/problems/resource-not-found",
            }),
        )
    }

    /// Too large: X says no more.
    pub(super) const fn too_large() -> Self {
        Self {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            body: None,
        }
    }

    pub(super) fn too_many() -> Self {
        Self::blank(
            StatusCode::TOO_MANY_REQUESTS,
            "Too Many Requests",
            "Too Many Requests",
        )
    }

    /// A refusal of the OAuth endpoints.
    pub(super) fn oauth(status: StatusCode, error: &str, description: &str) -> Self {
        Self::new(
            status,
            json!({ "error": error, "error_description": description }),
        )
    }
}

impl IntoResponse for Said {
    fn into_response(self) -> Response {
        match self.body {
            Some(body) => (self.status, Json(body)).into_response(),
            None => self.status.into_response(),
        }
    }
}
