//! After the order to publish: what its answer means, and looking where there was none.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::{
    Publish, comment, evidence,
    fault::{self, row},
    processing::{self, Waiting},
    wire::{Container, Made, Post},
};
use crate::{
    Answer, Fault, PublishContext, Verdict,
    meta::{self, Listed, success},
    next_look,
};

/// How long publishing may take to show before it is taken as not received; and how long what says so must stay
/// true, for the clock by which that was measured may have jumped meanwhile.
const SETTLED: Duration = Duration::minutes(2);
/// So often a container is published.
const MAX_FIRES: u8 = 3;

/// A container whose publishing was asked for, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// The container.
    pub container: String,
    /// How often this one was published before.
    #[serde(default)]
    pub fires: u8,
    /// When publishing was armed.
    #[serde(with = "time::serde::rfc3339")]
    pub armed_at: OffsetDateTime,
    /// Which look, from 0.
    pub number: usize,
    /// Instagram answered that it suspects spam, which it has said of posts that went live.
    #[serde(default)]
    pub is_blocked: bool,
    /// When the container was first seen to be still only ready.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub ready_since: Option<OffsetDateTime>,
}

impl Doubt {
    pub(super) fn ask_at(&self, cx: &PublishContext<'_>) -> OffsetDateTime {
        let then = next_look(self.armed_at, self.number).unwrap_or(cx.now);
        self.ready_since
            .map_or(then, |since| then.max(since + SETTLED))
    }

    /// The next look, while there is one.
    fn next(self) -> Option<Self> {
        let number = self.number + 1;
        next_look(self.armed_at, number)?;
        Some(Self { number, ..self })
    }
}

/// What the answer to the order to publish says; `fires` orders went out before it.
pub(super) fn published(
    cx: &PublishContext<'_>,
    container: String,
    waiting: Waiting,
    fires: u8,
    answer: &Answer,
) -> Result<Publish, Fault> {
    if answer.is_success() {
        return Ok(match answer.json::<Made>() {
            Some(made) => Publish::Permalink { id: made.id },
            None => in_doubt(cx, container, fires, false),
        });
    }
    let Some(problem) = meta::problem(answer) else {
        return Ok(in_doubt(cx, container, fires, false));
    };
    let refusal = meta::refused(answer, row, cx.now);
    if fault::is_about_container(&problem) {
        // This order had no effect; an earlier one may have had.
        if fires > 0 {
            return Ok(in_doubt(cx, container, fires, false));
        }
        let told = refusal.as_ref().and_then(|fault| fault.evidence.clone());
        let told = told.unwrap_or_default();
        if let Some(mended) = processing::unpublished(cx, waiting, &problem, &told) {
            return mended;
        }
    }
    if let Some(fault) = refusal {
        return Err(fault);
    }
    Ok(in_doubt(cx, container, fires, fault::is_blocked(&problem)))
}

/// The order to publish is out, and nothing certain is known of it.
pub(super) fn in_doubt(
    cx: &PublishContext<'_>,
    container: String,
    fires: u8,
    is_blocked: bool,
) -> Publish {
    Publish::Look {
        doubt: Doubt {
            container,
            fires: fires + 1,
            armed_at: cx.armed(),
            number: 0,
            is_blocked,
            ready_since: None,
        },
    }
}

/// The container was published; its post is to be found.
pub(super) const fn live(container: String, armed_at: OffsetDateTime) -> Publish {
    Publish::Match {
        doubt: Doubt {
            container,
            fires: 1,
            armed_at,
            number: 0,
            is_blocked: false,
            ready_since: None,
        },
        is_published: true,
    }
}

/// What the container says of itself.
pub(super) fn looked(
    cx: &PublishContext<'_>,
    doubt: Doubt,
    answer: &Answer,
) -> Result<Publish, Fault> {
    let is_gone = meta::problem(answer)
        .is_some_and(|problem| problem.is_invisible() || fault::is_unknown_container(&problem));
    if is_gone {
        return Ok(Publish::Match {
            doubt,
            is_published: false,
        });
    }
    let told: Container = success(answer, cx, row, "container")?;
    match told.status_code.as_str() {
        "PUBLISHED" => Ok(Publish::Match {
            doubt,
            is_published: true,
        }),
        "ERROR" | "EXPIRED" => Ok(Publish::Match {
            doubt,
            is_published: false,
        }),
        "FINISHED" if cx.now >= doubt.armed_at + SETTLED => match doubt.ready_since {
            Some(since) if cx.now >= since + SETTLED => not_published(doubt),
            Some(_) => Ok(Publish::Look { doubt }),
            None => Ok(Publish::Look {
                doubt: Doubt {
                    ready_since: Some(cx.now),
                    ..doubt
                },
            }),
        },
        _ => again(doubt, false),
    }
}

/// The container is still only ready: the order to publish it had no effect.
fn not_published(doubt: Doubt) -> Result<Publish, Fault> {
    if doubt.is_blocked {
        return Err(Fault::content(
            "action_blocked",
            "Instagram limits posting by this account for now; look at the account on Instagram, then post again later.",
        ));
    }
    if doubt.fires >= MAX_FIRES {
        return Err(Fault::content(
            "not_published",
            "Instagram has the post ready but did not publish it; try again later.",
        ));
    }
    Ok(Publish::Publish {
        container: doubt.container,
        tries: 0,
        fires: doubt.fires,
        asked: 0,
        unknown: 0,
        give_up_at: None,
        uploads: false,
    })
}

/// What the account's list says.
pub(super) fn matched(
    cx: &PublishContext<'_>,
    doubt: Doubt,
    is_published: bool,
    answer: &Answer,
) -> Result<Publish, Fault> {
    let seen: Listed<Post> = success(answer, cx, row, "media")?;
    match evidence::judge(cx, doubt.armed_at, &seen.data) {
        Verdict::Found(seen) => Ok(comment::live(cx, seen.id, seen.url)),
        // It is live, and nobody can tell which of them it is.
        Verdict::Several(_) if is_published => Ok(Publish::Published {
            id: None,
            url: None,
        }),
        Verdict::Several(candidates) => Err(Fault::unconfirmed(candidates)),
        Verdict::Absent => again(doubt, is_published),
    }
}

/// Looks again later, while there is a later.
fn again(doubt: Doubt, is_published: bool) -> Result<Publish, Fault> {
    match (doubt.next(), is_published) {
        (Some(doubt), true) => Ok(Publish::Match {
            doubt,
            is_published,
        }),
        (Some(doubt), false) => Ok(Publish::Look { doubt }),
        (None, true) => Ok(Publish::Published {
            id: None,
            url: None,
        }),
        (None, false) => Err(Fault::unconfirmed(Vec::new())),
    }
}
