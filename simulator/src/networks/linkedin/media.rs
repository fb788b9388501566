//! Pictures and videos: announced, uploaded, processed.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query, State as Shared},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderName, StatusCode, Uri, header};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    DOCUMENT_URN, Image, Outcome, PART_BYTES, Part, State, UPLOAD_LIFE, Upload, Video, documents,
    gateway::{self, Caller},
    pages::{self, Need},
    wire::{bad_input, content_type, json_body, refusal, value},
};
use crate::{Keeper, World};

/// A picture has fewer pixels than this.
const MAX_PIXELS: usize = 36_152_320;
/// A video has so many bytes.
const VIDEO_BYTES: std::ops::RangeInclusive<u64> = 75_000..=500_000_000;

pub(super) async fn image_action(
    Shared(world): Shared<World>,
    Query(pairs): Query<Vec<(String, String)>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (caller, body) = match writer(&world, &headers, &body, "partnerApiImages.ACTION") {
        Ok(pair) => pair,
        Err(refusal) => return refusal,
    };
    if value(&pairs, "action") != "initializeUpload" {
        return unknown_action();
    }
    let order = &body["initializeUploadRequest"];
    let owner = match owner(&world, &caller, order, Need::Post) {
        Ok(owner) => owner,
        Err(refusal) => return refusal,
    };
    let urn = format!("urn:li:image:{}", media_id(&world, "C4E10AQ"));
    let ends_at = world.now() + UPLOAD_LIFE;
    let mut state = world.states().linkedin();
    state.images.insert(
        urn.clone(),
        Image {
            owner,
            file: None,
            is_broken: false,
            ready_at: None,
        },
    );
    let url = address(&world, &mut state, &urn, None);
    Json(json!({"value": {
        "uploadUrlExpiresAt": ends_at.unix_timestamp() * 1000,
        "uploadUrl": url,
        "image": urn,
    }}))
    .into_response()
}

pub(super) async fn image_status(
    Shared(world): Shared<World>,
    Path(urn): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let caller = match gateway::enter(&world, &headers) {
        Ok(caller) => caller,
        Err(refusal) => return refusal,
    };
    if let Some(refusal) = bare_urn(&uri) {
        return refusal;
    }
    let state = world.states().linkedin();
    let image = state.images.get(&urn);
    // Reported, 2025: tokens that may only write for their member cannot read pictures.
    let may_read = image.is_some_and(|image| {
        let page = pages::number(&image.owner);
        page.is_some_and(|page| pages::has_role(&state, &caller, page, Need::Any))
    });
    if !caller.may("r_organization_social") || (image.is_some() && !may_read) {
        return caller.denied("partnerApiImages.GET");
    }
    let Some(image) = image else {
        return refusal(404, None, "NOT_FOUND", "Could not find entity");
    };
    let status = match image.ready_at {
        None => "WAITING_UPLOAD",
        Some(at) if world.now() < at => "PROCESSING",
        Some(_) if image.is_broken => "PROCESSING_FAILED",
        Some(_) => "AVAILABLE",
    };
    Json(json!({"id": urn, "owner": image.owner, "status": status})).into_response()
}

pub(super) fn bare_urn(uri: &Uri) -> Option<Response> {
    uri.path().contains("urn:li:").then(|| {
        refusal(
            400,
            None,
            "INVALID_REQUEST",
            "Syntax exception in path variables",
        )
    })
}

pub(super) async fn video_action(
    Shared(world): Shared<World>,
    Query(pairs): Query<Vec<(String, String)>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (caller, body) = match writer(&world, &headers, &body, "partnerApiVideos.ACTION") {
        Ok(pair) => pair,
        Err(refusal) => return refusal,
    };
    match value(&pairs, "action") {
        "initializeUpload" => initialize_video(&world, &caller, &body["initializeUploadRequest"]),
        "finalizeUpload" => finalize_video(&world, &caller, &body["finalizeUploadRequest"]),
        _ => unknown_action(),
    }
}

