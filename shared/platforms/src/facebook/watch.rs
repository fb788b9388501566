//! What becomes of a video, a reel or a video's story once publishing it was asked for.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::{
    evidence,
    fault::{self, row},
    publish::{Publish, live, whole},
    story,
    video::{ASK_AGAIN, Upload},
    wire::Video,
};
use crate::{
    Answer, Call, Candidate, Fault, PublishContext,
    meta::{self, Phase, PhaseError, Problem, ask, graph, success},
};

/// How long Facebook may work on a video; shorter than the doubt of a lost commit lasts.
const MAX_PROCESSING: Duration = Duration::minutes(35);
/// How long to wait between two questions after the first minute.
const ASK_LATER: Duration = Duration::seconds(15);
/// How long a finish may take to show before it is taken as not received.
const SETTLED: Duration = Duration::minutes(2);
/// So often an upload is finished.
const MAX_FINISHES: u8 = 3;

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
    /// The id of the post, where Facebook told it with that.
    #[serde(default)]
    pub post: Option<String>,
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
    if is_invisible {
        return if is_over {
            undecided(cx, watch, &Video::default())
        } else {
            Ok(later(cx, watch))
        };
    }
    let video: Video = success(answer, cx, row, "video")?;
    if is_live(&video) {
        return Ok(published(cx, watch, &video));
    }
    if let Some(fault) = failed(&video) {
        return Err(fault);
    }
    if was_not_received(cx, &watch, &video) {
        return finish_again(watch);
    }
    if is_over {
        undecided(cx, watch, &video)
    } else {
        Ok(later(cx, watch))
    }
}

/// The time is over, and the video did not say that it is live.
fn undecided(cx: &PublishContext<'_>, watch: Watch, video: &Video) -> Result<Publish, Fault> {
    // It was taken, and whether stories ever say that they are live is not documented.
    if watch.upload.is_story && watch.post.is_some() {
        return Ok(published(cx, watch, video));
    }
    let url = (!watch.upload.is_story).then(|| link(&watch.upload, video));
    Err(Fault::unconfirmed(vec![Candidate {
        external_id: watch.upload.video,
        url,
    }]))
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
    if finishes >= MAX_FINISHES {
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
    // Nobody knows what a second order would do to a story.
    !watch.is_received
        && !watch.upload.is_story
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
    let told = phases.into_iter().flatten().find_map(Phase::error);
    Some(refusal(told))
}

/// Why the upload of a video is over, where a new one can help.
pub(super) fn broken_upload(video: &Video) -> Option<Problem> {
    let status = &video.status;
    let phases = [&status.uploading_phase, &status.processing_phase];
    let told = phases.into_iter().flatten().find_map(Phase::error)?;
    let problem = Problem {
        code: told.code,
        message: told.message.clone(),
        ..Problem::default()
    };
    fault::ends_upload(&problem).then_some(problem)
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

fn published(cx: &PublishContext<'_>, watch: Watch, video: &Video) -> Publish {
    let post = video.post_id.clone().or(watch.post);
    if watch.upload.is_story {
        return story::live(cx, post);
    }
    let url = link(&watch.upload, video);
    let id = match post {
        Some(post) => whole(cx, &post),
        None => watch.upload.video,
    };
    live(cx, id, url)
}

fn link(upload: &Upload, video: &Video) -> String {
    let path = if upload.is_reel { "reel/" } else { "watch/?v=" };
    video.permalink_url.as_deref().map_or_else(
        || format!("https://www.facebook.com/{path}{}", upload.video),
        evidence::absolute,
    )
}
