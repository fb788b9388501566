//! X's own options of a post, and the rules beyond the profile's.

use domain::{MediaFacts, MediaKind, Violation};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::links;
use crate::{Draft, parse_options, text_rule};

/// The longest description of a file, in characters.
const MAX_ALT_TEXT: usize = 1000;

/// X's own options of a post.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Options {
    /// Who may reply; everyone when absent.
    pub reply_settings: Option<ReplySettings>,
    /// Whether the media was made by an AI.
    pub made_with_ai: bool,
    /// Whether somebody paid for the post.
    pub paid_partnership: bool,
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

/// Every rule of X beyond the profile's that a draft breaks.
pub fn check(draft: &Draft<'_>) -> Vec<Violation> {
    let mut broken: Vec<Violation> = read(draft.options).err().into_iter().collect();
    if let Some(c) = draft.caption.chars().find(|c| links::is_invalid(*c)) {
        broken.push(Violation::new(
            "caption",
            "character_not_taken",
            format!("holds U+{:04X}, which X does not take", u32::from(c)),
            "Remove it.",
        ));
    }
    for (place, item) in draft.media.iter().enumerate() {
        let field = format!("media[{place}].altText");
        let text = item.alt_text.as_deref().unwrap_or_default();
        broken.extend(text_rule(&field, text, MAX_ALT_TEXT, "X"));
    }
    let moving = |facts: &Option<MediaFacts>| {
        matches!(facts, Some(MediaFacts::Image { animated: true, .. }))
    };
    let has_moving_picture = draft
        .media
        .iter()
        .any(|item| item.kind == MediaKind::Image && moving(&item.facts));
    if has_moving_picture && draft.media.len() > 1 {
        broken.push(Violation::new(
            "media",
            "animation_not_alone",
            format!(
                "holds {} files; a moving picture stands alone in a post to X",
                draft.media.len()
            ),
            "Keep the moving picture alone, or use still pictures only.",
        ));
    }
    broken
}

#[cfg(test)]
mod tests {
    use domain::ImageFormat;
    use serde_json::json;

    use super::*;
    use crate::DraftMedia;

    fn rules(caption: &str, media: &[DraftMedia], options: &Value) -> Vec<(String, String)> {
        check(&Draft {
            caption,
            media,
            options,
        })
        .into_iter()
        .map(|broken| (broken.field, broken.rule))
        .collect()
    }

    fn picture(animated: bool, alt_text: Option<String>) -> DraftMedia {
        DraftMedia {
            kind: MediaKind::Image,
            facts: Some(MediaFacts::Image {
                format: ImageFormat::Gif,
                width: 10,
                height: 10,
                bytes: 10,
                animated,
            }),
            alt_text,
        }
    }

    fn pair(field: &str, rule: &str) -> (String, String) {
        (field.to_owned(), rule.to_owned())
    }

    #[test]
    fn known_options_are_taken_and_others_named() {
        let known = json!({ "replySettings": "mentionedUsers", "madeWithAi": true, "paidPartnership": true });
        assert_eq!(rules("a", &[], &known), []);
        assert_eq!(rules("a", &[], &Value::Null), []);
        assert_eq!(
            rules("a", &[], &json!({ "poll": {} })),
            [pair("options.poll", "unknown_option")]
        );
        assert_eq!(
            rules("a", &[], &json!({ "replySettings": "friends" })),
            [pair("options.replySettings", "invalid_option")]
        );
    }

    #[test]
    fn a_description_has_a_thousand_characters_at_most() {
        let media = [
            picture(false, Some("é".repeat(1000))),
            picture(false, Some("é".repeat(1001))),
        ];
        assert_eq!(
            rules("a", &media, &json!({})),
            [pair("media[1].altText", "text_too_long")]
        );
    }

    #[test]
    fn a_moving_picture_stands_alone() {
        let media = [picture(true, None), picture(false, None)];
        assert_eq!(rules("a", &media[..1], &json!({})), []);
        assert_eq!(
            rules("a", &media, &json!({})),
            [pair("media", "animation_not_alone")]
        );
    }

    #[test]
    fn a_character_that_x_does_not_take_is_named() {
        assert_eq!(
            rules("a\u{FEFF}", &[], &json!({})),
            [pair("caption", "character_not_taken")]
        );
    }
}
