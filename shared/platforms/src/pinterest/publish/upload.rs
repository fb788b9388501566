//! A video on its way: registered, sent to the store as a form, worked on.

use std::fmt;

use domain::MediaKind;
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Duration, OffsetDateTime};
use url::Url;

use super::{
    super::{
        fault,
        profile::api,
        wire::{MediaStatus, Registered},
    },
    Publish, place_of,
};
use crate::{Answer, Auth, Call, Fault, Part, PublishContext};

/// So often a video is uploaded anew before Pinterest is taken at its word.
const MAX_TRIES: u8 = 3;
/// How long Pinterest may work on a video.
const MAX_PROCESSING: Duration = Duration::minutes(15);
/// So often a video is asked after before an upload that goes unnoticed counts as not arrived.
const MAX_UNNOTICED: u32 = 12;
/// The same, where the answer to the upload was lost.
const MAX_UNNOTICED_LOST: u32 = 3;

/// Where the bytes of a video go. Whoever knows the fields may upload in the account's name; its
/// `Debug` leaves them out.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct VideoUpload {
    /// Pinterest's id of the video.
    pub media_id: String,
    /// The address of the store.
    pub url: Url,
    /// The fields of the form before the file, in order.
    pub parameters: Vec<(String, String)>,
}

impl fmt::Debug for VideoUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VideoUpload")
            .field("media_id", &self.media_id)
            .field("host", &self.url.host_str())
            .finish_non_exhaustive()
    }
}

/// A video that was asked after.
pub(super) struct Processing {
    pub(super) media_id: String,
    pub(super) asked: u32,
    pub(super) give_up_at: OffsetDateTime,
    pub(super) tries: u8,
    pub(super) lost: Option<VideoUpload>,
}

/// Announces a video.
pub(super) fn register(cx: &PublishContext<'_>) -> Call {
    Call::post("register_video", api(cx.app, "/v5/media"))
        .auth(Auth::Bearer)
        .json(json!({ "media_type": "video" }))
}

pub(super) fn registered(
    cx: &PublishContext<'_>,
    tries: u8,
    answer: &Answer,
) -> Result<Publish, Fault> {
    if !answer.is_success() {
        return Err(fault::read(answer, cx.now, cx.app));
    }
    let registered: Registered = answer.parse("media")?;
    let id = &registered.media_id;
    let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    if registered.upload_url.scheme() != "https" || !is_id {
        return Err(Fault::retry(
            "unreadable_answer",
            "The network's answer could not be read; trying again.",
        ));
    }
    Ok(Publish::Upload {
        upload: VideoUpload {
            media_id: registered.media_id,
            url: registered.upload_url,
            parameters: registered.upload_parameters,
        },
        tries,
    })
}

/// Sends the form: the store reads the fields up to the file and ignores what comes behind it.
pub(super) fn send(cx: &PublishContext<'_>, upload: &VideoUpload) -> Call {
    let place = place_of(cx.content, MediaKind::Video).unwrap_or_default();
    let (bytes, content_type) = match cx.content.assets.get(place) {
        Some(asset) => (asset.bytes(), asset.facts.content_type()),
        None => (0, "video/mp4"),
    };
    let fields = upload
        .parameters
        .iter()
        .map(|(name, value)| Part::text(name, value));
    let file = Part::file("file", place, 0..bytes, "video", content_type);
    Call::post("upload_video", upload.url.clone())
        .multipart(fields.chain([file]).collect())
        .resumable()
}

pub(super) fn sent(
    cx: &PublishContext<'_>,
    upload: VideoUpload,
    tries: u8,
    answer: &Answer,
) -> Result<Publish, Fault> {
    if answer.is_success() {
        return Ok(process(cx, upload.media_id, tries, None));
    }
    // The store is not Pinterest: whatever it refuses, the form is to be asked for again.
    match answer.status {
        400..=499 => again(tries, answer),
        _ => Err(Fault::retry(
            "upload_unavailable",
            "Pinterest's store is not available; trying again.",
        )
        .after(answer.retry_after())
        .seen(answer.status.to_string())),
    }
}

/// The store keeps a form whole or not at all: Pinterest is asked whether it came.
pub(super) fn lost(cx: &PublishContext<'_>, upload: VideoUpload, tries: u8) -> Publish {
    process(cx, upload.media_id.clone(), tries, Some(upload))
}

fn process(
    cx: &PublishContext<'_>,
    media_id: String,
    tries: u8,
    lost: Option<VideoUpload>,
) -> Publish {
    Publish::Process {
        media_id,
        ask_at: cx.now + pause(0),
        asked: 0,
        give_up_at: cx.now + MAX_PROCESSING,
        tries,
        lost,
    }
}

/// Asks how far Pinterest is with a video.
pub(super) fn ask(cx: &PublishContext<'_>, media_id: &str) -> Call {
    let url = api(cx.app, &format!("/v5/media/{media_id}"));
    Call::get("ask_status", url).auth(Auth::Bearer)
}

pub(super) fn processed(
    cx: &PublishContext<'_>,
    processing: Processing,
    answer: &Answer,
) -> Result<Publish, Fault> {
    let Processing {
        media_id,
        asked,
        give_up_at,
        tries,
        lost,
    } = processing;
    if answer.status == 404 {
        return again(tries, answer);
    }
    if !answer.is_success() {
        return Err(fault::read(answer, cx.now, cx.app));
    }
    let media: MediaStatus = answer.parse("media status")?;
    match (media.status.as_str(), lost) {
        ("succeeded", _) => Ok(Publish::first_create(Some(media_id))),
        ("failed", _) => Err(Fault::content(
            "media_unusable",
            "Pinterest could not process the video; convert it or use another.",
        )
        .seen(media.failure_code.unwrap_or_default().to_string())),
        ("registered", Some(upload)) if asked >= MAX_UNNOTICED_LOST => {
            Ok(Publish::Upload { upload, tries })
        }
        ("registered", None) if asked >= MAX_UNNOTICED => again(tries, answer),
        _ if cx.now >= give_up_at => Err(Fault::content(
            "processing_too_long",
            "Pinterest worked on the video for a quarter of an hour without an end; try again or convert it.",
        )),
        (_, lost) => Ok(Publish::Process {
            media_id,
            ask_at: cx.now + pause(asked),
            asked,
            give_up_at,
            tries,
            lost,
        }),
    }
}

/// 5 seconds at first, growing to 30.
fn pause(asked: u32) -> Duration {
    Duration::seconds(5 + i64::from(asked.min(25)))
}

/// The same video from the start, as long as there is hope; a registration that was given up is
/// never seen.
fn again(tries: u8, answer: &Answer) -> Result<Publish, Fault> {
    if tries + 1 < MAX_TRIES {
        return Ok(Publish::Register { tries: tries + 1 });
    }
    let body = String::from_utf8_lossy(&answer.body);
    Err(Fault::content(
        "upload_refused",
        "Pinterest did not keep the video; try again later or use another.",
    )
    .seen(format!("{}: {body}", answer.status)))
}
