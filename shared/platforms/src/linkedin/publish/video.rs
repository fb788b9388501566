//! A video on its way to LinkedIn: announced, uploaded part by part, closed.

use serde_json::json;

use super::{
    Publish, VideoPart, VideoUpload, again, confirm::author, of_linkedin, processing::Work,
    strange_upload, success,
};
use crate::{
    Answer, Asset, Call, Content, Fault, PublishContext,
    linkedin::{
        fault,
        profile::{api, versioned},
        wire::{self, Wrapped},
    },
};

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
    Ok(Work::Video.begin(cx, video, answer.is_success(), tries))
}
