//! What the author of a post on Instagram chooses, and what its caption may hold.

use domain::{MediaFacts, MediaKind, Violation};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{reel, story, tags};
use crate::{Draft, parse_options, text_rule};

const ALT_TEXT: usize = 1_000;
/// The longest and largest video among several files.
const CHILD_MS: u64 = 60_000;
const CHILD_BYTES: u64 = 100_000_000;
const COLLABORATORS: usize = 3;
const COMMENT: usize = 2_200;
const HASHTAGS: usize = 30;
const MENTIONS: usize = 20;
const SPONSORS: usize = 2;
const USERNAME: usize = 30;

/// The options of a post.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Options {
    /// Whether the post is labelled as made by a machine.
    pub(super) ai_generated: bool,
    /// What the sound of a reel is called.
    pub(super) audio_name: Option<String>,
    /// The ids of the accounts that pay for the post.
    pub(super) branded_content_sponsor_ids: Vec<String>,
    /// Names of accounts that are asked to appear as authors, without the @.
    pub(super) collaborators: Vec<String>,
    /// Where Instagram finds a picture to stand for a reel.
    pub(super) cover_url: Option<String>,
    /// Written under the post once it is live.
    pub(super) first_comment: Option<String>,
    /// The id of a Page that has a location, where the post was made.
    pub(super) location_id: Option<String>,
    /// Whether the post is labelled as paid for.
    pub(super) paid_partnership: bool,
    /// Whether a reel also appears in the feed; Instagram decides when absent.
    pub(super) share_to_feed: Option<bool>,
    /// Whether it is a story, which is gone after a day.
    pub(super) story: bool,
    /// Which frame of a reel is its cover, in milliseconds from the start.
    pub(super) thumb_offset_ms: Option<u64>,
    /// Whether a reel is first shown to people who do not follow the account, and what ends that.
    pub(super) trial_reel: Option<Graduation>,
    /// The accounts that are seen.
    pub(super) user_tags: Vec<UserTag>,
}

/// What makes a trial reel a usual one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Graduation {
    /// A person does.
    Manual,
    /// Instagram does when it is watched a lot.
    SsPerformance,
}

/// An account that is seen in a file.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct UserTag {
    /// Its name, without the @.
    pub(super) username: String,
    /// In which of several files, from 0.
    #[serde(default, skip_serializing)]
    pub(super) media: Option<usize>,
    /// Where in a picture, from the left; 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) x: Option<f64>,
    /// Where in a picture, from the top; 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) y: Option<f64>,
}

/// The options as they were accepted.
pub(super) fn read(options: &Value) -> Options {
    parse_options(options).unwrap_or_default()
}

