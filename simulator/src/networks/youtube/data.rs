//! Channels, lists of uploads, videos and their processing.

use axum::{
    Json,
    extract::{Query, State as Shared},
    response::{IntoResponse as _, Response},
};
use http::HeaderMap;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    Video, channel, uploads_of,
    wire::{caller, no_channel, quota_exceeded, refusal, value},
};
use crate::World;

/// The caller's channel, after its unit is paid.
fn admitted(world: &World, headers: &HeaderMap) -> Result<String, Box<Response>> {
    let id = caller(world, headers, "youtube.readonly")?;
    if world.states().youtube().spends_unit(world.now()) {
        return Err(Box::new(quota_exceeded()));
    }
    Ok(id)
}

pub(super) async fn channels(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    let id = match admitted(&world, &headers) {
        Ok(id) => id,
        Err(refusal) => return *refusal,
    };
    if value(&pairs, "mine") != "true" {
        return refusal(400, "youtube.parameter", "missingRequiredParameter", "No filter selected.");
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
                item["contentDetails"] = json!({"relatedPlaylists": {"likes": "", "uploads": uploads_of(&id)}});
            }
            _ => return unknown_part(part),
        }
    }
    Json(list("youtube#channelListResponse", &[item])).into_response()
}

pub(super) async fn playlist(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    let id = match admitted(&world, &headers) {
        Ok(id) => id,
        Err(refusal) => return *refusal,
    };
    let wanted = value(&pairs, "playlistId");
    if wanted != uploads_of(&id) {
        return refusal(
            404,
            "youtube.playlistItem",
            "playlistNotFound",
            "The playlist identified with the request's playlistId parameter cannot be found.",
        );
    }
    let max = value(&pairs, "maxResults").parse().unwrap_or(5_usize);
    if !(1..=50).contains(&max) {
        return refusal(400, "global", "invalidParameter", "Invalid value for maxResults.");
    }
    let state = world.states().youtube();
    let shown_until = world.now() - state.listing_lag;
    let items: Vec<Value> = state
        .videos
        .iter()
        .rev()
        .filter(|video| video.channel == id && video.created_at <= shown_until)
        .take(max)
        .map(|video| {
            json!({
                "kind": "youtube#playlistItem",
                "contentDetails": {
                    "videoId": video.id, "videoPublishedAt": instant(video.created_at),
                },
            })
        })
        .collect();
    Json(list("youtube#playlistItemListResponse", &items)).into_response()
}

pub(super) async fn videos(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    let id = match admitted(&world, &headers) {
        Ok(id) => id,
        Err(refusal) => return *refusal,
    };
    let wanted: Vec<&str> = value(&pairs, "id").split(',').collect();
    if wanted.len() > 50 || wanted == [""] {
        return refusal(400, "youtube.parameter", "missingRequiredParameter", "No filter selected.");
    }
    let parts: Vec<&str> = value(&pairs, "part").split(',').collect();
    let state = world.states().youtube();
    let mut items = Vec::new();
    for video in state.videos.iter().filter(|video| {
        wanted.contains(&video.id.as_str())
            && (video.channel == id || video.status["privacyStatus"] != "private")
    }) {
        let mut item = json!({"kind": "youtube#video", "etag": "etag", "id": video.id});
        for part in &parts {
            let is_owners = matches!(*part, "processingDetails" | "fileDetails");
            if is_owners && video.channel != id {
                return refusal(403, "youtube.video", "forbidden", "The request is not authorized.");
            }
            match told(video, part, world.now()) {
                Some(told) => item[*part] = told,
                None if *part == "id" => {}
                None => return unknown_part(part),
            }
        }
        items.push(item);
    }
    Json(list("youtube#videoListResponse", &items)).into_response()
}

/// The resource that an upload ends in.
pub(super) fn created(video: &Video, now: OffsetDateTime) -> Value {
    json!({
        "kind": "youtube#video",
        "etag": "etag",
        "id": video.id,
        "snippet": told(video, "snippet", now),
        "status": told(video, "status", now),
    })
}

fn told(video: &Video, part: &str, now: OffsetDateTime) -> Option<Value> {
    let is_ready = now >= video.ready_at;
    Some(match part {
        "snippet" => {
            let mut snippet = video.snippet.clone();
            snippet["publishedAt"] = json!(instant(video.created_at));
            snippet["channelId"] = json!(video.channel);
            snippet["liveBroadcastContent"] = json!("none");
            snippet
        }
        "status" => {
            let mut status = video.status.clone();
            let (word, reason) = match &video.ending {
                Some((word, reason)) if is_ready => (word.as_str(), Some(reason)),
                None if is_ready => ("processed", None),
                Some(_) | None => ("uploaded", None),
            };
            status["uploadStatus"] = json!(word);
            if let Some(reason) = reason {
                let name = if word == "failed" {
                    "failureReason"
                } else {
                    "rejectionReason"
                };
                status[name] = json!(reason);
            }
            status
        }
        "processingDetails" => match &video.ending {
            Some(_) if is_ready => {
                json!({"processingStatus": "failed", "processingFailureReason": "other"})
            }
            None if is_ready => json!({"processingStatus": "succeeded"}),
            Some(_) | None => json!({
                "processingStatus": "processing",
                "processingProgress": {"partsTotal": "10", "partsProcessed": "4", "timeLeftMs": "6000"},
            }),
        },
        "fileDetails" => json!({"fileSize": video.size.to_string()}),
        _ => return None,
    })
}

fn instant(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}

/// An empty list has no `items`.
fn list(kind: &str, items: &[Value]) -> Value {
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

fn unknown_part(part: &str) -> Response {
    refusal(400, "youtube.part", "unknownPart", &format!("'{part}'"))
}
