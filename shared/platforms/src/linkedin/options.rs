//! LinkedIn's own options of a post, and the rules beyond the profile's.

use domain::{MediaFacts, Violation};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Draft, parse_options, text_rule};

/// The longest description of a picture, in characters.
const MAX_ALT_TEXT: usize = 4086;
/// The smallest video, in bytes.
const MIN_VIDEO_BYTES: u64 = 75_000;

/// LinkedIn's own options of a post.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Options {
    /// Who sees the post; everyone when absent.
    pub visibility: Visibility,
}

/// Who sees a post.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Visibility {
    /// The member's connections.
    Connections,
    /// Everyone.
    #[default]
    Public,
}

/// Reads the options; `null` is no options.
///
/// # Errors
/// The broken rule.
pub(super) fn read(options: &Value) -> Result<Options, Violation> {
    parse_options(options)
}

/// Every rule of LinkedIn beyond the profile's that a draft breaks.
pub fn check(draft: &Draft<'_>) -> Vec<Violation> {
    let mut broken: Vec<Violation> = read(draft.options).err().into_iter().collect();
    for (place, item) in draft.media.iter().enumerate() {
        let field = format!("media[{place}].altText");
        let text = item.alt_text.as_deref().unwrap_or_default();
        broken.extend(text_rule(&field, text, MAX_ALT_TEXT, "LinkedIn"));
        if let Some(MediaFacts::Video { bytes, .. }) = item.facts
            && bytes < MIN_VIDEO_BYTES
        {
            broken.push(Violation::new(
                format!("media[{place}]"),
                "video_too_small",
                format!("is {bytes} bytes long; LinkedIn takes no video under {MIN_VIDEO_BYTES}"),
                "Use a longer video, or one of better quality.",
            ));
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use domain::{AudioCodec, Container, ImageFormat, MediaKind, VideoCodec};
    use serde_json::json;

    use super::*;
    use crate::DraftMedia;

    fn rules(media: &[DraftMedia], options: &Value) -> Vec<(String, String)> {
        check(&Draft {
            caption: "a",
            media,
            options,
        })
        .into_iter()
        .map(|broken| (broken.field, broken.rule))
        .collect()
    }

    fn picture(alt_text: &str) -> DraftMedia {
        DraftMedia {
            kind: MediaKind::Image,
            facts: Some(MediaFacts::Image {
                format: ImageFormat::Jpeg,
                width: 10,
                height: 10,
                bytes: 10,
                animated: false,
            }),
            alt_text: Some(alt_text.to_owned()),
        }
    }

    fn video(bytes: u64) -> DraftMedia {
        DraftMedia {
            kind: MediaKind::Video,
            facts: Some(MediaFacts::Video {
                container: Container::Mp4,
                video_codec: VideoCodec::H264,
                audio_codec: Some(AudioCodec::Aac),
                width: 720,
                height: 1280,
                duration_ms: 5000,
                frames_per_second: 30.0,
                bytes,
            }),
            alt_text: None,
        }
    }

    fn pair(field: &str, rule: &str) -> (String, String) {
        (field.to_owned(), rule.to_owned())
    }

    #[test]
    fn known_options_are_taken_and_others_named() {
        for known in [
            Value::Null,
            json!({}),
            json!({ "visibility": "PUBLIC" }),
            json!({ "visibility": "CONNECTIONS" }),
        ] {
            assert_eq!(rules(&[], &known), [], "{known}");
        }
        assert_eq!(
            rules(&[], &json!({ "article": {} })),
            [pair("options.article", "unknown_option")]
        );
        for wrong in ["LOGGED_IN", "public", ""] {
            assert_eq!(
                rules(&[], &json!({ "visibility": wrong })),
                [pair("options.visibility", "invalid_option")]
            );
        }
    }

    #[test]
    fn a_description_has_its_longest() {
        let media = [picture(&"é".repeat(4086)), picture(&"é".repeat(4087))];
        assert_eq!(
            rules(&media, &Value::Null),
            [pair("media[1].altText", "text_too_long")]
        );
    }

    #[test]
    fn a_video_of_a_few_bytes_is_not_taken() {
        assert_eq!(
            rules(&[video(74_999)], &Value::Null),
            [pair("media[0]", "video_too_small")]
        );
        assert_eq!(rules(&[video(75_000)], &Value::Null), []);
    }
}
