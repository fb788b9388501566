//! Pages for people.

use axum::response::{Html, IntoResponse as _, Response};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderValue, header};
use sha2::{Digest as _, Sha256};

/// A page of ours, whose own script and style, and nothing else, the browser may run.
pub fn page(page: String) -> Response {
    let policy = format!(
        "default-src 'none'; script-src {}; style-src {}; img-src data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
        hash(&page, "<script>", "</script>"),
        hash(&page, "<style>", "</style>"),
    );
    let mut response = Html(page).into_response();
    if let Ok(policy) = HeaderValue::try_from(policy) {
        response
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// A text as it may stand in a page, within or outside of quotes.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
}

fn hash(page: &str, open: &str, close: &str) -> String {
    let inner = page
        .split_once(open)
        .and_then(|(_, rest)| rest.split_once(close))
        .map(|(inner, _)| inner);
    inner.map_or_else(
        || "'none'".to_owned(),
        |inner| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(inner))),
    )
}
