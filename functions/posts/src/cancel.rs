//! `DELETE /api/posts/:id`.

use axum::extract::State;
use domain::PostId;
use doorbell::Subject;
use store::{
    StoreError,
    posts::{self, Changed},
};
use web::{Caller, Json, Path, Problem, ProblemBody};

use crate::{Env, edit::too_late, view::PostView};

/// Calls a post off that was not sent yet. Calling it off twice is the same as once.
#[utoipa::path(
    delete, operation_id = "cancelPost", path = "/api/posts/{id}", tag = "posts", params(("id" = String, Path)),
    responses(
        (status = 200, description = "It will not go out.", body = PostView),
        (status = 404, body = ProblemBody),
        (status = 409, description = "It is being sent or is over.", body = ProblemBody)
    ),
    security(("bearer" = []))
)]
pub(crate) async fn cancel(
    State(env): State<Env>,
    caller: Caller,
    Path(id): Path<PostId>,
) -> Result<Json<PostView>, Problem> {
    let mut connection = env.web.pool.acquire().await.map_err(StoreError::from)?;
    match posts::cancel(&mut connection, caller.user, id).await? {
        Changed::Done(post) => {
            drop(connection);
            let rung_for = Subject::from(&*post).before_the_edit();
            if let Err(error) = env.doorbell.silence(rung_for).await {
                // A ring for a canceled post finds nothing to do.
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a ring could not be taken back"
                );
            }
            env.doorbell.announce(caller.user).await;
            Ok(Json((*post).into()))
        }
        Changed::Missing => Err(Problem::not_found()),
        Changed::Stale => Err(too_late(domain::Stage::Firing)),
        Changed::TooLate(stage) => Err(too_late(stage)),
    }
}
