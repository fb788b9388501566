//! LinkedIn's own options of a post, and the rules beyond the profile's.

use domain::{MediaFacts, MediaKind, MediaRules, Violation};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::profile::{PAGE_KIND, PROFILE};
use crate::{Draft, Terms, parse_options, text_rule};

/// The longest description of a picture, in characters.
const MAX_ALT_TEXT: usize = 4086;
/// The longest title of an article, a document or a video, in characters; published for articles.
const MAX_TITLE: usize = 399;
/// The longest description of an article, in characters.
const MAX_DESCRIPTION: usize = 4085;
/// The smallest video, in bytes.
const MIN_VIDEO_BYTES: u64 = 75_000;

/// LinkedIn's own options of a post.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Options {
    /// A page on the web that the post shows as a card.
    pub article: Option<Article>,
    /// Whether nobody may share the post.
    pub disable_reshare: bool,
    /// The title of the document or video.
    pub title: Option<String>,
    /// Who sees the post; everyone when absent.
    pub visibility: Visibility,
}

/// A page on the web. LinkedIn does not read it: the card shows what is said here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Article {
    /// Where it is.
    pub url: String,
    /// What it is called.
    pub title: String,
    /// What it is about.
    #[serde(default)]
    pub description: Option<String>,
    /// Whether the post's picture is shown on the card.
    #[serde(default)]
    pub thumbnail: bool,
}

/// Who sees a post.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Visibility {
    /// The member's connections.
    Connections,
    /// Everyone who is logged in.
    LoggedIn,
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

/// What the files of a post with these options must be like: beside an article at most its picture.
pub fn media_rules(options: &Value) -> MediaRules {
    if options["article"].is_object() {
        return MediaRules {
            max_images: 1,
            document: None,
            video: None,
            ..PROFILE.media
        };
    }
    PROFILE.media
}

/// What a post asks for that a Page cannot have.
pub fn not_allowed(options: &Value, terms: &Terms<'_>) -> Option<Violation> {
    let is_page = terms.facts["kind"] == PAGE_KIND;
    let is_public = read(options).is_ok_and(|it| it.visibility == Visibility::Public);
    (is_page && !is_public).then(|| {
        Violation::new(
            "options.visibility",
            "page_is_public",
            "is not PUBLIC; LinkedIn shows the posts of a Page to everyone",
            "Leave it out.",
        )
    })
}

/// Every rule of LinkedIn beyond the profile's that a draft breaks.
pub fn check(draft: &Draft<'_>) -> Vec<Violation> {
    let mut broken = Vec::new();
    match read(draft.options) {
        Ok(options) => broken.extend(of_options(&options, draft)),
        Err(violation) => broken.push(violation),
    }
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

fn of_options(options: &Options, draft: &Draft<'_>) -> Vec<Violation> {
    let mut broken = Vec::new();
    if let Some(article) = &options.article {
        broken.extend(of_article(article, draft));
    }
    if let Some(title) = &options.title {
        broken.extend(text_rule("options.title", title, MAX_TITLE, "LinkedIn"));
        if draft.media.iter().all(|it| it.kind == MediaKind::Image) {
            broken.push(Violation::new(
                "options.title",
                "title_without_video",
                "is given, but there is neither a video nor a document; LinkedIn shows titles of these only",
                "Leave it out, or write it into the caption.",
            ));
        }
    }
    let has_document = draft.media.iter().any(|it| it.kind == MediaKind::Document);
    let title = options.title.as_deref().unwrap_or_default();
    if has_document && title.trim().is_empty() {
        broken.push(Violation::new(
            "options.title",
            "missing_option",
            "is missing; LinkedIn shows a document under its title",
            "Give the title that people are to see.",
        ));
    }
    broken
}

fn of_article(article: &Article, draft: &Draft<'_>) -> Vec<Violation> {
    let mut broken = Vec::new();
    let is_address = Url::parse(&article.url)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if !is_address {
        broken.push(Violation::new(
            "options.article.url",
            "invalid_option",
            "is no address on the web",
            "Give it whole, with https:// in front.",
        ));
    }
    if article.title.trim().is_empty() {
        broken.push(Violation::new(
            "options.article.title",
            "missing_option",
            "is empty; LinkedIn does not read the page itself",
            "Give the title that the card is to show.",
        ));
    }
    let description = article.description.as_deref().unwrap_or_default();
    for (field, text, max) in [
        ("options.article.title", article.title.as_str(), MAX_TITLE),
        ("options.article.description", description, MAX_DESCRIPTION),
    ] {
        broken.extend(text_rule(field, text, max, "LinkedIn"));
    }
    if article.thumbnail && draft.media.is_empty() {
        broken.push(Violation::new(
            "media",
            "thumbnail_missing",
            "is missing; the picture for the article's card is to be the post's",
            "Add a picture, or leave options.article.thumbnail out.",
        ));
    }
    if !article.thumbnail && !draft.media.is_empty() {
        broken.push(Violation::new(
            "media",
            "media_with_article",
            "stands beside an article; a post to LinkedIn shows one of them",
            "Set options.article.thumbnail to show the picture on the article's card, or leave one of them out.",
        ));
    }
    broken
}

#[cfg(test)]
mod tests;
