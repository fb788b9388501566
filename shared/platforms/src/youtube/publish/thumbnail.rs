//! The thumbnail: a picture beside the video. It fails nothing and repeats nothing.

use time::{Duration, OffsetDateTime};

use super::{
    super::{fault, profile::api},
    Kept, Publish, playlist,
    resource::thumbnail_place,
};
use crate::{Asset, Auth, Call, Event, PublishContext};

/// How often it is tried to set it; the same one twice does no harm.
const MAX_TRIES: u8 = 3;
/// How long to wait before it is tried again; it doubles each time.
const PAUSE: Duration = Duration::seconds(30);
/// The longest wait that is taken from an answer: only after this the post counts as published.
const MAX_PAUSE: Duration = Duration::minutes(10);

/// What follows when a video is processed, which Shorts must be before they take a thumbnail (since 2026-11-03).
pub(super) fn first(video_id: String, kept: Kept, cx: &PublishContext<'_>) -> Publish {
    match thumbnail_place(cx) {
        Some(_) => again(video_id, kept, 0, None),
        None => playlist::first(video_id, kept, cx),
    }
}

fn again(video_id: String, kept: Kept, tries: u8, at: Option<OffsetDateTime>) -> Publish {
    Publish::Thumbnail {
        video_id,
        kept,
        tries,
        again_at: at,
    }
}

pub(super) fn set(video_id: &str, cx: &PublishContext<'_>) -> Call {
    let mut url = api("/upload/youtube/v3/thumbnails/set", cx.app);
    url.query_pairs_mut()
        .append_pair("videoId", video_id)
        .append_pair("uploadType", "media");
    let call = Call::post("set_thumbnail", url)
        .auth(Auth::Bearer)
        .optional();
    let place = thumbnail_place(cx).unwrap_or_default();
    match cx.content.assets.get(place) {
        Some(picture) => call
            .header("content-type", picture.facts.content_type())
            .file(place, 0..Asset::bytes(picture)),
        None => call,
    }
}

/// After the answer, or its loss.
pub(super) fn told(
    video_id: String,
    kept: Kept,
    tries: u8,
    event: &Event,
    cx: &PublishContext<'_>,
) -> Publish {
    let (may_change, asked, why) = match event {
        Event::Answer(answer) if answer.is_success() => {
            return playlist::first(video_id, kept, cx);
        }
        Event::Answer(answer) => {
            let may_change = answer.is_server_error() || matches!(answer.status, 408 | 429);
            let why = fault::refused(answer, cx.now).map(|fault| fault.message);
            (may_change, answer.retry_after(), why)
        }
        Event::Lost => (true, None, None),
    };
    let tries = tries + 1;
    if may_change && tries < MAX_TRIES {
        let grown = PAUSE * (1_i32 << tries);
        let pause = asked.unwrap_or(grown).min(MAX_PAUSE);
        return again(video_id, kept, tries, Some(cx.now + pause));
    }
    let why = why.unwrap_or_else(|| "YouTube did not take it.".to_owned());
    let remark = format!("The thumbnail was not set: {why} Set it in YouTube Studio.");
    playlist::first(video_id, kept.with(remark), cx)
}
