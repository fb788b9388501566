//! What each refusal leads to, wherever it is told and however often, tried on the machine alone.

mod uploads;
mod world;

use serde_json::{Value, json};
use time::Duration;

use self::world::{ASKING, MAKING, NOW, PUBLISHING, World, answer, failed, refusal};
use super::Publish;
use crate::{Event, Machine as _};

#[test]
fn what_no_repetition_mends_ends_at_the_first_refusal_wherever_it_is_told() {
    let world = World::new(1);
    for (code, subcode, end) in [
        (1, 2_207_057, "content thumb_offset_outside"),
        (3, 0, "reconnect permission_missing"),
        (4, 0, "quota rate_limited"),
        (9, 2_207_042, "quota daily_limit"),
        (10, 0, "reconnect permission_missing"),
        (17, 0, "quota rate_limited"),
        (25, 2_207_050, "content account_restricted"),
        (32, 0, "quota rate_limited"),
        (100, 0, "content post_refused"),
        (100, 2_207_023, "operator call_refused"),
        (100, 2_207_028, "operator call_refused"),
        (100, 2_207_035, "operator call_refused"),
        (100, 2_207_036, "operator call_refused"),
        (100, 2_207_037, "operator call_refused"),
        (100, 2_207_040, "content too_many_mentions"),
        (100, 2_207_081, "content trial_reels_missing"),
        (102, 0, "token token_refused"),
        (190, 0, "token token_refused"),
        (190, 458, "reconnect access_withdrawn"),
        (190, 459, "content account_checkpoint"),
        (190, 460, "reconnect session_ended"),
        (190, 463, "token token_refused"),
        (190, 464, "content account_unconfirmed"),
        (190, 467, "token token_refused"),
        (200, 0, "reconnect permission_missing"),
        (299, 0, "reconnect permission_missing"),
        (352, 2_207_026, "content video_format"),
        (368, 0, "content account_limited"),
        (613, 0, "quota rate_limited"),
        (2_500, 0, "token token_refused"),
        (36_000, 2_207_004, "content image_too_large"),
        (36_001, 2_207_005, "content image_format"),
        (36_001, 2_207_083, "content image_format"),
        (36_003, 2_207_009, "content aspect_ratio"),
        (36_004, 2_207_010, "content caption_too_long"),
        (80_002, 0, "quota rate_limited"),
    ] {
        for (call, made) in [(MAKING, 0), (ASKING, 1), (PUBLISHING, 1)] {
            assert_eq!(
                world.course(call, &refusal(code, subcode)),
                format!("1 sent, {made} made: {end}"),
                "{code}/{subcode} to {call}"
            );
        }
    }
}

#[test]
fn what_a_new_container_or_patience_may_mend_is_tried_as_often_as_the_table_says() {
    let world = World::new(1);
    let refused = "content file_refused";
    for (code, subcode, making, asking, publishing) in [
        // Of a container that is refused when it is published, the container itself is asked first.
        (
            -2,
            2_207_003,
            (4, 0, refused),
            (4, 4, refused),
            (12, 4, refused),
        ),
        (
            -2,
            2_207_020,
            (4, 0, refused),
            (4, 4, refused),
            (4, 4, refused),
        ),
        (
            -1,
            2_207_032,
            (4, 0, refused),
            (4, 4, refused),
            (12, 4, refused),
        ),
        (
            -1,
            2_207_053,
            (4, 0, refused),
            (4, 4, refused),
            (12, 4, refused),
        ),
        (
            24,
            2_207_006,
            (2, 0, "reconnect upload_not_visible"),
            (2, 2, "reconnect upload_not_visible"),
            (2, 2, "reconnect upload_not_visible"),
        ),
        (
            24,
            2_207_008,
            (4, 0, refused),
            (12, 4, refused),
            (12, 4, refused),
        ),
        (
            9_004,
            2_207_052,
            (4, 0, refused),
            (4, 4, refused),
            (12, 4, refused),
        ),
        // A broken service has refused nothing; nor has one that is not understood.
        (
            -1,
            2_207_001,
            (1, 0, "retry meta_unavailable"),
            (1, 1, "retry meta_unavailable"),
            (1, 1, "look"),
        ),
        (
            1,
            0,
            (1, 0, "retry meta_unavailable"),
            (1, 1, "retry meta_unavailable"),
            (1, 1, "look"),
        ),
        (
            2,
            0,
            (1, 0, "retry meta_unavailable"),
            (1, 1, "retry meta_unavailable"),
            (1, 1, "look"),
        ),
        (
            4,
            2_207_051,
            (1, 0, "retry meta_unavailable"),
            (1, 1, "retry meta_unavailable"),
            (1, 1, "look"),
        ),
        (
            77,
            0,
            (2, 0, "content refused"),
            (2, 1, "content refused"),
            (1, 1, "look"),
        ),
    ] {
        for (call, (sent, made, end)) in
            [(MAKING, making), (ASKING, asking), (PUBLISHING, publishing)]
        {
            assert_eq!(
                world.course(call, &refusal(code, subcode)),
                format!("{sent} sent, {made} made: {end}"),
                "{code}/{subcode} to {call}"
            );
        }
    }
}

