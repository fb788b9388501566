//! A video of a Page: uploaded in pieces that Facebook asks for, published by finishing the upload.
//!
//! The video's id is known from the start (kind A): after a lost answer the video itself is asked.
//! What clearly was not published two minutes later is finished once more; it stays the same video.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::{
    evidence,
    fault::{self, row},
    options,
    publish::{Publish, live, whole},
    reel,
    wire::{Offsets, Phase, PhaseError, Started, Video},
};
use crate::{
    Answer, Asset, Auth, Call, Candidate, Event, Fault, FormValue, Part, PublishContext,
    meta::{self, Problem, ask, graph, graph_video, success},
};

/// How long Facebook may work on a video; shorter than the doubt of a lost commit lasts.
const MAX_PROCESSING: Duration = Duration::minutes(35);
/// How long to wait between two questions, in the first minute and after it.
const ASK_AGAIN: Duration = Duration::seconds(6);
const ASK_LATER: Duration = Duration::seconds(15);
/// How long a finish may take to show before it is taken as not received.
const SETTLED: Duration = Duration::minutes(2);
/// So often an upload begins, and so often it is finished.
const MAX_TRIES: u8 = 3;

/// An upload of a video.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Facebook's id of the video.
    pub video: String,
    /// Facebook's id of the upload; a reel has none.
    #[serde(default)]
    pub session: String,
    /// Whether it is published as a reel.
    #[serde(default)]
    pub is_reel: bool,
    /// How often an upload began before this one.
    #[serde(default)]
    pub tries: u8,
    /// How often this one was finished without Facebook knowing of it.
    #[serde(default)]
    pub finishes: u8,
}

/// An upload that was asked to be published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// The upload.
    pub upload: Upload,
    /// When publishing was armed.
    #[serde(with = "time::serde::rfc3339")]
    pub armed_at: OffsetDateTime,
    /// When to ask.
    #[serde(with = "time::serde::rfc3339")]
    pub ask_at: OffsetDateTime,
    /// Whether Facebook said that it had received the order.
    pub is_received: bool,
}

pub(super) fn start(cx: &PublishContext<'_>) -> Call {
    if options::read(&cx.content.options).reel {
        return reel::start(cx);
    }
    videos(cx, "begin_upload").form([
        ("upload_phase", FormValue::from("start")),
        ("file_size", FormValue::from(size(cx).to_string())),
    ])
}

pub(super) fn started(
    cx: &PublishContext<'_>,
    tries: u8,
    answer: &Answer,
) -> Result<Publish, Fault> {
    if options::read(&cx.content.options).reel {
        return reel::started(cx, tries, answer);
    }
    let started: Started = success(answer, cx, row, "videos")?;
    let upload = Upload {
        video: started.video_id,
        session: started.upload_session_id,
        is_reel: false,
        tries,
        finishes: 0,
    };
    onwards(cx, upload, started.offsets)
}

pub(super) fn transfer(cx: &PublishContext<'_>, upload: &Upload, range: Range<u64>) -> Call {
    let kind = cx
        .content
        .assets
        .first()
        .map_or("video/mp4", |asset| asset.facts.content_type());
    videos(cx, "upload_video").multipart(vec![
        Part::text("upload_phase", "transfer"),
        Part::text("upload_session_id", &upload.session),
        Part::text("start_offset", range.start.to_string()),
        Part::file("video_file_chunk", 0, range, "chunk", kind),
    ])
}

pub(super) fn transferred(
    cx: &PublishContext<'_>,
    upload: Upload,
    range: Range<u64>,
    answer: &Answer,
) -> Result<Publish, Fault> {
    if let Some(problem) = meta::problem(answer) {
        if fault::is_misplaced(&problem) {
            let offsets = Offsets::of(problem.error_data.as_ref());
            // The same place again leads nowhere.
            let elsewhere = offsets
                .filter(|offsets| offsets.within(size(cx)).is_some_and(|next| next != range));
            return match elsewhere {
                Some(offsets) => onwards(cx, upload, offsets),
                None => anew(upload.tries, &problem),
            };
        }
        if fault::ends_upload(&problem) {
            return anew(upload.tries, &problem);
        }
    }
    onwards(cx, upload, success(answer, cx, row, "videos")?)
}

