//! YouTube has the video and works on it.

use time::{Duration, OffsetDateTime};

use super::{
    super::{
        fault,
        wire::{Items, Video},
    },
    Kept, Publish,
    doubt::obstacle,
    resource::{address, videos},
    thumbnail,
};
use crate::{Answer, Call, Candidate, Fault, PublishContext};

/// How long YouTube is asked each minute, and how long at all, what became of a video that it took.
const MINUTELY: Duration = Duration::hours(1);
const PROCESSING: Duration = Duration::hours(23);

/// The video exists.
pub(super) fn begun(video_id: String, now: OffsetDateTime) -> Publish {
    Publish::Process {
        video_id,
        since: now,
        ask_at: now + Duration::seconds(15),
        asked: 0,
    }
}

pub(super) fn ask(video_id: &str, cx: &PublishContext<'_>) -> Call {
    videos("processing", "status,processingDetails", video_id, cx)
}

pub(super) fn processed(
    video_id: String,
    (since, asked): (OffsetDateTime, u32),
    answer: &Answer,
    cx: &PublishContext<'_>,
) -> Result<Publish, Fault> {
    let age = cx.now - since;
    let told = answer
        .json::<Items<Video>>()
        .filter(|_| answer.is_success());
    let is_told = told.is_some();
    let mut list = told.into_iter().flat_map(|told| told.items);
    let patience = if let Some(video) = list.find(|video| video.id == video_id) {
        if let Some(fault) = fault::ended(&video) {
            return Err(fault);
        }
        let status = video.status.unwrap_or_default();
        if status.upload_status == "processed" {
            let kept = Kept::read(&status, cx);
            return Ok(thumbnail::first(video_id, kept, cx));
        }
        PROCESSING
    } else if is_told {
        // A video that was removed is not named as such: it is in no list.
        MINUTELY
    } else {
        obstacle(answer, cx)?;
        PROCESSING
    };
    if age >= patience {
        return Err(Fault::unconfirmed(vec![Candidate {
            url: address(&video_id, cx),
            external_id: video_id,
        }]));
    }
    let pause = match asked {
        0 => Duration::seconds(30),
        _ if age < MINUTELY => Duration::minutes(1),
        _ => Duration::hours(1),
    };
    Ok(Publish::Process {
        video_id,
        since,
        ask_at: cx.now + pause,
        asked: asked + 1,
    })
}