#[test]
fn what_is_not_visible_or_not_ready_yet_is_waited_for() {
    let world = World::new(1);
    assert_eq!(
        world.course(MAKING, &refusal(100, 33)),
        "1 sent, 0 made: reconnect account_not_visible"
    );
    // It is published unread.
    assert_eq!(world.course(ASKING, &refusal(100, 33)), "live");
    assert_eq!(
        world.course(PUBLISHING, &refusal(100, 33)),
        "3 sent, 1 made: reconnect account_not_visible"
    );
    let course = world.course(PUBLISHING, &refusal(9_007, 2_207_027));
    assert!(
        course.ends_with("1 made: content processing_too_long"),
        "{course}"
    );
    let working = answer(200, &json!({ "status_code": "IN_PROGRESS" }));
    let course = world.course(ASKING, &working);
    assert!(
        course.ends_with("1 made: content processing_too_long"),
        "{course}"
    );
    let unheard_of = answer(200, &json!({ "status_code": "PONDERING" }));
    assert_eq!(world.course(ASKING, &unheard_of), course);
}

#[test]
fn a_container_that_failed_is_made_anew_as_often_as_its_number_says() {
    let world = World::new(1);
    for (number, made, end) in [
        (77, 2, "content file_refused"),
        (2_207_001, 4, "content file_refused"),
        (2_207_003, 4, "content file_refused"),
        (2_207_004, 1, "content image_too_large"),
        (2_207_006, 2, "reconnect upload_not_visible"),
        (2_207_008, 4, "content file_refused"),
        (2_207_020, 4, "content file_refused"),
        (2_207_026, 1, "content video_format"),
        (2_207_032, 4, "content file_refused"),
        (2_207_052, 4, "content file_refused"),
        (2_207_053, 4, "content file_refused"),
        (2_207_057, 1, "content thumb_offset_outside"),
        (2_207_076, 3, "content video_unreadable"),
        (2_207_077, 3, "content video_unreadable"),
        (2_207_082, 3, "content video_unreadable"),
        (2_207_083, 1, "content image_format"),
    ] {
        assert_eq!(
            world.course(ASKING, &failed(number)),
            format!("{made} sent, {made} made: {end}"),
            "{number}"
        );
    }
    let expired = answer(200, &json!({ "status_code": "EXPIRED" }));
    assert_eq!(
        world.course(ASKING, &expired),
        "4 sent, 4 made: content file_refused"
    );
}

#[test]
fn a_carousel_whose_children_are_gone_begins_anew() {
    let world = World::new(3);
    for (call, refusal, expected) in [
        (
            MAKING,
            refusal(100, 2_207_028),
            "2 sent, 6 made: operator call_refused",
        ),
        (
            MAKING,
            refusal(24, 2_207_008),
            "4 sent, 12 made: content file_refused",
        ),
        (
            MAKING,
            refusal(-1, 2_207_032),
            "4 sent, 3 made: content file_refused",
        ),
        (
            "create_child",
            refusal(9_004, 2_207_052),
            "4 sent, 0 made: content file_refused",
        ),
        (
            "create_child",
            refusal(36_003, 2_207_009),
            "1 sent, 0 made: content aspect_ratio",
        ),
        (
            ASKING,
            failed(2_207_052),
            "4 sent, 12 made: content file_refused",
        ),
    ] {
        assert_eq!(world.course(call, &refusal), expected, "{call}");
    }
}

#[test]
fn a_container_that_may_have_been_published_is_never_made_anew() {
    let world = World::new(1);
    for (code, subcode) in [
        (-2, 2_207_020),
        (24, 2_207_006),
        (24, 2_207_008),
        (9_004, 2_207_052),
        (9_007, 2_207_027),
        (100, 33),
    ] {
        let machine: Publish = serde_json::from_value(
            json!({ "step": "publish", "container": "17889455560051444", "fires": 1 }),
        )
        .unwrap();
        let event = Event::Answer(refusal(code, subcode));
        let next = machine.apply(event, &world.at(NOW)).unwrap();
        assert!(
            matches!(next, Publish::Look { .. }),
            "{code}/{subcode}: {next:?}"
        );
    }
    let machine: Publish = serde_json::from_value(json!({
        "step": "process", "container": "17889455560051444",
        "ask_at": "2026-01-01T12:00:05Z", "give_up_at": "2026-01-02T11:00:00Z"
    }))
    .unwrap();
    let told = answer(200, &json!({ "status_code": "PUBLISHED" }));
    let later = world.at(NOW + Duration::seconds(5));
    let next = machine.apply(Event::Answer(told), &later).unwrap();
    assert!(
        matches!(
            next,
            Publish::Match {
                is_published: true,
                ..
            }
        ),
        "{next:?}"
    );
}

#[test]
fn a_container_that_cannot_be_read_after_it_was_refused_is_looked_for_and_not_published_again() {
    let world = World::new(1);
    for (code, subcode) in [(24, 2_207_006), (24, 2_207_008), (100, 33)] {
        let machine: Publish =
            serde_json::from_value(json!({ "step": "publish", "container": "17889455560051444" }))
                .unwrap();
        let refused = Event::Answer(refusal(9_007, 2_207_027));
        let machine = machine.apply(refused, &world.at(NOW)).unwrap();
        let later = world.at(NOW + Duration::minutes(10));
        let unreadable = Event::Answer(refusal(code, subcode));
        let next = machine.apply(unreadable, &later).unwrap();
        assert!(
            matches!(next, Publish::Look { .. }),
            "{code}/{subcode}: {next:?}"
        );
    }
}

#[test]
fn states_of_earlier_versions_are_read() {
    let states: Vec<Value> = serde_json::from_str(include_str!("fixtures/states.json")).unwrap();
    for state in states {
        let read: Result<Publish, _> = serde_json::from_value(state.clone());
        let read = read.unwrap_or_else(|error| panic!("{state}: {error}"));
        assert_eq!(serde_json::to_value(&read).unwrap()["step"], state["step"]);
    }
}
