//! What the author of a Pin chooses.

use domain::Violation;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::{Draft, parse_options, text_rule};

const TITLE: usize = 100;
const LINK: usize = 2_048;
const ALT_TEXT: usize = 500;

/// The options of a Pin.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Options {
    /// The board; every Pin stands on one.
    pub(super) board_id: String,
    /// The section of the board.
    #[serde(default)]
    pub(super) board_section_id: Option<String>,
    /// Shown above the description.
    #[serde(default)]
    pub(super) title: Option<String>,
    /// Where the Pin leads.
    #[serde(default)]
    pub(super) link: Option<String>,
}

/// The options as they were accepted.
pub(super) fn read(options: &Value) -> Options {
    parse_options(options).unwrap_or_default()
}

/// Every rule of Pinterest's own that a draft breaks.
pub fn check(draft: &Draft<'_>) -> Vec<Violation> {
    let empty = Value::Object(serde_json::Map::new());
    let given = if draft.options.is_null() {
        &empty
    } else {
        draft.options
    };
    let options: Options = match parse_options(given) {
        Ok(options) => options,
        Err(broken) => return vec![needs_board(broken)],
    };
    let mut broken = Vec::new();
    for (field, id) in [
        ("options.boardId", Some(&options.board_id)),
        ("options.boardSectionId", options.board_section_id.as_ref()),
    ] {
        if id.is_some_and(|id| !is_number(id)) {
            broken.push(Violation::new(
                field,
                "invalid_id",
                "is not a number in text",
                "Use the id of a board of the connected account.",
            ));
        }
    }
    if let Some(title) = &options.title {
        broken.extend(text_rule("options.title", title, TITLE, "Pinterest"));
    }
    if let Some(link) = &options.link {
        broken.extend(text_rule("options.link", link, LINK, "Pinterest"));
        if !Url::parse(link)
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        {
            broken.push(Violation::new(
                "options.link",
                "invalid_link",
                "is not a web address",
                "Write it as https://example.com/page.",
            ));
        }
    }
    for (place, item) in draft.media.iter().enumerate() {
        if let Some(text) = &item.alt_text {
            broken.extend(text_rule(
                &format!("media[{place}].altText"),
                text,
                ALT_TEXT,
                "Pinterest",
            ));
        }
    }
    broken
}

fn needs_board(broken: Violation) -> Violation {
    if broken.rule != "missing_option" {
        return broken;
    }
    Violation::new(
        "options.boardId",
        "board_required",
        "is missing; every Pin stands on a board",
        "Give the id of a board of the connected account.",
    )
}

fn is_number(id: &str) -> bool {
    (1..=30).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rules(options: &Value) -> Vec<String> {
        let draft = Draft {
            caption: "",
            media: &[],
            options,
        };
        check(&draft)
            .into_iter()
            .map(|broken| format!("{} {}", broken.field, broken.rule))
            .collect()
    }

    #[test]
    fn each_rule_names_its_option() {
        assert!(
            rules(&json!({"boardId": "549755885175", "link": "https://example.com/a"})).is_empty()
        );
        assert_eq!(rules(&json!({})), ["options.boardId board_required"]);
        assert_eq!(rules(&Value::Null), ["options.boardId board_required"]);
        assert_eq!(
            rules(&json!({"boardId": "x1"})),
            ["options.boardId invalid_id"]
        );
        assert_eq!(
            rules(&json!({"boardId": "1", "title": "t".repeat(101)})),
            ["options.title text_too_long"]
        );
        assert_eq!(
            rules(&json!({"boardId": "1", "link": "javascript:1"})),
            ["options.link invalid_link"]
        );
        assert_eq!(rules(&json!({"boardId": "1", "bord": "2"})).len(), 1);
    }
}
