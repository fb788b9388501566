//! `POST /api/admin/posts/:id/requeue`.

use axum::extract::State;
use domain::PostId;
use doorbell::Subject;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use store::{
    StoreError,
    admin::{self, Requeued},
};
use utoipa::ToSchema;
use web::{Admin, Json, Path, Problem, ProblemBody};

use crate::Env;

/// How to requeue.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RequeueRequest {
    /// Publish a scheduled post now instead of at its time.
    #[serde(default)]
    at_once: bool,
}

/// What was requeued.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RequeuedPost {
    /// The post.
    id: String,
}

/// Queues a post again, or forces a scheduled one out. What may already have been sent is never sent
/// again by this: an unconfirmed post is its author's to resolve.
#[utoipa::path(
    post, operation_id = "requeuePost", path = "/api/admin/posts/{id}/requeue", tag = "ops", request_body = RequeueRequest,
    params(("id" = String, Path)),
    responses(
        (status = 202, body = RequeuedPost),
        (status = 403, description = "Only operators may.", body = ProblemBody),
        (status = 404, body = ProblemBody),
        (status = 409, description = "It is live, called off, being sent, or unconfirmed.", body = ProblemBody)
    ),
    security(("bearer" = []))
)]
pub(crate) async fn requeue(
    State(env): State<Env>,
    Admin(operator): Admin,
    Path(id): Path<PostId>,
    Json(request): Json<RequeueRequest>,
) -> Result<(StatusCode, Json<RequeuedPost>), Problem> {
    let mut connection = env.web.pool.acquire().await.map_err(StoreError::from)?;
    let requeued = admin::requeue(&mut connection, id, request.at_once).await?;
    drop(connection);
    match requeued {
        Requeued::Done(owner) => {
            tracing::info!(post.id = %id, user.id = %owner, operator.id = %operator.user, at_once = request.at_once, "requeued {id}");
            let now = store::now(&env.web.pool).await?;
            let subject = Subject::from(id).of(owner);
            env.doorbell.try_ring(subject, now).await;
            env.doorbell.announce(owner).await;
            Ok((
                StatusCode::ACCEPTED,
                Json(RequeuedPost { id: id.to_string() }),
            ))
        }
        Requeued::Missing => Err(Problem::not_found()),
        Requeued::Refused(stage) => Err(Problem::new(
            StatusCode::CONFLICT,
            "cannot_requeue",
            format!("The post is {stage}; only what certainly is not live can be queued again."),
        )),
    }
}
