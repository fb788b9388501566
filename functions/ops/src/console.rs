//! The console: one page that does what the app does.

use axum::{extract::State, response::Response};
use web::{escaped, page};

use crate::Env;

const PAGE: &str = include_str!("console.html");
const SAMPLES: &str = "{samples}";

/// The console. While the networks are simulated, it offers the simulator's sample files.
pub(crate) async fn console(State(env): State<Env>) -> Response {
    let samples = env
        .web
        .settings
        .networks_base_url
        .as_ref()
        .and_then(|base| base.join("/_simulator/samples/").ok())
        .map(String::from)
        .unwrap_or_default();
    page(PAGE.replacen(SAMPLES, &escaped(&samples), 1))
}
