//! Instagram, tried on the stage: what becomes of refusals, and of containers that fail, hide or expire.

use domain::Platform;
use platforms::Content;
use serde_json::{Value, json};
use simulator::{Fault, FaultScript, LivePost};
use time::Duration;

use crate::harness::{Outcome, Run, Stage, jpeg, mp4};

const STUDIO: &str = "17841405822304914";
const GRAPH: &str = "graph.facebook.com";
const CREATE: &str = "POST /{version}/{id}/media";
const PUBLISH: &str = "POST /{version}/{id}/media_publish";
const STATUS: &str = "GET /{version}/{id}";

fn picture(stage: &Stage) -> Content {
    let file = jpeg(1_080, 1_080, 4_000);
    stage.content("A harbour at dawn", Value::Null, vec![(file, None)])
}

fn reel(stage: &Stage) -> Content {
    stage.content("Waves", Value::Null, vec![(mp4(70_000), None)])
}

fn carousel(stage: &Stage) -> Content {
    let files = vec![
        (jpeg(1_080, 1_080, 4_000), None),
        (mp4(70_000), None),
        (jpeg(1_080, 1_080, 5_000), None),
    ];
    stage.content("Three of them", Value::Null, files)
}

async fn publish(stage: &Stage, content: &Content) -> Run {
    let mut connection = stage.connection(Platform::Instagram, STUDIO).await;
    stage.publish(&mut connection, content).await
}

fn live(stage: &Stage) -> Vec<LivePost> {
    stage.simulator.ledger().posts().to_vec()
}

fn refusal(code: i64, subcode: i64) -> Value {
    json!({ "error": { "message": "Words", "code": code, "error_subcode": subcode, "fbtrace_id": "A" } })
}

fn refused(code: i64, subcode: i64) -> Fault {
    Fault::Answer {
        status: 400,
        headers: Vec::new(),
        body: refusal(code, subcode),
    }
}

#[tokio::test]
async fn a_file_of_several_that_fails_is_loaded_anew_with_those_after_it() {
    let stage = Stage::new();
    let script = FaultScript::first(
        GRAPH,
        CREATE,
        Fault::Answer {
            status: 200,
            headers: Vec::new(),
            body: json!({ "id": "1" }),
        },
    );
    stage.simulator.script(script.nth(2));
    let unknown = FaultScript::first(
        GRAPH,
        STATUS,
        Fault::Answer {
            status: 200,
            headers: Vec::new(),
            body: json!({ "id": "1", "status_code": "ERROR", "status": "Error: 2207052" }),
        },
    );
    stage.simulator.script(unknown.nth(2));
    let run = publish(&stage, &carousel(&stage)).await;
    run.receipt();
    let live = live(&stage);
    assert_eq!((live.len(), live[0].media.len()), (1, 3));
    let made = stage.simulator.calls().into_iter();
    let made = made.filter(|call| *call == format!("{GRAPH} {CREATE}"));
    assert_eq!(made.count(), 3 + 2 + 1, "the first file stays");
}

#[tokio::test]
async fn a_failed_download_makes_a_new_container_and_a_bad_file_does_not() {
    for (error, tries, expected) in [
        (2_207_052, 3, None),
        (2_207_052, 4, Some("file_refused")),
        (2_207_076, 2, None),
        (2_207_076, 3, Some("video_unreadable")),
        (2_207_026, 1, Some("video_format")),
    ] {
        let stage = Stage::new();
        for _ in 0..tries {
            let world = stage.simulator.world();
            world.states().instagram().fail_next_container(error);
        }
        let run = publish(&stage, &reel(&stage)).await;
        match (&run.outcome, expected) {
            (Outcome::Published(_), None) => assert_eq!(live(&stage).len(), 1),
            (Outcome::Failed(fault), Some(code)) => {
                assert_eq!(fault.code, code, "{}", run.transcript);
                assert!(live(&stage).is_empty());
            }
            other => panic!("{error}: {other:?}\n{}", run.transcript),
        }
    }
}

#[tokio::test]
async fn a_full_day_waits_instead_of_failing() {
    let stage = Stage::new();
    stage.simulator.world().states().instagram().allow_posts(1);
    publish(&stage, &picture(&stage)).await;
    let run = publish(&stage, &reel(&stage)).await;
    assert!(
        !matches!(run.outcome, Outcome::Failed(_) | Outcome::Unconfirmed(_)),
        "{}",
        run.transcript
    );
    assert!(run.transcript.to_string().contains("daily_limit"));
}