fn initialize_video(world: &World, caller: &Caller, order: &Value) -> Response {
    let owner = match owner(world, caller, order, Need::PostAnything) {
        Ok(owner) => owner,
        Err(refusal) => return refusal,
    };
    let Some(bytes) = order["fileSizeBytes"]
        .as_u64()
        .filter(|bytes| VIDEO_BYTES.contains(bytes))
    else {
        return bad_input(
            400,
            "INVALID_VALUE_FOR_FIELD",
            "fileSizeBytes is out of range",
            "initializeUploadRequest/fileSizeBytes",
        );
    };
    let urn = format!("urn:li:video:{}", media_id(world, "C5505AQ"));
    let ends_at = world.now() + UPLOAD_LIFE;
    let count = bytes.div_ceil(PART_BYTES);
    let mut state = world.states().linkedin();
    state.videos.insert(
        urn.clone(),
        Video {
            owner,
            bytes,
            parts: (0..count).map(|_| Part::default()).collect(),
            outcome: None,
        },
    );
    let instructions: Vec<Value> = (0..count)
        .map(|place| {
            let part = usize::try_from(place).unwrap_or_default();
            json!({
                "uploadUrl": address(world, &mut state, &urn, Some(part)),
                "firstByte": place * PART_BYTES,
                "lastByte": ((place + 1) * PART_BYTES).min(bytes) - 1,
            })
        })
        .collect();
    Json(json!({"value": {
        "uploadUrlsExpireAt": ends_at.unix_timestamp() * 1000,
        "video": urn,
        "uploadInstructions": instructions,
        "uploadToken": state.upload_token,
    }}))
    .into_response()
}

