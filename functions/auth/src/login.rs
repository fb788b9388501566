//! `POST /api/auth/login`.

use axum::extract::State;
use http::{HeaderMap, StatusCode};
use store::{login_delays, users};
use web::{Json, Problem, ProblemBody, WebEnv, client_address, limit};

use crate::{
    credentials::Credentials,
    password,
    session::{self, SignedIn},
    signup::ANONYMOUS_PER_MINUTE,
};

/// Signs a user in. Known and unknown addresses are answered alike, and as fast; failures make the
/// next tries wait, longer each time, by account and by address, and never lock anybody out.
#[utoipa::path(
    post, operation_id = "logIn", path = "/api/auth/login", tag = "auth", request_body = Credentials,
    responses(
        (status = 200, body = SignedIn),
        (status = 401, description = "Address and password do not belong together.", body = ProblemBody),
        (status = 429, description = "Too many failures; wait as long as Retry-After says.", body = ProblemBody)
    )
)]
pub(crate) async fn login(
    State(env): State<WebEnv>,
    headers: HeaderMap,
    Json(credentials): Json<Credentials>,
) -> Result<Json<SignedIn>, Problem> {
    let address = client_address(&headers);
    limit(&env, &format!("ip:{address}"), ANONYMOUS_PER_MINUTE).await?;
    let email = credentials.email()?;
    let (by_account, by_address) = (format!("account:{email}"), format!("ip:{address}"));
    let keys = [by_account.clone(), by_address];
    if let Some(until) = login_delays::blocked_until(&env.pool, &keys).await? {
        return Err(Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_failures",
            "Signing in failed several times; wait as long as Retry-After says.",
        )
        .retry_after(until - store::now(&env.pool).await?));
    }
    let (user, hash) = users::find_by_email(&env.pool, &email).await?.unzip();
    let matches = password::verify(credentials.password, hash).await?;
    let Some(user) = user.filter(|_| matches) else {
        login_delays::fail(&env.pool, &keys).await?;
        return Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "wrong_credentials",
            "The address and the password do not belong together; check both.",
        ));
    };
    login_delays::clear(&env.pool, &by_account).await?;
    Ok(Json(session::open(&env, user).await?))
}
