//! A reel of a Page: announced, uploaded to a host of its own, finished; watched as any video. The
//! video of a story goes the same way by an edge of its own.

use time::{Duration, OffsetDateTime};

use super::{
    fault::row,
    options,
    publish::Publish,
    video::{self, Upload},
    watch,
    wire::{ReelStarted, Video},
};
use crate::{
    Answer, Auth, Call, Fault, FormValue, PublishContext, UploadUrl,
    meta::{self, Problem, Uploaded, graph, success},
};

/// How long Facebook may take to see all that was uploaded.
const MAX_SETTLING: Duration = Duration::minutes(10);
/// How long to wait between two questions.
const ASK_AGAIN: Duration = Duration::seconds(5);

pub(super) fn start(cx: &PublishContext<'_>) -> Call {
    let is_story = options::read(&cx.content.options).story;
    edge(cx, "begin_upload", is_story).form([("upload_phase", FormValue::from("start"))])
}

pub(super) fn started(
    cx: &PublishContext<'_>,
    tries: u8,
    answer: &Answer,
) -> Result<Publish, Fault> {
    let is_story = options::read(&cx.content.options).story;
    let started: ReelStarted = success(answer, cx, row, "video_reels")?;
    let url = UploadUrl::of(&started.upload_url, "facebook.com").ok_or_else(|| {
        Fault::retry(
            "no_upload",
            "Facebook did not say where to upload the video; trying again.",
        )
    })?;
    Ok(Publish::Send {
        upload: Upload {
            video: started.video_id,
            session: String::new(),
            is_reel: !is_story,
            is_story,
            tries,
            finishes: 0,
        },
        url,
        from: 0,
    })
}

/// The bytes from `from` on, as they are.
pub(super) fn send(cx: &PublishContext<'_>, url: &UploadUrl, from: u64) -> Call {
    meta::send_bytes(url, 0, from, video::size(cx))
}

/// Whatever the host of uploads says, the video itself knows how much of it arrived.
pub(super) fn sent(
    cx: &PublishContext<'_>,
    upload: Upload,
    url: UploadUrl,
    answer: &Answer,
) -> Result<Publish, Fault> {
    if answer.status == 401 {
        return Err(Fault::unauthorized());
    }
    let refusal: Uploaded = answer.json().unwrap_or_default();
    if refusal.debug_info.kind == "ProcessingFailedError" {
        let problem = Problem {
            message: refusal.debug_info.message,
            ..Problem::default()
        };
        return video::anew(upload.tries, &problem);
    }
    Ok(Publish::Settle {
        upload,
        url,
        ask_at: cx.now,
        give_up_at: cx.now + MAX_SETTLING,
    })
}

pub(super) fn settled(
    cx: &PublishContext<'_>,
    upload: Upload,
    url: UploadUrl,
    give_up_at: OffsetDateTime,
    answer: &Answer,
) -> Result<Publish, Fault> {
    let is_over = cx.now >= give_up_at;
    let later = |upload, url| Publish::Settle {
        upload,
        url,
        ask_at: cx.now + ASK_AGAIN,
        give_up_at,
    };
    // A new video is not always visible at once.
    if meta::problem(answer).is_some_and(|problem| problem.is_invisible()) && !is_over {
        return Ok(later(upload, url));
    }
    let told: Video = success(answer, cx, row, "video")?;
    if let Some(problem) = watch::broken_upload(&told) {
        return video::anew(upload.tries, &problem);
    }
    if let Some(fault) = watch::failed(&told) {
        return Err(fault);
    }
    let phase = told.status.uploading_phase.unwrap_or_default();
    if phase.is_complete() {
        return Ok(Publish::Finish { upload });
    }
    if is_over {
        let problem = Problem {
            message: "the upload never became complete".to_owned(),
            ..Problem::default()
        };
        return video::anew(upload.tries, &problem);
    }
    Ok(match u64::try_from(phase.bytes_transferred) {
        Ok(from) if from < video::size(cx) => Publish::Send { upload, url, from },
        Ok(_) | Err(_) => later(upload, url),
    })
}

pub(super) fn finish(cx: &PublishContext<'_>, upload: &Upload) -> Call {
    let mut fields = vec![
        ("upload_phase", FormValue::from("finish")),
        ("video_id", FormValue::from(upload.video.as_str())),
    ];
    // The guide to stories names no state.
    if !upload.is_story {
        fields.push(("video_state", FormValue::from("PUBLISHED")));
        fields.extend(video::words(cx));
    }
    if let Some(place) = options::read(&cx.content.options).place {
        fields.push(("place", FormValue::from(place)));
    }
    edge(cx, "publish_video", upload.is_story)
        .form(fields)
        .once()
}

fn edge(cx: &PublishContext<'_>, name: &'static str, is_story: bool) -> Call {
    let edge = if is_story {
        "video_stories"
    } else {
        "video_reels"
    };
    let url = graph(cx.app, &[&cx.account.external_id, edge]);
    Call::post(name, url).auth(Auth::BearerWithProof)
}
