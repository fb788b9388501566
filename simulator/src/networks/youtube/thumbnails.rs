//! Thumbnails.

use axum::{
    Json,
    body::Bytes,
    extract::{Query, State as Shared},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, header};
use serde_json::json;

use super::{
    data::admitted,
    quota,
    wire::{refusal, value},
};
use crate::World;

/// Since 2026-09-14.
const MAX_BYTES: usize = 50 * 1024 * 1024;

pub(super) async fn set(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    Query(pairs): Query<Vec<(String, String)>>,
    body: Bytes,
) -> Response {
    let id = match admitted(&world, &headers, "youtube.upload", quota::CHANGE) {
        Ok(id) => id,
        Err(refusal) => return *refusal,
    };
    if value(&pairs, "uploadType") != "media" {
        return refusal(
            400,
            "global",
            "badRequest",
            "Only uploads of media are simulated.",
        );
    }
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    if !["image/jpeg", "image/png", "application/octet-stream"].contains(&content_type.as_str()) {
        return refusal(
            400,
            "global",
            "badContent",
            &format!(
                "Media type '{content_type}' is not supported. Valid media types: [image/jpeg, image/png, application/octet-stream]"
            ),
        );
    }
    let domain = "youtube.thumbnail";
    if body.is_empty() {
        return refusal(
            400,
            domain,
            "mediaBodyRequired",
            "The request does not include the image content.",
        );
    }
    if body.len() > MAX_BYTES {
        return refusal(413, "global", "uploadTooLarge", "Media is too large.");
    }
    let is_image = body.starts_with(&[0xFF, 0xD8, 0xFF]) || body.starts_with(b"\x89PNG\r\n\x1a\n");
    if !is_image {
        return refusal(
            400,
            domain,
            "invalidImage",
            "The provided image content is invalid.",
        );
    }
    let now = world.now();
    let mut state = world.states().youtube();
    let forbidden = |message: &str| refusal(403, domain, "forbidden", message);
    let is_verified = !state.unverified_channels.contains(&id);
    let wanted = value(&pairs, "videoId");
    let Some(place) = state.videos.iter().position(|video| video.id == wanted) else {
        return refusal(
            404,
            domain,
            "videoNotFound",
            "The video that you are trying to set a thumbnail for cannot be found.",
        );
    };
    if state.videos[place].channel != id || !is_verified {
        return forbidden(
            "The authenticated user doesn't have permissions to upload and set custom video thumbnails.",
        );
    }
    // Since 2026-11-03 Shorts take one at all.
    if state.videos[place].is_short && !state.videos[place].is_processed(now) {
        return forbidden("The thumbnail of a Short can be set once it is processed.");
    }
    if state.thumbnails == 0 {
        return refusal(
            429,
            domain,
            "uploadRateLimitExceeded",
            "The channel has uploaded too many thumbnails recently. Please try the request again later.",
        );
    }
    state.thumbnails -= 1;
    state.videos[place].thumbnail = Some(world.keep(&content_type, body));
    let url = format!("https://i.ytimg.com/vi/{wanted}/custom.jpg");
    let sized = |width, height| json!({"url": url, "width": width, "height": height});
    Json(json!({
        "kind": "youtube#thumbnailSetResponse", "etag": "etag",
        "items": [{"default": sized(120, 90), "medium": sized(320, 180), "fhd": sized(1920, 1080)}],
    }))
    .into_response()
}