fn finalize_video(world: &World, caller: &Caller, order: &Value) -> Response {
    let wrong = |field: &str, what: &str| {
        bad_input(
            400,
            "INVALID_VALUE_FOR_FIELD",
            what,
            &format!("finalizeUploadRequest/{field}"),
        )
    };
    let urn = order["video"].as_str().unwrap_or_default();
    let mut state = world.states().linkedin();
    if order["uploadToken"] != state.upload_token {
        return wrong("uploadToken", "uploadToken is not that of the upload");
    }
    let is_ours = state
        .videos
        .get(urn)
        .is_some_and(|video| pages::may_write_for(&state, caller, &video.owner, Need::PostAnything));
    let failure = (!state.video_failures.is_empty()).then(|| state.video_failures.remove(0));
    let Some(video) = state.videos.get_mut(urn).filter(|_| is_ours) else {
        return bad_input(
            400,
            "INVALID_VIDEO_ID",
            "The video is unknown or belongs to somebody else",
            "finalizeUploadRequest/video",
        );
    };
    if video.outcome.is_some() {
        return bad_input(
            400,
            "UPDATING_ASSET_FAILED",
            "The upload was finalized already",
            "finalizeUploadRequest/video",
        );
    }
    let ids: Vec<&str> = order["uploadedPartIds"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut known: Vec<&str> = video
        .parts
        .iter()
        .filter_map(|part| part.etag.as_deref())
        .collect();
    let mut given = ids.clone();
    known.sort_unstable();
    given.sort_unstable();
    if known != given || known.len() != video.parts.len() {
        return wrong(
            "uploadedPartIds",
            "uploadedPartIds are not those of the parts",
        );
    }
    // The order is taken as it is given: a wrong one scrambles the video.
    let mut whole = Keeper::default();
    for id in ids {
        let part = video
            .parts
            .iter()
            .find(|part| part.etag.as_deref() == Some(id));
        whole.take(part.map_or(&[], |part| &part.bytes));
    }
    for part in &mut video.parts {
        part.bytes.clear();
    }
    let is_video = whole.head().get(4..8) == Some(b"ftyp".as_slice());
    let failure = failure.or_else(|| (!is_video).then(|| "UNSUPPORTED_FORMAT".to_owned()));
    video.outcome = Some(failure.map_or_else(
        || Outcome::Ready {
            file: world.keep_pieces("video/mp4", whole),
            at: world.now() + world.processing("linkedin"),
        },
        Outcome::Failed,
    ));
    StatusCode::OK.into_response()
}

pub(super) async fn video_status(
    Shared(world): Shared<World>,
    Path(urn): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let caller = match gateway::enter(&world, &headers) {
        Ok(caller) => caller,
        Err(refusal) => return refusal,
    };
    if let Some(refusal) = bare_urn(&uri) {
        return refusal;
    }
    let state = world.states().linkedin();
    if state.hides_videos {
        return caller.denied("partnerApiVideos.GET");
    }
    let Some(video) = state
        .videos
        .get(&urn)
        .filter(|video| pages::may_write_for(&state, &caller, &video.owner, Need::PostAnything))
    else {
        return refusal(404, None, "NOT_FOUND", "Could not find entity");
    };
    let (status, reason) = match &video.outcome {
        None => ("WAITING_UPLOAD", None),
        Some(Outcome::Failed(reason)) => ("PROCESSING_FAILED", Some(reason)),
        Some(Outcome::Ready { at, .. }) if world.now() < *at => ("PROCESSING", None),
        Some(Outcome::Ready { .. }) => ("AVAILABLE", None),
    };
    let mut body = json!({"id": urn, "owner": video.owner, "status": status});
    if let Some(reason) = reason {
        body["processingFailureReason"] = json!(reason);
    }
    Json(body).into_response()
}

pub(super) async fn upload(
    Shared(world): Shared<World>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let known = world.states().linkedin().uploads.get(&id).cloned();
    let Some(upload) = known else {
        return StatusCode::FORBIDDEN.into_response();
    };
    let ended = world.now() >= upload.ends_at;
    match upload.part {
        None if ended => refusal(
            403,
            None,
            "EXPIRED_UPLOAD_URL",
            "The upload URL has expired",
        ),
        None if upload.urn.starts_with(DOCUMENT_URN) => {
            documents::upload(&world, &upload.urn, &headers, body)
        }
        None => upload_image(&world, &upload.urn, &headers, body),
        Some(_) if ended => StatusCode::UNAUTHORIZED.into_response(),
        Some(place) => upload_part(&world, &upload.urn, place, &headers, &body),
    }
}

fn upload_image(world: &World, urn: &str, headers: &HeaderMap, body: Bytes) -> Response {
    let token = match gateway::token(world, headers) {
        Ok(token) => token,
        Err(refusal) => return refusal,
    };
    let is_picture = matches!(
        imagesize::image_type(&body),
        Ok(imagesize::ImageType::Gif | imagesize::ImageType::Jpeg | imagesize::ImageType::Png)
    ) && imagesize::blob_size(&body)
        .is_ok_and(|size| size.width * size.height < MAX_PIXELS);
    let file = world.keep(content_type(headers), body);
    let ready_at = world.now() + world.processing("linkedin");
    let caller = Caller::unversioned(token);
    let mut state = world.states().linkedin();
    let is_ours = state
        .images
        .get(urn)
        .is_some_and(|image| pages::may_write_for(&state, &caller, &image.owner, Need::Post));
    let Some(image) = state.images.get_mut(urn).filter(|_| is_ours) else {
        return StatusCode::FORBIDDEN.into_response();
    };
    image.file = Some(file);
    image.ready_at = Some(ready_at);
    image.is_broken = !is_picture;
    StatusCode::CREATED.into_response()
}

fn upload_part(
    world: &World,
    urn: &str,
    place: usize,
    headers: &HeaderMap,
    body: &Bytes,
) -> Response {
    // These addresses are signed; a second permission is one too many.
    if headers.contains_key(header::AUTHORIZATION) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    if content_type(headers) != "application/octet-stream" {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let mut state = world.states().linkedin();
    let Some(video) = state.videos.get_mut(urn) else {
        return StatusCode::FORBIDDEN.into_response();
    };
    let first = place as u64 * PART_BYTES;
    let expected = (first + PART_BYTES).min(video.bytes) - first;
    if body.len() as u64 != expected {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let Some(part) = video.parts.get_mut(place) else {
        return StatusCode::FORBIDDEN.into_response();
    };
    let etag = format!(
        "/ambry-video/signedId/{}{}",
        world.number(),
        hex::encode(Sha256::digest(body))
    );
    part.etag = Some(etag.clone());
    part.bytes = body.clone();
    let quoted = format!("\"{etag}\"");
    (StatusCode::OK, [(HeaderName::from_static("etag"), quoted)]).into_response()
}

/// The caller of a call that writes, and what it says.
pub(super) fn writer(
    world: &World,
    headers: &HeaderMap,
    body: &[u8],
    resource: &str,
) -> Result<(Caller, Value), Response> {
    let caller = gateway::enter(world, headers)?;
    if !caller.may("w_member_social") && !caller.may("w_organization_social") {
        return Err(caller.denied(resource));
    }
    Ok((caller, json_body(headers, body)?))
}

/// The owner of what is announced, in whose name the caller may write.
fn owner(world: &World, caller: &Caller, order: &Value, needed: Need) -> Result<String, Response> {
    let Some(owner) = order["owner"].as_str() else {
        return Err(bad_input(
            400,
            "MISSING_FIELD",
            "owner is required but not found",
            "initializeUploadRequest/owner",
        ));
    };
    let state = world.states().linkedin();
    if pages::may_write_for(&state, caller, owner, needed) {
        return Ok(owner.to_owned());
    }
    Err(caller.denied("partnerApiMedia.ACTION"))
}

pub(super) fn unknown_action() -> Response {
    refusal(400, None, "ILLEGAL_ARGUMENT", "Unknown action")
}

pub(super) fn media_id(world: &World, prefix: &str) -> String {
    format!("{prefix}{}", world.number())
}

pub(super) fn address(world: &World, state: &mut State, urn: &str, part: Option<usize>) -> String {
    let id = world.secret("");
    let upload = Upload {
        urn: urn.to_owned(),
        part,
        ends_at: world.now() + UPLOAD_LIFE,
    };
    state.uploads.insert(id.clone(), upload);
    format!("https://www.linkedin.com/dms-uploads/{id}")
}
