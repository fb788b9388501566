//! The bytes of a video, sent into its container: for files that Instagram cannot fetch.
//!
//! Documented for accounts that came through a Page (guide to uploads, read 2026-11). Whatever breaks,
//! the container knows how many bytes have arrived, and the rest is sent from there.

use domain::MediaKind;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime, serde::rfc3339};

use super::{
    Publish,
    fault::{self, row},
    host,
    making::{self, Making},
    processing::MAX_PROCESSING,
    wire::{Container, Made},
};
use crate::{
    Answer, Asset, Call, Fault, FaultKind, PublishContext, UploadUrl,
    meta::{self, Phase, Uploaded, address},
};

/// How long Instagram may take to tell how many bytes have arrived.
const MAX_SETTLING: Duration = Duration::minutes(10);
/// How long to wait between two questions.
const ASK_AGAIN: Duration = Duration::seconds(5);
/// So often bytes are sent of which none arrives.
const MAX_STALLS: u8 = 3;
/// So often a container is made anew whose bytes do not arrive.
const MAX_TRIES: u8 = 3;

/// A container that takes the bytes of a video.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// The container.
    pub container: String,
    /// Where the bytes are sent.
    pub url: UploadUrl,
    /// The containers of the files before it.
    #[serde(default)]
    pub children: Vec<String>,
    /// How often one was made before.
    #[serde(default)]
    pub tries: u8,
    /// The first byte that is missing.
    #[serde(default)]
    pub from: u64,
    /// How often bytes were sent since the last one arrived.
    #[serde(default)]
    pub stalls: u8,
    /// When the container is too old for more.
    #[serde(with = "rfc3339")]
    pub give_up_at: OffsetDateTime,
}

/// Whether the post's videos can be sent.
pub(super) fn is_possible(cx: &PublishContext<'_>) -> bool {
    let mut kinds = cx.content.assets.iter().map(Asset::kind);
    !host::is_of_own_login(&cx.account.facts) && kinds.any(|kind| kind == MediaKind::Video)
}

/// Whether they are sent without waiting for Instagram to fail to fetch them: the setting `upload` is
/// `resumable` where no network may fetch our files.
pub(super) fn comes_first(cx: &PublishContext<'_>) -> bool {
    let setting = cx.app.settings.get("upload");
    is_possible(cx) && setting.is_some_and(|setting| setting == "resumable")
}

/// A container for bytes is made.
pub(super) fn begin(cx: &PublishContext<'_>, making: Making, made: Made) -> Result<Publish, Fault> {
    let told = made.uri.unwrap_or_else(|| {
        let path = ["ig-api-upload", cx.app.version.as_str(), &made.id];
        address("https://rupload.facebook.com/", &path).into()
    });
    let url = UploadUrl::of(&told, "facebook.com").ok_or_else(|| {
        Fault::retry(
            "no_upload",
            "Instagram did not say where to upload the video; trying again.",
        )
    })?;
    Ok(Publish::Send {
        upload: Upload {
            container: made.id,
            url,
            children: making.children,
            tries: making.tries,
            from: 0,
            stalls: 0,
            give_up_at: cx.now + MAX_PROCESSING,
        },
        again_at: None,
    })
}

/// Sends the bytes that are missing, as they are.
pub(super) fn send(cx: &PublishContext<'_>, upload: &Upload) -> Call {
    let place = upload.children.len();
    meta::send_bytes(&upload.url, place, upload.from, upload.size(cx))
}

/// What the host of uploads says; where it is no clear word, the container is asked.
pub(super) fn sent(
    cx: &PublishContext<'_>,
    upload: Upload,
    answer: &Answer,
) -> Result<Publish, Fault> {
    let told: Uploaded = answer.json().unwrap_or_default();
    if answer.is_success() && told.success {
        return Ok(upload.filled(cx));
    }
    let refusal = told.debug_info;
    if answer.status == 401 || refusal.kind == "NotAuthorizedError" {
        // It may be said of a container that is gone, too.
        return if cx.now < upload.give_up_at {
            Err(Fault::unauthorized().seen(refusal.message))
        } else {
            upload.anew(cx, MAX_TRIES, Some(fault::EXPIRED), &refusal.message)
        };
    }
    if refusal.kind == "ProcessingFailedError" && !refusal.retriable {
        return upload.anew(cx, MAX_TRIES, None, &refusal.message);
    }
    let waits = |fault: &Fault| {
        matches!(
            fault.kind,
            FaultKind::Quota { .. } | FaultKind::Unauthorized
        )
    };
    if let Some(fault) = meta::refused(answer, row, cx.now).filter(waits) {
        return Err(fault);
    }
    Ok(Publish::Settle {
        upload,
        ask_at: cx.now,
        give_up_at: cx.now + MAX_SETTLING,
    })
}

