//! Playlists: the list of a channel's uploads, and those that people fill.

use std::collections::BTreeMap;

use axum::{
    Json,
    body::Bytes,
    extract::{Query, State as Shared},
    response::{IntoResponse as _, Response},
};
use http::HeaderMap;
use serde_json::{Value, json};

use super::{
    channels,
    data::{admitted, list as listed, unknown_part},
    quota, uploads_of,
    videos::instant,
    wire::{refusal, value},
};
use crate::World;

/// What a playlist holds at most.
const MAX_VIDEOS: usize = 5_000;

/// A playlist that a person made.
#[derive(Debug)]
pub(super) struct Playlist {
    channel: String,
    /// The same video can stand in it several times.
    pub(super) videos: Vec<String>,
}

/// One playlist for each channel: `PL` and what stands behind `UC` in the channel's id.
pub(super) fn all() -> BTreeMap<String, Playlist> {
    channels()
        .into_iter()
        .filter_map(|known| {
            let id = known.account.id;
            let name = id.strip_prefix("UC").map(|rest| format!("PL{rest}"))?;
            let playlist = Playlist {
                channel: id,
                videos: Vec::new(),
            };
            Some((name, playlist))
        })
        .collect()
}

pub(super) async fn list(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    let id = match admitted(&world, &headers, "youtube.readonly", quota::LIST) {
        Ok(id) => id,
        Err(refusal) => return *refusal,
    };
    let max = match value(&pairs, "maxResults") {
        "" => 5,
        text => match text.parse() {
            Ok(max @ 0..=50) => max,
            _ => {
                return refusal(
                    400,
                    "global",
                    "invalidParameter",
                    "Invalid value for maxResults.",
                );
            }
        },
    };
    let state = world.states().youtube();
    let wanted = value(&pairs, "playlistId");
    let videos: Vec<String> = if wanted == uploads_of(&id) {
        let listed_until = world.listed_until("youtube");
        let uploads = state.videos.iter().rev();
        uploads
            .filter(|video| video.channel == id && video.created_at <= listed_until)
            .map(|video| video.id.clone())
            .collect()
    } else {
        match state.playlists.get(wanted) {
            Some(playlist) if playlist.channel == id => playlist.videos.clone(),
            Some(_) | None => return unknown(),
        }
    };
    let only = value(&pairs, "videoId");
    let parts: Vec<&str> = value(&pairs, "part").split(',').collect();
    let mut items = Vec::new();
    for (place, video) in videos
        .iter()
        .enumerate()
        .filter(|(_, video)| only.is_empty() || *video == only)
        .take(max)
    {
        let created_at = state.videos.iter().find(|it| it.id == *video);
        let created_at = created_at.map(|video| instant(video.created_at));
        let mut item = item(wanted, video, place);
        for part in &parts {
            match *part {
                "id" => {}
                "contentDetails" => {
                    item["contentDetails"] =
                        json!({"videoId": video, "videoPublishedAt": created_at});
                }
                "snippet" => item["snippet"] = snippet(wanted, video, place),
                _ => return unknown_part(part),
            }
        }
        items.push(item);
    }
    Json(listed("youtube#playlistItemListResponse", &items)).into_response()
}

/// Adds a video: as often as it is told.
pub(super) async fn insert(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    Query(pairs): Query<Vec<(String, String)>>,
    body: Bytes,
) -> Response {
    let id = match admitted(&world, &headers, "youtube", quota::CHANGE) {
        Ok(id) => id,
        Err(refusal) => return *refusal,
    };
    if value(&pairs, "part") != "snippet" {
        return unknown_part(value(&pairs, "part"));
    }
    let item: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = |pointer: &str| {
        item.pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let (wanted, video) = (
        text("/snippet/playlistId").to_owned(),
        text("/snippet/resourceId/videoId").to_owned(),
    );
    let domain = "youtube.playlistItem";
    if wanted.is_empty() {
        return refusal(
            400,
            domain,
            "playlistIdRequired",
            "The playlist is not named.",
        );
    }
    if text("/snippet/resourceId/kind") != "youtube#video" {
        return refusal(
            400,
            domain,
            "invalidResourceType",
            "The type is not supported.",
        );
    }
    let mut state = world.states().youtube();
    if !state.videos.iter().any(|known| known.id == video) {
        return refusal(404, domain, "videoNotFound", "The video cannot be found.");
    }
    let Some(playlist) = state.playlists.get_mut(&wanted) else {
        return unknown();
    };
    if playlist.channel != id {
        return refusal(
            403,
            domain,
            "playlistItemsNotAccessible",
            "The request is not authorized.",
        );
    }
    if playlist.videos.len() >= MAX_VIDEOS {
        return refusal(
            403,
            domain,
            "playlistContainsMaximumNumberOfVideos",
            "The playlist is full.",
        );
    }
    playlist.videos.push(video.clone());
    let place = playlist.videos.len() - 1;
    let mut created = self::item(&wanted, &video, place);
    created["snippet"] = snippet(&wanted, &video, place);
    Json(created).into_response()
}

fn item(playlist: &str, video: &str, place: usize) -> Value {
    json!({
        "kind": "youtube#playlistItem", "etag": "etag", "id": format!("{playlist}.{video}.{place}"),
    })
}

fn snippet(playlist: &str, video: &str, place: usize) -> Value {
    json!({
        "playlistId": playlist, "position": place,
        "resourceId": {"kind": "youtube#video", "videoId": video},
    })
}

fn unknown() -> Response {
    refusal(
        404,
        "youtube.playlistItem",
        "playlistNotFound",
        "The playlist identified with the request's playlistId parameter cannot be found.",
    )
}
