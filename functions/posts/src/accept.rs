//! Accepting a post: checked, kept together with its files in one transaction, then rung for.

use domain::{ConnectionHealth, ConnectionId, Platform, Post, PostId, UserId};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use store::{
    StoreError,
    connections::{self, Connection},
    posts::{self, NewPost},
};
use time::{Duration, OffsetDateTime};
use web::Problem;

use crate::{
    Env, check,
    promise::{self, Wish},
    request::{self, PostRequest},
    view::PostView,
};

/// How long before its time a post is prepared at the earliest.
const EARLIEST: Duration = Duration::minutes(15);
/// Over how long the preparations of posts of the same minute are spread.
const SPREAD_SECONDS: u32 = 300;

/// Accepts a post, or answers the one that was accepted under the same name.
pub(crate) async fn accept(
    env: &Env,
    user: UserId,
    headers: &HeaderMap,
    request: PostRequest,
    scheduled_at: Option<OffsetDateTime>,
) -> Result<Post, Problem> {
    let fingerprint = fingerprint(&request, scheduled_at);
    request::name(request.client_post_id.as_deref()).map_err(one)?;
    let key = idempotency_key(headers)?;
    if let Some(post) = known(env, user, &request, key.as_deref(), &fingerprint).await? {
        return Ok(post);
    }
    let platform = request::platform(&request.platform).map_err(one)?;
    let asked = request::connection(request.connection_id.as_deref()).map_err(one)?;
    let max_lateness = request::lateness(request.max_lateness_minutes).map_err(one)?;
    let caption = request::caption(request.caption.clone()).map_err(one)?;
    let options = request::options(request.options.clone()).map_err(one)?;
    let items = request::media(request.media.clone()).map_err(one)?;
    let connection = connection(env, user, platform, asked).await?;
    let wish = Wish {
        user,
        connection: &connection,
        options: &options,
        at: scheduled_at.unwrap_or_else(|| env.web.clock.now()),
        edited: None,
    };
    // Before its files are fetched, and once more when it is kept.
    let mut link = env.web.pool.acquire().await.map_err(StoreError::from)?;
    promise::hold(&mut link, &wish).await?;
    drop(link);
    let files = check::check(env, user, platform, &caption, &options, items).await?;
    let id = PostId::mint();
    let new = NewPost {
        id,
        connection_id: connection.id,
        platform,
        caption,
        media: json!(files.media),
        options: options.clone(),
        client_post_id: request.client_post_id.clone(),
        idempotency_key: key.clone(),
        fingerprint: fingerprint.clone(),
        scheduled_at,
        prepare_at: scheduled_at.map(|at| prepare_at(id, at)),
        max_lateness,
    };
    match keep(env, &wish, &new, &files).await {
        Ok(post) => {
            env.doorbell.try_ring(&post, post.next_attempt_at).await;
            env.doorbell.announce(user).await;
            tracing::info!(post.id = %post.id, %platform, "accepted {}", post.id);
            Ok(post)
        }
        // The same request arrived twice at once; the other one was kept.
        Err(NotKept::Store(StoreError::Conflict(_))) => {
            known(env, user, &request, key.as_deref(), &fingerprint)
                .await?
                .ok_or_else(|| {
                    Problem::new(
                        StatusCode::CONFLICT,
                        "in_progress",
                        "The same request is being handled; ask again in a moment.",
                    )
                })
        }
        Err(NotKept::Store(error)) => Err(error.into()),
        Err(NotKept::Refused(problem)) => Err(problem),
    }
}

/// Why a post was not kept.
enum NotKept {
    /// It breaks a promise that was made meanwhile.
    Refused(Problem),
    /// The database did not take it.
    Store(StoreError),
}

