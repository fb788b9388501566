//! `GET /api/posts/:id`, its status and its log.

use axum::extract::State;
use domain::{PostError, PostId};
use serde::Serialize;
use store::{job_log, posts};
use time::OffsetDateTime;
use utoipa::ToSchema;
use web::{Caller, Json, Path, Problem, ProblemBody};

use crate::{Env, view::PostView};

/// Where a post stands, in short.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatusView {
    /// Its id.
    id: String,
    /// `queued`, `publishing`, `published`, `failed`, `canceled` or `unconfirmed`.
    status: String,
    /// The network's id of it.
    external_id: Option<String>,
    /// Where a person can look at it.
    url: Option<String>,
    /// How many milliseconds after its due time the network accepted it, never less than none; absent until then. Of a
    /// post that is not scheduled, how long publishing it took.
    late_ms: Option<i64>,
    /// What stands, or stood last, in its way.
    #[schema(value_type = Option<Object>)]
    error: Option<PostError>,
}

/// One step of a post.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StepView {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    /// What was done.
    step: String,
    /// What came of it.
    outcome: String,
    /// The network's HTTP status.
    http_status: Option<i32>,
    /// How long it took, in milliseconds.
    duration_ms: Option<i32>,
    /// More.
    detail: Option<String>,
}

/// Reads a post.
#[utoipa::path(
    get, operation_id = "getPost", path = "/api/posts/{id}", tag = "posts", params(("id" = String, Path)),
    responses((status = 200, body = PostView), (status = 404, body = ProblemBody)),
    security(("bearer" = []))
)]
pub(crate) async fn show(
    State(env): State<Env>,
    caller: Caller,
    Path(id): Path<PostId>,
) -> Result<Json<PostView>, Problem> {
    let post = posts::find(&env.web.pool, caller.user, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    Ok(Json(post.into()))
}

/// Reads where a post stands.
#[utoipa::path(
    get, operation_id = "getPostStatus", path = "/api/posts/{id}/status", tag = "posts", params(("id" = String, Path)),
    responses((status = 200, body = StatusView), (status = 404, body = ProblemBody)),
    security(("bearer" = []))
)]
pub(crate) async fn status(
    State(env): State<Env>,
    caller: Caller,
    Path(id): Path<PostId>,
) -> Result<Json<StatusView>, Problem> {
    let post = posts::find(&env.web.pool, caller.user, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let view = PostView::from(post);
    Ok(Json(StatusView {
        id: view.id,
        status: view.status,
        external_id: view.external_id,
        url: view.url,
        late_ms: view.late_ms,
        error: view.error,
    }))
}

/// Reads every step that was taken for a post, oldest first.
#[utoipa::path(
    get, operation_id = "getPostLog", path = "/api/posts/{id}/log", tag = "posts", params(("id" = String, Path)),
    responses((status = 200, body = Vec<StepView>), (status = 404, body = ProblemBody)),
    security(("bearer" = []))
)]
pub(crate) async fn log(
    State(env): State<Env>,
    caller: Caller,
    Path(id): Path<PostId>,
) -> Result<Json<Vec<StepView>>, Problem> {
    posts::find(&env.web.pool, caller.user, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let steps = job_log::list(&env.web.pool, caller.user, id).await?;
    let views = steps
        .into_iter()
        .map(|(at, step)| StepView {
            at,
            step: step.step,
            outcome: step.outcome,
            http_status: step.http_status,
            duration_ms: step.duration_ms,
            detail: step.detail,
        })
        .collect();
    Ok(Json(views))
}
