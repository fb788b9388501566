//! Facebook, when something goes wrong: what is refused, what breaks off, what is lost.

use domain::Platform;
use platforms::{Content, FaultKind};
use serde_json::{Value, json};
use simulator::{Fault, FaultScript, LivePost, networks::facebook::Spelling};
use time::Duration;

use crate::{
    flows::facebook::*,
    harness::{Driver, Outcome, Run, Stage, mp4},
};

const VIDEOS: &str = "POST /{version}/{id}/videos";

async fn publish(stage: &Stage, content: &Content) -> Run {
    let mut connection = stage.connection(Platform::Facebook, STUDIO).await;
    stage.publish(&mut connection, content).await
}

fn live(stage: &Stage) -> Vec<LivePost> {
    stage.simulator.ledger().posts().to_vec()
}

fn refused(code: i64, subcode: i64) -> Fault {
    Fault::Answer {
        status: 400,
        headers: Vec::new(),
        body: json!({ "error": { "message": "Words", "code": code, "error_subcode": subcode, "fbtrace_id": "A" } }),
    }
}

#[tokio::test]
async fn a_broken_upload_of_a_reel_goes_on_where_it_stopped() {
    let stage = Stage::new();
    let upload = "POST /video-upload/{version}/{id}";
    let broken = Fault::Answer {
        status: 500,
        headers: Vec::new(),
        body: json!({ "debug_info": { "retriable": true, "type": "PartialRequestError" } }),
    };
    stage
        .simulator
        .script(FaultScript::first("rupload.facebook.com", upload, broken));
    let content = reel(&stage);
    let run = publish(&stage, &content).await;
    run.receipt();
    let media = &live(&stage)[0].media[0];
    let kept = stage.simulator.world().kept(&media.digest).expect("a file");
    assert_eq!(kept.1, stage.files_of(&content)[0], "byte for byte");
}

#[tokio::test]
async fn an_unreadable_video_fails_with_nothing_live() {
    let stage = Stage::new();
    let mut sample = mp4(70_000);
    sample.bytes[4..8].copy_from_slice(b"free");
    let content = stage.content("Waves", Value::Null, vec![(sample, None)]);
    let run = publish(&stage, &content).await;
    let fault = run.failure();
    assert_eq!(
        (&fault.kind, fault.code.as_str()),
        (&FaultKind::Content, "video_unreadable")
    );
    assert!(live(&stage).is_empty());
}

#[tokio::test]
async fn an_upload_that_ended_begins_anew_and_shows_once() {
    let stage = Stage::new();
    for place in [2, 3, 4] {
        let script =
            FaultScript::first("graph-video.facebook.com", VIDEOS, refused(100, 1_363_041));
        stage.simulator.script(script.nth(place));
        let run = publish(&stage, &video(&stage)).await;
        run.receipt();
        stage.simulator.clear_faults();
    }
    assert_eq!(live(&stage).len(), 3);
}

#[tokio::test]
async fn a_wrong_offset_goes_on_where_facebook_says() {
    let stage = Stage::new();
    // The first piece arrives although its answer is lost; sent again, it stands at a wrong place.
    stage
        .simulator
        .script(FaultScript::first("graph-video.facebook.com", VIDEOS, Fault::LoseAnswer).nth(2));
    let content = video(&stage);
    let run = publish(&stage, &content).await;
    run.receipt();
    let media = &live(&stage)[0].media[0];
    let kept = stage.simulator.world().kept(&media.digest).expect("a file");
    assert_eq!(kept.1, stage.files_of(&content)[0], "byte for byte");
}

#[tokio::test]
async fn a_lost_request_is_unconfirmed_and_never_sent_again() {
    let stage = Stage::new();
    stage
        .simulator
        .script(FaultScript::first(GRAPH, FEED, Fault::LoseRequest));
    let run = publish(&stage, &text(&stage)).await;
    assert!(
        matches!(run.outcome, Outcome::Unconfirmed(_)),
        "{}",
        run.transcript
    );
    assert!(live(&stage).is_empty());
}

