//! `POST /api/auth/signup`.

use axum::extract::State;
use domain::{UserId, Violation};
use http::{HeaderMap, StatusCode};
use store::users;
use web::{Json, Problem, ProblemBody, WebEnv, client_address, limit};

use crate::{
    credentials::Credentials,
    password,
    session::{self, SignedIn},
};

/// Sign-ups and sign-ins of one address a minute.
pub(crate) const ANONYMOUS_PER_MINUTE: u32 = 30;

/// Signs a new user up and in.
///
/// A taken address is said to be taken: whoever signs up must learn it, and the limit by address
/// keeps it from being a way to list accounts.
#[utoipa::path(
    post, operation_id = "signUp", path = "/api/auth/signup", tag = "auth", request_body = Credentials,
    responses(
        (status = 201, description = "Signed up and in.", body = SignedIn),
        (status = 409, description = "The address is taken.", body = ProblemBody),
        (status = 422, description = "The address or the password breaks a rule.", body = ProblemBody)
    )
)]
pub(crate) async fn signup(
    State(env): State<WebEnv>,
    headers: HeaderMap,
    Json(credentials): Json<Credentials>,
) -> Result<(StatusCode, Json<SignedIn>), Problem> {
    limit(
        &env,
        &format!("ip:{}", client_address(&headers)),
        ANONYMOUS_PER_MINUTE,
    )
    .await?;
    let email = credentials.email()?;
    credentials.check_new_password()?;
    let hash = password::hash(credentials.password).await?;
    let user = users::add(&env.pool, UserId::mint(), &email, &hash)
        .await
        .map_err(|error| {
            if error.is_conflict("users_email_key") {
                return Problem::new(
                    StatusCode::CONFLICT,
                    "email_taken",
                    "There is an account with this address; sign in, or use another one.",
                )
                .with(Violation::new(
                    "email",
                    "email_taken",
                    "belongs to an account",
                    "Sign in, or use another one.",
                ));
            }
            error.into()
        })?;
    tracing::info!(user.id = %user.id, "signed up {}", user.id);
    Ok((StatusCode::CREATED, Json(session::open(&env, user).await?)))
}
