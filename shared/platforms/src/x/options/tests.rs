use domain::ImageFormat;
use serde_json::json;

use super::*;
use crate::DraftMedia;

fn rules(caption: &str, media: &[DraftMedia], options: &Value) -> Vec<(String, String)> {
    check(&Draft {
        caption,
        media,
        options,
    })
    .into_iter()
    .map(|broken| (broken.field, broken.rule))
    .collect()
}

fn picture(animated: bool, alt_text: Option<String>) -> DraftMedia {
    DraftMedia {
        kind: MediaKind::Image,
        facts: Some(MediaFacts::Image {
            format: ImageFormat::Gif,
            width: 10,
            height: 10,
            bytes: 10,
            animated,
        }),
        alt_text,
    }
}

fn pair(field: &str, rule: &str) -> (String, String) {
    (field.to_owned(), rule.to_owned())
}

#[test]
fn known_options_are_taken_and_others_named() {
    let known =
        json!({ "replySettings": "mentionedUsers", "madeWithAi": true, "paidPartnership": true });
    assert_eq!(rules("a", &[], &known), []);
    assert_eq!(rules("a", &[], &Value::Null), []);
    assert_eq!(
        rules("a", &[], &json!({ "vote": {} })),
        [pair("options.vote", "unknown_option")]
    );
    assert_eq!(
        rules("a", &[], &json!({ "replySettings": "friends" })),
        [pair("options.replySettings", "invalid_option")]
    );
}

#[test]
fn a_description_has_a_thousand_characters_at_most() {
    let media = [
        picture(false, Some("é".repeat(1000))),
        picture(false, Some("é".repeat(1001))),
    ];
    assert_eq!(
        rules("a", &media, &json!({})),
        [pair("media[1].altText", "text_too_long")]
    );
}

#[test]
fn a_moving_picture_stands_alone() {
    let media = [picture(true, None), picture(false, None)];
    assert_eq!(rules("a", &media[..1], &json!({})), []);
    assert_eq!(
        rules("a", &media, &json!({})),
        [pair("media", "animation_not_alone")]
    );
}

#[test]
fn a_character_that_x_does_not_take_is_named() {
    assert_eq!(
        rules("a\u{FEFF}", &[], &json!({})),
        [pair("caption", "character_not_taken")]
    );
}

#[test]
fn a_moving_picture_has_bounds_of_its_own() {
    let sized = |width, height, bytes| {
        let mut item = picture(true, None);
        item.facts = Some(MediaFacts::Image {
            format: ImageFormat::Gif,
            width,
            height,
            bytes,
            animated: true,
        });
        rules("a", &[item], &Value::Null)
    };
    let too_large = [pair("media[0]", "animation_too_large")];
    assert_eq!(sized(1280, 1080, 15 << 20), []);
    assert_eq!(sized(1281, 1080, 10), too_large);
    assert_eq!(sized(1280, 1081, 10), too_large);
    assert_eq!(sized(1280, 1080, (15 << 20) + 1), too_large);
}

#[test]
fn ids_are_numbers_of_at_most_19_digits() {
    for name in ["community", "quote", "replyTo"] {
        let field = format!("options.{name}");
        let nineteen = "1".repeat(19);
        for good in ["20", &nineteen] {
            assert_eq!(rules("a", &[], &json!({ name: good })), []);
        }
        for wrong in ["", "https://x.com/a/status/20", "-1", &"1".repeat(20)] {
            let broken = [pair(&field, "invalid_id")];
            assert_eq!(rules("a", &[], &json!({ name: wrong })), broken, "{wrong}");
        }
    }
}

fn poll(answers: &[&str], minutes: i64) -> Value {
    json!({ "poll": { "options": answers, "durationMinutes": minutes } })
}

#[test]
fn a_poll_has_two_to_four_short_answers_and_lasts_up_to_a_week() {
    let long = "é".repeat(25);
    assert_eq!(rules("a", &[], &poll(&["yes", &long], 5)), []);
    assert_eq!(rules("a", &[], &poll(&["a", "b", "c", "d"], 10_080)), []);
    let too_few_or_many = [pair("options.poll.options", "poll_options")];
    let five = poll(&["a", "b", "c", "d", "e"], 5);
    assert_eq!(rules("a", &[], &poll(&["yes"], 5)), too_few_or_many);
    assert_eq!(rules("a", &[], &five), too_few_or_many);
    let longer = "é".repeat(26);
    assert_eq!(
        rules("a", &[], &poll(&["  ", &longer], 5)),
        [
            pair("options.poll.options[0]", "text_empty"),
            pair("options.poll.options[1]", "text_too_long")
        ]
    );
    for minutes in [4, 10_081] {
        let broken = [pair("options.poll.durationMinutes", "poll_duration")];
        assert_eq!(rules("a", &[], &poll(&["a", "b"], minutes)), broken);
    }
}

