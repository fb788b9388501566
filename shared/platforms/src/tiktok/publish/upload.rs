//! Sending a video, chunk by chunk (media transfer guide, read 2026-11-23).

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::{
    Publish, Task, anew,
    confirm::Doubt,
    ended,
    watch::{self, End},
    work,
};
use crate::{
    Answer, Call, Event, Fault, FaultKind, PublishContext, UploadUrl,
    tiktok::{
        chunks::ChunkPlan,
        fault,
        wire::{Outcome, Progress},
    },
};

/// How long an address of an upload is used; it ends after an hour, and what is sent last must arrive before.
const LIFE: Duration = Duration::minutes(58);
/// How often on end TikTok may say that a chunk is not the one it waits for.
const MAX_MISSES: u8 = 5;

/// Where and how a video is uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// The address, with its credential.
    pub url: UploadUrl,
    /// The plan that TikTok was told.
    pub plan: ChunkPlan,
    /// When the address was given out.
    #[serde(
        default,
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub opened_at: Option<OffsetDateTime>,
    /// How often on end TikTok waited for another chunk than the one it was sent.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub misses: u8,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks with a reference"
)]
const fn is_zero(misses: &u8) -> bool {
    *misses == 0
}

/// Where an upload stands.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    /// Which chunk comes next.
    pub(super) place: u64,
    /// How often the last chunk went out and its answer was lost.
    pub(super) fires: u8,
}

impl Place {
    pub(super) const fn upload(self, task: Task, upload: Upload) -> Publish {
        Publish::Upload {
            task,
            upload,
            place: self.place,
            fires: self.fires,
        }
    }

    pub(super) const fn resync(self, task: Task, upload: Upload) -> Publish {
        Publish::Resync {
            task,
            upload,
            place: self.place,
            fires: self.fires,
        }
    }
}

impl Upload {
    pub(super) const fn new(url: UploadUrl, plan: ChunkPlan, now: OffsetDateTime) -> Self {
        Self {
            url,
            plan,
            opened_at: Some(now),
            misses: 0,
        }
    }

    /// Whether the address is too old to be used, so that what never was sent whole never will be.
    pub(super) fn has_ended(&self, now: OffsetDateTime) -> bool {
        self.opened_at.is_some_and(|opened| now >= opened + LIFE)
    }

    /// Whether another task must be opened before anything is sent: the address is too old, and the last chunk
    /// never went out, so that this task posts nothing.
    pub(super) fn is_over(&self, fires: u8, now: OffsetDateTime) -> bool {
        fires == 0 && self.has_ended(now)
    }

    /// The call that sends a chunk; the last one makes the post visible.
    pub(super) fn chunk(&self, place: u64, cx: &PublishContext<'_>) -> Call {
        let content_type = cx
            .content
            .assets
            .first()
            .map_or("video/mp4", |asset| asset.facts.content_type());
        let call = Call::put("upload_chunk", self.url.expose().clone())
            .header("content-type", content_type)
            .header("content-range", self.plan.content_range(place))
            .file(0, self.plan.range(place));
        if place >= self.plan.last() {
            call.once()
        } else {
            call.resumable()
        }
    }
}

/// What came of a chunk, or of the question that takes its place when the address is too old.
pub(super) fn sent(
    task: Task,
    mut upload: Upload,
    at: Place,
    event: Event,
    cx: &PublishContext<'_>,
) -> Result<Publish, Fault> {
    let is_last = at.place >= upload.plan.last();
    let doubt = Doubt {
        armed_at: cx.armed(),
        looks: 0,
        fires: at.fires.saturating_add(1),
    };
    let answer = match event {
        Event::Answer(answer) => answer,
        Event::Lost if is_last => return Ok(doubt.confirm(task, upload)),
        Event::Lost => return Ok(at.resync(task, upload)),
    };
    // The upload host answers barely, the question in an envelope.
    if upload.is_over(at.fires, cx.now) && answer.json::<Outcome>().is_some() {
        return outlived(&task, is_last, &answer, cx);
    }
    match answer.status {
        201 if is_last => Ok(work(task, cx.now)),
        206 if !is_last => {
            upload.misses = 0;
            let next = Place {
                place: at.place + 1,
                ..at
            };
            Ok(next.upload(task, upload))
        }
        // The address ended. Before the last chunk ever went out nothing can have been posted by it.
        403 | 404 if at.fires == 0 => anew(task.tries, "upload_expired", cx),
        // A last chunk that went out before may have been posted: the task knows.
        403 | 404 => Ok(doubt.confirm(task, upload)),
        416 if !is_last => missed(task, upload, at, &answer, cx),
        400 if is_last && at.fires == 0 => Err(fault::chunk(&answer)),
        _ if is_last => Ok(doubt.confirm(task, upload)),
        _ => Err(fault::chunk(&answer)),
    }
}