#[tokio::test]
async fn a_container_that_cannot_be_read_is_published_all_the_same() {
    let stage = Stage::new();
    let world = stage.simulator.world();
    world.states().instagram().hide_new(Duration::hours(2));
    let run = publish(&stage, &picture(&stage)).await;
    run.receipt();
    assert_eq!(live(&stage).len(), 1);
}

#[tokio::test]
async fn a_container_that_is_not_ready_or_gone_is_asked_again_or_made_anew() {
    for (code, subcode) in [(9_007, 2_207_027), (24, 2_207_008)] {
        let stage = Stage::new();
        stage
            .simulator
            .script(FaultScript::first(GRAPH, PUBLISH, refused(code, subcode)));
        let run = publish(&stage, &picture(&stage)).await;
        run.receipt();
        assert_eq!(live(&stage).len(), 1);
    }
}

#[tokio::test]
async fn a_lost_answer_about_a_reel() {
    let stage = Stage::new();
    stage
        .simulator
        .script(FaultScript::first(GRAPH, PUBLISH, Fault::LoseAnswer));
    let run = publish(&stage, &reel(&stage)).await;
    assert_eq!(
        run.receipt().external_id,
        Some(live(&stage)[0].post_id.clone())
    );
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_lost_answer_about_a_carousel_is_not_settled_by_a_picture_of_the_same_words() {
    let stage = Stage::new();
    let file = jpeg(1_080, 1_080, 4_000);
    let twin = stage.content("Three of them", Value::Null, vec![(file, None)]);
    publish(&stage, &twin).await.receipt();
    stage
        .simulator
        .script(FaultScript::first(GRAPH, PUBLISH, Fault::LoseAnswer));
    let run = publish(&stage, &carousel(&stage)).await;
    let live = live(&stage);
    assert_eq!(live[1].kind, "carousel");
    assert_eq!(run.receipt().external_id, Some(live[1].post_id.clone()));
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_lost_request_is_sent_again_once_the_container_is_clearly_unpublished() {
    let stage = Stage::new();
    stage
        .simulator
        .script(FaultScript::first(GRAPH, PUBLISH, Fault::LoseRequest));
    let run = publish(&stage, &picture(&stage)).await;
    run.receipt();
    assert_eq!(live(&stage).len(), 1);
}

#[tokio::test]
async fn suspected_spam_is_believed_only_when_the_container_was_not_published() {
    // Refused, and live all the same.
    let stage = Stage::new();
    let after = Fault::AnswerAfterEffect {
        status: 400,
        body: refusal(4, 2_207_051),
    };
    stage
        .simulator
        .script(FaultScript::first(GRAPH, PUBLISH, after));
    let run = publish(&stage, &picture(&stage)).await;
    run.receipt();
    assert_eq!(live(&stage).len(), 1);
    // Refused, and not live.
    let stage = Stage::new();
    stage
        .simulator
        .script(FaultScript::first(GRAPH, PUBLISH, refused(4, 2_207_051)));
    let run = publish(&stage, &picture(&stage)).await;
    let fault = run.failure();
    assert_eq!(fault.code, "action_blocked");
    assert!(live(&stage).is_empty());
}

#[tokio::test]
async fn refused_content_fails_with_instagrams_reason() {
    for (code, subcode, expected) in [
        (36_003, 2_207_009, "aspect_ratio"),
        (36_001, 2_207_005, "image_format"),
        (25, 2_207_050, "account_restricted"),
    ] {
        let stage = Stage::new();
        stage
            .simulator
            .script(FaultScript::first(GRAPH, CREATE, refused(code, subcode)));
        let run = publish(&stage, &picture(&stage)).await;
        let fault = run.failure();
        assert_eq!(fault.code, expected);
    }
}

#[tokio::test]
async fn a_container_that_expires_while_the_days_posts_are_used_up_is_made_anew() {
    let stage = Stage::new();
    let world = stage.simulator.world();
    world.states().instagram().expire_after(Duration::hours(1));
    let usage = json!({ STUDIO: [{ "type": "instagram", "estimated_time_to_regain_access": 90 }] });
    let full = Fault::Answer {
        status: 400,
        headers: vec![("x-business-use-case-usage".to_owned(), usage.to_string())],
        body: refusal(9, 2_207_042),
    };
    for content in [picture(&stage), carousel(&stage)] {
        stage
            .simulator
            .script(FaultScript::first(GRAPH, PUBLISH, full.clone()));
        let run = publish(&stage, &content).await;
        run.receipt();
        let transcript = run.transcript.to_string();
        assert!(transcript.contains("fault daily_limit"), "{transcript}");
        assert!(transcript.contains("EXPIRED"), "{transcript}");
    }
    assert_eq!(live(&stage).len(), 2);
}

#[tokio::test]
async fn children_that_expire_before_their_carousel_is_made_are_loaded_anew() {
    let stage = Stage::new();
    let world = stage.simulator.world();
    world.states().instagram().expire_after(Duration::hours(1));
    let usage = json!({ STUDIO: [{ "type": "instagram", "estimated_time_to_regain_access": 90 }] });
    let limited = Fault::Answer {
        status: 400,
        headers: vec![("x-business-use-case-usage".to_owned(), usage.to_string())],
        body: refusal(80_002, 0),
    };
    stage
        .simulator
        .script(FaultScript::first(GRAPH, CREATE, limited).nth(4));
    let run = publish(&stage, &carousel(&stage)).await;
    run.receipt();
    assert_eq!(live(&stage).len(), 1);
    assert!(run.transcript.to_string().contains("fault rate_limited"));
}

#[tokio::test]
async fn a_day_without_more_containers_waits_for_the_next() {
    let stage = Stage::new();
    let world = stage.simulator.world();
    world.states().instagram().allow_containers(1);
    publish(&stage, &picture(&stage)).await.receipt();
    stage.clock.advance(Duration::minutes(22 * 60 + 30));
    let run = publish(&stage, &reel(&stage)).await;
    run.receipt();
    assert!(run.transcript.to_string().contains("fault rate_limited"));
    assert_eq!(live(&stage).len(), 2);
}

#[tokio::test]
async fn what_was_published_in_spite_of_its_refusal_is_found() {
    for (code, subcode) in [(9_007, 2_207_027), (24, 2_207_008), (-1, 2_207_053)] {
        let stage = Stage::new();
        let after = Fault::AnswerAfterEffect {
            status: 400,
            body: refusal(code, subcode),
        };
        stage
            .simulator
            .script(FaultScript::first(GRAPH, PUBLISH, after));
        let run = publish(&stage, &picture(&stage)).await;
        let live = live(&stage);
        assert_eq!(live.len(), 1, "{}", run.transcript);
        assert_eq!(
            run.receipt().external_id.as_deref(),
            Some(live[0].post_id.as_str())
        );
    }
}

#[tokio::test]
async fn what_was_published_in_spite_of_its_refusal_is_found_although_its_container_hides() {
    let stage = Stage::new();
    let world = stage.simulator.world();
    world.states().instagram().hide_new(Duration::hours(2));
    let after = Fault::AnswerAfterEffect {
        status: 400,
        body: refusal(9_007, 2_207_027),
    };
    stage
        .simulator
        .script(FaultScript::first(GRAPH, PUBLISH, after));
    let run = publish(&stage, &picture(&stage)).await;
    let live = live(&stage);
    assert_eq!(live.len(), 1, "{}", run.transcript);
    assert_eq!(
        run.receipt().external_id.as_deref(),
        Some(live[0].post_id.as_str())
    );
}

#[tokio::test]
async fn a_video_that_cannot_be_fetched_by_ranges_is_sent_instead() {
    let stage = Stage::new();
    stage
        .simulator
        .world()
        .states()
        .instagram()
        .ask_for_ranges();
    let run = publish(&stage, &reel(&stage)).await;
    run.receipt();
    let count = |wanted| run.calls.iter().filter(|(name, _)| *name == wanted).count();
    assert_eq!((count("create_container"), count("upload_video")), (2, 1));
    assert_eq!(live(&stage).len(), 1);
}

#[tokio::test]
async fn an_account_without_trial_reels_is_told_so() {
    let stage = Stage::new();
    stage.simulator.world().states().instagram().forbid_trials();
    let options = json!({ "trialReel": "MANUAL" });
    let content = stage.content("Waves", options, vec![(mp4(70_000), None)]);
    let run = publish(&stage, &content).await;
    assert_eq!(run.failure().code, "trial_reels_missing");
}
