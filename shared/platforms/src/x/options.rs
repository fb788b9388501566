//! X's own options of a post, and the rules beyond the profile's.

mod thread;

use domain::{MediaFacts, MediaKind, MediaRules, Violation};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{links, profile::PROFILE};
use crate::{Draft, DraftMedia, parse_options, text_rule};

/// The longest description of a file, in characters.
const MAX_ALT_TEXT: usize = 1000;
/// The most posts that one thread may be made of, the first one included; a bound of our own.
pub(super) const MAX_PARTS: usize = 25;
/// The most digits of an id.
const MAX_ID: usize = 19;
/// How many answers a poll has.
const POLL_OPTIONS: std::ops::RangeInclusive<usize> = 2..=4;
/// The longest answer of a poll, in characters.
const MAX_POLL_OPTION: usize = 25;
/// How long a poll lasts, in minutes: up to a week.
const POLL_MINUTES: std::ops::RangeInclusive<u32> = 5..=10_080;
/// How large a moving picture may be, in bytes and in pixels.
const MAX_ANIMATION: (u64, u32, u32) = (15 << 20, 1280, 1080);

/// X's own options of a post.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Options {
    /// The id of the community that it is posted to.
    pub community: Option<String>,
    /// Whether the media was made by an AI.
    pub made_with_ai: bool,
    /// Whether somebody paid for the post.
    pub paid_partnership: bool,
    /// What the post asks.
    pub poll: Option<Poll>,
    /// The id of the post that it quotes.
    pub quote: Option<String>,
    /// Who may reply; everyone when absent.
    pub reply_settings: Option<ReplySettings>,
    /// The id of the post that it answers.
    pub reply_to: Option<String>,
    /// The further parts of a thread that the post begins, each an answer to the one before.
    pub thread: Vec<ThreadPart>,
}

/// What a post asks its readers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Poll {
    /// The answers to choose from.
    pub options: Vec<String>,
    /// How long one may choose, in minutes.
    pub duration_minutes: u32,
}

/// One further part of a thread.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ThreadPart {
    /// Its words; empty where its files say it all.
    #[serde(default)]
    pub text: String,
    /// Its files: their places among the post's media, from 0. What no part names goes with the first.
    #[serde(default)]
    pub media: Vec<usize>,
}

/// Who may reply to a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ReplySettings {
    /// Accounts that the author follows.
    Following,
    /// Accounts that the post mentions.
    MentionedUsers,
    /// The author's subscribers.
    Subscribers,
    /// Verified accounts.
    Verified,
}

/// Reads the options; `null` is no options.
///
/// # Errors
/// The broken rule.
pub(super) fn read(options: &Value) -> Result<Options, Violation> {
    if options.is_null() {
        return Ok(Options::default());
    }
    parse_options(options)
}

/// What media a post with these options may carry: each part of a thread carries as much as a post does.
pub fn media_rules(options: &Value) -> MediaRules {
    let further = read(options).map_or(0, |options| options.thread.len());
    if further == 0 {
        return PROFILE.media;
    }
    let most = PROFILE.media.max_images * (further.min(MAX_PARTS - 1) + 1);
    MediaRules {
        max_images: most,
        max_mixed: most,
        ..PROFILE.media
    }
}

/// Every rule of X beyond the profile's that a draft breaks.
pub fn check(draft: &Draft<'_>) -> Vec<Violation> {
    let mut broken: Vec<Violation> = words_rule("caption", draft.caption).into_iter().collect();
    for (place, item) in draft.media.iter().enumerate() {
        let field = format!("media[{place}].altText");
        let text = item.alt_text.as_deref().unwrap_or_default();
        broken.extend(text_rule(&field, text, MAX_ALT_TEXT, "X"));
        broken.extend(animation_rule(place, item));
    }
    match read(draft.options) {
        Err(violation) => {
            broken.push(violation);
            broken.extend(alone_rule("media", &draft.media.iter().collect::<Vec<_>>()));
        }
        Ok(options) => {
            let ids = [
                ("community", &options.community),
                ("quote", &options.quote),
                ("replyTo", &options.reply_to),
            ];
            broken.extend(
                ids.into_iter()
                    .filter_map(|(name, id)| id_rule(name, id.as_deref())),
            );
            broken.extend(poll_rules(&options, draft));
            broken.extend(thread::rules(&options, draft));
        }
    }
    broken
}

