//! LinkedIn, tried on the stage: what is said in each flow, and what holds whatever breaks.

mod harness;

use domain::Platform;
use harness::{Outcome, Run, Stage, Trial, conformance, jpeg, mp4, png};
use platforms::{Content, FaultKind};
use serde_json::{Value, json};
use time::Duration;

const STUDIO: &str = "782bbtaQ";
const WORDS: &str = "Fish & chips (fresh) at https://example.com/a_b?utm_x=1#top #lunch *now*";

fn text(stage: &Stage) -> Content {
    stage.content(WORDS, json!({ "visibility": "CONNECTIONS" }), vec![])
}

fn picture(stage: &Stage) -> Content {
    stage.content(
        "A harbour",
        json!({}),
        vec![(jpeg(800, 600, 4_000), Some("Boats in mist"))],
    )
}

fn pictures(stage: &Stage) -> Content {
    stage.content(
        "Two of a kind",
        Value::Null,
        vec![
            (jpeg(800, 600, 4_000), None),
            (png(640, 640, 3_000), Some("A gate")),
        ],
    )
}

fn video(stage: &Stage) -> Content {
    stage.content("Waves", json!({}), vec![(mp4(4_194_304 + 77), None)])
}

fn limited() -> Value {
    json!({ "serviceErrorCode": 101, "message": "Resource level throttle limit for calls to this resource is reached.", "status": 429 })
}

async fn publish(stage: &Stage, content: &Content) -> Run {
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    stage.publish(&mut connection, content).await
}

fn assert_published(run: &Run) {
    assert!(
        matches!(run.outcome, Outcome::Published(_)),
        "{:?}\n{}",
        run.outcome,
        run.transcript
    );
}

#[tokio::test]
async fn connecting_takes_two_calls() {
    let (grant, transcript) = Stage::new()
        .try_connect(Platform::Linkedin, &[STUDIO])
        .await;
    assert_eq!(
        grant.expect("a grant").accounts[0].external_id,
        "urn:li:person:782bbtaQ"
    );
    insta::assert_snapshot!(transcript);
}

#[tokio::test]
async fn a_token_of_some_seconds_is_tried_again() {
    let stage = Stage::new();
    stage
        .simulator
        .world()
        .states()
        .linkedin()
        .know_tokens_late(3);
    let (grant, transcript) = stage.try_connect(Platform::Linkedin, &[STUDIO]).await;
    assert!(grant.is_ok(), "{transcript}");
}

#[tokio::test]
async fn every_word_of_a_text_is_shown() {
    let stage = Stage::new();
    let run = publish(&stage, &text(&stage)).await;
    assert_published(&run);
    assert_eq!(stage.simulator.ledger().posts()[0].text, WORDS);
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_picture_and_pictures_are_uploaded_first() {
    let stage = Stage::new();
    let one = publish(&stage, &picture(&stage)).await;
    assert_published(&one);
    insta::assert_snapshot!("a_picture", one.transcript);
    let several = publish(&stage, &pictures(&stage)).await;
    assert_published(&several);
    assert_eq!(stage.simulator.ledger().posts()[1].media.len(), 2);
    insta::assert_snapshot!("pictures", several.transcript);
}

#[tokio::test]
async fn a_video_arrives_byte_for_byte_in_its_parts() {
    let stage = Stage::new();
    stage
        .simulator
        .world()
        .set_processing("linkedin", Duration::seconds(9));
    let content = video(&stage);
    let run = publish(&stage, &content).await;
    assert_published(&run);
    let ledger = stage.simulator.ledger();
    let (_, bytes) = stage
        .simulator
        .world()
        .kept(&ledger.posts()[0].media[0].digest)
        .expect("the file");
    assert_eq!(bytes, stage.files_of(&content)[0]);
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_post_without_a_name_is_published_all_the_same() {
    let stage = Stage::new();
    stage
        .simulator
        .world()
        .states()
        .linkedin()
        .keep_ids_to_itself(true);
    let run = publish(&stage, &text(&stage)).await;
    let Outcome::Published(receipt) = run.outcome else {
        panic!("{}", run.transcript)
    };
    assert_eq!(receipt.external_id, None);
}

#[tokio::test]
async fn an_equal_text_is_refused_with_nothing_new_live() {
    let stage = Stage::new();
    assert_published(&publish(&stage, &text(&stage)).await);
    let run = publish(&stage, &text(&stage)).await;
    let Outcome::Failed(fault) = run.outcome else {
        panic!("{}", run.transcript)
    };
    assert_eq!(
        (fault.kind, fault.code.as_str()),
        (FaultKind::Content, "duplicate")
    );
    assert_eq!(stage.simulator.ledger().posts().len(), 1);
}

#[tokio::test]
async fn a_version_that_has_ended_is_for_the_operator() {
    let stage = Stage::new().with_version(Platform::Linkedin, "202411");
    let run = publish(&stage, &text(&stage)).await;
    assert!(
        run.transcript.to_string().contains("426"),
        "{}",
        run.transcript
    );
    assert!(stage.simulator.ledger().posts().is_empty());
}

#[tokio::test]
async fn texts_hold_whatever_breaks() {
    conformance(Trial::new(Platform::Linkedin, STUDIO, text).limited(429, limited())).await;
}

#[tokio::test]
async fn pictures_hold_whatever_breaks() {
    conformance(Trial::new(Platform::Linkedin, STUDIO, pictures).limited(429, limited())).await;
}

#[tokio::test]
async fn videos_hold_whatever_breaks() {
    let trial = Trial::new(Platform::Linkedin, STUDIO, video)
        .processing(Duration::seconds(7))
        .limited(429, limited());
    conformance(trial).await;
}
