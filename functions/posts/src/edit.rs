//! `PATCH /api/posts/:id`.

use axum::extract::State;
use domain::{Caption, Post, PostId};
use http::StatusCode;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use store::{
    StoreError, connections,
    posts::{self, Change, Changed},
};
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;
use web::{Caller, Json, Path, Problem, ProblemBody};

use crate::{
    Env,
    accept::{one, prepare_at, shown},
    check,
    promise::{self, Edited, Wish},
    request::{self, MediaItem},
    view::PostView,
};

/// What to change; what is left out stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct EditRequest {
    /// The words.
    caption: Option<String>,
    /// The files, one or a list; null takes them away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<crate::request::OneOrMany>)]
    media: Option<Value>,
    /// The network's own options, as a whole.
    #[schema(value_type = Option<Object>)]
    options: Option<Value>,
    /// When to publish; null for now.
    #[serde(default, rename = "scheduledAtISO", deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    scheduled_at_iso: Option<Value>,
    /// How many minutes late it may go out at most.
    max_lateness_minutes: Option<i64>,
    /// Change only this revision of it.
    revision: Option<i32>,
}

/// What a post is to be.
#[derive(Debug)]
struct Wanted {
    caption: Caption,
    items: Vec<MediaItem>,
    options: Value,
    scheduled_at: Option<OffsetDateTime>,
    max_lateness: Option<Duration>,
}

impl EditRequest {
    /// The post with these changes.
    fn over(self, post: &Post, now: OffsetDateTime) -> Result<Wanted, Problem> {
        let scheduled_at = match self.scheduled_at_iso {
            None => post.scheduled_at,
            Some(Value::Null) => None,
            Some(Value::String(text)) => Some(request::time(&text, now).map_err(one)?),
            Some(_) => {
                return Err(Problem::field(
                    "scheduledAtISO",
                    "invalid_field",
                    "is not a text",
                    "Write it as 2026-12-01T09:30:00+01:00.",
                ));
            }
        };
        let caption = match self.caption {
            Some(text) => request::caption(text).map_err(one)?,
            None => post.caption.clone(),
        };
        let options = match self.options {
            Some(options) => request::options(Some(options)).map_err(one)?,
            None => post.options.clone(),
        };
        let items = match self.media {
            Some(media) => request::media(Some(media)).map_err(one)?,
            None => post
                .media
                .iter()
                .map(|item| MediaItem {
                    kind: item.kind,
                    url: None,
                    media_id: Some(item.media_id),
                    alt_text: item.alt_text.clone(),
                })
                .collect(),
        };
        let max_lateness = match self.max_lateness_minutes {
            Some(minutes) => Some(request::lateness(Some(minutes)).map_err(one)?),
            None => None,
        };
        Ok(Wanted {
            caption,
            items,
            options,
            scheduled_at,
            max_lateness,
        })
    }
}

/// Tells `null` (take it away) from nothing (leave it).
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Changes a post that was not sent yet.
#[utoipa::path(
    patch, operation_id = "editPost", path = "/api/posts/{id}", tag = "posts", request_body = EditRequest, params(("id" = String, Path)),
    responses(
        (status = 200, body = PostView),
        (status = 404, body = ProblemBody),
        (status = 409, description = "It is being sent or is over, or was edited meanwhile.", body = ProblemBody),
        (status = 422, body = ProblemBody)
    ),
    security(("bearer" = []))
)]
pub(crate) async fn edit(
    State(env): State<Env>,
    caller: Caller,
    Path(id): Path<PostId>,
    Json(request): Json<EditRequest>,
) -> Result<Json<PostView>, Problem> {
    let pool = &env.web.pool;
    let post = posts::find(pool, caller.user, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    if !post.stage.is_editable() {
        return Err(too_late(post.stage));
    }
    let now = env.web.clock.now();
    let revision = request.revision.unwrap_or(post.revision);
    let wanted = request.over(&post, now)?;
    let connection = connections::find(pool, caller.user, post.connection_id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let wish = Wish {
        user: caller.user,
        connection: &connection,
        options: &wanted.options,
        // One that is late goes out as soon as it can.
        at: wanted.scheduled_at.map_or(now, |at| at.max(now)),
        edited: Some(Edited {
            id,
            options: &post.options,
            is_moved: wanted.scheduled_at != post.scheduled_at,
        }),
    };
    let mut link = pool.acquire().await.map_err(StoreError::from)?;
    promise::hold(&mut link, &wish).await?;
    drop(link);
    let files = check::check(
        &env,
        caller.user,
        post.platform,
        &wanted.caption,
        &wanted.options,
        wanted.items,
    )
    .await?;
    let change = Change {
        caption: wanted.caption,
        media: json!(files.media),
        options: wanted.options.clone(),
        scheduled_at: wanted.scheduled_at,
        prepare_at: wanted.scheduled_at.map(|at| prepare_at(id, at)),
        max_lateness: wanted.max_lateness,
    };
    let mut tx = pool.begin().await.map_err(StoreError::from)?;
    promise::reserve(&mut tx, &wish).await?;
    for row in &files.rows {
        store::media::add(&mut tx, caller.user, row).await?;
    }
    match posts::edit(&mut tx, caller.user, id, Some(revision), &change).await? {
        Changed::Done(post) => {
            tx.commit().await.map_err(StoreError::from)?;
            env.doorbell
                .try_ring_anew(&*post, post.next_attempt_at)
                .await;
            env.doorbell.announce(caller.user).await;
            shown(&env, caller.user, *post).await.map(Json)
        }
        Changed::Missing => Err(Problem::not_found()),
        Changed::Stale => Err(Problem::new(
            StatusCode::CONFLICT,
            "revision_stale",
            "The post was edited meanwhile; read it again and decide anew.",
        )),
        Changed::TooLate(stage) => Err(too_late(stage)),
    }
}

/// Why a post cannot be changed any more.
pub(crate) fn too_late(stage: domain::Stage) -> Problem {
    if stage.is_final() {
        let status = stage.status().as_str();
        return Problem::new(
            StatusCode::CONFLICT,
            "post_is_over",
            format!("The post is {status}; make a new one."),
        );
    }
    Problem::new(
        StatusCode::CONFLICT,
        "publish_in_progress",
        "The post is being sent to the network and can no longer be changed; follow its status.",
    )
}
