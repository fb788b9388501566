//! Requests whose headers are made as they are needed.

use axum::body::Body;
use http::Method;

use crate::rig::{BACK, Rig, Said, with_query};

pub type Headers = [(&'static str, String)];

pub fn bearer(token: &str) -> Vec<(&'static str, String)> {
    vec![("authorization", format!("Bearer {token}"))]
}

pub fn text(said: &Said) -> String {
    String::from_utf8(said.body.clone()).expect("text")
}

pub async fn send(
    rig: &Rig,
    method: Method,
    path: &str,
    headers: &Headers,
    body: impl Into<Body>,
) -> Said {
    rig.send(method, path, &borrowed(headers), body).await
}

pub async fn get(rig: &Rig, path: &str, token: &str) -> Said {
    send(rig, Method::GET, path, &bearer(token), "").await
}

pub async fn form(rig: &Rig, path: &str, headers: &Headers, fields: &[(&str, &str)]) -> Said {
    rig.form_with(path, &borrowed(headers), fields).await
}

pub fn borrowed(headers: &Headers) -> Vec<(&str, &str)> {
    headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect()
}

/// The consent page at `page`.
pub fn visit_to(page: &str, scopes: &str) -> String {
    with_query(
        page,
        &[
            ("response_type", "code"),
            ("client_id", "client"),
            ("redirect_uri", BACK),
            ("scope", scopes),
            ("state", "a state"),
        ],
    )
}