#[test]
fn a_poll_goes_with_neither_files_nor_a_quote() {
    let mut options = poll(&["a", "b"], 5);
    let alone = [pair("options.poll", "poll_not_alone")];
    assert_eq!(rules("a", &[picture(false, None)], &options), alone);
    options["quote"] = json!("20");
    assert_eq!(rules("a", &[], &options), alone);
    let mut options = poll(&["a", "b"], 5);
    options["thread"] = json!([{ "text": "b", "media": [0] }]);
    assert_eq!(rules("a", &[picture(false, None)], &options), []);
}

fn thread(parts: &Value) -> Value {
    json!({ "thread": parts })
}

#[test]
fn each_part_of_a_thread_is_measured() {
    let good = thread(&json!([{ "text": "b".repeat(280) }, { "text": "日".repeat(140) }]));
    assert_eq!(rules("a", &[], &good), []);
    let long =
        thread(&json!([{ "text": "b" }, { "text": "日".repeat(141) }, { "text": "c\u{FEFF}" }]));
    assert_eq!(
        rules("a", &[], &long),
        [
            pair("options.thread[1].text", "caption_too_long"),
            pair("options.thread[2].text", "character_not_taken")
        ]
    );
}

#[test]
fn no_part_of_a_thread_is_empty_or_says_what_another_says() {
    let empty = thread(&json!([{ "text": " " }]));
    assert_eq!(
        rules("a", &[], &empty),
        [pair("options.thread[0].text", "post_empty")]
    );
    let twice = thread(&json!([{ "text": "b" }, { "text": " a" }]));
    assert_eq!(
        rules("a", &[], &twice),
        [pair("options.thread[1].text", "thread_repeats")]
    );
    // All files go to the second part, and there are no words for the first.
    let options = thread(&json!([{ "text": "b", "media": [0] }]));
    assert_eq!(
        rules("", &[picture(false, None)], &options),
        [pair("caption", "post_empty")]
    );
}

#[test]
fn files_are_given_to_one_part_each() {
    let files = [picture(false, None), picture(false, None)];
    let good = thread(&json!([{ "media": [1] }]));
    assert_eq!(rules("a", &files, &good), []);
    let wrong = thread(&json!([{ "text": "b", "media": [1, 2] }, { "text": "c", "media": [1] }]));
    assert_eq!(
        rules("a", &files, &wrong),
        [
            pair("options.thread[0].media", "file_unknown"),
            pair("options.thread[1].media", "file_taken")
        ]
    );
}

#[test]
fn each_part_carries_what_a_post_may_carry() {
    let film = DraftMedia {
        kind: MediaKind::Video,
        facts: None,
        alt_text: None,
    };
    let mut files = vec![picture(false, None); 5];
    files.extend([picture(true, None), film]);
    let five =
        thread(&json!([{ "text": "b", "media": [0, 1, 2, 3, 4] }, { "text": "c", "media": [5] }]));
    assert_eq!(
        rules("a", &files, &five),
        [pair("options.thread[0].media", "too_many_images")]
    );
    let mixed =
        thread(&json!([{ "text": "b", "media": [0, 5] }, { "text": "c", "media": [1, 6] }]));
    assert_eq!(
        rules("a", &files, &mixed),
        [
            pair("options.thread[0].media", "animation_not_alone"),
            pair("options.thread[1].media", "video_not_alone")
        ]
    );
    let rules = media_rules(&mixed);
    assert_eq!((rules.max_images, rules.max_mixed), (12, 12));
    assert_eq!(media_rules(&json!({})).max_images, 4);
}

#[test]
fn a_thread_ends_somewhere() {
    let parts = |count: usize| {
        let parts = (0..count).map(|number| json!({ "text": format!("part {number}") }));
        thread(&parts.collect())
    };
    assert_eq!(rules("a", &[], &parts(24)), []);
    assert_eq!(
        rules("a", &[], &parts(25)),
        [pair("options.thread", "thread_too_long")]
    );
}
