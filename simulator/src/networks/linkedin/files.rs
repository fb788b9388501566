//! Pictures and videos: announced, uploaded, closed, worked on.

use std::collections::BTreeMap;

use axum::{
    body::Bytes,
    extract::{Path, Query, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::{NETWORK, said::{Said, member, versioned}};
use crate::{LiveMedia, World};

const PART: u64 = 4_194_304;
const URL_LIFE: Duration = Duration::hours(1);
const LARGEST_VIDEO: u64 = 500_000_000;
const MOST_PIXELS: usize = 36_152_320;

/// A picture.
#[derive(Debug, Clone)]
pub(super) struct Image {
    pub(super) owner: String,
    ends_at: OffsetDateTime,
    pub(super) file: Option<LiveMedia>,
}

/// A video.
#[derive(Debug, Clone)]
pub(super) struct Video {
    pub(super) owner: String,
    size: u64,
    ends_at: OffsetDateTime,
    parts: BTreeMap<String, Bytes>,
    pub(super) file: Option<LiveMedia>,
    ready_at: OffsetDateTime,
    fails: bool,
}

impl Video {
    pub(super) fn status(&self, now: OffsetDateTime) -> &'static str {
        match &self.file {
            None => "WAITING_UPLOAD",
            Some(_) if now < self.ready_at => "PROCESSING",
            Some(_) if self.fails => "PROCESSING_FAILED",
            Some(_) => "AVAILABLE",
        }
    }
}

pub(super) async fn images(
    State(world): State<World>,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
    body: Bytes,
) -> Result<Said, Said> {
    versioned(&headers)?;
    let account = member(&world, &headers, "w_member_social")?;
    if query.get("action").map(String::as_str) != Some("initializeUpload") {
        return Err(Said::refused(400, "INVALID_ACTION", "Unknown action"));
    }
    let owner = owner(&body, "initializeUploadRequest", &account.id)?;
    let id = world.number().to_string();
    let ends_at = world.now() + URL_LIFE;
    world.states().linkedin().images.insert(format!("urn:li:image:{id}"), Image { owner, ends_at, file: None });
    Ok(Said::good(json!({ "value": {
        "uploadUrlExpiresAt": ends_at.unix_timestamp() * 1000,
        "uploadUrl": format!("https://www.linkedin.com/dms-uploads/{id}/image"), "image": format!("urn:li:image:{id}")
    } })))
}

/// A member may not read pictures.
pub(super) async fn image(State(world): State<World>, headers: HeaderMap) -> Result<Said, Said> {
    versioned(&headers)?;
    member(&world, &headers, "w_member_social")?;
    Err(Said::refused(403, "ACCESS_DENIED", "Not enough permissions to access: images.GET").with("serviceErrorCode", 100.into()))
}

pub(super) async fn put_image(
    State(world): State<World>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Said> {
    let account = member(&world, &headers, "w_member_social")?;
    let urn = format!("urn:li:image:{id}");
    let known = world.states().linkedin().images.get(&urn).cloned();
    let image = known.filter(|image| image.owner == account.id).ok_or_else(|| Said::refused(404, "NOT_FOUND", "Upload not found"))?;
    if world.now() >= image.ends_at {
        return Err(Said::refused(403, "EXPIRED_UPLOAD_URL", "The upload URL has expired"));
    }
    let kind = match body.get(..4) {
        Some([0xff, 0xd8, 0xff, _]) => "image/jpeg",
        Some([0x89, b'P', b'N', b'G']) => "image/png",
        Some([b'G', b'I', b'F', b'8']) => "image/gif",
        _ => return Err(Said::refused(415, "UNSUPPORTED_MEDIA_TYPE", "Unsupported image")),
    };
    let too_large = imagesize::blob_size(&body).is_ok_and(|size| size.width * size.height >= MOST_PIXELS);
    if too_large {
        return Err(Said::refused(413, "TOO_LARGE", "The image has too many pixels"));
    }
    let file = Some(world.keep(kind, body));
    world.states().linkedin().images.insert(urn, Image { file, ..image });
    Ok(StatusCode::CREATED.into_response())
}

pub(super) async fn videos(
    State(world): State<World>,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
    body: Bytes,
) -> Result<Said, Said> {
    versioned(&headers)?;
    let account = member(&world, &headers, "w_member_social")?;
    match query.get("action").map(String::as_str) {
        Some("initializeUpload") => initialize(&world, &account.id, &body),
        Some("finalizeUpload") => finalize(&world, &account.id, &body),
        _ => Err(Said::refused(400, "INVALID_ACTION", "Unknown action")),
    }
}

fn initialize(world: &World, account: &str, body: &Bytes) -> Result<Said, Said> {
    let owner = owner(body, "initializeUploadRequest", account)?;
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let size = asked["initializeUploadRequest"]["fileSizeBytes"].as_u64().filter(|size| (1..=LARGEST_VIDEO).contains(size));
    let size = size.ok_or_else(|| Said::refused(400, "INVALID_VALUE_FOR_FIELD", "fileSizeBytes is missing or too large"))?;
    let id = world.number().to_string();
    let (now, urn) = (world.now(), format!("urn:li:video:{id}"));
    let instructions: Vec<Value> = (0..size.div_ceil(PART))
        .map(|part| {
            json!({
                "uploadUrl": format!("https://www.linkedin.com/dms-uploads/{id}/part/{part}"),
                "firstByte": part * PART, "lastByte": ((part + 1) * PART).min(size) - 1
            })
        })
        .collect();
    let video = Video { owner, size, ends_at: now + URL_LIFE, parts: BTreeMap::new(), file: None, ready_at: now, fails: false };
    world.states().linkedin().videos.insert(urn.clone(), video);
    Ok(Said::good(json!({ "value": {
        "uploadUrlsExpireAt": (now + URL_LIFE).unix_timestamp() * 1000, "video": urn, "uploadInstructions": instructions, "uploadToken": ""
    } })))
}

/// The ids of the parts decide their order; a wrong order is not refused and scrambles the video.
fn finalize(world: &World, account: &str, body: &Bytes) -> Result<Said, Said> {
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let request = &asked["finalizeUploadRequest"];
    let urn = request["video"].as_str().unwrap_or_default().to_owned();
    let tags: Vec<&str> = request["uploadedPartIds"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let known = world.states().linkedin().videos.get(&urn).cloned();
    let video = known.filter(|video| video.owner == account).ok_or_else(|| Said::refused(404, "NOT_FOUND", "Video not found"))?;
    if video.file.is_some() || !request["uploadToken"].is_string() {
        return Err(Said::refused(400, "INVALID_REQUEST", "The upload cannot be finalized"));
    }
    let bytes: Vec<u8> = tags.iter().filter_map(|tag| video.parts.get(*tag)).flat_map(|part| part.to_vec()).collect();
    if bytes.len() as u64 != video.size {
        return Err(Said::refused(400, "INVALID_REQUEST", "Parts are missing"));
    }
    let is_video = bytes.get(4..8) == Some(b"ftyp");
    let file = Some(world.keep("video/mp4", bytes.into()));
    let ready_at = world.now() + world.processing(NETWORK);
    let mut state = world.states().linkedin();
    let ordered = state.failing_videos > 0;
    state.failing_videos = state.failing_videos.saturating_sub(1);
    state.videos.insert(urn, Video { file, ready_at, fails: ordered || !is_video, ..video });
    Ok(Said::good(json!({})))
}

pub(super) async fn video(
    State(world): State<World>,
    headers: HeaderMap,
    Path(urn): Path<String>,
) -> Result<Said, Said> {
    versioned(&headers)?;
    let account = member(&world, &headers, "w_member_social")?;
    let now = world.now();
    let state = world.states().linkedin();
    let video = state.videos.get(&urn).filter(|video| video.owner == account.id);
    let video = video.ok_or_else(|| Said::refused(404, "NOT_FOUND", "Video not found"))?;
    Ok(Said::good(json!({ "id": urn, "owner": format!("urn:li:person:{}", video.owner), "status": video.status(now) })))
}

/// The address of a part is its own authorisation; a token beside it is refused.
pub(super) async fn put_part(
    State(world): State<World>,
    headers: HeaderMap,
    Path((id, part)): Path<(String, u64)>,
    body: Bytes,
) -> Result<Response, Said> {
    if headers.contains_key(header::AUTHORIZATION) {
        return Err(Said::refused(401, "INVALID_REQUEST", "No Authorization is taken here"));
    }
    let now = world.now();
    let mut state = world.states().linkedin();
    let video = state.videos.get_mut(&format!("urn:li:video:{id}")).ok_or_else(|| Said::refused(404, "NOT_FOUND", "Upload not found"))?;
    if now >= video.ends_at {
        return Err(Said::refused(403, "EXPIRED_UPLOAD_URL", "The upload URL has expired"));
    }
    let expected = video.size.saturating_sub(part * PART).min(PART);
    if body.len() as u64 != expected {
        return Err(Said::refused(400, "INVALID_REQUEST", "The part has another length"));
    }
    let tag = format!("/ambry-video/signedId/{id}-{part}");
    video.parts.insert(tag.clone(), body);
    Ok((StatusCode::OK, [(header::ETAG, format!("\"{tag}\""))]).into_response())
}

fn owner(body: &Bytes, request: &str, account: &str) -> Result<String, Said> {
    let asked: Value = serde_json::from_slice(body).map_err(|_| Said::refused(400, "INVALID_JSON", "The body is not JSON"))?;
    if asked[request]["owner"] == format!("urn:li:person:{account}") {
        return Ok(account.to_owned());
    }
    Err(Said::refused(403, "ACCESS_DENIED", "The owner is not the member").with("serviceErrorCode", 100.into()))
}
