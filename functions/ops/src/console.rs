//! The console: one page that does what the app does.

use axum::response::{Html, IntoResponse as _, Response};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderValue, header};
use sha2::{Digest as _, Sha256};

const PAGE: &str = include_str!("console.html");

/// The console.
pub(crate) async fn console() -> Response {
    page(Html(PAGE))
}

/// A page of ours, whose own script and style, and nothing else, the browser may run.
pub(crate) fn page(Html(page): Html<&'static str>) -> Response {
    let policy = format!(
        "default-src 'none'; script-src {}; style-src {}; img-src 'self' data: https: http://127.0.0.1:*; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        hashes(page, "<script>", "</script>"),
        hashes(page, "<style>", "</style>"),
    );
    let mut response = Html(page).into_response();
    if let Ok(policy) = HeaderValue::try_from(policy) {
        response
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn hashes(page: &str, open: &str, close: &str) -> String {
    let inner = page
        .split_once(open)
        .and_then(|(_, rest)| rest.split_once(close))
        .map(|(inner, _)| inner);
    inner.map_or_else(
        || "'none'".to_owned(),
        |inner| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(inner))),
    )
}
