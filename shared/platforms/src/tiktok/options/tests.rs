use domain::Platform;
use serde_json::json;

use super::*;
use crate::DraftMedia;

fn media(kind: MediaKind, count: usize) -> Vec<DraftMedia> {
    let facts = match kind {
        MediaKind::Document | MediaKind::Image => None,
        MediaKind::Video => Some(MediaFacts::Video {
            container: domain::Container::Mp4,
            video_codec: domain::VideoCodec::H264,
            audio_codec: None,
            width: 720,
            height: 1280,
            duration_ms: 3_000,
            frames_per_second: 30.0,
            bytes: 10,
        }),
    };
    let item = DraftMedia {
        kind,
        facts,
        alt_text: None,
    };
    vec![item; count]
}

/// What is broken by a post of that caption, with two pictures or a video.
fn broken(caption: &str, options: &Value, kind: MediaKind) -> Vec<(String, String)> {
    let count = match kind {
        MediaKind::Image => 2,
        MediaKind::Document | MediaKind::Video => 1,
    };
    let draft = Draft {
        caption,
        media: &media(kind, count),
        options,
    };
    crate::check(Platform::Tiktok, &draft)
        .into_iter()
        .map(|broken| (broken.field, broken.rule))
        .collect()
}

fn rules(options: &Value, kind: MediaKind) -> Vec<(String, String)> {
    broken("", options, kind)
}

fn named(field: &str, rule: &str) -> (String, String) {
    (format!("options.{field}"), rule.to_owned())
}

#[test]
fn each_rule_is_named_with_its_option() {
    use MediaKind::{Image, Video};
    for (options, kind, field, rule) in [
        (Value::Null, Video, "privacyLevel", "missing_option"),
        (json!({}), Video, "privacyLevel", "missing_option"),
        (
            json!({"mode": "direct"}),
            Image,
            "privacyLevel",
            "missing_option",
        ),
        (json!({"mode": "draft"}), Video, "mode", "invalid_option"),
        (
            json!({"privacyLevel": "EVERYONE"}),
            Video,
            "privacyLevel",
            "invalid_option",
        ),
        (
            json!({"privacyLevel": "SELF_ONLY", "music": 1}),
            Video,
            "music",
            "unknown_option",
        ),
        (
            json!({"privacyLevel": "SELF_ONLY", "brandContent": true}),
            Video,
            "brandContent",
            "branded_content_private",
        ),
        (
            json!({"privacyLevel": "SELF_ONLY", "coverTimestampMs": 3000}),
            Video,
            "coverTimestampMs",
            "cover_out_of_range",
        ),
        (
            json!({"privacyLevel": "SELF_ONLY", "coverTimestampMs": 0}),
            Image,
            "coverTimestampMs",
            "not_for_pictures",
        ),
        (
            json!({"privacyLevel": "SELF_ONLY", "disableDuet": true}),
            Image,
            "disableDuet",
            "not_for_pictures",
        ),
        (
            json!({"privacyLevel": "SELF_ONLY", "disableStitch": false}),
            Image,
            "disableStitch",
            "not_for_pictures",
        ),
        (
            json!({"privacyLevel": "SELF_ONLY", "title": ""}),
            Video,
            "title",
            "not_for_videos",
        ),
        (
            json!({"privacyLevel": "SELF_ONLY", "photoCoverIndex": 0}),
            Video,
            "photoCoverIndex",
            "not_for_videos",
        ),
        (
            json!({"privacyLevel": "SELF_ONLY", "autoAddMusic": false}),
            Video,
            "autoAddMusic",
            "not_for_videos",
        ),
        (
            json!({"privacyLevel": "SELF_ONLY", "title": "🎬".repeat(46)}),
            Image,
            "title",
            "text_too_long",
        ),
        (
            json!({"privacyLevel": "SELF_ONLY", "photoCoverIndex": 2}),
            Image,
            "photoCoverIndex",
            "cover_out_of_range",
        ),
        (
            json!({"mode": "inbox", "photoCoverIndex": 2}),
            Image,
            "photoCoverIndex",
            "cover_out_of_range",
        ),
        (
            json!({"mode": "inbox", "title": "Words"}),
            Video,
            "title",
            "not_for_videos",
        ),
    ] {
        assert_eq!(rules(&options, kind), [named(field, rule)], "{options}");
    }
}

#[test]
fn a_draft_leaves_to_the_app_what_the_app_asks_for() {
    for (name, value) in [
        ("privacyLevel", json!("SELF_ONLY")),
        ("disableComment", json!(true)),
        ("disableDuet", json!(true)),
        ("disableStitch", json!(true)),
        ("brandContent", json!(false)),
        ("brandOrganic", json!(false)),
        ("aiGenerated", json!(true)),
        ("coverTimestampMs", json!(5_000)),
    ] {
        let options = json!({"mode": "inbox", name: value});
        assert_eq!(
            rules(&options, MediaKind::Video),
            [named(name, "not_for_drafts")]
        );
    }
    let music = json!({"mode": "inbox", "autoAddMusic": true});
    assert_eq!(
        rules(&music, MediaKind::Image),
        [named("autoAddMusic", "not_for_drafts")]
    );
    let everything =
        json!({"mode": "inbox", "disableDuet": true, "title": "Words", "photoCoverIndex": 1});
    assert_eq!(
        rules(&everything, MediaKind::Image),
        [named("disableDuet", "not_for_drafts")],
        "each is named once"
    );
    let inbox = json!({"mode": "inbox"});
    assert!(rules(&inbox, MediaKind::Video).is_empty());
    let titled = json!({"mode": "inbox", "title": "🎬".repeat(45), "photoCoverIndex": 1});
    assert!(rules(&titled, MediaKind::Image).is_empty());
}

#[test]
fn pictures_take_longer_captions_than_videos() {
    let options = json!({"privacyLevel": "SELF_ONLY"});
    let too_long = [("caption".to_owned(), "caption_too_long".to_owned())];
    for (kind, max) in [(MediaKind::Image, 4_000), (MediaKind::Video, 2_200)] {
        let fitting = "🎬".repeat(max / 2);
        assert!(broken(&fitting, &options, kind).is_empty(), "{kind:?}");
        let longer = format!("{fitting}.");
        assert_eq!(broken(&longer, &options, kind), too_long, "{kind:?}");
    }
}

#[test]
fn options_in_their_place_are_taken() {
    for (options, kind) in [
        (
            json!({"privacyLevel": "PUBLIC_TO_EVERYONE", "brandContent": true, "coverTimestampMs": 2999}),
            MediaKind::Video,
        ),
        (
            json!({"privacyLevel": "SELF_ONLY", "disableComment": false, "autoAddMusic": true, "photoCoverIndex": 1}),
            MediaKind::Image,
        ),
    ] {
        assert!(rules(&options, kind).is_empty(), "{options}");
    }
}