impl From<StoreError> for NotKept {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// An accepted post as its author sees it, with what may keep it from going out.
pub(crate) async fn shown(env: &Env, user: UserId, post: Post) -> Result<PostView, Problem> {
    let connection = connections::find(&env.web.pool, user, post.connection_id).await?;
    let warnings = connection
        .filter(|_| post.stage.is_editable())
        .map(|connection| promise::warnings(&connection, post.due_at));
    Ok(PostView {
        warnings: warnings.unwrap_or_default(),
        ..post.into()
    })
}

/// The connection that a post goes to.
pub(crate) async fn connection(
    env: &Env,
    user: UserId,
    platform: Platform,
    asked: Option<ConnectionId>,
) -> Result<Connection, Problem> {
    let name = platform.display_name();
    let of_network: Vec<Connection> = connections::list(&env.web.pool, user)
        .await?
        .into_iter()
        .filter(|connection| connection.platform == platform)
        .collect();
    let chosen = match asked {
        Some(id) => of_network
            .into_iter()
            .find(|connection| connection.id == id)
            .ok_or_else(|| {
                Problem::field(
                    "connectionId",
                    "connection_unknown",
                    format!("is no {name} account of yours"),
                    "Use an id of GET /api/connections.",
                )
            })?,
        None => match <[Connection; 1]>::try_from(of_network) {
            Ok([only]) => only,
            Err(none) if none.is_empty() => {
                return Err(Problem::new(
                    StatusCode::CONFLICT,
                    "not_connected",
                    format!(
                        "No {name} account is connected; connect one through GET /api/connect/{platform}."
                    ),
                ));
            }
            Err(several) => {
                let names: Vec<String> = several
                    .iter()
                    .map(|connection| format!("{} ({})", connection.id, connection.display_name))
                    .collect();
                return Err(Problem::new(
                    StatusCode::CONFLICT,
                    "connection_ambiguous",
                    format!(
                        "Several {name} accounts are connected; choose one with connectionId: {}.",
                        names.join(", ")
                    ),
                ));
            }
        },
    };
    if chosen.health == ConnectionHealth::Active {
        return Ok(chosen);
    }
    Err(Problem::new(
        StatusCode::CONFLICT,
        "reconnect_needed",
        format!(
            "{} can no longer be reached through this connection; connect the account again.",
            chosen.display_name
        ),
    ))
}

/// When a post due at `at` is prepared: 15 to 10 minutes before, each post at its own moment.
pub(crate) fn prepare_at(id: PostId, at: OffsetDateTime) -> OffsetDateTime {
    let [.., a, b] = id.uuid().into_bytes();
    let share = u32::from(u16::from_be_bytes([a, b])) * SPREAD_SECONDS / u32::from(u16::MAX);
    at - EARLIEST + Duration::seconds(i64::from(share))
}

pub(crate) fn one(broken: domain::Violation) -> Problem {
    Problem::fields(vec![broken])
}

async fn keep(
    env: &Env,
    wish: &Wish<'_>,
    new: &NewPost,
    files: &check::Files,
) -> Result<Post, NotKept> {
    let mut tx = env.web.pool.begin().await.map_err(StoreError::from)?;
    promise::reserve(&mut tx, wish)
        .await
        .map_err(NotKept::Refused)?;
    for row in &files.rows {
        store::media::add(&mut tx, wish.user, row).await?;
    }
    let post = posts::add(&mut tx, wish.user, new).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(post)
}

/// The post that was kept under the same name, if the request is the same too.
async fn known(
    env: &Env,
    user: UserId,
    request: &PostRequest,
    key: Option<&str>,
    fingerprint: &[u8],
) -> Result<Option<Post>, Problem> {
    let client_post_id = request.client_post_id.as_deref();
    if client_post_id.is_none() && key.is_none() {
        return Ok(None);
    }
    let Some((id, same)) = posts::twin(&env.web.pool, user, client_post_id, key).await? else {
        return Ok(None);
    };
    if same == fingerprint {
        return Ok(posts::find(&env.web.pool, user, id).await?);
    }
    Err(match client_post_id {
        Some(_) => Problem::new(
            StatusCode::CONFLICT,
            "client_post_id_taken",
            format!(
                "The client_post_id names {id}, which was asked for with another body; use a new one, or edit that post."
            ),
        ),
        None => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            format!(
                "The Idempotency-Key names {id}, which was asked for with another body; use a new key."
            ),
        ),
    })
}

/// What tells the same request from another one: every field that its author sent.
fn fingerprint(request: &PostRequest, scheduled_at: Option<OffsetDateTime>) -> Vec<u8> {
    let said: Value = json!([
        request.platform,
        request.connection_id,
        request.caption,
        request.media,
        request.options,
        request.client_post_id,
        request.max_lateness_minutes,
        scheduled_at
            .map(OffsetDateTime::unix_timestamp_nanos)
            .map(|at| at.to_string()),
    ]);
    Sha256::digest(said.to_string()).to_vec()
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = value
        .to_str()
        .ok()
        .filter(|key| (1..=200).contains(&key.len()));
    key.map(|key| Some(key.to_owned())).ok_or_else(|| {
        Problem::field(
            "Idempotency-Key",
            "invalid_idempotency_key",
            "is not 1 to 200 ASCII characters",
            "Use a UUID.",
        )
    })
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn preparations_are_spread_over_the_minutes_before_and_never_come_late() {
        let due = datetime!(2026-01-01 12:00 UTC);
        for _ in 0..200 {
            let at = prepare_at(PostId::mint(), due);
            assert!(
                (due - EARLIEST..=due - Duration::minutes(10)).contains(&at),
                "{at}"
            );
        }
    }
}
