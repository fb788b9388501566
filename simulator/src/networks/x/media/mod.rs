//! Files: whole, or in chunks; worked on, described, and forgotten after a day.

mod fields;
mod file;

use std::collections::BTreeMap;

use axum::{
    body::Bytes,
    extract::{Path, Query, Request, State},
    response::Response,
};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

pub use self::file::Failure;
pub(super) use self::file::{File, Usable};
use self::{
    fields::{fields_of_json, fields_of_multipart, json_of, only, text},
    file::Closed,
};
use super::{
    NETWORK,
    caller::{for_caller, is_json},
    rates::Limit,
    said::Said,
};
use crate::{Account, World};

const MAX_PICTURE: usize = 5 << 20;
const MAX_ANIMATION: u64 = 15 << 20;
const MAX_VIDEO: u64 = 512 << 20;
/// The largest chunk, where a test does not say otherwise.
pub(super) const MAX_CHUNK: usize = 4 << 20;
const MAX_SEGMENT: u32 = 999;
const MAX_ALT_TEXT: usize = 1000;
const MAX_SIDE: usize = 8192;
const LIFE: Duration = Duration::seconds(86_400);
/// X takes at least so long for a video.
const LEAST_WORK: Duration = Duration::seconds(1);
const CATEGORIES: [&str; 8] = [
    "amplify_video",
    "dm_gif",
    "dm_image",
    "dm_video",
    "subtitles",
    "tweet_gif",
    "tweet_image",
    "tweet_video",
];
const TYPES: [&str; 15] = [
    "image/bmp",
    "image/gif",
    "image/jpeg",
    "image/pjpeg",
    "image/png",
    "image/tiff",
    "image/webp",
    "model/gltf-binary",
    "model/vnd.usdz+zip",
    "text/srt",
    "text/vtt",
    "video/mp2t",
    "video/mp4",
    "video/quicktime",
    "video/webm",
];
const UPLOAD: Limit = limit("upload", 500, 50_000);
const STATUS: Limit = limit("status", 1000, 100_000);
const INITIALIZE: Limit = limit("initialize", 1875, 180_000);
const APPEND: Limit = limit("append", 1875, 180_000);
const FINALIZE: Limit = limit("finalize", 1875, 180_000);
const METADATA: Limit = limit("metadata", 500, 50_000);
const SCOPES: &[&str] = &["media.write"];

const fn limit(name: &'static str, calls: u32, a_day: u32) -> Limit {
    Limit {
        name,
        calls,
        a_day: Some(a_day),
    }
}

/// A whole picture, as multipart or as JSON.
pub(super) async fn upload(
    State(world): State<World>,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let fields = if is_json(&headers) {
        fields_of_json(request).await
    } else {
        fields_of_multipart(request).await
    };
    for_caller(&world, &headers, UPLOAD, SCOPES, |caller| {
        take_picture(&world, caller, &fields?)
    })
}