/// To the next bytes, or to the finish when there are none.
fn onwards(cx: &PublishContext<'_>, upload: Upload, offsets: Offsets) -> Result<Publish, Fault> {
    let Some(next) = offsets.within(size(cx)) else {
        return Err(Fault::retry(
            "unreadable_answer",
            "Facebook asked for bytes that the video does not have; trying again.",
        ));
    };
    Ok(if next.is_empty() {
        Publish::Finish { upload }
    } else {
        Publish::Transfer {
            upload,
            from: next.start,
            to: next.end,
        }
    })
}

/// Begins anew; what was uploaded before was never published.
pub(super) fn anew(tries: u8, problem: &Problem) -> Result<Publish, Fault> {
    if tries + 1 < MAX_TRIES {
        return Ok(Publish::Start { tries: tries + 1 });
    }
    Err(Fault::content(
        "upload_refused",
        "Facebook did not take the video; try again later or use another file.",
    )
    .seen(&problem.message))
}

pub(super) fn finish(cx: &PublishContext<'_>, upload: &Upload) -> Call {
    if upload.is_reel {
        return reel::finish(cx, upload);
    }
    let mut fields = vec![
        ("upload_phase", FormValue::from("finish")),
        (
            "upload_session_id",
            FormValue::from(upload.session.as_str()),
        ),
        ("published", FormValue::from("true")),
    ];
    if !cx.content.caption.is_empty() {
        fields.push(("description", FormValue::from(cx.content.caption.as_str())));
    }
    videos(cx, "publish_video").form(fields).once()
}

pub(super) fn finished(
    cx: &PublishContext<'_>,
    upload: Upload,
    event: &Event,
) -> Result<Publish, Fault> {
    let is_received = match event {
        Event::Lost => false,
        Event::Answer(answer) if answer.is_success() => true,
        Event::Answer(answer) => {
            let ended = meta::problem(answer).filter(fault::ends_upload);
            match ended {
                // Nothing of this upload can have gone out before its first finish.
                Some(problem) if upload.finishes == 0 => return anew(upload.tries, &problem),
                Some(_) => false,
                None => match meta::refused(answer, row, cx.now) {
                    Some(fault) => return Err(fault),
                    None => false,
                },
            }
        }
    };
    Ok(Publish::Watch {
        watch: Watch {
            upload,
            armed_at: cx.armed_at.unwrap_or(cx.now),
            ask_at: cx.now + ASK_AGAIN,
            is_received,
        },
    })
}

pub(super) fn ask_status(cx: &PublishContext<'_>, upload: &Upload) -> Call {
    let url = graph(cx.app, &[&upload.video]);
    ask("ask_status", url, "status,published,post_id,permalink_url")
}

pub(super) fn watched(
    cx: &PublishContext<'_>,
    watch: Watch,
    answer: &Answer,
) -> Result<Publish, Fault> {
    let is_over = cx.now >= watch.armed_at + MAX_PROCESSING;
    // A new video is not always visible at once.
    let is_invisible = meta::problem(answer).is_some_and(|problem| problem.is_invisible());
    if is_invisible && !is_over {
        return Ok(later(cx, watch));
    }
    let video: Video = success(answer, cx, row, "video")?;
    if is_live(&video) {
        return Ok(published(cx, &watch.upload, &video));
    }
    if let Some(fault) = failed(&video) {
        return Err(fault);
    }
    if was_not_received(cx, &watch, &video) {
        return finish_again(watch);
    }
    if is_over {
        return Err(Fault::unconfirmed(vec![Candidate {
            url: Some(link(&watch.upload, &video)),
            external_id: watch.upload.video,
        }]));
    }
    Ok(later(cx, watch))
}

