//! From a container to one that is ready: Instagram works on it, and it is made anew where that mends it.

use domain::MediaKind;
use time::{Duration, OffsetDateTime};

use super::{
    Publish, doubt,
    fault::{self, row},
    making::{Making, anew},
    wire::Container,
};
use crate::{Answer, Asset, Fault, PublishContext, meta};

/// How long Instagram may work on a file; a container lives for a day.
pub(super) const MAX_PROCESSING: Duration = Duration::hours(23);
/// Whatever takes longer than this is asked for rarely.
const PATIENCE: Duration = Duration::minutes(30);
/// The wait between two questions after that.
const RARE: Duration = Duration::minutes(5);
/// The longest wait between two questions before that.
const MAX_WAIT: Duration = Duration::seconds(60);
/// A container that cannot be read is published unread after so long: Instagram refuses one that is
/// not ready, and has hidden good ones for hours.
const MAX_UNREADABLE: Duration = Duration::minutes(5);
/// When to ask again for a container that Instagram does not know yet.
const UNKNOWN_AGAIN: Duration = Duration::seconds(45);
/// So often it is asked for again.
const MAX_UNKNOWN: u8 = 2;

/// A container that Instagram works on.
pub(super) struct Waiting {
    pub(super) container: Pending,
    pub(super) tries: u8,
    pub(super) asked: u8,
    pub(super) unknown: u8,
    /// Publishing it was refused before.
    pub(super) attempted: bool,
    pub(super) give_up_at: OffsetDateTime,
    /// The bytes of videos are sent.
    pub(super) uploads: bool,
}

/// What Instagram works on.
pub(super) enum Pending {
    /// One of several files.
    Child {
        /// The containers of all.
        children: Vec<String>,
        /// Which one it is.
        at: usize,
    },
    /// The container that will be published.
    Whole(String),
}

impl Waiting {
    /// A container that will be published, just made.
    pub(super) fn for_whole(
        cx: &PublishContext<'_>,
        container: String,
        tries: u8,
        uploads: bool,
    ) -> Self {
        Self {
            container: Pending::Whole(container),
            tries,
            asked: 0,
            unknown: 0,
            attempted: false,
            give_up_at: cx.now + MAX_PROCESSING,
            uploads,
        }
    }

    /// The containers of several files, just made.
    pub(super) fn for_children(cx: &PublishContext<'_>, made: Making) -> Self {
        let container = Pending::Child {
            children: made.children,
            at: 0,
        };
        Self {
            container,
            ..Self::for_whole(cx, String::new(), made.tries, made.uploads)
        }
    }

    /// The state in which it is asked for first.
    pub(super) fn begin(self, cx: &PublishContext<'_>) -> Publish {
        self.until(cx.now + wait(cx, 0))
    }

    /// The state in which it is asked for at `ask_at`.
    fn until(self, ask_at: OffsetDateTime) -> Publish {
        let Self {
            container,
            tries,
            asked,
            unknown,
            attempted,
            give_up_at,
            uploads,
        } = self;
        match container {
            Pending::Child { children, at } => Publish::Children {
                children,
                at,
                tries,
                ask_at,
                asked,
                unknown,
                give_up_at,
                uploads,
            },
            Pending::Whole(container) => Publish::Process {
                container,
                tries,
                ask_at,
                asked,
                unknown,
                attempted,
                give_up_at,
                uploads,
            },
        }
    }

    fn made_at(&self) -> OffsetDateTime {
        self.give_up_at - MAX_PROCESSING
    }

    /// What is known when containers are made anew, but for those of `children` that stay.
    const fn making(&self, children: Vec<String>) -> Making {
        Making::new(children, self.tries, self.uploads)
    }
}

/// Pictures are ready in seconds, videos in minutes.
fn wait(cx: &PublishContext<'_>, asked: u8) -> Duration {
    let mut kinds = cx.content.assets.iter().map(Asset::kind);
    let first = if kinds.any(|kind| kind == MediaKind::Video) {
        5
    } else {
        2
    };
    let grown = Duration::seconds(first).saturating_mul(3_i32.saturating_pow(asked.into()))
        / 2_i32.saturating_pow(asked.min(16).into());
    grown.min(MAX_WAIT)
}

