//! What the author of a post on Instagram chooses, and what its caption may hold.

use domain::{MediaFacts, MediaKind, Violation};
use serde::Deserialize;
use serde_json::Value;

use crate::{Draft, parse_options, text_rule};

const ALT_TEXT: usize = 1_000;
const COLLABORATORS: usize = 3;
const HASHTAGS: usize = 30;
const MENTIONS: usize = 20;
const USERNAME: usize = 30;

/// The options of a post.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Options {
    /// Names of accounts that are asked to appear as authors, without the @.
    pub(super) collaborators: Vec<String>,
    /// Whether a reel also appears in the feed; Instagram decides when absent.
    pub(super) share_to_feed: Option<bool>,
    /// Which frame of a reel is its cover, in milliseconds from the start.
    pub(super) thumb_offset_ms: Option<u64>,
}

/// The options as they were accepted.
pub(super) fn read(options: &Value) -> Options {
    parse_options(options).unwrap_or_default()
}

/// Every rule of Instagram's own that a draft breaks.
pub fn check(draft: &Draft<'_>) -> Vec<Violation> {
    let mut broken = caption_rules(draft.caption);
    broken.extend(alt_texts(draft));
    match parse_options::<Options>(draft.options) {
        Ok(options) => {
            broken.extend(reel_options(&options, draft));
            broken.extend(collaborators(&options));
        }
        Err(violation) => broken.push(violation),
    }
    broken
}

fn caption_rules(caption: &str) -> Vec<Violation> {
    let count = |mark: char| {
        caption
            .split_whitespace()
            .flat_map(|word| word.match_indices(mark).map(move |(at, _)| &word[at..]))
            .filter(|rest| {
                rest.chars()
                    .nth(1)
                    .is_some_and(|next| next.is_alphanumeric() || matches!(next, '_' | '.'))
            })
            .count()
    };
    let limits = [
        ('#', "hashtags", "too_many_hashtags", HASHTAGS),
        ('@', "mentions", "too_many_mentions", MENTIONS),
    ];
    limits
        .into_iter()
        .map(|(mark, name, rule, max)| (count(mark), name, rule, max))
        .filter(|(number, _, _, max)| number > max)
        .map(|(number, name, rule, max)| {
            Violation::new(
                "caption",
                rule,
                format!("holds {number} {name}; Instagram takes {max}"),
                format!("Remove {}.", number - max),
            )
        })
        .collect()
}

fn alt_texts(draft: &Draft<'_>) -> Vec<Violation> {
    draft
        .media
        .iter()
        .enumerate()
        .filter_map(|(place, item)| {
            let field = format!("media[{place}].altText");
            let text = item.alt_text.as_deref().filter(|text| !text.is_empty())?;
            if item.kind == MediaKind::Video {
                return Some(Violation::new(
                    field,
                    "alt_text_on_video",
                    "describes a video; Instagram takes descriptions of pictures only",
                    "Leave it out.",
                ));
            }
            text_rule(&field, text, ALT_TEXT, "Instagram")
        })
        .collect()
}

fn reel_options(options: &Options, draft: &Draft<'_>) -> Vec<Violation> {
    let video = draft
        .media
        .iter()
        .find(|item| item.kind == MediaKind::Video);
    let given = [
        ("options.shareToFeed", options.share_to_feed.is_some()),
        ("options.thumbOffsetMs", options.thumb_offset_ms.is_some()),
    ];
    let Some(video) = video else {
        return given
            .into_iter()
            .filter(|(_, is_given)| *is_given)
            .map(|(field, _)| {
                Violation::new(
                    field,
                    "reels_only",
                    "is for reels; the post has no video",
                    "Leave it out.",
                )
            })
            .collect();
    };
    let length = video.facts.as_ref().and_then(|facts| match facts {
        MediaFacts::Video { duration_ms, .. } => Some(*duration_ms),
        MediaFacts::Image { .. } => None,
    });
    let beyond = options
        .thumb_offset_ms
        .zip(length)
        .filter(|(offset, length)| offset >= length);
    Vec::from_iter(beyond.map(|(offset, length)| {
        Violation::new(
            "options.thumbOffsetMs",
            "thumb_offset_outside",
            format!("is {offset}; the video is {length} ms long"),
            "Choose a moment within the video.",
        )
    }))
}

fn collaborators(options: &Options) -> Vec<Violation> {
    let names = &options.collaborators;
    let mut broken = Vec::new();
    if names.len() > COLLABORATORS {
        broken.push(Violation::new(
            "options.collaborators",
            "too_many_collaborators",
            format!(
                "holds {} names; Instagram takes {COLLABORATORS}",
                names.len()
            ),
            format!("Remove {}.", names.len() - COLLABORATORS),
        ));
    }
    for (place, name) in names.iter().enumerate() {
        let is_name = (1..=USERNAME).contains(&name.len())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
        if !is_name {
            broken.push(Violation::new(
                format!("options.collaborators[{place}]"),
                "invalid_username",
                "is not the name of an account",
                "Write it as on Instagram, without the @.",
            ));
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::DraftMedia;

    fn media(kind: MediaKind, alt_text: Option<String>) -> DraftMedia {
        DraftMedia {
            kind,
            facts: None,
            alt_text,
        }
    }

    fn rules(caption: &str, options: &Value, media: &[DraftMedia]) -> Vec<String> {
        let draft = Draft {
            caption,
            media,
            options,
        };
        check(&draft)
            .into_iter()
            .map(|broken| format!("{} {}", broken.field, broken.rule))
            .collect()
    }

    #[test]
    fn hashtags_and_mentions_are_counted() {
        let tags = |count: usize| "#dawn ".repeat(count);
        let names = |count: usize| "@sample_studio ".repeat(count);
        let picture = [media(MediaKind::Image, None)];
        let none = json!({});
        assert!(rules(&(tags(30) + &names(20)), &none, &picture).is_empty());
        assert_eq!(
            rules(&(tags(31) + &names(21)), &none, &picture),
            ["caption too_many_hashtags", "caption too_many_mentions"]
        );
        assert_eq!(
            rules(&"#a".repeat(31), &none, &picture),
            ["caption too_many_hashtags"]
        );
        assert!(rules(&"# @ ".repeat(40), &none, &picture).is_empty());
    }

    #[test]
    fn each_rule_names_its_option() {
        let picture = [media(MediaKind::Image, Some("a".repeat(1_001)))];
        assert_eq!(
            rules("", &json!({}), &picture),
            ["media[0].altText text_too_long"]
        );
        let reel = [media(MediaKind::Video, None)];
        let all = json!({
            "collaborators": ["sample_studio"], "shareToFeed": true, "thumbOffsetMs": 5
        });
        assert!(rules("", &all, &reel).is_empty());
        let picture = [media(MediaKind::Image, None)];
        assert_eq!(
            rules("", &all, &picture),
            [
                "options.shareToFeed reels_only",
                "options.thumbOffsetMs reels_only"
            ]
        );
        assert_eq!(
            rules("", &json!({"collaborators": ["a", "b", "c", "@d"]}), &reel),
            [
                "options.collaborators too_many_collaborators",
                "options.collaborators[3] invalid_username"
            ]
        );
        assert_eq!(
            rules("", &json!({"story": true}), &reel),
            ["options.story unknown_option"]
        );
        let described = [media(MediaKind::Video, Some("Waves".to_owned()))];
        assert_eq!(
            rules("", &Value::Null, &described),
            ["media[0].altText alt_text_on_video"]
        );
    }
}
