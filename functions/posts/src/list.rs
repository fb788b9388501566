//! `GET /api/posts`.

use axum::extract::State;
use domain::PostId;
use serde::{Deserialize, Serialize};
use store::posts::{self, Filter};
use utoipa::{IntoParams, ToSchema};
use web::{Caller, Json, Problem, ProblemBody, Query};

use crate::{Env, accept::one, request, view::PostView};

/// The most posts of one page.
const PAGE: i64 = 100;
const STATUSES: [&str; 6] = [
    "canceled",
    "failed",
    "published",
    "publishing",
    "queued",
    "unconfirmed",
];

/// Which posts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Only this network.
    platform: Option<String>,
    /// Only this status.
    status: Option<String>,
    /// Only posts older than this one: the `next` of the page before.
    before: Option<String>,
    /// How many, 1 to 100; default 20.
    limit: Option<i64>,
}

/// A page of posts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PostPage {
    /// Newest first.
    posts: Vec<PostView>,
    /// Send it as `before` for the next page; absent on the last one.
    next: Option<String>,
}

/// Lists posts, newest first.
#[utoipa::path(
    get, operation_id = "listPosts", path = "/api/posts", tag = "posts", params(ListQuery),
    responses((status = 200, body = PostPage), (status = 422, body = ProblemBody)),
    security(("bearer" = []))
)]
pub(crate) async fn list(
    State(env): State<Env>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<PostPage>, Problem> {
    let limit = query.limit.unwrap_or(20);
    if !(1..=PAGE).contains(&limit) {
        return Err(Problem::field(
            "limit",
            "out_of_range",
            format!("is {limit}; 1 to {PAGE} are taken"),
            "Leave it out for 20.",
        ));
    }
    if let Some(status) = &query.status
        && !STATUSES.contains(&status.as_str())
    {
        return Err(Problem::field(
            "status",
            "unknown_status",
            "is no status of a post",
            format!("Use one of {}.", STATUSES.join(", ")),
        ));
    }
    let before: Option<PostId> =
        query
            .before
            .map(|id| id.parse())
            .transpose()
            .map_err(|error: domain::IdError| {
                Problem::field(
                    "before",
                    "invalid_id",
                    error.to_string(),
                    "Use the next of the page before.",
                )
            })?;
    let platform = query
        .platform
        .as_deref()
        .map(request::platform)
        .transpose()
        .map_err(one)?;
    let filter = Filter {
        platform,
        status: query.status,
        before,
    };
    let mut found = posts::list(&env.web.pool, caller.user, &filter, limit + 1).await?;
    let more = i64::try_from(found.len()).is_ok_and(|count| count > limit);
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = found
        .last()
        .filter(|_| more)
        .map(|last| last.id.to_string());
    Ok(Json(PostPage {
        posts: found.into_iter().map(PostView::from).collect(),
        next,
    }))
}
