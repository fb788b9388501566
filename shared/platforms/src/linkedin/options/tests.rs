use domain::{AudioCodec, Container, DocumentFormat, ImageFormat, MediaKind, VideoCodec};
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

fn document() -> DraftMedia {
    DraftMedia {
        kind: MediaKind::Document,
        facts: Some(MediaFacts::Document {
            format: DocumentFormat::Pdf,
            pages: Some(3),
            bytes: 10,
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
    assert_eq!(all(&[document()]), ["document_not_taken", "missing_option"]);
}

#[test]
fn only_a_video_and_a_document_have_a_title() {
    let title = |text: &str| json!({ "title": text });
    assert_eq!(rules(&[video(75_000)], &title(&"é".repeat(399))), []);
    assert_eq!(
        rules(&[video(75_000)], &title(&"é".repeat(400))),
        [pair("options.title", "text_too_long")]
    );
    assert_eq!(rules(&[document()], &title(&"é".repeat(399))), []);
    assert_eq!(
        rules(&[document()], &title(&"é".repeat(400))),
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
fn a_document_must_have_a_title() {
    for options in [Value::Null, json!({}), json!({ "title": " " })] {
        assert_eq!(
            rules(&[document()], &options),
            [pair("options.title", "missing_option")],
            "{options}"
        );
    }
    assert_eq!(rules(&[document()], &json!({ "title": "Menu" })), []);
    assert_eq!(rules(&[video(75_000)], &Value::Null), []);
}

#[test]
fn a_document_stands_alone() {
    let options = json!({ "title": "Menu" });
    let all = |media: &[DraftMedia]| -> Vec<String> {
        let draft = Draft {
            caption: "a",
            media,
            options: &options,
        };
        let broken = crate::check(domain::Platform::Linkedin, &draft);
        broken.into_iter().map(|broken| broken.rule).collect()
    };
    assert_eq!(all(&[document()]), Vec::<String>::new());
    for beside in [document(), picture(""), video(75_000)] {
        assert_eq!(all(&[document(), beside.clone()]), ["document_not_alone"]);
        assert_eq!(all(&[beside, document()]), ["document_not_alone"]);
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
