//! Accounts of the app: sign up, sign in, stay signed in, sign out.

mod credentials;
mod login;
mod logout;
mod me;
mod password;
mod refresh;
mod session;
mod signup;

use axum::{
    Router,
    routing::{get, post},
};
use utoipa::OpenApi;
use web::WebEnv;

/// The routes of this function.
pub fn router(env: WebEnv) -> Router {
    Router::new()
        .route("/api/auth/login", post(login::login))
        .route("/api/auth/logout", post(logout::logout))
        .route("/api/auth/refresh", post(refresh::refresh))
        .route("/api/auth/signup", post(signup::signup))
        .route("/api/me", get(me::me))
        .with_state(env)
}

/// The description of these routes.
#[derive(OpenApi)]
#[openapi(
    paths(login::login, logout::logout, me::me, refresh::refresh, signup::signup),
    tags((name = "auth", description = "Accounts of the app."))
)]
#[derive(Debug)]
pub struct Api;

#[cfg(test)]
mod tests;
