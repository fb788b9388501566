//! `POST /api/auth/refresh`.

use axum::extract::State;
use http::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use store::{
    StoreError,
    sessions::{self, Rotation},
    users,
};
use utoipa::ToSchema;
use web::{Json, Problem, ProblemBody, WebEnv};

use crate::session::{self, RefreshToken, SignedIn};

/// A refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RefreshRequest {
    /// As it came with the last answer.
    #[schema(value_type = String)]
    refresh_token: SecretString,
}

/// Gives the next pair of tokens. A refresh token works once; the second use of one ends the session.
#[utoipa::path(
    post, operation_id = "refreshTokens", path = "/api/auth/refresh", tag = "auth", request_body = RefreshRequest,
    responses((status = 200, body = SignedIn), (status = 401, description = "Sign in again.", body = ProblemBody))
)]
pub(crate) async fn refresh(
    State(env): State<WebEnv>,
    Json(request): Json<RefreshRequest>,
) -> Result<Json<SignedIn>, Problem> {
    let presented = RefreshToken::parse(request.refresh_token.expose_secret()).ok_or_else(over)?;
    let next = RefreshToken::mint(presented.session)?;
    let mut connection = env.pool.acquire().await.map_err(StoreError::from)?;
    let rotation = sessions::rotate(
        &mut connection,
        presented.session,
        &presented.hash(),
        &next.hash(),
    )
    .await?;
    drop(connection);
    match rotation {
        Rotation::Done(user) => {
            let user = users::find(&env.pool, user).await?.ok_or_else(over)?;
            Ok(Json(session::signed_in(&env, user, &next)?))
        }
        Rotation::Over => Err(over()),
        Rotation::Reused => {
            tracing::warn!(session.id = %presented.session, "a spent refresh token was presented; the session was ended");
            Err(over())
        }
    }
}

fn over() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "session_over",
        "The session is over; sign in again.",
    )
}
