//! `POST /api/posts/:id/resolve`.

use axum::extract::State;
use domain::PostId;
use http::StatusCode;
use serde::Deserialize;
use store::{
    StoreError,
    posts::{self, Changed, Resolution},
};
use utoipa::ToSchema;
use web::{Caller, Json, Path, Problem, ProblemBody};

use crate::{Env, view::PostView};

/// What its author says of an unconfirmed post.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ResolveRequest {
    /// `published`: it is live. `retry`: it is not, send it anew. `dismiss`: it is not, let it be.
    resolution: Word,
    /// With `published`: the network's id of it, if known.
    external_id: Option<String>,
    /// With `published`: where a person can look at it, if known.
    url: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Word {
    Dismiss,
    Published,
    Retry,
}

/// Settles an unconfirmed post by its author's word.
#[utoipa::path(
    post, operation_id = "resolvePost", path = "/api/posts/{id}/resolve", tag = "posts", request_body = ResolveRequest, params(("id" = String, Path)),
    responses(
        (status = 200, body = PostView),
        (status = 404, body = ProblemBody),
        (status = 409, description = "It is not unconfirmed, or that post at the network is another one of yours.", body = ProblemBody)
    ),
    security(("bearer" = []))
)]
pub(crate) async fn resolve(
    State(env): State<Env>,
    caller: Caller,
    Path(id): Path<PostId>,
    Json(request): Json<ResolveRequest>,
) -> Result<Json<PostView>, Problem> {
    if request.resolution != Word::Published
        && (request.external_id.is_some() || request.url.is_some())
    {
        return Err(Problem::field(
            "externalId",
            "invalid_field",
            "goes with published only",
            "Leave externalId and url out.",
        ));
    }
    let resolution = match request.resolution {
        Word::Dismiss => Resolution::Dismiss,
        Word::Published => Resolution::Published {
            external_id: request.external_id,
            external_url: request.url,
        },
        Word::Retry => Resolution::Retry,
    };
    let mut connection = env.web.pool.acquire().await.map_err(StoreError::from)?;
    let changed = posts::resolve(&mut connection, caller.user, id, &resolution).await;
    drop(connection);
    match changed {
        Ok(Changed::Done(post)) => {
            if request.resolution == Word::Retry {
                env.doorbell.try_ring(&*post, post.next_attempt_at).await;
            }
            env.doorbell.announce(caller.user).await;
            Ok(Json((*post).into()))
        }
        Ok(Changed::Missing) => Err(Problem::not_found()),
        Ok(Changed::Stale | Changed::TooLate(_)) => Err(Problem::new(
            StatusCode::CONFLICT,
            "not_unconfirmed",
            "Only a post whose status is unconfirmed can be resolved; read its status.",
        )),
        Err(error) if error.is_conflict("posts_one_claim") => Err(Problem::field(
            "externalId",
            "external_id_taken",
            "is another post of yours",
            "Look at the account again, or leave it out.",
        )),
        Err(error) => Err(error.into()),
    }
}