/// Every rule of Instagram's own that a draft breaks.
pub fn check(draft: &Draft<'_>) -> Vec<Violation> {
    let mut broken = caption_rules(draft.caption);
    match parse_options::<Options>(draft.options) {
        Ok(options) => {
            if options.story {
                broken.extend(story::rules(&options, draft));
            } else {
                broken.extend(alt_texts(draft));
                broken.extend(videos_among_several(draft));
                broken.extend(reel::rules(&options, draft));
            }
            broken.extend(collaborators(&options));
            broken.extend(tags::rules(&options, draft));
            broken.extend(location(&options));
            broken.extend(sponsors(&options));
            broken.extend(first_comment(&options));
        }
        Err(violation) => {
            broken.extend(alt_texts(draft));
            broken.push(violation);
        }
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

/// What is known to pass for a video among several files; Meta documents no limits of its own for it.
fn videos_among_several(draft: &Draft<'_>) -> Vec<Violation> {
    if draft.media.len() < 2 {
        return Vec::new();
    }
    let facts = draft.media.iter().map(|item| item.facts.as_ref());
    facts
        .enumerate()
        .filter_map(|(place, facts)| match facts? {
            MediaFacts::Video {
                duration_ms, bytes, ..
            } => (*duration_ms > CHILD_MS || *bytes > CHILD_BYTES).then_some(place),
            MediaFacts::Document { .. } | MediaFacts::Image { .. } => None,
        })
        .map(|place| {
            Violation::new(
                format!("media[{place}]"),
                "video_among_several",
                "is a video of more than a minute or 100 MB; among several files Instagram takes shorter ones",
                "Shorten it, or publish it alone.",
            )
        })
        .collect()
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
        broken.extend(username(&format!("options.collaborators[{place}]"), name));
    }
    broken
}

pub(super) fn username(field: &str, name: &str) -> Option<Violation> {
    let is_name = (1..=USERNAME).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
    (!is_name).then(|| {
        Violation::new(
            field,
            "invalid_username",
            "is not the name of an account",
            "Write it as on Instagram, without the @.",
        )
    })
}

fn location(options: &Options) -> Option<Violation> {
    let id = options.location_id.as_deref()?;
    (!is_id(id)).then(|| {
        Violation::new(
            "options.locationId",
            "invalid_id",
            "is not a number in text",
            "Use the id of a Facebook Page that has a location.",
        )
    })
}

fn sponsors(options: &Options) -> Vec<Violation> {
    let ids = &options.branded_content_sponsor_ids;
    let field = "options.brandedContentSponsorIds";
    let too_many = (ids.len() > SPONSORS).then(|| {
        Violation::new(
            field,
            "too_many_sponsors",
            format!("holds {} ids; Instagram takes {SPONSORS}", ids.len()),
            format!("Remove {}.", ids.len() - SPONSORS),
        )
    });
    let wrong = ids.iter().enumerate().filter(|(_, id)| !is_id(id));
    let wrong = wrong.map(|(place, _)| {
        Violation::new(
            format!("{field}[{place}]"),
            "invalid_id",
            "is not a number in text",
            "Use the id of the sponsor's Instagram account.",
        )
    });
    too_many.into_iter().chain(wrong).collect()
}

fn first_comment(options: &Options) -> Option<Violation> {
    let text = options.first_comment.as_deref()?;
    let field = "options.firstComment";
    if text.trim().is_empty() {
        return Some(Violation::new(
            field,
            "text_missing",
            "has no words",
            "Write the comment, or leave the option out.",
        ));
    }
    text_rule(field, text, COMMENT, "Instagram")
}

fn is_id(text: &str) -> bool {
    (1..=30).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;
    use crate::DraftMedia;

    pub(in super::super) fn media(kind: MediaKind, alt_text: Option<&str>) -> DraftMedia {
        DraftMedia {
            kind,
            facts: None,
            alt_text: alt_text.map(str::to_owned),
        }
    }

    pub(in super::super) fn rules(
        caption: &str,
        options: &Value,
        media: &[DraftMedia],
    ) -> Vec<String> {
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
    fn pictures_are_described_and_videos_are_not() {
        let long = "a".repeat(1_001);
        assert_eq!(
            rules("", &json!({}), &[media(MediaKind::Image, Some(&long))]),
            ["media[0].altText text_too_long"]
        );
        assert_eq!(
            rules("", &Value::Null, &[media(MediaKind::Video, Some("Waves"))]),
            ["media[0].altText alt_text_on_video"]
        );
    }

    #[test]
    fn names_and_ids_are_what_they_say() {
        let picture = [media(MediaKind::Image, None)];
        let labelled = json!({
            "aiGenerated": true, "paidPartnership": true, "locationId": "1234",
            "brandedContentSponsorIds": ["17841405822304914", "17841405822304915"],
            "collaborators": ["a", "b", "c"], "firstComment": "é".repeat(2_200)
        });
        assert!(rules("", &labelled, &picture).is_empty());
        let wrong = json!({
            "locationId": "Paris", "brandedContentSponsorIds": ["1", "2", "@c"],
            "collaborators": ["a", "b", "c", "@d"]
        });
        assert_eq!(
            rules("", &wrong, &picture),
            [
                "options.collaborators too_many_collaborators",
                "options.collaborators[3] invalid_username",
                "options.locationId invalid_id",
                "options.brandedContentSponsorIds too_many_sponsors",
                "options.brandedContentSponsorIds[2] invalid_id"
            ]
        );
        for (text, rule) in [
            ("a".repeat(2_201), "text_too_long"),
            (" \n".to_owned(), "text_missing"),
        ] {
            assert_eq!(
                rules("", &json!({ "firstComment": text }), &picture),
                [format!("options.firstComment {rule}")]
            );
        }
        assert_eq!(
            rules("", &json!({"stories": true}), &picture),
            ["options.stories unknown_option"]
        );
    }
}
