//! `POST /api/auth/logout`.

use axum::extract::State;
use http::StatusCode;
use store::sessions;
use web::{Caller, Problem, ProblemBody, WebEnv};

/// Ends the session at once: neither its access token nor its refresh token works any more.
#[utoipa::path(
    post, operation_id = "logOut", path = "/api/auth/logout", tag = "auth",
    responses((status = 204, description = "Signed out."), (status = 401, body = ProblemBody)),
    security(("bearer" = []))
)]
pub(crate) async fn logout(
    State(env): State<WebEnv>,
    caller: Caller,
) -> Result<StatusCode, Problem> {
    sessions::close(&env.pool, caller.user, caller.session).await?;
    Ok(StatusCode::NO_CONTENT)
}
