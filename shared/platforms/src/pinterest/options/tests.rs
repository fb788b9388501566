//! Rules of the options, broken one by one.

use domain::{MediaKind, Platform};
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

fn broken(media: &[(MediaKind, &str)], options: &Value) -> Vec<String> {
    let media: Vec<DraftMedia> = media
        .iter()
        .map(|(kind, alt_text)| DraftMedia {
            kind: *kind,
            facts: None,
            alt_text: Some((*alt_text).to_owned()),
        })
        .collect();
    let draft = Draft {
        caption: "Words",
        media: &media,
        options,
    };
    let broken = crate::check(Platform::Pinterest, &draft);
    broken.into_iter().map(|it| it.rule).collect()
}

const IMAGE: (MediaKind, &str) = (MediaKind::Image, "");
const VIDEO: (MediaKind, &str) = (MediaKind::Video, "");

#[test]
fn a_pin_shows_up_to_five_pictures_or_one_video() {
    let board = json!({ "boardId": "1" });
    for (media, rule) in [
        (vec![IMAGE], None),
        (vec![IMAGE; 5], None),
        (vec![VIDEO], None),
        (vec![], Some("media_required")),
        (vec![IMAGE; 6], Some("too_many_images")),
        (vec![VIDEO, IMAGE], Some("video_not_alone")),
        (vec![VIDEO, VIDEO], Some("video_not_alone")),
    ] {
        let rules = broken(&media, &board);
        assert_eq!(rules, Vec::from_iter(rule), "{media:?}");
    }
}

#[test]
fn a_cover_is_the_one_picture_beside_the_one_video() {
    let cover = json!({ "boardId": "1", "cover": true });
    for (media, rules) in [
        (vec![VIDEO, IMAGE], vec![]),
        (vec![IMAGE, VIDEO], vec![]),
        (vec![VIDEO], vec!["cover_missing"]),
        (vec![IMAGE], vec!["video_required"]),
        (vec![VIDEO, VIDEO], vec!["video_required"]),
        (
            vec![VIDEO, IMAGE, IMAGE],
            vec!["too_many_images", "too_many_files", "cover_missing"],
        ),
    ] {
        assert_eq!(broken(&media, &cover), rules, "{media:?}");
    }
}

#[test]
fn a_frame_is_the_cover_of_a_video_and_the_only_one() {
    let frame = json!({ "boardId": "1", "coverTimeSeconds": 3 });
    assert_eq!(broken(&[VIDEO], &frame), [""; 0]);
    assert_eq!(broken(&[IMAGE], &frame), ["video_required"]);
    let both = json!({ "boardId": "1", "coverTimeSeconds": 3, "cover": true });
    assert_eq!(broken(&[VIDEO, IMAGE], &both), ["two_covers"]);
    for wrong in [json!(-1), json!(1.5), json!("3")] {
        let options = json!({ "boardId": "1", "coverTimeSeconds": wrong });
        assert_eq!(broken(&[VIDEO], &options), ["invalid_option"]);
    }
}

#[test]
fn a_colour_is_six_digits() {
    let with = |color: &str| json!({ "boardId": "1", "dominantColor": color });
    assert_eq!(rules(&with("#6E7874"), ""), []);
    for wrong in ["6E7874", "#6E787", "#6E78741", "#6E787G", "red", ""] {
        assert_eq!(
            rules(&with(wrong), ""),
            [pair("options.dominantColor", "invalid_option")],
            "{wrong}"
        );
    }
}

#[test]
fn the_descriptions_of_all_pictures_are_one() {
    let board = json!({ "boardId": "1" });
    let (long, fits) = ("é".repeat(250), "é".repeat(249));
    let of = |first: &str| {
        let media = [first, &long].map(|text| (MediaKind::Image, text));
        broken(&media, &board)
    };
    assert_eq!(of(&fits), [""; 0]);
    assert_eq!(of(&long), ["alt_texts_too_long"]);
    let texts = [Some(" a "), None, Some(""), Some("b")];
    assert_eq!(alt_text(texts.into_iter()), "a\nb");
}
