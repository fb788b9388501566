//! `POST /api/disconnect/:platform`.

use axum::{
    body::HttpBody as _,
    extract::{FromRequest as _, Request, State},
};
use domain::ConnectionId;
use http::StatusCode;
use serde::Deserialize;
use store::{
    StoreError,
    connections::{self, Connection},
};
use utoipa::ToSchema;
use web::{Caller, ConnectionView, Json, Path, Problem, ProblemBody};

use crate::{Env, visit};

/// Which account.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DisconnectRequest {
    /// May be left out while there is one of the network.
    #[serde(default)]
    connection_id: Option<String>,
}

/// Disconnects an account. Nothing is published to it from here on; within a minute our access is
/// withdrawn at the network and the tokens are wiped.
#[utoipa::path(
    post, operation_id = "disconnect", path = "/api/disconnect/{platform}", tag = "connections", request_body = DisconnectRequest,
    params(("platform" = String, Path)),
    responses(
        (status = 202, body = ConnectionView),
        (status = 404, description = "No such account is connected.", body = ProblemBody),
        (status = 409, description = "Several are; choose one.", body = ProblemBody)
    ),
    security(("bearer" = []))
)]
pub(crate) async fn disconnect(
    State(env): State<Env>,
    caller: Caller,
    Path(platform): Path<String>,
    request: Request,
) -> Result<(StatusCode, Json<ConnectionView>), Problem> {
    let platform = visit::platform(&platform)?;
    // Nothing in the body is required, so neither is the body.
    let request = if request.body().is_end_stream() {
        DisconnectRequest::default()
    } else {
        Json::from_request(request, &env).await?.0
    };
    let asked: Option<ConnectionId> = request
        .connection_id
        .map(|id| id.parse())
        .transpose()
        .map_err(|_| Problem::not_found())?;
    let of_network: Vec<Connection> = connections::list(&env.web.pool, caller.user)
        .await?
        .into_iter()
        .filter(|connection| connection.platform == platform)
        .filter(|connection| asked.is_none_or(|id| id == connection.id))
        .collect();
    let id = match of_network.as_slice() {
        [] => return Err(Problem::not_found()),
        [only] => only.id,
        several => {
            let names: Vec<String> = several
                .iter()
                .map(|connection| format!("{} ({})", connection.id, connection.display_name))
                .collect();
            return Err(Problem::new(
                StatusCode::CONFLICT,
                "connection_ambiguous",
                format!(
                    "Several accounts are connected; choose one with connectionId: {}.",
                    names.join(", ")
                ),
            ));
        }
    };
    let mut tx = env.web.pool.begin().await.map_err(StoreError::from)?;
    if !connections::begin_disconnect(&mut tx, caller.user, id).await? {
        return Err(Problem::not_found());
    }
    tx.commit().await.map_err(StoreError::from)?;
    let now = store::now(&env.web.pool).await?;
    env.doorbell.try_ring(id, now).await;
    env.doorbell.announce(caller.user).await;
    let connection = connections::find(&env.web.pool, caller.user, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    Ok((StatusCode::ACCEPTED, Json(connection.into())))
}
