//! A video on its way to LinkedIn: announced, uploaded part by part, closed, processed.

use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::{
    Publish, VideoPart, VideoUpload, again, confirm::author, of_linkedin, strange_upload, success,
};
use crate::{
    Answer, Asset, Call, Content, Fault, PublishContext,
    linkedin::{
        fault,
        profile::{api, encoded, versioned},
        wire::{self, FileStatus, Wrapped},
    },
};

/// How long LinkedIn may work on a video.
const MAX_PROCESSING: Duration = Duration::hours(1);
/// After so long it is asked seldom: a member has few calls a day.
const BRISK: Duration = Duration::minutes(15);
/// How long to wait from then on.
const SELDOM: Duration = Duration::minutes(5);
/// So often a video whose parts were all sent may be said to wait for them, about a minute.
const MAX_UNNOTICED: u32 = 8;
/// How long a post waits where LinkedIn does not let us ask whether the video is ready.
const BLIND_WAIT: Duration = Duration::seconds(60);

/// Announces the video.
pub(super) fn initialize(cx: &PublishContext<'_>) -> Call {
    let url = api(cx.app, "/rest/videos?action=initializeUpload");
    versioned(cx.app, Call::post("initialize_video", url)).json(json!({
        "initializeUploadRequest": {
            "owner": author(cx),
            "fileSizeBytes": cx.content.assets.first().map_or(0, Asset::bytes),
            "uploadCaptions": false,
            "uploadThumbnail": false,
        },
    }))
}

/// What came of the announcement.
pub(super) fn initialized(
    cx: &PublishContext<'_>,
    tries: u8,
    answer: &Answer,
) -> Result<Publish, Fault> {
    let Wrapped { value } = success(answer, cx, "videos")?;
    Ok(Publish::UploadPart {
        upload: read_upload(value, cx.content)?,
        etags: Vec::new(),
        tries,
    })
}

/// The parts of an upload, if they hold the whole file, byte after byte.
fn read_upload(upload: wire::VideoUpload, content: &Content) -> Result<VideoUpload, Fault> {
    let mut next = 0;
    for part in &upload.upload_instructions {
        let is_next = part.first_byte == next && part.last_byte >= part.first_byte;
        if !is_next {
            return Err(strange_upload(&format!("a part starts at {next}")));
        }
        next = part.last_byte.saturating_add(1);
    }
    let bytes = content.assets.first().map_or(0, Asset::bytes);
    if next != bytes {
        return Err(strange_upload(&format!("{next} of {bytes} bytes")));
    }
    let parts: Result<Vec<VideoPart>, Fault> = upload
        .upload_instructions
        .iter()
        .map(|part| {
            Ok(VideoPart {
                url: of_linkedin(&part.upload_url)?,
                first: part.first_byte,
                last: part.last_byte,
            })
        })
        .collect();
    Ok(VideoUpload {
        video: upload.video,
        token: upload.upload_token,
        parts: parts?,
    })
}

/// Sends a part, without our token: these addresses carry their own permission.
pub(super) fn upload_part(part: &VideoPart) -> Call {
    Call::put("upload_part", part.url.expose().clone())
        .header("content-type", "application/octet-stream")
        .file(0, part.first..part.last.saturating_add(1))
}

/// What came of a part.
pub(super) fn uploaded_part(
    cx: &PublishContext<'_>,
    upload: VideoUpload,
    mut etags: Vec<String>,
    tries: u8,
    answer: &Answer,
) -> Result<Publish, Fault> {
    if answer.is_success() {
        let etag = answer
            .header("etag")
            .map(|etag| etag.trim().trim_matches('"'))
            .filter(|etag| !etag.is_empty())
            .ok_or_else(|| strange_upload("a part without an ETag"))?;
        etags.push(etag.to_owned());
        return Ok(if etags.len() < upload.parts.len() {
            Publish::UploadPart {
                upload,
                etags,
                tries,
            }
        } else {
            Publish::FinalizeVideo {
                upload,
                etags,
                tries,
            }
        });
    }
    // These addresses carry their own permission: any 401 and 403 means that it has ended.
    if matches!(answer.status, 401 | 403) || fault::is_ended_address(answer) {
        return again(tries, answer, |tries| Publish::InitializeVideo { tries });
    }
    Err(fault::read(answer, cx.now))
}

