//! The rules of YouTube's options.

use domain::{MediaKind, Violation};

use super::{Options, Privacy, TITLE_MAX};
use crate::Draft;

/// The longest list of tags, counted as YouTube counts.
const TAGS_MAX: usize = 500;
/// The longest id of a playlist that is believed.
const PLAYLIST_ID_MAX: usize = 64;
/// The longest tag of a language (RFC 5646, 4.4.1).
const LANGUAGE_MAX: usize = 35;

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
    broken.extend(category_rule(&options.category_id));
    broken.extend(publish_at_rule(&options));
    broken.extend(options.playlist_id.as_deref().and_then(playlist_rule));
    broken.extend(options.default_language.as_deref().and_then(language_rule));
    broken.extend(thumbnail_rule(&options, draft));
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

fn category_rule(id: &str) -> Option<Violation> {
    let is_number = !id.is_empty() && id.len() <= 3 && id.bytes().all(|byte| byte.is_ascii_digit());
    (!is_number).then(|| {
        Violation::new(
            "options.categoryId",
            "invalid_option",
            "is not the number of a category, as \"22\"",
            "Use a number of YouTube's list of video categories.",
        )
    })
}

/// Whether the time lies ahead is for whoever knows what time it is.
fn publish_at_rule(options: &Options) -> Option<Violation> {
    let is_public = options.publish_at.is_some() && options.privacy != Privacy::Private;
    is_public.then(|| {
        Violation::new(
            "options.publishAt",
            "publish_at_not_private",
            "is for videos that are private until then",
            "Set options.privacy to \"private\"; YouTube makes the video public at that time.",
        )
    })
}

fn playlist_rule(id: &str) -> Option<Violation> {
    let is_id = (1..=PLAYLIST_ID_MAX).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    (!is_id).then(|| {
        Violation::new(
            "options.playlistId",
            "invalid_option",
            "is not the id of a playlist, as \"PL…\"",
            "Copy it from the playlist's address, behind list=.",
        )
    })
}

fn language_rule(tag: &str) -> Option<Violation> {
    let mut parts = tag.split('-');
    let is_language = parts.next().is_some_and(|part| {
        (2..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic())
    });
    let are_rest = parts.all(|part| {
        (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    (!is_language || !are_rest || tag.len() > LANGUAGE_MAX).then(|| {
        Violation::new(
            "options.defaultLanguage",
            "invalid_option",
            "is not the tag of a language, as \"en\" or \"pt-BR\"",
            "Use the language's tag (BCP 47).",
        )
    })
}

fn thumbnail_rule(options: &Options, draft: &Draft<'_>) -> Option<Violation> {
    if !options.thumbnail {
        return None;
    }
    let count = |kind| draft.media.iter().filter(|item| item.kind == kind).count();
    match (count(MediaKind::Video), count(MediaKind::Image)) {
        (1, 1) | (0, 0) => None,
        (1, _) => Some(Violation::new(
            "options.thumbnail",
            "thumbnail_missing",
            "is asked for, but there is not exactly one picture beside the video",
            "Add the picture to media, or leave the option out.",
        )),
        (_, _) => Some(Violation::new(
            "media",
            "video_required",
            "holds no video, or more than one; a post to YouTube is one video, and the picture beside it its thumbnail",
            "Keep one video and one picture.",
        )),
    }
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

#[cfg(test)]
mod tests;