fn id_rule(name: &str, id: Option<&str>) -> Option<Violation> {
    let is_id =
        |id: &str| (1..=MAX_ID).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit());
    id.filter(|id| !is_id(id)).map(|_| {
        Violation::new(
            format!("options.{name}"),
            "invalid_id",
            format!("is no id at X, which is a number of up to {MAX_ID} digits"),
            "Give the number at the end of its address, as a text.",
        )
    })
}

fn poll_rules(options: &Options, draft: &Draft<'_>) -> Vec<Violation> {
    let Some(poll) = &options.poll else {
        return Vec::new();
    };
    let mut broken = Vec::new();
    if !POLL_OPTIONS.contains(&poll.options.len()) {
        broken.push(Violation::new(
            "options.poll.options",
            "poll_options",
            format!(
                "holds {} answers; a poll at X has 2 to 4",
                poll.options.len()
            ),
            "Give 2, 3 or 4 answers.",
        ));
    }
    for (place, answer) in poll.options.iter().enumerate() {
        let field = format!("options.poll.options[{place}]");
        if answer.trim().is_empty() {
            broken.push(Violation::new(
                field,
                "text_empty",
                "is empty",
                "Write an answer, or leave it out.",
            ));
        } else {
            broken.extend(text_rule(&field, answer, MAX_POLL_OPTION, "X"));
        }
    }
    if !POLL_MINUTES.contains(&poll.duration_minutes) {
        broken.push(Violation::new(
            "options.poll.durationMinutes",
            "poll_duration",
            format!(
                "is {} minutes; a poll at X lasts 5 to 10080",
                poll.duration_minutes
            ),
            "Give 5 minutes to 10080, which is a week.",
        ));
    }
    let goes_with = |what: &str, remedy: &str| {
        let message = format!("is set beside {what}; a poll at X goes without");
        Violation::new("options.poll", "poll_not_alone", message, remedy)
    };
    let has_files = thread::parts(options, draft)
        .next()
        .is_some_and(|part| !part.files.is_empty());
    if has_files {
        broken.push(goes_with(
            "files",
            "Leave the poll or the files out, or give the files to a further part of a thread.",
        ));
    }
    if options.quote.is_some() {
        broken.push(goes_with(
            "a quoted post",
            "Leave the poll or the quote out.",
        ));
    }
    broken
}

/// The violation of words that hold what X does not take.
fn words_rule(field: &str, words: &str) -> Option<Violation> {
    let c = words.chars().find(|c| links::is_invalid(*c))?;
    Some(Violation::new(
        field,
        "character_not_taken",
        format!("holds U+{:04X}, which X does not take", u32::from(c)),
        "Remove it.",
    ))
}

const fn moves(item: &DraftMedia) -> bool {
    matches!(item.facts, Some(MediaFacts::Image { animated: true, .. }))
}

fn animation_rule(place: usize, item: &DraftMedia) -> Option<Violation> {
    let (max_bytes, max_width, max_height) = MAX_ANIMATION;
    let Some(MediaFacts::Image {
        width,
        height,
        bytes,
        animated: true,
        ..
    }) = item.facts
    else {
        return None;
    };
    let is_too_large = bytes > max_bytes || width > max_width || height > max_height;
    is_too_large.then(|| {
        Violation::new(
            format!("media[{place}]"),
            "animation_too_large",
            format!(
                "is a moving picture of {width} x {height} and {bytes} bytes; X takes {max_width} x {max_height} and {max_bytes} bytes"
            ),
            "Use a smaller one, or make a video of it.",
        )
    })
}

/// The violation of a moving picture among other files of the same post.
fn alone_rule(field: &str, files: &[&DraftMedia]) -> Option<Violation> {
    let has_moving = files
        .iter()
        .any(|item| item.kind == MediaKind::Image && moves(item));
    (has_moving && files.len() > 1).then(|| {
        Violation::new(
            field,
            "animation_not_alone",
            format!(
                "holds {} files; a moving picture stands alone in a post to X",
                files.len()
            ),
            "Keep the moving picture alone, or use still pictures only.",
        )
    })
}

#[cfg(test)]
mod tests;
