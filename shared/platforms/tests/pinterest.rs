//! Pinterest, tried on the stage: what is said in each flow, and what holds whatever breaks.

mod harness;

use domain::Platform;
use harness::{Outcome, Run, Stage, Trial, conformance, jpeg, mp4};
use platforms::{Content, FaultKind};
use serde_json::{Value, json};
use time::Duration;

const STUDIO: &str = "1029384756102938475";
const BOARD: &str = "549755885175";

fn options() -> Value {
    json!({ "boardId": BOARD, "title": "Dawn", "link": "https://example.com/dawn" })
}

fn picture(stage: &Stage) -> Content {
    stage.content(
        "A harbour at dawn",
        options(),
        vec![(jpeg(1000, 1500, 4_000), Some("Boats in mist"))],
    )
}

fn video(stage: &Stage) -> Content {
    stage.content(
        "Waves",
        json!({ "boardId": BOARD }),
        vec![(mp4(70_000), None)],
    )
}

fn limited() -> Value {
    json!({ "code": 8, "message": "You have exceeded your rate limit. Try again later." })
}

async fn publish(stage: &Stage, content: &Content) -> Run {
    let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
    stage.publish(&mut connection, content).await
}

#[tokio::test]
async fn connecting_takes_two_calls() {
    let (grant, transcript) = Stage::new()
        .try_connect(Platform::Pinterest, &[STUDIO])
        .await;
    let grant = grant.expect("a grant");
    assert_eq!(grant.accounts[0].external_id, STUDIO);
    assert_eq!(grant.accounts[0].display_name, "Sample Studio");
    insta::assert_snapshot!(transcript);
}

#[tokio::test]
async fn a_picture_is_fetched_and_pinned_in_one_call() {
    let stage = Stage::new();
    let run = publish(&stage, &picture(&stage)).await;
    assert!(
        matches!(run.outcome, Outcome::Published(_)),
        "{}",
        run.transcript
    );
    let ledger = stage.simulator.ledger();
    let live = &ledger.posts()[0];
    assert_eq!(
        (live.text.as_str(), live.details["boardId"].as_str()),
        ("A harbour at dawn", Some(BOARD))
    );
    assert_eq!(live.details["altText"], "Boats in mist");
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_video_is_uploaded_waited_for_and_pinned() {
    let stage = Stage::new();
    stage
        .simulator
        .world()
        .set_processing("pinterest", Duration::seconds(12));
    let content = video(&stage);
    let run = publish(&stage, &content).await;
    assert!(
        matches!(run.outcome, Outcome::Published(_)),
        "{}",
        run.transcript
    );
    let ledger = stage.simulator.ledger();
    let (_, bytes) = stage
        .simulator
        .world()
        .kept(&ledger.posts()[0].media[0].digest)
        .expect("the file");
    assert_eq!(bytes, stage.files_of(&content)[0], "byte for byte");
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn an_unusable_video_fails_with_nothing_live() {
    let stage = Stage::new();
    stage
        .simulator
        .world()
        .states()
        .pinterest()
        .fail_next_video();
    let run = publish(&stage, &video(&stage)).await;
    let Outcome::Failed(fault) = run.outcome else {
        panic!("{}", run.transcript)
    };
    assert_eq!(
        (fault.kind, fault.code.as_str()),
        (FaultKind::Content, "processing_failed")
    );
    assert!(stage.simulator.ledger().posts().is_empty());
}

#[tokio::test]
async fn pictures_hold_whatever_breaks() {
    conformance(Trial::new(Platform::Pinterest, STUDIO, picture).limited(429, limited())).await;
}

#[tokio::test]
async fn videos_hold_whatever_breaks() {
    let trial = Trial::new(Platform::Pinterest, STUDIO, video)
        .processing(Duration::seconds(7))
        .limited(429, limited());
    conformance(trial).await;
}