/// Closes the upload.
pub(super) fn finalize(cx: &PublishContext<'_>, upload: &VideoUpload, etags: &[String]) -> Call {
    let url = api(cx.app, "/rest/videos?action=finalizeUpload");
    versioned(cx.app, Call::post("finalize_video", url)).json(json!({
        "finalizeUploadRequest": {
            "video": upload.video,
            "uploadToken": upload.token,
            "uploadedPartIds": etags,
        },
    }))
}

/// What came of closing it.
pub(super) fn finalized(
    cx: &PublishContext<'_>,
    video: String,
    tries: u8,
    answer: &Answer,
) -> Result<Publish, Fault> {
    // A 400 may mean that it was closed before, by a call whose answer was lost: the video can be asked.
    if !answer.is_success() && answer.status != 400 {
        return Err(fault::read(answer, cx.now));
    }
    Ok(Publish::ProcessVideo {
        video,
        is_closed: answer.is_success(),
        ask_at: cx.now + pause(0, MAX_PROCESSING),
        asked: 0,
        give_up_at: cx.now + MAX_PROCESSING,
        tries,
    })
}

/// Asks how far LinkedIn is with the video.
pub(super) fn ask_status(cx: &PublishContext<'_>, video: &str) -> Call {
    let path = format!("/rest/videos/{}", encoded(video));
    versioned(cx.app, Call::get("ask_status", api(cx.app, &path)))
}

/// What was asked about a video.
pub(super) struct Asked {
    pub(super) video: String,
    pub(super) is_closed: bool,
    pub(super) times: u32,
    pub(super) give_up_at: OffsetDateTime,
    pub(super) tries: u8,
}

/// What LinkedIn says of the video; a word that is not known means that it is still at work.
pub(super) fn processed(
    cx: &PublishContext<'_>,
    asked: Asked,
    answer: &Answer,
) -> Result<Publish, Fault> {
    let tries = asked.tries;
    match answer.status {
        // Not every token may ask; a post that comes too early is refused and waits.
        403 => {
            return Ok(Publish::Post {
                media: vec![asked.video],
                ask_at: Some(cx.now + BLIND_WAIT),
                tries,
            });
        }
        404 => return again(tries, answer, |tries| Publish::InitializeVideo { tries }),
        _ if !answer.is_success() => return Err(fault::read(answer, cx.now)),
        _ => {}
    }
    let video: FileStatus = answer.parse("video")?;
    match video.status.as_str() {
        "AVAILABLE" => Ok(Publish::Post {
            media: vec![asked.video],
            ask_at: None,
            tries,
        }),
        "PROCESSING_FAILED" => {
            Err(fault::unusable().seen(video.processing_failure_reason.unwrap_or_default()))
        }
        "WAITING_UPLOAD" if !asked.is_closed || asked.times >= MAX_UNNOTICED => {
            again(tries, answer, |tries| Publish::InitializeVideo { tries })
        }
        _ if cx.now >= asked.give_up_at => Err(Fault::content(
            "processing_too_long",
            "LinkedIn worked on the video for an hour without an end; try again or convert it.",
        )),
        _ => Ok(Publish::ProcessVideo {
            video: asked.video,
            is_closed: asked.is_closed,
            ask_at: cx.now + pause(asked.times, asked.give_up_at - cx.now),
            asked: asked.times,
            give_up_at: asked.give_up_at,
            tries,
        }),
    }
}

/// 5 seconds at first, growing to 30; minutes in the end.
fn pause(asked: u32, left: Duration) -> Duration {
    if left < MAX_PROCESSING - BRISK {
        SELDOM.min(left.max(Duration::seconds(5)))
    } else {
        Duration::seconds(5 + i64::from(asked.min(25)))
    }
}
