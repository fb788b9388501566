//! Pictures on their way to LinkedIn: announced, uploaded, and asked after where that is allowed.

use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::{Publish, again, confirm::author, of_linkedin, success};
use crate::{
    Answer, Asset, Auth, Call, Fault, PublishContext, UploadUrl,
    linkedin::{
        fault,
        profile::{PAGE_URN, api, encoded, versioned},
        wire::{FileStatus, ImageUpload, Wrapped},
    },
};

/// How long a Page's pictures are waited for; LinkedIn takes the post before they are ready, too.
const PATIENCE: Duration = Duration::seconds(30);
/// How long to wait before asking again.
const PAUSE: Duration = Duration::seconds(5);

/// Announces a picture.
pub(super) fn initialize(cx: &PublishContext<'_>) -> Call {
    let url = api(cx.app, "/rest/images?action=initializeUpload");
    versioned(cx.app, Call::post("initialize_image", url)).json(json!({
        "initializeUploadRequest": { "owner": author(cx) },
    }))
}

/// What came of an announcement.
pub(super) fn initialized(
    cx: &PublishContext<'_>,
    images: Vec<String>,
    tries: u8,
    answer: &Answer,
) -> Result<Publish, Fault> {
    let Wrapped { value }: Wrapped<ImageUpload> = success(answer, cx, "images")?;
    Ok(Publish::UploadImage {
        images,
        image: value.image,
        url: of_linkedin(&value.upload_url)?,
        tries,
    })
}

/// Sends a picture.
pub(super) fn upload(cx: &PublishContext<'_>, place: usize, url: &UploadUrl) -> Call {
    let asset = cx.content.assets.get(place);
    let content_type = asset.map_or("application/octet-stream", |asset| {
        asset.facts.content_type()
    });
    Call::put("upload_image", url.expose().clone())
        .auth(Auth::Bearer)
        .header("content-type", content_type)
        .file(place, 0..asset.map_or(0, Asset::bytes))
}

/// What came of a picture.
pub(super) fn uploaded(
    cx: &PublishContext<'_>,
    mut images: Vec<String>,
    image: String,
    tries: u8,
    answer: &Answer,
) -> Result<Publish, Fault> {
    if answer.is_success() {
        images.push(image);
        return Ok(if images.len() < cx.content.assets.len() {
            Publish::InitializeImage { images, tries }
        } else if author(cx).starts_with(PAGE_URN) {
            Publish::CheckImages {
                images,
                checked: 0,
                ask_at: cx.now,
                give_up_at: cx.now + PATIENCE,
                tries,
            }
        } else {
            // A token that may only write for its member cannot ask after pictures.
            ready(images, tries)
        });
    }
    if fault::is_ended_address(answer) {
        return again(tries, answer, |tries| Publish::InitializeImage {
            images,
            tries,
        });
    }
    Err(fault::read(answer, cx.now))
}

/// Asks how far LinkedIn is with a picture.
pub(super) fn ask_status(cx: &PublishContext<'_>, image: &str) -> Call {
    let path = format!("/rest/images/{}", encoded(image));
    versioned(cx.app, Call::get("ask_image_status", api(cx.app, &path)))
}

/// What LinkedIn says of a Page's picture.
pub(super) fn checked(
    cx: &PublishContext<'_>,
    images: Vec<String>,
    checked: usize,
    (give_up_at, tries): (OffsetDateTime, u8),
    answer: &Answer,
) -> Result<Publish, Fault> {
    if matches!(answer.status, 403 | 404) {
        return Ok(ready(images, tries));
    }
    let image: FileStatus = success(answer, cx, "image")?;
    let checked = match image.status.as_str() {
        "AVAILABLE" => checked + 1,
        "PROCESSING_FAILED" => return Err(fault::unusable()),
        _ => checked,
    };
    if checked >= images.len() || cx.now >= give_up_at {
        return Ok(ready(images, tries));
    }
    let is_ready = image.status == "AVAILABLE";
    Ok(Publish::CheckImages {
        images,
        checked,
        ask_at: if is_ready { cx.now } else { cx.now + PAUSE },
        give_up_at,
        tries,
    })
}

const fn ready(media: Vec<String>, tries: u8) -> Publish {
    Publish::Post {
        media,
        ask_at: None,
        tries,
    }
}
