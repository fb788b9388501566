//! Channels, and what is told of videos.

use axum::{
    Json,
    extract::{Query, State as Shared},
    response::{IntoResponse as _, Response},
};
use http::HeaderMap;
use serde_json::{Value, json};

use super::{
    channel, quota, uploads_of,
    videos::OWNERS,
    wire::{caller, no_channel, quota_exceeded, refusal, value},
};
use crate::World;

/// The caller's channel, after the call is paid.
///
/// # Errors
/// The refusal: see [`caller`], or nothing is left to pay with.
pub(super) fn admitted(
    world: &World,
    headers: &HeaderMap,
    scope: &str,
    units: u32,
) -> Result<String, Box<Response>> {
    let id = caller(world, headers, scope)?;
    if world.states().youtube().spends_units(units, world.now()) {
        return Err(Box::new(quota_exceeded()));
    }
    Ok(id)
}

pub(super) async fn channels(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    let id = match admitted(&world, &headers, "youtube.readonly", quota::LIST) {
        Ok(id) => id,
        Err(refusal) => return *refusal,
    };
    if value(&pairs, "mine") != "true" {
        return no_filter();
    }
    let Some(known) = channel(&id).filter(|_| id.starts_with("UC")) else {
        return no_channel();
    };
    let mut item = json!({"kind": "youtube#channel", "etag": "etag", "id": id});
    for part in value(&pairs, "part").split(',') {
        match part {
            "id" => {}
            "snippet" => {
                item["snippet"] = json!({
                    "title": known.account.name,
                    "customUrl": format!("@{}", known.account.username),
                    "thumbnails": {"default": {
                        "url": format!("https://yt3.ggpht.com/{}", known.account.username),
                        "width": 88, "height": 88,
                    }},
                });
            }
            "contentDetails" => {
                item["contentDetails"] =
                    json!({"relatedPlaylists": {"likes": "", "uploads": uploads_of(&id)}});
            }
            _ => return unknown_part(part),
        }
    }
    Json(list("youtube#channelListResponse", &[item])).into_response()
}

pub(super) async fn videos(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    let id = match admitted(&world, &headers, "youtube.readonly", quota::LIST) {
        Ok(id) => id,
        Err(refusal) => return *refusal,
    };
    let wanted: Vec<&str> = value(&pairs, "id").split(',').collect();
    if wanted.len() > 50 || wanted == [""] {
        return no_filter();
    }
    let parts: Vec<&str> = value(&pairs, "part").split(',').collect();
    let now = world.now();
    let state = world.states().youtube();
    let mut items = Vec::new();
    for video in state.videos.iter().filter(|video| {
        wanted.contains(&video.id.as_str())
            && (video.channel == id || video.privacy(now) != "private")
    }) {
        let mut item = json!({"kind": "youtube#video", "etag": "etag", "id": video.id});
        for part in &parts {
            if OWNERS.contains(part) && video.channel != id {
                return refusal(
                    403,
                    "youtube.video",
                    "forbidden",
                    "The request is not authorized.",
                );
            }
            match video.told(part, now) {
                Some(told) => item[*part] = told,
                None if *part == "id" => {}
                None => return unknown_part(part),
            }
        }
        items.push(item);
    }
    Json(list("youtube#videoListResponse", &items)).into_response()
}

/// An empty list has no `items`.
pub(super) fn list(kind: &str, items: &[Value]) -> Value {
    let mut list = json!({
        "kind": kind,
        "etag": "etag",
        "pageInfo": {"totalResults": items.len(), "resultsPerPage": 50},
    });
    if !items.is_empty() {
        list["items"] = json!(items);
    }
    list
}

pub(super) fn unknown_part(part: &str) -> Response {
    refusal(400, "youtube.part", "unknownPart", &format!("'{part}'"))
}

fn no_filter() -> Response {
    refusal(
        400,
        "youtube.parameter",
        "missingRequiredParameter",
        "No filter selected.",
    )
}
