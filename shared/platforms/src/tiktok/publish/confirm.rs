//! A last chunk whose answer was lost: the task is asked what became of it.

use time::{Duration, OffsetDateTime};

use super::{
    Publish, Task, Upload, anew, ended,
    upload::Place,
    watch::{self, End},
    work,
};
use crate::{Answer, Fault, PublishContext, next_look};

/// How often the last chunk goes out until its answers come to nothing.
const MAX_FIRES: u8 = 3;
/// How long a lost last chunk settles before it may be sent again on proof that it did not arrive.
const SETTLE: Duration = Duration::minutes(2);

/// What is not known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Doubt {
    /// When the last chunk was armed.
    pub(super) armed_at: OffsetDateTime,
    /// How many looks were taken.
    pub(super) looks: usize,
    /// How often the last chunk went out and its answer was lost.
    pub(super) fires: u8,
}

impl Doubt {
    pub(super) const fn confirm(self, task: Task, upload: Upload) -> Publish {
        Publish::Confirm {
            task,
            upload,
            armed_at: self.armed_at,
            looks: self.looks,
            fires: self.fires,
        }
    }
}

/// What a look came to.
pub(super) fn looked(
    task: Task,
    upload: Upload,
    doubt: Doubt,
    answer: &Answer,
    cx: &PublishContext<'_>,
) -> Result<Publish, Fault> {
    let told = watch::progress(answer, cx.now)?;
    match told.as_ref().and_then(watch::end).zip(told.as_ref()) {
        Some((End::Failed, told)) => return ended(&task, told, cx),
        Some((End::Delivered | End::Posted, told)) => return Ok(watch::come(&task, told, cx)),
        None => {}
    }
    let total = upload.plan.total;
    // Only a task that still takes bytes says for certain how many it lacks.
    let arrived = told
        .filter(|told| told.status == "PROCESSING_UPLOAD")
        .and_then(|told| told.uploaded_bytes);
    match arrived {
        Some(bytes) if bytes >= total => return Ok(work(task, cx.now)),
        Some(bytes) if cx.now >= doubt.armed_at + SETTLE => {
            // What lacks its end and gets no more bytes is never posted.
            if upload.has_ended(cx.now) {
                return anew(task.tries, "upload_expired", cx);
            }
            if doubt.fires < MAX_FIRES {
                let again = Place {
                    place: upload.plan.holding(bytes),
                    fires: doubt.fires,
                };
                return Ok(again.upload(task, upload));
            }
        }
        Some(_) | None => {}
    }
    let looks = doubt.looks + 1;
    if next_look(doubt.armed_at, looks).is_some() {
        return Ok(Doubt { looks, ..doubt }.confirm(task, upload));
    }
    Err(if arrived.is_some() {
        Fault::content(
            "upload_incomplete",
            "TikTok did not get the end of the video; nothing was published. Try again.",
        )
    } else {
        Fault::unconfirmed(Vec::new())
    })
}