#[tokio::test]
async fn a_lost_finish_is_sent_again_for_the_same_video() {
    let stage = Stage::new();
    stage
        .simulator
        .script(FaultScript::first("graph-video.facebook.com", VIDEOS, Fault::LoseRequest).nth(4));
    let run = publish(&stage, &video(&stage)).await;
    run.receipt();
    assert_eq!(live(&stage).len(), 1);
    let finishes = run
        .transcript
        .to_string()
        .matches("upload_phase=finish")
        .count();
    assert_eq!(finishes, 2);
}

#[tokio::test]
async fn a_twin_is_told_as_such_once_no_post_of_ours_has_come_to_light() {
    let stage = Stage::new();
    let first = publish(&stage, &text(&stage)).await;
    let receipt = first.receipt();
    stage.clock.advance(Duration::minutes(3));
    let mut connection = stage.connection(Platform::Facebook, STUDIO).await;
    let content = text(&stage);
    let run = Driver::new(&stage, &mut connection, &content)
        .knowing(receipt.external_id.iter().cloned().collect())
        .run()
        .await;
    let fault = run.failure();
    assert_eq!(fault.code, "duplicate");
    assert_eq!(live(&stage).len(), 1);
}

#[tokio::test]
async fn a_refused_post_fails_at_once_with_facebooks_reason() {
    for (code, subcode, expected) in [
        (1, 1_404_102, "community_standards"),
        (100, 1_609_005, "link_unreadable"),
        (368, 0, "page_limited"),
    ] {
        let stage = Stage::new();
        stage
            .simulator
            .script(FaultScript::first(GRAPH, FEED, refused(code, subcode)));
        let run = publish(&stage, &text(&stage)).await;
        let fault = run.failure();
        assert_eq!(fault.code, expected);
        assert!(live(&stage).is_empty());
    }
}

/// An upload that ends at this call, so often on end, with this number.
fn ending(call: u32, times: u32, number: i64) -> FaultScript {
    let script = FaultScript::first("graph-video.facebook.com", VIDEOS, refused(100, number));
    script.nth(call).times(times)
}

#[tokio::test]
async fn an_upload_that_ends_again_and_again_fails_after_three_tries_or_two() {
    for (number, tries) in [
        (1_363_019, 3),
        (1_363_021, 3),
        (1_363_030, 3),
        (1_363_033, 3),
        (1_363_041, 3),
        (1_363_045, 3),
        (6_000, 3),
        (1_363_047, 2),
        (1_609_010, 2),
    ] {
        let stage = Stage::new();
        // Every first piece of every upload.
        for place in 0..3 {
            stage.simulator.script(ending(2 + 2 * place, 1, number));
        }
        let run = publish(&stage, &video(&stage)).await;
        let fault = run.failure();
        assert_eq!(
            (&fault.kind, fault.code.as_str()),
            (&FaultKind::Content, "upload_refused"),
            "{number}"
        );
        let text = run.transcript.to_string();
        assert_eq!(
            text.matches("upload_phase=start").count(),
            tries,
            "{number}"
        );
        assert!(live(&stage).is_empty());
    }
}

#[tokio::test]
async fn what_facebook_finds_wrong_with_a_video_is_told_in_both_spellings() {
    for spelling in [Spelling::AsInGuides, Spelling::AsSeen] {
        for (number, expected) in [
            (1_363_024, "video_unreadable"),
            (1_363_026, "video_too_long"),
            (1_363_128, "video_shape"),
            (1_363_030, "processing_failed"),
        ] {
            let stage = Stage::new();
            stage.simulator.world().states().facebook().spell(spelling);
            let facebook = stage.simulator.world().states();
            facebook.facebook().fail_next_video(number);
            let run = publish(&stage, &reel(&stage)).await;
            assert_eq!(run.failure().code, expected);
            assert!(live(&stage).is_empty());
        }
        for content in [video, reel] {
            let stage = Stage::new();
            stage.simulator.world().states().facebook().spell(spelling);
            publish(&stage, &content(&stage)).await.receipt();
            assert_eq!(live(&stage).len(), 1);
        }
    }
}

