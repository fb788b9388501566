//! .

use axum::Router;

use crate::World;

/// What it keeps.
#[derive(Debug, Default)]
pub struct State {}

pub(crate) fn routes() -> Router<World> {
    Router::new()
}
