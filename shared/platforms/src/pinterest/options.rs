//! Pinterest's own options of a post, and the rules beyond the profile's.

use domain::Violation;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::{Draft, parse_options, text_rule};

const MAX_TITLE: usize = 100;
const MAX_LINK: usize = 2048;
const MAX_ALT_TEXT: usize = 500;

/// Pinterest's own options of a post.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Options {
    /// The board that the Pin stands on; required.
    pub board_id: Option<String>,
    /// The section of that board.
    pub board_section_id: Option<String>,
    /// Where a click leads; a web address.
    pub link: Option<String>,
    /// The Pin's title.
    pub title: Option<String>,
}

/// Reads the options; `null` is no options.
///
/// # Errors
/// The broken rule.
pub(super) fn read(options: &Value) -> Result<Options, Violation> {
    parse_options(options)
}

/// Every rule of Pinterest beyond the profile's that a draft breaks.
pub fn check(draft: &Draft<'_>) -> Vec<Violation> {
    let mut broken = match read(draft.options) {
        Ok(options) => check_options(&options),
        Err(violation) => vec![violation],
    };
    for (place, item) in draft.media.iter().enumerate() {
        let field = format!("media[{place}].altText");
        let text = item.alt_text.as_deref().unwrap_or_default();
        broken.extend(text_rule(&field, text, MAX_ALT_TEXT, "Pinterest"));
    }
    broken
}

fn check_options(options: &Options) -> Vec<Violation> {
    let mut broken = Vec::new();
    match &options.board_id {
        None => broken.push(Violation::new(
            "options.boardId",
            "missing_option",
            "is missing; a Pin always stands on a board",
            "Choose one of the account's boards and give its id.",
        )),
        Some(id) => broken.extend(id_rule("options.boardId", id)),
    }
    if let Some(id) = &options.board_section_id {
        broken.extend(id_rule("options.boardSectionId", id));
    }
    if let Some(title) = &options.title {
        broken.extend(text_rule("options.title", title, MAX_TITLE, "Pinterest"));
    }
    if let Some(link) = &options.link {
        broken.extend(text_rule("options.link", link, MAX_LINK, "Pinterest"));
        let is_of_the_web = Url::parse(link)
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if !is_of_the_web {
            broken.push(Violation::new(
                "options.link",
                "invalid_link",
                "is no web address",
                "Give the whole address, as https://example.com/page.",
            ));
        }
    }
    broken
}

fn id_rule(field: &str, id: &str) -> Option<Violation> {
    let is_id = !id.is_empty() && id.len() <= 32 && id.bytes().all(|byte| byte.is_ascii_digit());
    (!is_id).then(|| {
        Violation::new(
            field,
            "invalid_option",
            "is no id of Pinterest, which are digits only",
            "Give the id as Pinterest lists it.",
        )
    })
}

#[cfg(test)]
mod tests {
    use domain::MediaKind;
    use serde_json::json;

    use super::*;
    use crate::DraftMedia;

    fn rules(options: &Value, alt_text: &str) -> Vec<(String, String)> {
        let media = [DraftMedia {
            kind: MediaKind::Image,
            facts: None,
            alt_text: Some(alt_text.to_owned()),
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

    fn pair(field: &str, rule: &str) -> (String, String) {
        (field.to_owned(), rule.to_owned())
    }

    #[test]
    fn a_board_is_enough_and_is_needed() {
        assert_eq!(rules(&json!({ "boardId": "549755885175" }), ""), []);
        for none in [Value::Null, json!({}), json!({ "boardId": null })] {
            assert_eq!(
                rules(&none, ""),
                [pair("options.boardId", "missing_option")]
            );
        }
        for wrong in ["", "my board", "12a", "-1"] {
            assert_eq!(
                rules(&json!({ "boardId": wrong }), ""),
                [pair("options.boardId", "invalid_option")]
            );
        }
        assert_eq!(
            rules(&json!({ "boardId": 12 }), ""),
            [pair("options.boardId", "invalid_option")]
        );
        assert_eq!(
            rules(&json!({ "boardId": "1", "boardSectionId": "x" }), ""),
            [pair("options.boardSectionId", "invalid_option")]
        );
    }

    #[test]
    fn unknown_options_are_named() {
        assert_eq!(
            rules(&json!({ "boardId": "1", "items": [] }), ""),
            [pair("options.items", "unknown_option")]
        );
    }

    #[test]
    fn texts_have_their_longest() {
        let link = |length: usize| format!("https://example.com/{}", "a".repeat(length - 20));
        let options = |title: usize, link_length: usize| json!({ "boardId": "1", "title": "é".repeat(title), "link": link(link_length) });
        assert_eq!(rules(&options(100, 2048), &"é".repeat(500)), []);
        assert_eq!(
            rules(&options(101, 2049), &"é".repeat(501)),
            [
                pair("options.title", "text_too_long"),
                pair("options.link", "text_too_long"),
                pair("media[0].altText", "text_too_long")
            ]
        );
    }

    #[test]
    fn a_link_is_a_web_address() {
        for right in ["http://example.com", "https://example.com/a?b#c"] {
            assert_eq!(rules(&json!({ "boardId": "1", "link": right }), ""), []);
        }
        for wrong in [
            "ftp://example.com",
            "example.com",
            "https://",
            "javascript:x",
            "",
        ] {
            assert_eq!(
                rules(&json!({ "boardId": "1", "link": wrong }), ""),
                [pair("options.link", "invalid_link")],
                "{wrong}"
            );
        }
    }
}
