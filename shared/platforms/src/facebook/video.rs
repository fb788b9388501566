//! A video of a Page: uploaded in pieces that Facebook asks for, published by finishing the upload.
//!
//! The video's id is known from the start (kind A): after a lost answer the video itself is asked.
//! What clearly was not published two minutes later is finished once more; it stays the same video.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use time::Duration;

use super::{
    fault::{self, row},
    options,
    publish::Publish,
    reel, story,
    watch::Watch,
    wire::{Offsets, Started},
};
use crate::{
    Answer, Asset, Auth, Call, Event, Fault, FormValue, Part, PublishContext,
    meta::{self, Problem, graph_video, success},
};

/// How long to wait between two questions at first.
pub(super) const ASK_AGAIN: Duration = Duration::seconds(6);

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
    /// Whether it is published as a story.
    #[serde(default)]
    pub is_story: bool,
    /// How often an upload began before this one.
    #[serde(default)]
    pub tries: u8,
    /// How often this one was finished without Facebook knowing of it.
    #[serde(default)]
    pub finishes: u8,
}

pub(super) fn start(cx: &PublishContext<'_>) -> Call {
    if is_upright(cx) {
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
    if is_upright(cx) {
        return reel::started(cx, tries, answer);
    }
    let started: Started = success(answer, cx, row, "videos")?;
    let upload = Upload {
        video: started.video_id,
        session: started.upload_session_id,
        is_reel: false,
        is_story: false,
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
    if tries + 1 < fault::tries(problem) {
        return Ok(Publish::Start { tries: tries + 1 });
    }
    Err(Fault::content(
        "upload_refused",
        "Facebook did not take the video; try again later or use another file.",
    )
    .seen(&problem.message))
}

pub(super) fn finish(cx: &PublishContext<'_>, upload: &Upload) -> Call {
    if upload.is_reel || upload.is_story {
        return reel::finish(cx, upload);
    }
    let options = options::read(&cx.content.options);
    let mut fields = vec![
        ("upload_phase", FormValue::from("finish")),
        (
            "upload_session_id",
            FormValue::from(upload.session.as_str()),
        ),
        ("published", FormValue::from("true")),
    ];
    fields.extend(words(cx));
    if let Some(is_embeddable) = options.embeddable {
        fields.push(("embeddable", FormValue::from(is_embeddable.to_string())));
    }
    if let Some(category) = options.content_category {
        fields.push(("content_category", FormValue::from(category.name())));
    }
    videos(cx, "publish_video").form(fields).once()
}

/// What stands beside a video or a reel.
pub(super) fn words(cx: &PublishContext<'_>) -> Vec<(&'static str, FormValue)> {
    let mut fields = Vec::new();
    if !cx.content.caption.is_empty() {
        fields.push(("description", FormValue::from(cx.content.caption.as_str())));
    }
    if let Some(title) = options::read(&cx.content.options).title {
        fields.push(("title", FormValue::from(title)));
    }
    fields
}

/// Whether it goes the way of reels.
fn is_upright(cx: &PublishContext<'_>) -> bool {
    let options = options::read(&cx.content.options);
    options.reel || options.story
}

pub(super) fn finished(
    cx: &PublishContext<'_>,
    upload: Upload,
    event: &Event,
) -> Result<Publish, Fault> {
    let mut post = None;
    let is_received = match event {
        Event::Lost => false,
        Event::Answer(answer) if answer.is_success() => {
            post = story::ended(answer).and_then(|ended| ended.post_id);
            true
        }
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
            armed_at: cx.armed(),
            ask_at: cx.now + ASK_AGAIN,
            is_received,
            post,
        },
    })
}

fn videos(cx: &PublishContext<'_>, name: &'static str) -> Call {
    let url = graph_video(cx.app, &[&cx.account.external_id, "videos"]);
    Call::post(name, url).auth(Auth::BearerWithProof)
}

pub(super) fn size(cx: &PublishContext<'_>) -> u64 {
    cx.content.assets.first().map_or(0, Asset::bytes)
}