fn later(cx: &PublishContext<'_>, watch: Watch) -> Publish {
    let wait = if cx.now < watch.armed_at + Duration::minutes(1) {
        ASK_AGAIN
    } else {
        ASK_LATER
    };
    Publish::Watch {
        watch: Watch {
            ask_at: cx.now + wait,
            ..watch
        },
    }
}

fn finish_again(watch: Watch) -> Result<Publish, Fault> {
    let finishes = watch.upload.finishes + 1;
    if finishes >= MAX_TRIES {
        return Err(Fault::content(
            "not_published",
            "Facebook has the video but did not publish it; try again later.",
        ));
    }
    Ok(Publish::Finish {
        upload: Upload {
            finishes,
            ..watch.upload
        },
    })
}

/// `ready` alone says only that it could be played.
fn is_live(video: &Video) -> bool {
    match &video.status.publishing_phase {
        Some(phase) => phase.is_complete(),
        None => video.published == Some(true) && video.status.whole == "ready",
    }
}

/// Whether all bytes are there and no order to publish has shown for long enough.
fn was_not_received(cx: &PublishContext<'_>, watch: &Watch, video: &Video) -> bool {
    let is_complete = |phase: &Option<Phase>| phase.as_ref().is_some_and(Phase::is_complete);
    let is_untouched = video.status.publishing_phase.as_ref().is_some_and(|phase| {
        phase.status == "not_started"
            && !matches!(
                phase.publish_status.as_deref(),
                Some("published" | "scheduled")
            )
    });
    !watch.is_received
        && cx.now >= watch.armed_at + SETTLED
        && is_complete(&video.status.uploading_phase)
        && is_untouched
        && video.published != Some(true)
}

pub(super) fn failed(video: &Video) -> Option<Fault> {
    let status = &video.status;
    let phases = [
        &status.uploading_phase,
        &status.processing_phase,
        &status.publishing_phase,
    ];
    let broken = phases
        .into_iter()
        .flatten()
        .find(|phase| phase.status == "error");
    let is_failed = matches!(status.whole.as_str(), "error" | "expired" | "upload_failed");
    if broken.is_none() && !is_failed {
        return None;
    }
    let told = phases.into_iter().flatten().find_map(|phase| phase.error());
    Some(refusal(told))
}

/// The table's words for what Facebook found wrong with a video.
fn refusal(told: Option<&PhaseError>) -> Fault {
    let problem = Problem {
        code: told.map_or(0, |error| error.code),
        ..Problem::default()
    };
    let fault = match row(&problem) {
        Some(meta::Row::Content(code, sentence)) => Fault::content(code, sentence),
        Some(_) | None => Fault::content(
            "processing_failed",
            "Facebook could not process the video; export it as MP4 with H.264 and AAC.",
        ),
    };
    match told {
        Some(error) => fault.seen(format!("{} {}", error.code, error.message)),
        None => fault,
    }
}

fn published(cx: &PublishContext<'_>, upload: &Upload, video: &Video) -> Publish {
    let id = match &video.post_id {
        Some(post) => whole(cx, post),
        None => upload.video.clone(),
    };
    live(cx, id, link(upload, video))
}

fn link(upload: &Upload, video: &Video) -> String {
    let path = if upload.is_reel { "reel/" } else { "watch/?v=" };
    video.permalink_url.as_deref().map_or_else(
        || format!("https://www.facebook.com/{path}{}", upload.video),
        evidence::absolute,
    )
}

fn videos(cx: &PublishContext<'_>, name: &'static str) -> Call {
    let url = graph_video(cx.app, &[&cx.account.external_id, "videos"]);
    Call::post(name, url).auth(Auth::BearerWithProof)
}

pub(super) fn size(cx: &PublishContext<'_>) -> u64 {
    cx.content.assets.first().map_or(0, Asset::bytes)
}
