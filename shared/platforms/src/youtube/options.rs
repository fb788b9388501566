//! What YouTube asks of a video beyond its caption (`videos`, read 2026-11-23).

use domain::Violation;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::{Draft, parse_options};

/// The longest title, in UTF-16 code units: the page says "characters" without saying which.
const TITLE_MAX: usize = 100;
/// How much of the caption becomes the title where none is given, in Unicode scalar values.
const TITLE_FROM_CAPTION: usize = 70;
/// The longest list of tags, counted as YouTube counts.
const TAGS_MAX: usize = 500;

/// YouTube's own options of a video.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Options {
    /// The title; the beginning of the caption when absent.
    pub title: Option<String>,
    /// Words to find it by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// YouTube's id of the category; 22, People & Blogs, when absent.
    #[serde(default = "people_and_blogs")]
    pub category_id: String,
    /// Who may see it.
    #[serde(default)]
    pub privacy: Privacy,
    /// Whether it is made for children.
    #[serde(default)]
    pub made_for_kids: bool,
    /// Whether subscribers are told.
    #[serde(default = "yes")]
    pub notify_subscribers: bool,
}

/// Who may see a video.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Privacy {
    /// Nobody but the channel.
    Private,
    /// Everyone.
    #[default]
    Public,
    /// Whoever knows the address.
    Unlisted,
}

impl Options {
    /// Reads the options of a video.
    ///
    /// # Errors
    /// The broken rule.
    pub fn read(options: &Value) -> Result<Self, Violation> {
        if options.is_null() {
            return parse_options(&Value::Object(serde_json::Map::new()));
        }
        parse_options(options)
    }

    /// The title that goes out with `caption`.
    pub fn title(&self, caption: &str) -> String {
        self.title.clone().unwrap_or_else(|| beginning_of(caption))
    }
}

/// The beginning of a caption as a title: one line, cut between two graphemes.
fn beginning_of(caption: &str) -> String {
    let line = caption.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut title = String::new();
    let (mut characters, mut units) = (0, 0);
    for grapheme in line.graphemes(true) {
        characters += grapheme.chars().count();
        units += grapheme.encode_utf16().count();
        if characters > TITLE_FROM_CAPTION || units > TITLE_MAX {
            break;
        }
        title.push_str(grapheme);
    }
    title.trim_end().to_owned()
}

/// YouTube's rules for a video beside the caption's length and the number of files.
pub fn check(draft: &Draft<'_>) -> Vec<Violation> {
    let options = match Options::read(draft.options) {
        Ok(options) => options,
        Err(violation) => return vec![violation],
    };
    let mut broken = Vec::new();
    broken.extend(bracket_rule("caption", draft.caption));
    if let Some(title) = &options.title {
        broken.extend(bracket_rule("options.title", title));
        let length = title.encode_utf16().count();
        if length > TITLE_MAX {
            broken.push(Violation::new(
                "options.title",
                "text_too_long",
                format!("is {length} characters long; YouTube takes {TITLE_MAX}"),
                format!("Shorten it by {}.", length - TITLE_MAX),
            ));
        }
    }
    if options.title(draft.caption).trim().is_empty() {
        broken.push(Violation::new(
            "options.title",
            "title_required",
            "is missing, and there is no caption to take it from; YouTube takes no video without a title",
            "Add options.title, or write a caption.",
        ));
    }
    broken.extend(tags_rule(&options.tags));
    let is_number = !options.category_id.is_empty()
        && options.category_id.len() <= 3
        && options
            .category_id
            .bytes()
            .all(|byte| byte.is_ascii_digit());
    if !is_number {
        broken.push(Violation::new(
            "options.categoryId",
            "invalid_option",
            "is not the number of a category, as \"22\"",
            "Use a number of YouTube's list of video categories.",
        ));
    }
    broken
}

fn bracket_rule(field: &str, text: &str) -> Option<Violation> {
    text.contains(['<', '>']).then(|| {
        Violation::new(
            field,
            "angle_brackets",
            "holds < or >, which YouTube takes neither in titles nor in descriptions",
            "Remove them, or write ‹ and ›.",
        )
    })
}

