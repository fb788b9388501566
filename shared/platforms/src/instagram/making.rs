//! From a file to its container: made, and made anew where that mends it.

use time::{Duration, OffsetDateTime};

use super::{
    Publish,
    fault::{self, row},
    processing::Waiting,
    wire::{Limit, Made},
};
use crate::{
    Answer, Event, Fault, PublishContext,
    meta::{self, Listed},
};

/// When to ask again after the day's posts are used up; Instagram does not say when one is free.
const LIMIT_AGAIN: Duration = Duration::hours(1);

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
    Ok(begin(cx, Vec::new(), 0, None))
}

/// Several files go into containers of their own first; `children` are those that stay.
fn begin(
    cx: &PublishContext<'_>,
    children: Vec<String>,
    tries: u8,
    again_at: Option<OffsetDateTime>,
) -> Publish {
    if cx.content.assets.len() > 1 {
        Publish::Child {
            children,
            tries,
            again_at,
        }
    } else {
        Publish::Create {
            children,
            tries,
            again_at,
        }
    }
}

/// One of several files has its container: to the next file, or to waiting for all of them.
pub(super) fn child_made(
    cx: &PublishContext<'_>,
    mut children: Vec<String>,
    tries: u8,
    answer: &Answer,
) -> Result<Publish, Fault> {
    if let Some(again_at) = made_again_at(cx, tries, answer, fault::renewals)? {
        return Ok(begin(cx, children, tries + 1, Some(again_at)));
    }
    children.push(answer.parse::<Made>("media")?.id);
    if children.len() < cx.content.assets.len() {
        return Ok(begin(cx, children, tries, None));
    }
    Ok(Waiting::for_children(cx, children, tries).begin(cx))
}

/// The container that will be published is made, of one file or of several.
pub(super) fn made(
    cx: &PublishContext<'_>,
    children: Vec<String>,
    tries: u8,
    answer: &Answer,
) -> Result<Publish, Fault> {
    let is_carousel = !children.is_empty();
    let renewals = if is_carousel {
        fault::renewals_of_carousel
    } else {
        fault::renewals
    };
    if let Some(again_at) = made_again_at(cx, tries, answer, renewals)? {
        let is_child_gone =
            is_carousel && meta::problem(answer).is_some_and(|it| fault::is_about_children(&it));
        return Ok(if is_carousel && !is_child_gone {
            Publish::Create {
                children,
                tries: tries + 1,
                again_at: Some(again_at),
            }
        } else {
            begin(cx, Vec::new(), tries + 1, Some(again_at))
        });
    }
    let id = answer.parse::<Made>("media")?.id;
    Ok(Waiting::for_whole(cx, id, tries).begin(cx))
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

/// Makes a new container, `most` times at most; the old one was never published. `kept` are children
/// that stay, `number` is Instagram's error.
pub(super) fn anew(
    cx: &PublishContext<'_>,
    tries: u8,
    kept: Vec<String>,
    most: u8,
    number: Option<i64>,
    told: &str,
) -> Result<Publish, Fault> {
    if tries < most {
        return Ok(begin(cx, kept, tries + 1, Some(cx.now + pause(tries))));
    }
    Err(fault::beyond_renewal(number).seen(told))
}

/// How long to wait before a container is made anew.
fn pause(tries: u8) -> Duration {
    Duration::seconds(10).saturating_mul(3_i32.saturating_pow(tries.into()))
}
