//! Which drafts Facebook's own rules refuse.

use serde_json::json;

use super::*;

fn broken(caption: &str, options: &Value, media: &[DraftMedia]) -> Vec<String> {
    let draft = Draft {
        caption,
        media,
        options,
    };
    check(&draft)
        .into_iter()
        .map(|broken| format!("{} {}", broken.field, broken.rule))
        .collect()
}

fn rules(options: &Value, media: &[DraftMedia]) -> Vec<String> {
    broken("Words", options, media)
}

fn file(kind: MediaKind) -> DraftMedia {
    DraftMedia {
        kind,
        facts: None,
        alt_text: None,
    }
}

#[test]
fn each_rule_names_its_option() {
    let picture = [file(MediaKind::Image)];
    assert!(rules(&Value::Null, &picture).is_empty());
    assert!(rules(&json!({"link": "https://example.com/a"}), &[]).is_empty());
    assert!(rules(&json!({"link": "https://notfacebook.com"}), &[]).is_empty());
    assert!(rules(&json!({"firstComment": "é".repeat(8_000)}), &picture).is_empty());
    for (options, expected) in [
        (json!({"link": "dawn"}), "options.link invalid_link"),
        (
            json!({"link": "javascript:alert(1)"}),
            "options.link invalid_link",
        ),
        (
            json!({"link": "https://m.facebook.com/page"}),
            "options.link link_to_facebook",
        ),
        (
            json!({"link": format!("https://example.com/{}", "a".repeat(2_048))}),
            "options.link text_too_long",
        ),
        (
            json!({"firstComment": " \n"}),
            "options.firstComment text_missing",
        ),
        (
            json!({"firstComment": "a".repeat(8_001)}),
            "options.firstComment text_too_long",
        ),
        (json!({"reel": true}), "options.reel reel_needs_video"),
    ] {
        assert_eq!(rules(&options, &[]), [expected]);
    }
    assert_eq!(
        rules(&json!({"link": "https://example.com"}), &picture),
        ["options.link link_with_media"]
    );
}

#[test]
fn an_unknown_option_is_refused_with_the_known_ones() {
    let options = json!({"palce": "1"});
    let draft = Draft {
        caption: "Words",
        media: &[],
        options: &options,
    };
    let broken = check(&draft).remove(0);
    assert_eq!(
        (broken.field.as_str(), broken.rule.as_str()),
        ("options.palce", "unknown_option")
    );
    for known in [
        "contentCategory",
        "embeddable",
        "firstComment",
        "link",
        "place",
        "reel",
        "story",
        "title",
    ] {
        assert!(
            broken.detail.contains(&format!("`{known}`")),
            "{}",
            broken.detail
        );
    }
}

#[test]
fn options_of_videos_are_for_videos() {
    let (video, picture) = ([file(MediaKind::Video)], [file(MediaKind::Image)]);
    let of_videos =
        json!({"title": "Dawn", "embeddable": false, "contentCategory": "CUTE_ANIMALS"});
    assert!(rules(&of_videos, &video).is_empty());
    for media in [&[] as &[DraftMedia], &picture] {
        assert_eq!(
            rules(&of_videos, media),
            [
                "options.contentCategory option_out_of_place",
                "options.embeddable option_out_of_place",
                "options.title option_out_of_place",
            ]
        );
    }
    let of_reels = json!({"reel": true, "title": "Dawn", "place": "104482915678301"});
    assert!(rules(&of_reels, &video).is_empty());
    for (options, expected) in [
        (json!({"place": "1"}), "options.place option_out_of_place"),
        (
            json!({"reel": true, "embeddable": true}),
            "options.embeddable option_out_of_place",
        ),
        (
            json!({"reel": true, "place": "harbour"}),
            "options.place invalid_place",
        ),
        (json!({"title": ""}), "options.title text_missing"),
        (
            json!({"title": "a".repeat(256)}),
            "options.title text_too_long",
        ),
        (
            json!({"contentCategory": "DAWN"}),
            "options.contentCategory invalid_option",
        ),
    ] {
        assert_eq!(rules(&options, &video), [expected]);
    }
}

#[test]
fn a_story_is_one_file_and_nothing_else() {
    let (video, picture) = ([file(MediaKind::Video)], [file(MediaKind::Image)]);
    let story = json!({"story": true});
    for media in [&video, &picture] {
        assert!(broken("", &story, media).is_empty());
    }
    let two = [file(MediaKind::Image), file(MediaKind::Image)];
    for media in [&[] as &[DraftMedia], &two] {
        assert_eq!(
            broken("", &story, media),
            ["options.story story_needs_one_file"]
        );
    }
    let described = [DraftMedia {
        alt_text: Some("A gull".to_owned()),
        ..file(MediaKind::Image)
    }];
    for (caption, options, media, expected) in [
        (
            "Words",
            story.clone(),
            &picture,
            "caption story_shows_no_text",
        ),
        (
            "",
            story,
            &described,
            "media[0].altText story_shows_no_text",
        ),
        (
            "",
            json!({"story": true, "firstComment": "a"}),
            &picture,
            "options.firstComment story_shows_no_text",
        ),
        (
            "",
            json!({"story": true, "link": "https://example.com"}),
            &picture,
            "options.link story_shows_no_text",
        ),
        (
            "",
            json!({"story": true, "reel": true}),
            &video,
            "options.story story_and_reel",
        ),
        (
            "",
            json!({"story": true, "title": "Dawn"}),
            &video,
            "options.title option_out_of_place",
        ),
    ] {
        assert_eq!(broken(caption, &options, media), [expected]);
    }
}
