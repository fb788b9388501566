//! From a file to its container: made, and made anew where that mends it.

use domain::MediaKind;
use time::{Duration, OffsetDateTime};

use super::{
    Publish,
    fault::{self, row},
    processing::Waiting,
    upload,
    wire::{Limit, Made},
};
use crate::{
    Answer, Event, Fault, PublishContext,
    meta::{self, Listed},
};

/// When to ask again after the day's posts are used up; Instagram does not say when one is free.
const LIMIT_AGAIN: Duration = Duration::hours(1);

/// What is known of a post whose next container is to be made.
pub(super) struct Making {
    /// The containers of the files before it, where there are several.
    pub(super) children: Vec<String>,
    /// How often one was made before.
    pub(super) tries: u8,
    /// Whether the bytes of videos are sent; Instagram fetches them otherwise.
    pub(super) uploads: bool,
}

impl Making {
    pub(super) const fn new(children: Vec<String>, tries: u8, uploads: bool) -> Self {
        Self {
            children,
            tries,
            uploads,
        }
    }

    /// The state in which it is made. Several files go into containers of their own first.
    fn begin(self, cx: &PublishContext<'_>, again_at: Option<OffsetDateTime>) -> Publish {
        if cx.content.assets.len() > 1 {
            let (children, tries, uploads) = (self.children, self.tries, self.uploads);
            Publish::Child {
                children,
                tries,
                again_at,
                uploads,
            }
        } else {
            self.create(again_at)
        }
    }

    /// The state in which the container that will be published is made.
    fn create(self, again_at: Option<OffsetDateTime>) -> Publish {
        Publish::Create {
            children: self.children,
            tries: self.tries,
            again_at,
            uploads: self.uploads,
        }
    }

    /// The same after a container that came to nothing. What Instagram could not fetch is sent.
    fn again(self, cx: &PublishContext<'_>, is_unfetched: bool) -> Self {
        Self {
            tries: self.tries + 1,
            uploads: self.uploads || (is_unfetched && upload::is_possible(cx)),
            ..self
        }
    }

    /// Whether the container takes the bytes of a file.
    fn is_upload(&self, cx: &PublishContext<'_>) -> bool {
        let file = cx.content.assets.get(self.children.len());
        self.uploads && file.is_some_and(|file| file.kind() == MediaKind::Video)
    }
}

/// Begins, unless the day's posts are used up.
pub(super) fn asked_limit(cx: &PublishContext<'_>, event: &Event) -> Result<Publish, Fault> {
    let limit = match event {
        Event::Answer(answer) if answer.is_success() => answer.json::<Listed<Limit>>(),
        Event::Answer(_) | Event::Lost => None,
    };
    let limit = limit.and_then(|listed| listed.data.into_iter().next());
    if limit.is_some_and(|limit| limit.is_used_up()) {
        return Err(Fault::quota(
            Some(cx.now + LIMIT_AGAIN),
            "daily_limit",
            "The account's posts of the last 24 hours are used up; the post goes out when Instagram allows.",
        ));
    }
    let making = Making::new(Vec::new(), 0, upload::comes_first(cx));
    Ok(making.begin(cx, None))
}

/// One of several files has its container, or its order was refused.
pub(super) fn child_made(
    cx: &PublishContext<'_>,
    making: Making,
    answer: &Answer,
) -> Result<Publish, Fault> {
    match made_again_at(cx, making.tries, answer, fault::renewals)? {
        Some(again_at) => Ok(making
            .again(cx, is_unfetched(answer))
            .begin(cx, Some(again_at))),
        None => filling(cx, making, answer),
    }
}

/// The container that will be published is made, of one file or of several, or its order was refused.
pub(super) fn made(
    cx: &PublishContext<'_>,
    making: Making,
    answer: &Answer,
) -> Result<Publish, Fault> {
    let is_carousel = !making.children.is_empty();
    let renewals = if is_carousel {
        fault::renewals_of_carousel
    } else {
        fault::renewals
    };
    let Some(again_at) = made_again_at(cx, making.tries, answer, renewals)? else {
        return filling(cx, making, answer);
    };
    let again = making.again(cx, is_unfetched(answer));
    let is_child_gone =
        is_carousel && meta::problem(answer).is_some_and(|it| fault::is_about_children(&it));
    Ok(if is_carousel && !is_child_gone {
        again.create(Some(again_at))
    } else {
        let children = Vec::new();
        Making { children, ..again }.begin(cx, Some(again_at))
    })
}

/// A new container fetches its file by itself, or takes its bytes.
fn filling(cx: &PublishContext<'_>, making: Making, answer: &Answer) -> Result<Publish, Fault> {
    let made: Made = answer.parse("media")?;
    if making.is_upload(cx) {
        upload::begin(cx, making, made)
    } else {
        Ok(loaded(cx, making, made.id))
    }
}

/// Nothing more is to be done for a container: to the next file, or to waiting.
pub(super) fn loaded(cx: &PublishContext<'_>, mut making: Making, container: String) -> Publish {
    let files = cx.content.assets.len();
    if files < 2 || making.children.len() == files {
        return Waiting::for_whole(cx, container, making.tries, making.uploads).begin(cx);
    }
    making.children.push(container);
    if making.children.len() < files {
        return making.begin(cx, None);
    }
    Waiting::for_children(cx, making).begin(cx)
}

/// When to send a refused order for a container again; `None` after a success.
fn made_again_at(
    cx: &PublishContext<'_>,
    tries: u8,
    answer: &Answer,
    renewals: fn(&meta::Problem) -> Option<u8>,
) -> Result<Option<OffsetDateTime>, Fault> {
    if answer.is_success() {
        return Ok(None);
    }
    let told = meta::read(answer, row, cx.now);
    let Some(problem) = meta::problem(answer) else {
        return Err(told);
    };
    let again_at = Some(cx.now + pause(tries));
    match renewals(&problem) {
        Some(most) if tries < most => Ok(again_at),
        Some(_) => Err(fault::beyond_renewal(Some(problem.error_subcode))
            .seen(told.evidence.unwrap_or_default())),
        None if tries == 0 && fault::is_unlisted(&problem, answer) => Ok(again_at),
        None => Err(told),
    }
}

fn is_unfetched(answer: &Answer) -> bool {
    meta::problem(answer).is_some_and(|problem| fault::is_unfetched(&problem))
}

/// Makes a new container, `most` times at most; the old one was never published. The children that
/// stay are those of `making`, `number` is Instagram's error.
pub(super) fn anew(
    cx: &PublishContext<'_>,
    making: Making,
    most: u8,
    number: Option<i64>,
    told: &str,
) -> Result<Publish, Fault> {
    if making.tries < most {
        let again_at = cx.now + pause(making.tries);
        let is_unfetched = number.is_some_and(fault::is_number_of_unfetched);
        return Ok(making.again(cx, is_unfetched).begin(cx, Some(again_at)));
    }
    Err(fault::beyond_renewal(number).seen(told))
}

/// How long to wait before a container is made anew.
pub(super) fn pause(tries: u8) -> Duration {
    Duration::seconds(10).saturating_mul(3_i32.saturating_pow(tries.into()))
}