#[tokio::test]
async fn whole_and_bare_ids_and_whole_and_relative_addresses_are_read_alike() {
    let mut receipts = Vec::new();
    for tells_whole in [false, true] {
        let stage = Stage::new();
        if tells_whole {
            stage.simulator.world().states().facebook().tell_whole();
        }
        let run = publish(&stage, &video(&stage)).await;
        let receipt = run.receipt().clone();
        assert_eq!(receipt.external_id.as_ref(), Some(&live(&stage)[0].post_id));
        receipts.push(receipt.url);
    }
    assert_eq!(receipts[0], receipts[1]);
    assert!(
        receipts[0]
            .as_ref()
            .is_some_and(|url| url.starts_with("https://www.facebook.com/"))
    );
}

#[tokio::test]
async fn a_full_day_of_reels_waits_instead_of_failing() {
    let stage = Stage::new();
    for _ in 0..30 {
        publish(&stage, &reel(&stage)).await.receipt();
    }
    let mut connection = stage.connection(Platform::Facebook, STUDIO).await;
    let content = reel(&stage);
    let run = Driver::new(&stage, &mut connection, &content).run().await;
    assert!(
        run.transcript.to_string().contains("fault rate_limited"),
        "{}",
        run.transcript
    );
    assert_eq!(live(&stage).len(), 30);
}

#[tokio::test]
async fn a_photo_that_is_called_unreadable_is_tried_once_more() {
    let photos = "POST /{version}/{id}/photos";
    for (times, is_published) in [(1, true), (2, false)] {
        for (code, subcode) in [(324, 0), (100, 2_069_019)] {
            let stage = Stage::new();
            let script = FaultScript::first(GRAPH, photos, refused(code, subcode));
            stage.simulator.script(script.times(times));
            let run = publish(&stage, &picture(&stage)).await;
            assert_eq!(live(&stage).len(), usize::from(is_published));
            if is_published {
                run.receipt();
            } else {
                assert_eq!(run.failure().code, "image_refused");
            }
        }
    }
}

#[tokio::test]
async fn a_video_that_stays_out_of_sight_is_unconfirmed_and_a_story_with_an_id_is_live() {
    let status = "GET /{version}/{id}";
    let contents: [(crate::flows::Make, u32); 2] = [(video, 1), (video_story, 2)];
    for (content, first) in contents {
        let stage = Stage::new();
        let hidden = FaultScript::first(GRAPH, status, refused(100, 33));
        stage.simulator.script(hidden.nth(first).times(1_000));
        let run = publish(&stage, &content(&stage)).await;
        let live = live(&stage);
        assert_eq!(live.len(), 1);
        match run.outcome {
            Outcome::Unconfirmed(candidates) => {
                assert_eq!((live[0].kind.as_str(), candidates.len()), ("video", 1));
            }
            Outcome::Published(receipt) => {
                assert_eq!(live[0].kind, "story");
                assert_eq!(receipt.external_id.as_ref(), Some(&live[0].post_id));
            }
            other @ (Outcome::Failed(_) | Outcome::Stuck(_) | Outcome::Waiting(_)) => {
                panic!("{other:?}")
            }
        }
    }
}

#[tokio::test]
async fn a_token_that_is_not_ours_connects_nothing_and_one_that_nobody_tells_about_does() {
    let inspected = "GET /{version}/debug_token";
    let foreign = json!({ "data": { "app_id": "1", "is_valid": true } });
    let ended = json!({ "data": { "app_id": "facebook-client", "is_valid": false } });
    for (status, body, is_connected) in [
        (200, foreign, false),
        (200, ended, false),
        (500, json!({}), true),
    ] {
        let stage = Stage::new();
        let fault = Fault::Answer {
            status,
            headers: Vec::new(),
            body,
        };
        stage
            .simulator
            .script(FaultScript::first("graph.facebook.com", inspected, fault));
        let (result, transcript) = stage.try_connect(Platform::Facebook, &[STUDIO]).await;
        match result {
            Ok(_) => assert!(is_connected, "{transcript}"),
            Err(fault) => {
                assert!(!is_connected, "{transcript}");
                assert_eq!(fault.code, "token_foreign");
            }
        }
    }
}
