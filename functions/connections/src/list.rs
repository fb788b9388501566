//! `GET /api/connections`.

use axum::extract::State;
use serde::Serialize;
use store::connections;
use utoipa::ToSchema;
use web::{Caller, ConnectionView, Json, Problem, ProblemBody};

use crate::Env;

/// The accounts that can be published to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Connections {
    /// Oldest first.
    connections: Vec<ConnectionView>,
}

/// Lists the connected accounts, with what they may do and whether they work.
#[utoipa::path(
    get, operation_id = "listConnections", path = "/api/connections", tag = "connections",
    responses((status = 200, body = Connections), (status = 401, body = ProblemBody)),
    security(("bearer" = []))
)]
pub(crate) async fn list(
    State(env): State<Env>,
    caller: Caller,
) -> Result<Json<Connections>, Problem> {
    let connections = connections::list(&env.web.pool, caller.user).await?;
    Ok(Json(Connections {
        connections: connections.into_iter().map(ConnectionView::from).collect(),
    }))
}
