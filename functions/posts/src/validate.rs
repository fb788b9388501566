//! `POST /api/posts/validate`: says what would be refused, and keeps nothing.

use axum::extract::State;
use domain::Violation;
use serde::Serialize;
use store::StoreError;
use utoipa::ToSchema;
use web::{Caller, Json, Problem};

use crate::{
    Env, accept, check,
    promise::{self, Wish},
    request::{self, PostRequest},
    view::Warning,
};

/// Whether a post would be accepted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Validation {
    /// Whether it would.
    valid: bool,
    /// Each rule that it breaks.
    #[schema(value_type = Vec<Object>)]
    errors: Vec<Violation>,
    /// What may keep it from going out although it would be accepted.
    warnings: Vec<Warning>,
}

/// Says whether a post would be accepted, without keeping it. Its files are fetched as usual.
#[utoipa::path(
    post, operation_id = "validatePost", path = "/api/posts/validate", tag = "posts", request_body = PostRequest,
    responses((status = 200, description = "What is wrong, if anything.", body = Validation)),
    security(("bearer" = []))
)]
pub(crate) async fn validate(
    State(env): State<Env>,
    caller: Caller,
    Json(request): Json<PostRequest>,
) -> Result<Json<Validation>, Problem> {
    let (errors, warnings) = match try_out(&env, caller, request).await {
        Ok(warnings) => (Vec::new(), warnings),
        Err(problem) if !problem.body().errors.is_empty() => {
            (problem.body().errors.clone(), Vec::new())
        }
        Err(problem) => return Err(problem),
    };
    Ok(Json(Validation {
        valid: errors.is_empty(),
        errors,
        warnings,
    }))
}

async fn try_out(env: &Env, caller: Caller, request: PostRequest) -> Result<Vec<Warning>, Problem> {
    let platform = request::platform(&request.platform).map_err(accept::one)?;
    let asked = request::connection(request.connection_id.as_deref()).map_err(accept::one)?;
    let now = env.web.clock.now();
    let scheduled_at = match &request.scheduled_at_iso {
        Some(text) => Some(request::time(text, now).map_err(accept::one)?),
        None => None,
    };
    request::name(request.client_post_id.as_deref()).map_err(accept::one)?;
    request::lateness(request.max_lateness_minutes).map_err(accept::one)?;
    let caption = request::caption(request.caption).map_err(accept::one)?;
    let options = request::options(request.options).map_err(accept::one)?;
    let items = request::media(request.media).map_err(accept::one)?;
    let connection = accept::connection(env, caller.user, platform, asked).await?;
    let wish = Wish {
        user: caller.user,
        connection: &connection,
        options: &options,
        at: scheduled_at.unwrap_or(now),
        edited: None,
    };
    let mut link = env.web.pool.acquire().await.map_err(StoreError::from)?;
    promise::hold(&mut link, &wish).await?;
    drop(link);
    let files = check::check(env, caller.user, platform, &caption, &options, items).await?;
    // Nothing refers to what was fetched for the trial.
    for key in files
        .rows
        .iter()
        .filter_map(|row| row.stored.as_ref())
        .map(|stored| &stored.object_key)
    {
        if let Err(error) = env.library.forget(key).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a file of a trial could not be deleted"
            );
        }
    }
    Ok(promise::warnings(&connection, wish.at))
}
