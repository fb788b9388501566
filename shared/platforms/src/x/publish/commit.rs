//! The calls that make the parts visible.

use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::{Held, Publish, confirm, upload};
use crate::{
    Answer, Auth, Call, Fault, PublishContext,
    x::{
        fault,
        parts::Parts,
        profile::api,
        wire::{MadePost, NewPoll, NewPost, NewPostMedia, NewReply, Wrapped},
    },
};

/// How long to wait when X does not find ready, or not at all, what it has just told us of.
const SETTLE: Duration = Duration::seconds(20);
/// What the commits are called, so that each part of a thread has an arm of its own.
const STEPS: [&str; crate::x::options::MAX_PARTS] = [
    "create_post",
    "create_part_2",
    "create_part_3",
    "create_part_4",
    "create_part_5",
    "create_part_6",
    "create_part_7",
    "create_part_8",
    "create_part_9",
    "create_part_10",
    "create_part_11",
    "create_part_12",
    "create_part_13",
    "create_part_14",
    "create_part_15",
    "create_part_16",
    "create_part_17",
    "create_part_18",
    "create_part_19",
    "create_part_20",
    "create_part_21",
    "create_part_22",
    "create_part_23",
    "create_part_24",
    "create_part_25",
];

/// Posts the next part.
pub(super) fn post(cx: &PublishContext<'_>, held: &Held) -> Call {
    let parts = Parts::of(cx.content);
    let options = &parts.options;
    let number = held.live.len();
    let is_first = number == 0;
    let part = parts.part(number);
    let before = parts.files_before(number);
    let files = part.map_or(0, |part| part.files.len());
    let media: &[String] = held.media.get(before..before + files).unwrap_or_default();
    let answered = held.live.last().or(options.reply_to.as_ref());
    let body = NewPost {
        text: part.map_or("", |part| &part.text),
        media: (!media.is_empty()).then_some(NewPostMedia { media_ids: media }),
        reply: answered.map(|id| NewReply {
            in_reply_to_tweet_id: id,
        }),
        quote_tweet_id: options.quote.as_deref().filter(|_| is_first),
        poll: options
            .poll
            .as_ref()
            .filter(|_| is_first)
            .map(|poll| NewPoll {
                options: &poll.options,
                duration_minutes: poll.duration_minutes,
            }),
        reply_settings: options.reply_settings.filter(|_| is_first),
        community_id: options.community.as_deref(),
        // What it says is said of the files.
        made_with_ai: options.made_with_ai && (is_first || !media.is_empty()),
        paid_partnership: options.paid_partnership,
    };
    let step = STEPS.get(number).copied().unwrap_or("create_part");
    Call::post(step, api(cx.app, &["2", "tweets"]))
        .auth(Auth::Bearer)
        .json(json!(body))
        .once()
}

/// What came of it.
pub(super) fn posted(
    cx: &PublishContext<'_>,
    ask_at: Option<OffsetDateTime>,
    held: Held,
    answer: &Answer,
) -> Result<Publish, Fault> {
    if answer.is_success() {
        // Only an id proves it; what stands beside it does not matter.
        let made: Option<Wrapped<MadePost>> = answer.json();
        return Ok(match made.filter(|made| !made.data.id.is_empty()) {
            Some(made) => is_live(cx, held, made.data.id),
            None => confirm::begin(cx, held, false),
        });
    }
    let Some(refused) = fault::refused(answer, cx.now) else {
        return Ok(confirm::begin(cx, held, false));
    };
    let part = Parts::of(cx.content).part(held.live.len()).cloned();
    let has_files = part.is_some_and(|part| !part.files.is_empty());
    let again = |held| Publish::Post {
        ask_at: Some(cx.now + SETTLE),
        held,
    };
    match refused.code.as_str() {
        fault::DUPLICATE => Ok(confirm::begin(cx, held, true)),
        // A file may need a moment more, or may have outlived its day at X.
        fault::MEDIA_REFUSED if has_files && ask_at.is_none() => Ok(again(held)),
        fault::MEDIA_REFUSED if has_files => upload::begin_anew(cx, held, refused),
        // A part can be younger than what answers for it.
        fault::POST_GONE if ask_at.is_none() && !held.live.is_empty() => Ok(again(held)),
        _ => Err(refused),
    }
}

/// A part is live: on to the next one, if there is one.
pub(super) fn is_live(cx: &PublishContext<'_>, mut held: Held, id: String) -> Publish {
    held.live.push(id);
    if held.live.len() < Parts::of(cx.content).count() {
        held.tries = 0;
        return Publish::Post { ask_at: None, held };
    }
    let first = held.live.into_iter().next();
    Publish::Published {
        id: first.unwrap_or_default(),
    }
}