fn tags_rule(tags: &[String]) -> Option<Violation> {
    let broken = |rule, detail: String, remedy: &str| {
        Some(Violation::new("options.tags", rule, detail, remedy))
    };
    if tags.iter().any(|tag| tag.trim().is_empty()) {
        return broken("empty_tag", "holds an empty tag".to_owned(), "Remove it.");
    }
    if tags.iter().any(|tag| tag.contains(['<', '>', ',', '"'])) {
        return broken(
            "invalid_tag",
            "holds a tag with one of < > , \"".to_owned(),
            "Remove these characters.",
        );
    }
    let length = length_of(tags);
    if length > TAGS_MAX {
        return broken(
            "tags_too_long",
            format!("are {length} characters long together; YouTube takes {TAGS_MAX}"),
            "Remove some.",
        );
    }
    None
}

/// The commas between tags count, and a tag with a space counts two more for its quotes.
fn length_of(tags: &[String]) -> usize {
    let words: usize = tags
        .iter()
        .map(|tag| tag.chars().count() + if tag.contains(' ') { 2 } else { 0 })
        .sum();
    words + tags.len().saturating_sub(1)
}

fn people_and_blogs() -> String {
    "22".to_owned()
}

const fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rules(caption: &str, options: &Value) -> Vec<(String, String)> {
        check(&Draft {
            caption,
            media: &[],
            options,
        })
        .into_iter()
        .map(|broken| (broken.field, broken.rule))
        .collect()
    }

    #[test]
    fn each_rule_is_named_with_its_field() {
        for (caption, options, field, rule) in [
            ("a < b", Value::Null, "caption", "angle_brackets"),
            (
                "a",
                json!({"title": "b>"}),
                "options.title",
                "angle_brackets",
            ),
            (
                "a",
                json!({"title": "🎬".repeat(51)}),
                "options.title",
                "text_too_long",
            ),
            (" \n", json!({}), "options.title", "title_required"),
            (
                "a",
                json!({"title": " "}),
                "options.title",
                "title_required",
            ),
            (
                "a",
                json!({"tags": ["b", " "]}),
                "options.tags",
                "empty_tag",
            ),
            ("a", json!({"tags": ["b,c"]}), "options.tags", "invalid_tag"),
            (
                "a",
                json!({"tags": ["x".repeat(501)]}),
                "options.tags",
                "tags_too_long",
            ),
            (
                "a",
                json!({"categoryId": "music"}),
                "options.categoryId",
                "invalid_option",
            ),
            (
                "a",
                json!({"privacy": "friends"}),
                "options.privacy",
                "invalid_option",
            ),
            (
                "a",
                json!({"publishAt": "2027"}),
                "options.publishAt",
                "unknown_option",
            ),
        ] {
            assert_eq!(
                rules(caption, &options),
                [(field.to_owned(), rule.to_owned())],
                "{caption} {options}"
            );
        }
    }

    #[test]
    fn what_fits_exactly_is_taken() {
        let options = json!({
            "title": "x".repeat(100), "tags": ["x".repeat(250), "y".repeat(249)], "categoryId": "10",
            "privacy": "unlisted", "madeForKids": true, "notifySubscribers": false,
        });
        assert!(rules("", &options).is_empty());
        assert_eq!(length_of(&["Foo".to_owned(), "Bar Baz".to_owned()]), 13);
    }

    #[test]
    fn a_title_is_cut_between_graphemes_on_one_line() {
        let options = Options::read(&Value::Null).unwrap();
        assert_eq!(options.title(" One\n two "), "One two");
        let family = "👨‍👩‍👧‍👦";
        let caption = format!("{}{family}tail", "x".repeat(64));
        assert_eq!(options.title(&caption), "x".repeat(64));
        assert_eq!(options.title(&"é".repeat(80)).chars().count(), 70);
        assert!(options.title(&"🎬".repeat(80)).encode_utf16().count() <= 100);
    }
}