fn take_picture(
    world: &World,
    caller: &Account,
    fields: &BTreeMap<String, Bytes>,
) -> Result<Said, Said> {
    only(
        fields,
        &[
            "additional_owners",
            "media",
            "media_category",
            "media_type",
            "shared",
        ],
    )?;
    let bytes = fields
        .get("media")
        .ok_or_else(|| Said::invalid("media is required"))?;
    let category = text(fields, "media_category")
        .filter(|category| CATEGORIES.contains(&category.as_str()))
        .ok_or_else(|| Said::invalid("media_category is not one of the enum values"))?;
    if bytes.len() > MAX_PICTURE {
        return Err(Said::too_large());
    }
    let media_type =
        picture_type(bytes).ok_or_else(|| Said::invalid("media type unrecognized."))?;
    let size = imagesize::blob_size(bytes)
        .map_err(|_| Said::invalid("media dimensions cannot be read."))?;
    if size.width > MAX_SIDE || size.height > MAX_SIDE || size.width < 4 || size.height < 4 {
        return Err(Said::invalid(
            "Image dimensions must be between 4x4 and 8192x8192",
        ));
    }
    let now = world.now();
    let id = world.number().to_string();
    let mut file = File {
        owner: caller.id.clone(),
        category,
        media_type: media_type.to_owned(),
        total: bytes.len() as u64,
        segments: BTreeMap::new(),
        closed: Some(Closed {
            kept: world.keep(media_type, bytes.clone()),
            began_at: None,
            takes: Duration::ZERO,
            fails: None,
            told: None,
        }),
        ends_at: now + LIFE,
        alt_text: None,
    };
    let mut told = file.told(&id, now);
    told["image"] = json!({ "w": size.width, "h": size.height, "image_type": media_type });
    world.states().x().files.insert(id, file);
    Ok(Said::good(json!({ "data": told })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Announcement {
    media_type: String,
    media_category: String,
    total_bytes: u64,
    #[serde(default, rename = "shared")]
    _shared: bool,
    #[serde(default, rename = "additional_owners")]
    _additional_owners: Vec<String>,
}

/// Announces a file in chunks.
pub(super) async fn initialize(
    State(world): State<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    for_caller(&world, &headers, INITIALIZE, SCOPES, |caller| {
        let asked: Announcement = json_of(&headers, &body)?;
        if !TYPES.contains(&asked.media_type.as_str()) {
            return Err(Said::invalid("media_type is not one of the enum values"));
        }
        if !CATEGORIES.contains(&asked.media_category.as_str()) {
            return Err(Said::invalid(
                "media_category is not one of the enum values",
            ));
        }
        let most = match asked.media_category.as_str() {
            "tweet_gif" => MAX_ANIMATION,
            "tweet_image" => MAX_PICTURE as u64,
            _ => MAX_VIDEO,
        };
        if asked.total_bytes == 0 || asked.total_bytes > most {
            return Err(Said::invalid(&format!(
                "total_bytes must be between 1 and {most}"
            )));
        }
        let now = world.now();
        let id = world.number().to_string();
        let mut file = File {
            owner: caller.id.clone(),
            category: asked.media_category,
            media_type: asked.media_type,
            total: asked.total_bytes,
            segments: BTreeMap::new(),
            closed: None,
            ends_at: now + LIFE,
            alt_text: None,
        };
        let told = file.told(&id, now);
        world.states().x().files.insert(id, file);
        Ok(Said::good(json!({ "data": told })))
    })
}

/// Takes a chunk; the same one again replaces itself.
pub(super) async fn append(
    State(world): State<World>,
    Path(id): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let fields = fields_of_multipart(request).await;
    for_caller(&world, &headers, APPEND, SCOPES, |caller| {
        let fields = fields?;
        only(&fields, &["media", "segment_index"])?;
        let segment = text(&fields, "segment_index")
            .and_then(|index| index.parse::<u32>().ok())
            .filter(|index| *index <= MAX_SEGMENT)
            .ok_or_else(|| Said::invalid("segment_index must be between 0 and 999"))?;
        let chunk = fields
            .get("media")
            .ok_or_else(|| Said::invalid("media is required"))?;
        let now = world.now();
        let mut state = world.states().x();
        if chunk.len() > state.max_chunk.unwrap_or(MAX_CHUNK) {
            return Err(Said::too_large());
        }
        let takes_again = !state.refuses_repeated_chunks;
        let file = open_file(&mut state.files, &id, caller, now)?;
        if !takes_again && file.segments.contains_key(&segment) {
            return Err(Said::invalid("segment_index was sent before"));
        }
        file.segments.insert(segment, chunk.clone());
        Ok(Said::good(
            json!({ "data": { "expires_at": file.ends_at.unix_timestamp() } }),
        ))
    })
}

/// Closes a file: it must be whole.
pub(super) async fn finalize(
    State(world): State<World>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    for_caller(&world, &headers, FINALIZE, SCOPES, |caller| {
        let is_object = serde_json::from_slice::<Value>(&body).is_ok_and(|body| body.is_object());
        if !is_json(&headers) || !is_object {
            return Err(Said::invalid("Request body must be a JSON object."));
        }
        let now = world.now();
        let takes = world.processing(NETWORK).max(LEAST_WORK);
        let mut state = world.states().x();
        let fails = state.failing_files.first().copied();
        let file = open_file(&mut state.files, &id, caller, now)?;
        let in_order = file
            .segments
            .keys()
            .copied()
            .zip(0..)
            .all(|(key, place)| key == place);
        let whole: Vec<u8> = file.segments.values().flatten().copied().collect();
        if !in_order || whole.len() as u64 != file.total {
            return Err(Said::invalid(
                "Segments do not add up to provided total file size.",
            ));
        }
        if !is_what_it_says(&file.media_type, &whole) {
            return Err(Said::invalid(
                "InvalidMedia: file type does not match media_type",
            ));
        }
        let is_worked_on = file.category != "tweet_image";
        file.closed = Some(Closed {
            kept: world.keep(&file.media_type, Bytes::from(whole)),
            began_at: is_worked_on.then_some(now),
            takes,
            fails: fails.filter(|_| is_worked_on),
            told: None,
        });
        file.segments.clear();
        file.ends_at = now + LIFE;
        let told = file.told(&id, now);
        if is_worked_on && fails.is_some() {
            state.failing_files.remove(0);
        }
        Ok(Said::good(json!({ "data": told })))
    })
}

/// Tells how far X is with a file.
pub(super) async fn status(
    State(world): State<World>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    for_caller(&world, &headers, STATUS, SCOPES, |caller| {
        let one = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
        if one("command") != "STATUS" || query.len() != 2 {
            return Err(Said::invalid("command must be STATUS"));
        }
        let now = world.now();
        let id = one("media_id");
        let mut state = world.states().x();
        let file = state
            .files
            .get_mut(id)
            .filter(|file| file.owner == caller.id && now < file.ends_at)
            .ok_or_else(|| Said::not_found("media"))?;
        Ok(Said::good(json!({ "data": file.told(id, now) })))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    id: String,
    metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    alt_text: AltText,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AltText {
    text: String,
}

/// Describes a file for people who cannot see it.
pub(super) async fn describe(
    State(world): State<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    for_caller(&world, &headers, METADATA, SCOPES, |caller| {
        let asked: Description = json_of(&headers, &body)?;
        let text = asked.metadata.alt_text.text;
        if text.chars().count() > MAX_ALT_TEXT {
            return Err(Said::invalid("alt_text must be at most 1000 characters"));
        }
        let mut state = world.states().x();
        let file = state
            .files
            .get_mut(&asked.id)
            .filter(|file| file.owner == caller.id && file.closed.is_some())
            .ok_or_else(|| Said::not_found("media"))?;
        file.alt_text = Some(text.clone());
        Ok(Said::good(json!({
            "data": { "id": asked.id, "associated_metadata": { "alt_text": { "text": text } } },
        })))
    })
}

fn open_file<'a>(
    files: &'a mut std::collections::HashMap<String, File>,
    id: &str,
    caller: &Account,
    now: OffsetDateTime,
) -> Result<&'a mut File, Said> {
    files
        .get_mut(id)
        .filter(|file| file.owner == caller.id && now < file.ends_at && file.closed.is_none())
        .ok_or_else(|| Said::invalid("Invalid media id"))
}

fn picture_type(bytes: &[u8]) -> Option<&'static str> {
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    if starts(b"GIF8") {
        Some("image/gif")
    } else if starts(b"\xFF\xD8\xFF") {
        Some("image/jpeg")
    } else if starts(b"\x89PNG\r\n\x1A\n") {
        Some("image/png")
    } else if starts(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some("image/webp")
    } else {
        None
    }
}

fn is_what_it_says(media_type: &str, bytes: &[u8]) -> bool {
    match media_type {
        "video/mp4" | "video/quicktime" => bytes.get(4..8) == Some(b"ftyp"),
        "image/gif" | "image/jpeg" | "image/png" | "image/webp" => {
            picture_type(bytes) == Some(media_type)
        }
        _ => true,
    }
}