/// Where Instagram's word on a container leads; a word that is not known means that it is at work.
pub(super) fn processed(
    cx: &PublishContext<'_>,
    waiting: Waiting,
    answer: &Answer,
) -> Result<Publish, Fault> {
    if let Some(problem) = meta::problem(answer) {
        return refused(cx, waiting, &problem, answer);
    }
    let told: Container = meta::success(answer, cx, row, "container")?;
    match (told.status_code.as_str(), &waiting.container) {
        ("FINISHED", _) => Ok(ready(cx, waiting)),
        ("EXPIRED", _) => {
            let most = fault::renewals_of(Some(fault::EXPIRED));
            let making = waiting.making(Vec::new());
            anew(cx, making, most, Some(fault::EXPIRED), &told.status)
        }
        ("ERROR", _) => {
            // The files before it are loaded; only from this one on it begins again.
            let kept = match &waiting.container {
                Pending::Child { children, at } => children[..*at].to_vec(),
                Pending::Whole(_) => Vec::new(),
            };
            let most = fault::renewals_of(told.error());
            let making = waiting.making(kept);
            anew(cx, making, most, told.error(), &told.status)
        }
        // It is live although publishing it was refused.
        ("PUBLISHED", Pending::Whole(container)) => {
            let armed_at = cx.armed_at.unwrap_or_else(|| waiting.made_at());
            Ok(doubt::live(container.clone(), armed_at))
        }
        _ => still_working(cx, waiting),
    }
}

/// A container cannot be read.
fn refused(
    cx: &PublishContext<'_>,
    mut waiting: Waiting,
    problem: &meta::Problem,
    answer: &Answer,
) -> Result<Publish, Fault> {
    if waiting.attempted
        && fault::is_about_container(problem)
        && let Pending::Whole(container) = waiting.container
    {
        // Its refusal was the last word on it; whether that was true can only be told by looking.
        return Ok(doubt::in_doubt(cx, container, 0, false));
    }
    if problem.is_invisible() {
        return if cx.now >= waiting.made_at() + MAX_UNREADABLE {
            Ok(ready(cx, waiting))
        } else {
            still_working(cx, waiting)
        };
    }
    let is_first = waiting.unknown == 0;
    if (fault::may_appear(problem) && waiting.unknown < MAX_UNKNOWN)
        || (fault::is_unlisted(problem, answer) && is_first)
    {
        waiting.unknown += 1;
        return Ok(waiting.until(cx.now + UNKNOWN_AGAIN));
    }
    let told = meta::read(answer, row, cx.now);
    match fault::renewals(problem) {
        Some(most) => {
            let (number, evidence) = (problem.error_subcode, told.evidence.unwrap_or_default());
            let making = waiting.making(Vec::new());
            anew(cx, making, most, Some(number), &evidence)
        }
        None => Err(told),
    }
}

fn ready(cx: &PublishContext<'_>, waiting: Waiting) -> Publish {
    let (tries, unknown, uploads) = (waiting.tries, waiting.unknown, waiting.uploads);
    match waiting.container {
        Pending::Whole(container) => Publish::Publish {
            container,
            tries,
            fires: 0,
            asked: waiting.asked,
            unknown,
            give_up_at: Some(waiting.give_up_at),
            uploads,
        },
        Pending::Child { children, at } if at + 1 < children.len() => Publish::Children {
            children,
            at: at + 1,
            tries,
            ask_at: cx.now,
            asked: 0,
            unknown: 0,
            give_up_at: waiting.give_up_at,
            uploads,
        },
        Pending::Child { children, .. } => Publish::Create {
            children,
            tries,
            again_at: None,
            uploads,
        },
    }
}

fn still_working(cx: &PublishContext<'_>, mut waiting: Waiting) -> Result<Publish, Fault> {
    if cx.now >= waiting.give_up_at {
        return Err(Fault::content(
            "processing_too_long",
            "Instagram worked on the file for most of a day without an end; export it anew, then post again.",
        ));
    }
    waiting.asked = waiting.asked.saturating_add(1);
    let pause = if cx.now >= waiting.made_at() + PATIENCE {
        RARE
    } else {
        wait(cx, waiting.asked)
    };
    Ok(waiting.until(cx.now + pause))
}

/// Publishing was refused for the container's sake, and nothing was published: what mends it.
///
/// `None` where the refusal is not about the container.
pub(super) fn unpublished(
    cx: &PublishContext<'_>,
    mut waiting: Waiting,
    problem: &meta::Problem,
    told: &str,
) -> Option<Result<Publish, Fault>> {
    waiting.attempted = true;
    if fault::is_not_ready(problem) {
        return Some(still_working(cx, waiting));
    }
    // Whatever it is, the container knows; when it is asked twice and nothing changes, it is given up.
    if (fault::may_appear(problem) || fault::is_passing(problem) || problem.is_invisible())
        && waiting.unknown < MAX_UNKNOWN
    {
        waiting.unknown += 1;
        return Some(Ok(waiting.until(cx.now + UNKNOWN_AGAIN)));
    }
    let most = fault::renewals(problem)?;
    let number = Some(problem.error_subcode);
    let making = waiting.making(Vec::new());
    Some(anew(cx, making, most, number, told))
}
