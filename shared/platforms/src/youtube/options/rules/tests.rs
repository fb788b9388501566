//! The rules, one by one.

use serde_json::{Value, json};

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
    ] {
        assert_eq!(
            rules(caption, &options),
            [(field.to_owned(), rule.to_owned())],
            "{caption} {options}"
        );
    }
}

#[test]
fn each_rule_of_what_is_seldom_given_is_named_with_its_field() {
    for (caption, options, field, rule) in [
        (
            "a",
            json!({"publishAt": "2027", "privacy": "private"}),
            "options.publishAt",
            "invalid_option",
        ),
        (
            "a",
            json!({"publishAt": "2027-01-01T10:00:00+01:00"}),
            "options.publishAt",
            "publish_at_not_private",
        ),
        (
            "a",
            json!({"publishAt": "2027-01-01T10:00:00Z", "privacy": "unlisted"}),
            "options.publishAt",
            "publish_at_not_private",
        ),
        (
            "a",
            json!({"playlistId": "PL 1"}),
            "options.playlistId",
            "invalid_option",
        ),
        (
            "a",
            json!({"playlistId": ""}),
            "options.playlistId",
            "invalid_option",
        ),
        (
            "a",
            json!({"defaultLanguage": "english"}),
            "options.defaultLanguage",
            "invalid_option",
        ),
        (
            "a",
            json!({"defaultLanguage": "en-"}),
            "options.defaultLanguage",
            "invalid_option",
        ),
        (
            "a",
            json!({"license": "mine"}),
            "options.license",
            "invalid_option",
        ),
        (
            "a",
            json!({"recordingDate": "yesterday"}),
            "options.recordingDate",
            "invalid_option",
        ),
        (
            "a",
            json!({"isShort": true}),
            "options.isShort",
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
fn a_thumbnail_is_the_one_picture_beside_the_one_video() {
    let item = |kind| crate::DraftMedia {
        kind,
        facts: None,
        alt_text: None,
    };
    let (image, video) = (item(MediaKind::Image), item(MediaKind::Video));
    let with = |media: &[crate::DraftMedia], options: &Value| -> Vec<String> {
        let draft = Draft {
            caption: "a",
            media,
            options,
        };
        crate::check(domain::Platform::Youtube, &draft)
            .into_iter()
            .map(|broken| broken.rule)
            .collect()
    };
    let asked = json!({"thumbnail": true});
    for pair in [
        [video.clone(), image.clone()],
        [image.clone(), video.clone()],
    ] {
        assert!(with(&pair, &asked).is_empty());
        assert_eq!(
            with(&pair, &json!({})),
            ["image_not_taken", "video_not_alone"]
        );
    }
    for (media, rule) in [
        (vec![], "media_required"),
        (vec![video.clone()], "thumbnail_missing"),
        (vec![image.clone()], "video_required"),
        (vec![video.clone(), video.clone()], "video_required"),
    ] {
        assert_eq!(with(&media, &asked), [rule]);
    }
    let three = [video, image.clone(), image];
    assert_eq!(
        with(&three, &asked),
        ["too_many_images", "too_many_files", "thumbnail_missing"]
    );
}

#[test]
fn a_day_is_its_first_moment() {
    use time::macros::datetime;
    for (given, moment) in [
        ("2026-11-23", datetime!(2026-11-23 00:00 UTC)),
        ("2026-11-23T10:00:00+01:00", datetime!(2026-11-23 09:00 UTC)),
    ] {
        let options = Options::read(&json!({"recordingDate": given})).unwrap();
        assert_eq!(options.recording_date, Some(moment));
    }
    for wrong in [
        "20261123",
        "2026-W47-1",
        "2026-11-31",
        "2026-11-23T10:00:00",
    ] {
        assert!(
            Options::read(&json!({"recordingDate": wrong})).is_err(),
            "{wrong}"
        );
    }
}

#[test]
fn what_fits_exactly_is_taken() {
    let options = json!({
        "title": "x".repeat(100), "tags": ["x".repeat(250), "y".repeat(249)], "categoryId": "10",
        "privacy": "private", "madeForKids": true, "notifySubscribers": false,
        "publishAt": "2027-01-01T10:00:00+01:00", "playlistId": "PL-_9", "thumbnail": false,
        "defaultLanguage": "zh-Hant-TW", "license": "creativeCommon", "embeddable": false,
        "publicStatsViewable": true, "containsSyntheticMedia": true, "recordingDate": "2026-11-23",
    });
    assert!(rules("", &options).is_empty());
    assert_eq!(length_of(&["Foo".to_owned(), "Bar Baz".to_owned()]), 13);
}
