//! `POST /api/posts` and `POST /api/schedule`.

use axum::extract::State;
use http::{HeaderMap, StatusCode};
use web::{Caller, Json, Problem, ProblemBody};

use crate::{
    Env,
    accept::{accept, one, shown},
    request::{self, PostRequest, ScheduleRequest},
    view::PostView,
};

/// Publishes a post now.
#[utoipa::path(
    post, operation_id = "publishPost", path = "/api/posts", tag = "posts", request_body = PostRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to repeat for as long as the post is kept.")),
    responses(
        (status = 202, description = "Accepted; follow its status.", body = PostView),
        (status = 409, description = "No such account, several of them, or the name was used with another body.", body = ProblemBody),
        (status = 422, description = "A field breaks a rule, ours or the network's.", body = ProblemBody)
    ),
    security(("bearer" = []))
)]
pub(crate) async fn now(
    State(env): State<Env>,
    caller: Caller,
    headers: HeaderMap,
    Json(request): Json<PostRequest>,
) -> Result<(StatusCode, Json<PostView>), Problem> {
    if request.scheduled_at_iso.is_some() {
        return Err(Problem::field(
            "scheduledAtISO",
            "unknown_field",
            "is for posts that are scheduled",
            "Send it to POST /api/schedule, or leave it out.",
        ));
    }
    let post = accept(&env, caller.user, &headers, request, None).await?;
    let shown = shown(&env, caller.user, post).await?;
    Ok((StatusCode::ACCEPTED, Json(shown)))
}

/// Schedules a post.
#[utoipa::path(
    post, operation_id = "schedulePost", path = "/api/schedule", tag = "posts", request_body = ScheduleRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to repeat for as long as the post is kept.")),
    responses(
        (status = 202, description = "Accepted; it goes out at its time.", body = PostView),
        (status = 409, description = "No such account, several of them, or the name was used with another body.", body = ProblemBody),
        (status = 422, description = "A field breaks a rule, ours or the network's.", body = ProblemBody)
    ),
    security(("bearer" = []))
)]
pub(crate) async fn schedule(
    State(env): State<Env>,
    caller: Caller,
    headers: HeaderMap,
    Json(request): Json<PostRequest>,
) -> Result<(StatusCode, Json<PostView>), Problem> {
    let text = request.scheduled_at_iso.as_deref().ok_or_else(|| {
        Problem::field(
            "scheduledAtISO",
            "missing_field",
            "is missing",
            "Say when, as 2026-12-01T09:30:00+01:00.",
        )
    })?;
    let at = request::time(text, env.web.clock.now()).map_err(one)?;
    let post = accept(&env, caller.user, &headers, request, Some(at)).await?;
    let shown = shown(&env, caller.user, post).await?;
    Ok((StatusCode::ACCEPTED, Json(shown)))
}
