//! What Facebook tells of a video.

use serde_json::{Value, json};

use super::{
    Spelling,
    videos::{Finished, Kind, Video, path},
};
use crate::networks::meta::{Asked, Said};

/// How far a video is.
enum Stage<'a> {
    Broken(i64),
    Published(&'a Finished),
    Uploaded,
    Uploading,
    Working,
}

/// The object of that id, if it is a video.
pub(super) fn object(asked: &Asked) -> Option<Result<Value, Said>> {
    let (video, spelling, tells_whole) = {
        let state = asked.world.states().facebook();
        let video = state.videos.get(asked.id()).cloned()?;
        (video, state.spelling, state.tells_whole)
    };
    let page = super::page(video.page)?;
    if asked.page() != Some(page.id) {
        return Some(Err(Said::invisible(asked.id())));
    }
    let stage = stage(asked, &video);
    let mut shown = json!({
        "id": asked.id(), "published": matches!(stage, Stage::Published(_)),
        "status": status(&video, &stage, spelling),
    });
    if video.kind != Kind::Story {
        let path = path(page, asked.id(), video.kind);
        shown["permalink_url"] = if tells_whole {
            format!("https://www.facebook.com{path}").into()
        } else {
            path.into()
        };
    }
    if let Stage::Published(finished) = stage {
        let post = finished.post.as_str();
        // The number alone, as it is seen in the wild.
        let number = post.rsplit('_').next().unwrap_or_default();
        shown["post_id"] = if tells_whole { post } else { number }.into();
    }
    Some(Ok(shown))
}

fn stage<'a>(asked: &Asked, video: &'a Video) -> Stage<'a> {
    match &video.finished {
        None if is_uploaded(video) => Stage::Uploaded,
        None => Stage::Uploading,
        Some(finished) if asked.world.now() < finished.ready_at => Stage::Working,
        Some(finished) => match finished.error {
            Some(number) => Stage::Broken(number),
            None => Stage::Published(finished),
        },
    }
}

const fn is_uploaded(video: &Video) -> bool {
    video.size > 0 && video.bytes.len() == video.size
}

fn status(video: &Video, stage: &Stage<'_>, spelling: Spelling) -> Value {
    let (completed, transferred) = match spelling {
        Spelling::AsInGuides => ("complete", "bytes_transfered"),
        Spelling::AsSeen => ("completed", "bytes_transferred"),
    };
    let word = if is_uploaded(video) {
        "complete"
    } else {
        "in_progress"
    };
    let mut uploading = json!({ "status": word });
    uploading[transferred] = video.bytes.len().into();
    let (whole, processing, publishing) = match stage {
        Stage::Uploading | Stage::Uploaded => (
            if is_uploaded(video) {
                "upload_complete"
            } else {
                "uploading"
            },
            json!({ "status": "not_started" }),
            json!({ "status": "not_started", "publish_status": "draft" }),
        ),
        Stage::Working => (
            "processing",
            json!({ "status": "in_progress" }),
            json!({ "status": "not_started", "publish_status": "published" }),
        ),
        Stage::Broken(number) => {
            let error = json!({ "code": number, "message": "The video could not be used" });
            let told = match spelling {
                Spelling::AsInGuides => json!({ "status": "error", "error": error }),
                Spelling::AsSeen => json!({ "status": "error", "errors": [error] }),
            };
            ("error", told, json!({ "status": "not_started" }))
        }
        Stage::Published(finished) => (
            "ready",
            json!({ "status": "complete" }),
            json!({
                "status": completed, "publish_status": "published",
                "publish_time": finished.ready_at.unix_timestamp(),
            }),
        ),
    };
    json!({
        "video_status": whole, "uploading_phase": uploading,
        "processing_phase": processing, "publishing_phase": publishing,
    })
}
