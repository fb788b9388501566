//! `GET /api/me`.

use axum::extract::State;
use serde::Serialize;
use store::{connections, users};
use utoipa::ToSchema;
use web::{Caller, ConnectionView, Json, Problem, ProblemBody, WebEnv};

use crate::session::UserView;

/// The user and their connections.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    /// The user.
    user: UserView,
    /// The accounts that can be published to.
    connections: Vec<ConnectionView>,
}

/// Reads who is signed in.
#[utoipa::path(
    get, operation_id = "getMe", path = "/api/me", tag = "auth",
    responses((status = 200, body = Me), (status = 401, body = ProblemBody)),
    security(("bearer" = []))
)]
pub(crate) async fn me(State(env): State<WebEnv>, caller: Caller) -> Result<Json<Me>, Problem> {
    let user = users::find(&env.pool, caller.user)
        .await?
        .ok_or_else(Problem::not_found)?;
    let connections = connections::list(&env.pool, caller.user).await?;
    Ok(Json(Me {
        user: user.into(),
        connections: connections.into_iter().map(ConnectionView::from).collect(),
    }))
}
