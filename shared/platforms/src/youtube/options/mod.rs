//! What YouTube asks of a video beyond its caption (`videos`, read 2026-11-23).

mod rules;

use domain::Violation;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use unicode_segmentation::UnicodeSegmentation as _;

pub use self::rules::check;
use super::profile::WIDER;
use crate::parse_options;

/// The longest title, in UTF-16 code units: the page says "characters" without saying which.
const TITLE_MAX: usize = 100;
/// How a day is written.
const DAY: &str = "2026-11-23";
/// How much of the caption becomes the title where none is given, in Unicode scalar values.
const TITLE_FROM_CAPTION: usize = 70;

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
    /// When YouTube makes a private video public (RFC 3339).
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub publish_at: Option<OffsetDateTime>,
    /// One of the channel's playlists, which the video is added to when it is there.
    pub playlist_id: Option<String>,
    /// Whether the picture beside the video is its thumbnail.
    #[serde(default)]
    pub thumbnail: bool,
    /// The language of title and description (BCP 47).
    pub default_language: Option<String>,
    /// Under which licence others see it; YouTube's own when absent.
    pub license: Option<License>,
    /// Whether other sites may show it; YouTube decides when absent.
    pub embeddable: Option<bool>,
    /// Whether everyone sees its figures; YouTube decides when absent.
    pub public_stats_viewable: Option<bool>,
    /// Whether it shows what did not happen, made or changed to look real.
    pub contains_synthetic_media: Option<bool>,
    /// When it was recorded: a day, or a moment (RFC 3339).
    #[serde(default, deserialize_with = "day_or_moment")]
    pub recording_date: Option<OffsetDateTime>,
}

/// Under which licence others see a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum License {
    /// Creative Commons, by attribution.
    CreativeCommon,
    /// YouTube's own.
    Youtube,
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

/// The scopes of which a post with these options needs one beside what every connection has.
pub fn needed_scope(options: &Value) -> Option<&'static [&'static str]> {
    options["playlistId"].is_string().then_some(&WIDER)
}

/// When YouTube is to make a post with these options public. It has to lie behind the moment at which the
/// post goes out.
pub fn publish_at(options: &Value) -> Option<OffsetDateTime> {
    Options::read(options).ok()?.publish_at
}

fn people_and_blogs() -> String {
    "22".to_owned()
}

const fn yes() -> bool {
    true
}

/// A day is its first moment in UTC.
fn day_or_moment<'de, D: Deserializer<'de>>(given: D) -> Result<Option<OffsetDateTime>, D::Error> {
    let Some(text) = Option::<String>::deserialize(given)? else {
        return Ok(None);
    };
    let moment = if text.len() == DAY.len() {
        format!("{text}T00:00:00Z")
    } else {
        text
    };
    OffsetDateTime::parse(&moment, &Rfc3339)
        .map(Some)
        .map_err(|_| serde::de::Error::custom("is neither a day, as \"2026-11-23\", nor a moment"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
