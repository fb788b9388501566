//! What a Pin shows: where it comes from, and whether Pinterest takes it.

use axum::response::Response;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::{Value, json};

use super::super::{
    Outcome,
    boards::is_id,
    wire::{invalid, refusal},
};
use crate::{LiveMedia, World};

/// The fields of each source beside `source_type`.
const FIELDS: [(&str, &[&str]); 5] = [
    ("image_url", &["url", "is_standard"]),
    ("image_base64", &["content_type", "data", "is_standard"]),
    ("multiple_image_urls", &["items", "index"]),
    ("multiple_image_base64", &["items", "index"]),
    (
        "video_id",
        &[
            "media_id",
            "cover_image_url",
            "cover_image_content_type",
            "cover_image_data",
            "cover_image_key_frame_time",
            "is_standard",
        ],
    ),
];
/// The fields of each picture of several.
const OF_ITEM: [&str; 6] = [
    "title",
    "description",
    "link",
    "url",
    "content_type",
    "data",
];

/// What a Pin shows.
pub(super) struct Shown {
    /// As Pinterest names it in `media_type`.
    pub(super) media_type: &'static str,
    pub(super) files: Vec<LiveMedia>,
    /// How the cover of a video came.
    pub(super) cover: Value,
}

/// Takes what a Pin is to show.
///
/// # Errors
/// The refusal.
pub(super) async fn take(world: &World, account: &str, source: &Value) -> Result<Shown, Response> {
    let kind = source["source_type"].as_str().unwrap_or_default();
    let Some((_, fields)) = FIELDS.iter().find(|(name, _)| *name == kind) else {
        let why = "{'media_source': ...} (source_type is not one that this interface serves)";
        return Err(invalid(world, why));
    };
    known(world, source, &[fields, &["source_type"][..]].concat())?;
    let images = |media_type, files| Shown {
        media_type,
        files,
        cover: Value::Null,
    };
    match kind {
        "image_url" => {
            let file = fetch(world, source, "url").await?;
            Ok(images("image", vec![file]))
        }
        "image_base64" => {
            let file = decode(world, source, "content_type", "data")?;
            Ok(images("image", vec![file]))
        }
        "video_id" => video(world, account, source).await,
        _ => {
            let mut files = Vec::new();
            for item in items(world, source)? {
                known(world, item, &OF_ITEM)?;
                files.push(if kind == "multiple_image_urls" {
                    fetch(world, item, "url").await?
                } else {
                    decode(world, item, "content_type", "data")?
                });
            }
            Ok(images("multiple_images", files))
        }
    }
}

fn items<'a>(world: &World, source: &'a Value) -> Result<&'a [Value], Response> {
    let items = source["items"].as_array().map_or(&[][..], Vec::as_slice);
    let why = match items.len() {
        0 | 1 => "{'items': [...]} (constraint: minItems=2)",
        2..=5 => return Ok(items),
        _ => "{'items': [...]} (constraint: maxItems=5)",
    };
    Err(invalid(world, why))
}

fn known(world: &World, object: &Value, fields: &[&str]) -> Result<(), Response> {
    let mut names = object
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name);
    match names.find(|name| !fields.contains(&name.as_str())) {
        Some(name) => Err(invalid(
            world,
            &format!("{{'media_source': ...}} ('{name}' was unexpected)"),
        )),
        None => Ok(()),
    }
}

fn required<'a>(world: &World, object: &'a Value, name: &str) -> Result<&'a str, Response> {
    object[name].as_str().ok_or_else(|| {
        let why = format!("{{'media_source': ...}} ('{name}' is a required property)");
        invalid(world, &why)
    })
}

async fn fetch(world: &World, object: &Value, name: &str) -> Result<LiveMedia, Response> {
    let url = required(world, object, name)?;
    let pulled = world.pull(url).await;
    let Some(pulled) = pulled
        .ok()
        .filter(|pulled| matches!(pulled.status, 200 | 206))
    else {
        let message = "Unable to reach the URL. Please check that the image is reachable.";
        return Err(refusal(world, 400, 1, message));
    };
    keep(world, &pulled.content_type, pulled.bytes)
}

fn decode(world: &World, object: &Value, kind: &str, name: &str) -> Result<LiveMedia, Response> {
    let content_type = required(world, object, kind)?;
    if !matches!(content_type, "image/jpeg" | "image/png") {
        let why = format!("{{'{kind}': ...}} (is not one of ['image/jpeg', 'image/png'])");
        return Err(invalid(world, &why));
    }
    let data = required(world, object, name)?;
    let is_of_base64 =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    if data.is_empty() || !data.bytes().all(is_of_base64) {
        let why = format!("{{'{name}': ...}} (does not match '^[a-zA-Z0-9+/=]+$')");
        return Err(invalid(world, &why));
    }
    match STANDARD.decode(data) {
        Ok(bytes) => keep(world, content_type, bytes.into()),
        Err(_) => Err(invalid(world, &format!("{{'{name}': ...}} (is no base64)"))),
    }
}

/// Keeps a picture; what it is its first bytes say.
fn keep(world: &World, content_type: &str, bytes: Bytes) -> Result<LiveMedia, Response> {
    match imagesize::image_type(&bytes) {
        Ok(imagesize::ImageType::Jpeg | imagesize::ImageType::Png) => {
            Ok(world.keep(content_type, bytes))
        }
        Ok(_) | Err(_) => Err(invalid(
            world,
            "{'media_source': ...} (the image is neither JPEG nor PNG)",
        )),
    }
}

async fn video(world: &World, account: &str, source: &Value) -> Result<Shown, Response> {
    let id = source["media_id"].as_str().unwrap_or_default();
    if !is_id(id) {
        let why = format!("{{'media_id': ...}} ('{id}' does not match '^\\d+$')");
        return Err(invalid(world, &why));
    }
    let cover = cover(world, source).await?;
    let media = world.states().pinterest().media.get(id).cloned();
    let media = media.filter(|media| media.account == account);
    match media.map(|media| media.outcome) {
        Some(Some(Outcome::Ready { file, at })) if world.now() >= at => Ok(Shown {
            media_type: "video",
            files: vec![file],
            cover,
        }),
        Some(Some(Outcome::Failed(_) | Outcome::Ready { .. }) | None) => Err(invalid(
            world,
            "{'media_source': ...} (the media is not ready)",
        )),
        None => Err(refusal(world, 404, 404, "Media not found.")),
    }
}

async fn cover(world: &World, source: &Value) -> Result<Value, Response> {
    let digest = |file: LiveMedia| json!({"digest": file.digest});
    if source["cover_image_url"].is_string() {
        return fetch(world, source, "cover_image_url").await.map(digest);
    }
    if source["cover_image_content_type"].is_string() {
        let file = decode(
            world,
            source,
            "cover_image_content_type",
            "cover_image_data",
        )?;
        return Ok(digest(file));
    }
    if source["cover_image_key_frame_time"].is_u64() {
        return Ok(json!({"keyFrameTime": source["cover_image_key_frame_time"]}));
    }
    Err(invalid(
        world,
        "{'media_source': ...} ('cover_image_url' or 'cover_image_content_type' is a required property)",
    ))
}
