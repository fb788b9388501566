//! What the author of a post on Instagram chooses, and what its caption may hold.

use domain::{MediaFacts, MediaKind, Violation};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Draft, parse_options, text_rule};

const ALT_TEXT: usize = 1_000;
/// The longest and largest video among several files.
const CHILD_MS: u64 = 60_000;
const CHILD_BYTES: u64 = 100_000_000;
const COLLABORATORS: usize = 3;
const HASHTAGS: usize = 30;
const MENTIONS: usize = 20;
/// Most accounts seen in one file.
const TAGS: usize = 20;
const USERNAME: usize = 30;

/// The options of a post.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Options {
    /// What the sound of a reel is called.
    pub(super) audio_name: Option<String>,
    /// Names of accounts that are asked to appear as authors, without the @.
    pub(super) collaborators: Vec<String>,
    /// The id of a Page that has a location, where the post was made.
    pub(super) location_id: Option<String>,
    /// Whether a reel also appears in the feed; Instagram decides when absent.
    pub(super) share_to_feed: Option<bool>,
    /// Which frame of a reel is its cover, in milliseconds from the start.
    pub(super) thumb_offset_ms: Option<u64>,
    /// The accounts that are seen.
    pub(super) user_tags: Vec<UserTag>,
}

/// An account that is seen in a picture or a reel.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct UserTag {
    /// Its name, without the @.
    pub(super) username: String,
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
    broken.extend(alt_texts(draft));
    match parse_options::<Options>(draft.options) {
        Ok(options) => {
            broken.extend(videos_among_several(draft));
            broken.extend(reel_options(&options, draft));
            broken.extend(collaborators(&options));
            broken.extend(user_tags(&options, draft));
            broken.extend(location(&options));
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
    // A video among several files is no reel.
    let video = match draft.media {
        [one] if one.kind == MediaKind::Video => Some(one),
        _ => None,
    };
    let given = [
        ("options.audioName", options.audio_name.is_some()),
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
                    "is for reels; the post is none",
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
            MediaFacts::Image { .. } => None,
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

fn username(field: &str, name: &str) -> Option<Violation> {
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

fn user_tags(options: &Options, draft: &Draft<'_>) -> Vec<Violation> {
    let tags = &options.user_tags;
    let field = "options.userTags";
    let mut broken = Vec::new();
    if draft.media.len() > 1 && !tags.is_empty() {
        broken.push(Violation::new(
            field,
            "tags_on_carousel",
            "is for a post of one file; which of several it means cannot be told",
            "Leave it out, or publish the file alone.",
        ));
    }
    if tags.len() > TAGS {
        broken.push(Violation::new(
            field,
            "too_many_tags",
            format!("holds {} accounts; Instagram takes {TAGS}", tags.len()),
            format!("Remove {}.", tags.len() - TAGS),
        ));
    }
    let is_picture = draft
        .media
        .first()
        .is_some_and(|item| item.kind == MediaKind::Image);
    for (place, tag) in tags.iter().enumerate() {
        let field = format!("{field}[{place}]");
        broken.extend(username(&format!("{field}.username"), &tag.username));
        let is_inside = |place: f64| (0.0..=1.0).contains(&place);
        let is_placed = match (tag.x, tag.y) {
            (Some(x), Some(y)) => is_picture && is_inside(x) && is_inside(y),
            (None, None) => !is_picture,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !is_placed {
            broken.push(Violation::new(
                field,
                "tag_place",
                "is not placed as Instagram asks: in a picture with x and y from 0 to 1, in a reel without",
                "Give x and y for a picture, and leave them out for a reel.",
            ));
        }
    }
    broken
}

fn location(options: &Options) -> Option<Violation> {
    let id = options.location_id.as_deref()?;
    let is_id = (1..=30).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
    (!is_id).then(|| {
        Violation::new(
            "options.locationId",
            "invalid_id",
            "is not a number in text",
            "Use the id of a Facebook Page that has a location.",
        )
    })
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
        let tags = |tag: Value| json!({"userTags": [tag], "locationId": "1234"});
        let placed = json!({"username": "sample_garden", "x": 0.5, "y": 1.0});
        assert!(rules("", &tags(placed.clone()), &picture).is_empty());
        assert!(rules("", &tags(json!({"username": "sample_garden"})), &reel).is_empty());
        for (media, tag, rule) in [
            (
                &picture,
                json!({"username": "a"}),
                "options.userTags[0] tag_place",
            ),
            (
                &picture,
                json!({"username": "a", "x": 0.5}),
                "options.userTags[0] tag_place",
            ),
            (
                &picture,
                json!({"username": "a", "x": 1.5, "y": 0}),
                "options.userTags[0] tag_place",
            ),
            (&reel, placed.clone(), "options.userTags[0] tag_place"),
            (
                &picture,
                json!({"username": "@a", "x": 0, "y": 0}),
                "options.userTags[0].username invalid_username",
            ),
        ] {
            assert_eq!(rules("", &tags(tag), media), [rule]);
        }
        let two = [picture[0].clone(), picture[0].clone()];
        assert_eq!(
            rules("", &tags(placed), &two),
            ["options.userTags tags_on_carousel"]
        );
        assert_eq!(
            rules(
                "",
                &json!({"locationId": "Paris", "audioName": "Waves"}),
                &reel
            ),
            ["options.locationId invalid_id"]
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
