//! What TikTok asks of a post beyond its caption (content sharing guidelines, read 2026-11-23).

use domain::{MediaFacts, MediaKind, Violation};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Draft, parse_options};

/// TikTok's own options of a post.
#[expect(
    clippy::struct_excessive_bools,
    reason = "TikTok has that many switches, each of its own"
)]
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Options {
    /// Who may see the post; TikTok forbids a default, so it must be chosen.
    pub privacy_level: Option<PrivacyLevel>,
    /// Whether comments are off; TikTok wants them off unless the person turns them on.
    #[serde(default = "off")]
    pub disable_comment: bool,
    /// Whether duets are off; as comments.
    #[serde(default = "off")]
    pub disable_duet: bool,
    /// Whether stitches are off; as comments.
    #[serde(default = "off")]
    pub disable_stitch: bool,
    /// Whether it is a paid partnership.
    #[serde(default)]
    pub brand_content: bool,
    /// Whether it promotes the person's own business.
    #[serde(default)]
    pub brand_organic: bool,
    /// Whether it carries the label of generated content.
    #[serde(default)]
    pub ai_generated: bool,
    /// Which frame is the cover, in milliseconds from the start; the first one when absent.
    pub cover_timestamp_ms: Option<u32>,
}

/// Who may see a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PrivacyLevel {
    /// The followers of a private account.
    FollowerOfCreator,
    /// People who follow each other.
    MutualFollowFriends,
    /// Everyone.
    PublicToEveryone,
    /// Nobody else.
    SelfOnly,
}

impl PrivacyLevel {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FollowerOfCreator => "FOLLOWER_OF_CREATOR",
            Self::MutualFollowFriends => "MUTUAL_FOLLOW_FRIENDS",
            Self::PublicToEveryone => "PUBLIC_TO_EVERYONE",
            Self::SelfOnly => "SELF_ONLY",
        }
    }
}

impl Options {
    /// Reads the options of a post.
    ///
    /// # Errors
    /// The broken rule.
    pub fn read(options: &Value) -> Result<Self, Violation> {
        if options.is_null() {
            return parse_options(&Value::Object(serde_json::Map::new()));
        }
        parse_options(options)
    }
}

/// TikTok's rules for a post beside the caption's length and the number of files.
pub fn check(draft: &Draft<'_>) -> Vec<Violation> {
    let options = match Options::read(draft.options) {
        Ok(options) => options,
        Err(violation) => return vec![violation],
    };
    let mut broken = Vec::new();
    if options.privacy_level.is_none() {
        broken.push(Violation::new(
            "options.privacyLevel",
            "missing_option",
            "is missing; TikTok allows no default for who may see a post",
            "Choose one of PUBLIC_TO_EVERYONE, MUTUAL_FOLLOW_FRIENDS, FOLLOWER_OF_CREATOR, SELF_ONLY.",
        ));
    }
    if options.brand_content && options.privacy_level == Some(PrivacyLevel::SelfOnly) {
        broken.push(Violation::new(
            "options.brandContent",
            "branded_content_private",
            "is on while privacyLevel is SELF_ONLY; TikTok takes no paid partnership that nobody sees",
            "Choose another privacyLevel, or turn brandContent off.",
        ));
    }
    broken.extend(
        options
            .cover_timestamp_ms
            .and_then(|at| cover_rule(at, draft)),
    );
    broken
}

fn cover_rule(at: u32, draft: &Draft<'_>) -> Option<Violation> {
    let first = draft.media.first()?;
    let broken = |rule, detail: String, remedy| {
        Some(Violation::new(
            "options.coverTimestampMs",
            rule,
            detail,
            remedy,
        ))
    };
    if first.kind == MediaKind::Image {
        return broken(
            "not_for_pictures",
            "chooses a frame, but the post holds pictures".to_owned(),
            "Leave it out.",
        );
    }
    match first.facts {
        Some(MediaFacts::Video { duration_ms, .. }) if u64::from(at) >= duration_ms => broken(
            "cover_out_of_range",
            format!("is {at} ms; the video is {duration_ms} ms long"),
            "Choose a moment inside the video.",
        ),
        Some(MediaFacts::Video { .. } | MediaFacts::Image { .. }) | None => None,
    }
    .or_else(|| {
        (at > i32::MAX.unsigned_abs()).then(|| {
            Violation::new(
                "options.coverTimestampMs",
                "cover_out_of_range",
                format!("is {at} ms; TikTok takes at most {}", i32::MAX),
                "Choose a moment inside the video.",
            )
        })
    })
}

const fn off() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::DraftMedia;

    fn rules(options: &Value, kind: MediaKind) -> Vec<(String, String)> {
        let facts = match kind {
            MediaKind::Image => None,
            MediaKind::Video => Some(MediaFacts::Video {
                container: domain::Container::Mp4,
                video_codec: domain::VideoCodec::H264,
                audio_codec: None,
                width: 720,
                height: 1280,
                duration_ms: 3_000,
                frames_per_second: 30.0,
                bytes: 10,
            }),
        };
        let media = [DraftMedia {
            kind,
            facts,
            alt_text: None,
        }];
        check(&Draft {
            caption: "",
            media: &media,
            options,
        })
        .into_iter()
        .map(|broken| (broken.field, broken.rule))
        .collect()
    }

    #[test]
    fn each_rule_is_named_with_its_option() {
        for (options, kind, field, rule) in [
            (
                Value::Null,
                MediaKind::Video,
                "options.privacyLevel",
                "missing_option",
            ),
            (
                json!({}),
                MediaKind::Video,
                "options.privacyLevel",
                "missing_option",
            ),
            (
                json!({"privacyLevel": "EVERYONE"}),
                MediaKind::Video,
                "options.privacyLevel",
                "invalid_option",
            ),
            (
                json!({"privacyLevel": "SELF_ONLY", "music": 1}),
                MediaKind::Video,
                "options.music",
                "unknown_option",
            ),
            (
                json!({"privacyLevel": "SELF_ONLY", "brandContent": true}),
                MediaKind::Video,
                "options.brandContent",
                "branded_content_private",
            ),
            (
                json!({"privacyLevel": "SELF_ONLY", "coverTimestampMs": 3000}),
                MediaKind::Video,
                "options.coverTimestampMs",
                "cover_out_of_range",
            ),
            (
                json!({"privacyLevel": "SELF_ONLY", "coverTimestampMs": 0}),
                MediaKind::Image,
                "options.coverTimestampMs",
                "not_for_pictures",
            ),
        ] {
            assert_eq!(
                rules(&options, kind),
                [(field.to_owned(), rule.to_owned())],
                "{options}"
            );
        }
    }

    #[test]
    fn interactions_are_off_unless_turned_on() {
        let options =
            Options::read(&json!({"privacyLevel": "SELF_ONLY", "disableDuet": false})).unwrap();
        assert!(options.disable_comment && !options.disable_duet && options.disable_stitch);
        assert!(rules(
            &json!({"privacyLevel": "PUBLIC_TO_EVERYONE", "brandContent": true, "coverTimestampMs": 2999}),
            MediaKind::Video
        )
        .is_empty());
    }
}
