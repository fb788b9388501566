//! LinkedIn's own options of a post, and the rules beyond the profile's.

use domain::{MediaFacts, MediaKind, MediaRules, Violation};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::profile::{PAGE_KIND, PROFILE};
use crate::{Draft, Terms, parse_options, text_rule};

/// The longest description of a picture, in characters.
const MAX_ALT_TEXT: usize = 4086;
/// The longest title of an article or a video, in characters; published for articles.
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
    /// The title of the video.
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
        let has_video = draft.media.iter().any(|it| it.kind == MediaKind::Video);
        if !has_video {
            broken.push(Violation::new(
                "options.title",
                "title_without_video",
                "is given, but there is no video; LinkedIn shows titles of videos only",
                "Leave it out, or write it into the caption.",
            ));
        }
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
            json!({ "visibility": "LOGGED_IN", "disableReshare": true }),
            json!({ "article": { "url": "https://a.example/b", "title": "B" } }),
        ] {
            assert_eq!(rules(&[], &known), [], "{known}");
        }
        assert_eq!(
            rules(&[], &json!({ "document": {} })),
            [pair("options.document", "unknown_option")]
        );
        for wrong in ["CONTAINER", "public", ""] {
            assert_eq!(
                rules(&[], &json!({ "visibility": wrong })),
                [pair("options.visibility", "invalid_option")]
            );
        }
    }

    fn article(with: &Value) -> Value {
        let mut article = json!({ "url": "https://a.example/b", "title": "B" });
        for (name, value) in with.as_object().unwrap() {
            article[name] = value.clone();
        }
        json!({ "article": article })
    }

    #[test]
    fn an_article_says_all_that_its_card_shows() {
        assert_eq!(
            rules(&[], &json!({ "article": { "url": "https://a.example" } })),
            [pair("options.article", "missing_option")]
        );
        for (with, field, rule) in [
            (json!({"url": "a.example"}), "url", "invalid_option"),
            (json!({"url": "ftp://a.example"}), "url", "invalid_option"),
            (json!({"url": ""}), "url", "invalid_option"),
            (json!({"title": " "}), "title", "missing_option"),
            (json!({"title": "é".repeat(400)}), "title", "text_too_long"),
            (
                json!({"description": "é".repeat(4086)}),
                "description",
                "text_too_long",
            ),
        ] {
            let field = format!("options.article.{field}");
            assert_eq!(rules(&[], &article(&with)), [pair(&field, rule)], "{with}");
        }
        let longest = json!({"title": "é".repeat(399), "description": "é".repeat(4085)});
        assert_eq!(rules(&[], &article(&longest)), []);
    }

    #[test]
    fn beside_an_article_stands_at_most_its_picture() {
        let with = article(&json!({ "thumbnail": true }));
        assert_eq!(rules(&[], &with), [pair("media", "thumbnail_missing")]);
        assert_eq!(rules(&[picture("")], &with), []);
        let without = article(&json!({}));
        assert_eq!(
            rules(&[picture("")], &without),
            [pair("media", "media_with_article")]
        );
        let all = |media: &[DraftMedia]| -> Vec<String> {
            let draft = Draft {
                caption: "a",
                media,
                options: &with,
            };
            let broken = crate::check(domain::Platform::Linkedin, &draft);
            broken.into_iter().map(|broken| broken.rule).collect()
        };
        assert_eq!(all(&[picture("")]), Vec::<String>::new());
        assert_eq!(all(&[picture(""), picture("")]), ["too_many_images"]);
        assert_eq!(all(&[video(75_000)]), ["video_not_taken"]);
    }

    #[test]
    fn only_a_video_has_a_title() {
        let title = |text: &str| json!({ "title": text });
        assert_eq!(rules(&[video(75_000)], &title(&"é".repeat(399))), []);
        assert_eq!(
            rules(&[video(75_000)], &title(&"é".repeat(400))),
            [pair("options.title", "text_too_long")]
        );
        for media in [vec![], vec![picture("")]] {
            assert_eq!(
                rules(&media, &title("a")),
                [pair("options.title", "title_without_video")]
            );
        }
    }

    #[test]
    fn a_page_is_public() {
        let settings = std::collections::BTreeMap::new();
        let broken = |facts: &Value, options: &Value| {
            let terms = Terms {
                facts,
                scopes: &[],
                settings: &settings,
            };
            not_allowed(options, &terms).map(|broken| broken.rule)
        };
        let page = json!({ "kind": "page", "roles": ["ADMINISTRATOR"] });
        let connections = json!({ "visibility": "CONNECTIONS" });
        assert_eq!(
            broken(&page, &connections).as_deref(),
            Some("page_is_public")
        );
        for (facts, options) in [
            (&page, Value::Null),
            (&page, json!({ "visibility": "PUBLIC" })),
            (&json!({}), connections),
        ] {
            assert_eq!(broken(facts, &options), None);
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
