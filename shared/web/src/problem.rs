//! Errors as RFC 9457 tells them: what, which field, which rule, what to do.

use std::error::Error;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use domain::Violation;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use store::StoreError;
use utoipa::ToSchema;

/// An error as the caller sees it.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    body: Box<ProblemBody>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// The JSON of an error (`application/problem+json`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProblemBody {
    /// The rule that was broken, as a stable relative address: `/problems/caption_too_long`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The rule in a few words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened, and what to do.
    pub detail: String,
    /// Each field at fault.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>)]
    pub errors: Vec<Violation>,
    /// In answers of the 5xx kind, what to tell us; every answer has it as the header `x-request-id`.
    #[serde(rename = "requestId", default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Problem {
    /// A problem with a stable `rule` and what happened.
    pub fn new(status: StatusCode, rule: &str, detail: impl Into<String>) -> Self {
        let title = rule.replace('_', " ");
        let mut letters = title.chars();
        let title = letters.next().map_or_else(String::new, |first| {
            first.to_uppercase().chain(letters).collect()
        });
        Self {
            status,
            body: Box::new(ProblemBody {
                kind: format!("/problems/{rule}"),
                title,
                status: status.as_u16(),
                detail: detail.into(),
                errors: Vec::new(),
                request_id: None,
            }),
            headers: Vec::new(),
        }
    }

    /// The fields of a request that break rules; there is at least one.
    pub fn fields(errors: Vec<Violation>) -> Self {
        let rule = errors
            .first()
            .map_or("invalid_request", |first| first.rule.as_str())
            .to_owned();
        let detail = errors
            .iter()
            .map(|broken| format!("{} {}. {}", broken.field, broken.detail, broken.remedy))
            .collect::<Vec<_>>()
            .join(" ");
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, &rule, detail);
        problem.body.errors = errors;
        problem
    }

    /// One field that breaks a rule.
    pub fn field(
        field: impl Into<String>,
        rule: &str,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::fields(vec![Violation::new(field, rule, detail, remedy)])
    }

    /// The same problem, naming one more field at fault.
    #[must_use]
    pub fn with(mut self, violation: Violation) -> Self {
        self.body.errors.push(violation);
        self
    }

    /// The same problem, told with the id of the request.
    pub(crate) fn of_request(mut self, id: &str) -> Self {
        self.body.request_id = Some(id.to_owned());
        self
    }

    /// There is nothing here; the same to the byte whether it is absent or somebody else's.
    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "There is nothing here; check the address and the id.",
        )
    }

    /// Our fault. The whole chain is logged, here and once; nothing of it is shown.
    pub fn internal(error: &(dyn Error + 'static)) -> Self {
        tracing::error!(error, "a request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something failed on our side; try again in a moment.",
        )
    }

    /// The same problem, with a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::try_from(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// The same problem, with `Retry-After`: whole seconds, rounded up.
    #[must_use]
    pub fn retry_after(self, wait: time::Duration) -> Self {
        let seconds = wait.whole_milliseconds().max(1).saturating_add(999) / 1000;
        self.header(header::RETRY_AFTER, &seconds.to_string())
    }

    /// The HTTP status.
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The JSON.
    pub fn body(&self) -> &ProblemBody {
        &self.body
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.body).unwrap_or_default();
        let told = self.status.is_server_error().then(|| self.clone());
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        let json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        response.headers_mut().extend(self.headers);
        // The layer that knows the id of the request tells it anew with the id in it.
        if let Some(problem) = told {
            response.extensions_mut().insert(problem);
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::internal(&error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the secret outside")]
    struct Outside(#[source] std::fmt::Error);

    #[test]
    fn what_failed_inside_is_never_shown() {
        let problem = Problem::internal(&Outside(std::fmt::Error));
        assert_eq!(problem.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!format!("{problem:?}").contains("secret"));
    }

    #[test]
    fn a_wait_is_told_in_whole_seconds_rounded_up() {
        for (milliseconds, header) in [(0, "1"), (1, "1"), (1000, "1"), (1001, "2"), (-5, "1")] {
            let response = Problem::not_found()
                .retry_after(time::Duration::milliseconds(milliseconds))
                .into_response();
            assert_eq!(response.headers()["retry-after"], header, "{milliseconds}");
        }
    }
}
