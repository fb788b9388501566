//! Changing and deleting a video that is there.

use axum::{
    Json,
    body::Bytes,
    extract::{Query, State as Shared},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::{
    data::{admitted, unknown_part},
    quota,
    upload::{broken, with_defaults},
    wire::{refusal, value},
};
use crate::World;

/// Writes parts of a video anew: what the body leaves out of a part is gone.
pub(super) async fn update(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    Query(pairs): Query<Vec<(String, String)>>,
    body: Bytes,
) -> Response {
    let id = match admitted(&world, &headers, "youtube", quota::CHANGE) {
        Ok(id) => id,
        Err(refusal) => return *refusal,
    };
    let resource: Value = serde_json::from_slice(&body).unwrap_or_default();
    let parts: Vec<&str> = value(&pairs, "part").split(',').collect();
    let now = world.now();
    let mut state = world.states().youtube();
    let wanted = resource["id"].as_str().unwrap_or_default();
    let Some(video) = state.videos.iter_mut().find(|video| video.id == wanted) else {
        return not_found();
    };
    if video.channel != id {
        return forbidden();
    }
    let (mut snippet, mut status) = (video.snippet.clone(), video.status.clone());
    for part in &parts {
        match *part {
            "id" => {}
            "snippet" => {
                snippet = resource["snippet"].clone();
                // Both must be given each time.
                if !snippet["categoryId"].is_string() {
                    return refusal(
                        400,
                        "youtube.video",
                        "invalidCategoryId",
                        "The snippet.categoryId property specifies an invalid category ID.",
                    );
                }
            }
            "status" => status = with_defaults(resource["status"].clone()),
            _ => return unknown_part(part),
        }
    }
    if let Some((reason, message)) = broken(&snippet, &status, now) {
        return refusal(400, "youtube.video", reason, message);
    }
    let is_new_time =
        status["publishAt"].is_string() && status["publishAt"] != video.status["publishAt"];
    if is_new_time && video.privacy(now) != "private" {
        return refusal(
            400,
            "youtube.video",
            "invalidPublishAt",
            "The request metadata specifies an invalid scheduled publishing time.",
        );
    }
    if snippet["description"].is_null() {
        snippet["description"] = json!("");
    }
    (video.snippet, video.status) = (snippet, status);
    Json(video.created(&parts, now)).into_response()
}

pub(super) async fn delete(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    let id = match admitted(&world, &headers, "youtube", quota::CHANGE) {
        Ok(id) => id,
        Err(refusal) => return *refusal,
    };
    let mut state = world.states().youtube();
    let wanted = value(&pairs, "id");
    let Some(place) = state.videos.iter().position(|video| video.id == wanted) else {
        return not_found();
    };
    if state.videos[place].channel != id {
        return forbidden();
    }
    state.videos.remove(place);
    world.take_down("youtube", wanted);
    StatusCode::NO_CONTENT.into_response()
}

fn not_found() -> Response {
    refusal(
        404,
        "youtube.video",
        "videoNotFound",
        "The video cannot be found.",
    )
}

fn forbidden() -> Response {
    refusal(
        403,
        "youtube.video",
        "forbidden",
        "The request is not authorized.",
    )
}