/// TikTok waits for another chunk: the one that its header tells, or else the one that the task tells.
fn missed(
    task: Task,
    mut upload: Upload,
    at: Place,
    answer: &Answer,
    cx: &PublishContext<'_>,
) -> Result<Publish, Fault> {
    upload.misses = upload.misses.saturating_add(1);
    if upload.misses > MAX_MISSES && at.fires == 0 {
        return anew(task.tries, "upload_out_of_step", cx);
    }
    match arrived(answer, upload.plan) {
        Some(place) => Ok(Place { place, ..at }.upload(task, upload)),
        None => Ok(at.resync(task, upload)),
    }
}

/// The next chunk by the progress header, `bytes 0-N/TOTAL`. Whether N counts the bytes or names
/// the last one is not documented; at the bounds of chunks both readings lead to the same chunk.
fn arrived(answer: &Answer, plan: ChunkPlan) -> Option<u64> {
    let (range, total) = answer
        .header("content-range")?
        .strip_prefix("bytes 0-")?
        .split_once('/')?;
    if total.parse() != Ok(plan.total) {
        return None;
    }
    let end: u64 = range.parse().ok()?;
    plan.place_after(end)
        .or_else(|| plan.place_after(end.checked_add(1)?))
}

/// How far the task says that it came.
pub(super) fn resynced(
    task: Task,
    upload: Upload,
    at: Place,
    answer: &Answer,
    cx: &PublishContext<'_>,
) -> Result<Publish, Fault> {
    let Some(told) = watch::progress(answer, cx.now)? else {
        // Nothing is known; the chunk that was sent is sent again, and TikTok says so where it has it.
        return Ok(at.upload(task, upload));
    };
    match watch::end(&told) {
        Some(End::Failed) => ended(&task, &told, cx),
        Some(End::Delivered | End::Posted) => Ok(watch::come(&task, &told, cx)),
        None => Ok(at.going_on(&told, upload.plan).upload(task, upload)),
    }
}

impl Place {
    /// The chunk that holds the first byte which TikTok lacks; the same as before where it does not tell.
    fn going_on(self, told: &Progress, plan: ChunkPlan) -> Self {
        let place = told
            .uploaded_bytes
            .map_or(self.place, |bytes| plan.holding(bytes));
        Self { place, ..self }
    }
}

/// The task of an address that was not used in time: it posts nothing, unless it says otherwise. A video that is
/// too slow for the hour is tried so often and no more; one that only waited for its moment is opened anew.
fn outlived(
    task: &Task,
    is_waiting: bool,
    answer: &Answer,
    cx: &PublishContext<'_>,
) -> Result<Publish, Fault> {
    let again = || {
        if is_waiting {
            Ok(super::begin(cx.content, task.tries))
        } else {
            anew(task.tries, "upload_too_slow", cx)
        }
    };
    match fault::data::<Progress>(answer, "status", cx.now) {
        Ok(told) => match watch::end(&told) {
            Some(End::Failed) => ended(task, &told, cx),
            Some(End::Delivered | End::Posted) => Ok(watch::come(task, &told, cx)),
            None => again(),
        },
        // The task is no longer known.
        Err(fault) if fault.kind == FaultKind::Content => again(),
        Err(fault) => Err(fault),
    }
}