/// Asks how much has arrived.
pub(super) fn ask(cx: &PublishContext<'_>, upload: &Upload) -> Call {
    let fields = "id,status_code,status,video_status";
    host::ask(cx, "ask_arrived", &[&upload.container], fields)
}

/// What the container says of its bytes.
pub(super) fn settled(
    cx: &PublishContext<'_>,
    upload: Upload,
    give_up_at: OffsetDateTime,
    answer: &Answer,
) -> Result<Publish, Fault> {
    let is_over = cx.now >= give_up_at;
    if let Some(problem) = meta::problem(answer) {
        let told = meta::read(answer, row, cx.now);
        // A new container is not always visible at once.
        let may_appear = problem.is_invisible() || fault::may_appear(&problem);
        return match fault::renewals(&problem) {
            _ if may_appear && !is_over => Ok(upload.asked_later(cx, give_up_at)),
            None if !may_appear => Err(told),
            most => {
                let (number, evidence) = (problem.error_subcode, told.evidence);
                let most = most.unwrap_or(MAX_TRIES);
                upload.anew(cx, most, Some(number), &evidence.unwrap_or_default())
            }
        };
    }
    let told: Container = meta::success(answer, cx, row, "container")?;
    let number = match told.status_code.as_str() {
        "FINISHED" => return Ok(upload.filled(cx)),
        "ERROR" => told.error(),
        "EXPIRED" => Some(fault::EXPIRED),
        _ => return upload.arrived(cx, give_up_at, told.video_status.uploading_phase),
    };
    upload.anew(cx, fault::renewals_of(number), number, &told.status)
}

impl Upload {
    fn size(&self, cx: &PublishContext<'_>) -> u64 {
        let file = cx.content.assets.get(self.children.len());
        file.map_or(0, Asset::bytes)
    }

    /// So much has arrived, where Instagram tells it.
    fn arrived(
        self,
        cx: &PublishContext<'_>,
        give_up_at: OffsetDateTime,
        phase: Option<Phase>,
    ) -> Result<Publish, Fault> {
        let Some(phase) = phase else {
            return if cx.now < give_up_at {
                Ok(self.asked_later(cx, give_up_at))
            } else {
                self.anew(cx, MAX_TRIES, None, "nobody tells how much has arrived")
            };
        };
        let from = u64::try_from(phase.bytes_transferred).unwrap_or_default();
        if phase.is_complete() || from >= self.size(cx) {
            return Ok(self.filled(cx));
        }
        let stalls = if from > self.from { 0 } else { self.stalls + 1 };
        if phase.status == "error" || stalls > MAX_STALLS {
            return self.anew(cx, MAX_TRIES, None, "the upload went no further");
        }
        let again_at = (stalls > 0).then(|| cx.now + making::pause(stalls - 1));
        Ok(Publish::Send {
            upload: Self {
                from,
                stalls,
                ..self
            },
            again_at,
        })
    }

    fn asked_later(self, cx: &PublishContext<'_>, give_up_at: OffsetDateTime) -> Publish {
        Publish::Settle {
            upload: self,
            ask_at: cx.now + ASK_AGAIN,
            give_up_at,
        }
    }

    /// All bytes are there; Instagram works on them as on those that it fetched.
    fn filled(self, cx: &PublishContext<'_>) -> Publish {
        let container = self.container.clone();
        making::loaded(cx, self.making(), container)
    }

    /// A new container, for all bytes again.
    fn anew(
        self,
        cx: &PublishContext<'_>,
        most: u8,
        number: Option<i64>,
        told: &str,
    ) -> Result<Publish, Fault> {
        making::anew(cx, self.making(), most, number, told)
    }

    fn making(self) -> Making {
        Making::new(self.children, self.tries, true)
    }
}
