//! `/openapi.json` and `/docs`.

use axum::response::{IntoResponse as _, Response};
use http::header;

const OPENAPI: &str = include_str!("../../../docs/openapi.json");
const PAGE: &str = include_str!("docs.html");

/// The description of the whole API, as generated from the code.
pub(crate) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

/// The same, for people.
pub(crate) async fn docs() -> Response {
    web::page(PAGE.to_owned())
}
