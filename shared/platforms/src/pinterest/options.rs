//! Pinterest's own options of a post, and the rules beyond the profile's.

use domain::{MediaKind, MediaRules, Violation};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::profile::PROFILE;
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
    /// Whether the picture beside the video is its cover; a frame of the video otherwise.
    pub cover: bool,
    /// Which frame of a video is its cover, in whole seconds from the start; behind its end the last one.
    pub cover_time_seconds: Option<u32>,
    /// What stands where the picture is while it is loaded: a colour as `#6E7874`.
    pub dominant_color: Option<String>,
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
        Ok(options) => [
            check_options(&options),
            check_cover(&options, draft).into_iter().collect(),
        ]
        .concat(),
        Err(violation) => vec![violation],
    };
    for (place, item) in draft.media.iter().enumerate() {
        let field = format!("media[{place}].altText");
        let text = item.alt_text.as_deref().unwrap_or_default();
        broken.extend(text_rule(&field, text, MAX_ALT_TEXT, "Pinterest"));
    }
    let texts = draft.media.iter().map(|item| item.alt_text.as_deref());
    let length = alt_text(texts).chars().count();
    if broken.is_empty() && length > MAX_ALT_TEXT {
        broken.push(Violation::new(
            "media",
            "alt_texts_too_long",
            format!(
                "holds descriptions of {length} characters together; a Pin has one, of {MAX_ALT_TEXT}"
            ),
            format!("Shorten them by {}.", length - MAX_ALT_TEXT),
        ));
    }
    broken
}

/// What media a Pin with these options may carry: a video may have its cover beside it.
pub fn media_rules(options: &Value) -> MediaRules {
    let has_cover = read(options).is_ok_and(|options| options.cover);
    if !has_cover {
        return PROFILE.media;
    }
    MediaRules {
        max_images: 1,
        max_mixed: 2,
        ..PROFILE.media
    }
}

/// The one description of a Pin, of those of its files: line by line.
pub(super) fn alt_text<'a>(texts: impl Iterator<Item = Option<&'a str>>) -> String {
    let given = texts.flatten().map(str::trim).filter(|it| !it.is_empty());
    given.collect::<Vec<_>>().join("\n")
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
    if let Some(color) = &options.dominant_color {
        broken.extend(color_rule(color));
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

fn check_cover(options: &Options, draft: &Draft<'_>) -> Option<Violation> {
    let count = |kind| draft.media.iter().filter(|item| item.kind == kind).count();
    let (videos, images) = (count(MediaKind::Video), count(MediaKind::Image));
    let broken = |field, rule, detail, remedy| Some(Violation::new(field, rule, detail, remedy));
    match (options.cover, options.cover_time_seconds) {
        (true, Some(_)) => broken(
            "options.coverTimeSeconds",
            "two_covers",
            "names a frame, but a picture is to be the cover",
            "Keep one of the two.",
        ),
        (true, None) if videos != 1 && videos + images > 0 => broken(
            "media",
            "video_required",
            "holds no video, or more than one; only a single video has a cover",
            "Keep one video and one picture, or leave options.cover out.",
        ),
        (true, None) if images != 1 && videos + images > 0 => broken(
            "options.cover",
            "cover_missing",
            "is asked for, but there is not exactly one picture beside the video",
            "Add the picture to media, or leave the option out.",
        ),
        (false, Some(_)) if videos == 0 && images > 0 => broken(
            "options.coverTimeSeconds",
            "video_required",
            "names a frame, but there is no video",
            "Leave it out.",
        ),
        (true, None) | (false, None | Some(_)) => None,
    }
}

fn color_rule(color: &str) -> Option<Violation> {
    let is_color = color
        .strip_prefix('#')
        .is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|it| it.is_ascii_hexdigit()));
    (!is_color).then(|| {
        Violation::new(
            "options.dominantColor",
            "invalid_option",
            "is no colour as #6E7874",
            "Give it as # and six hexadecimal digits.",
        )
    })
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
mod tests;
