//! X, tried on the stage: what is said in each flow, and what holds whatever breaks.

mod harness;

use domain::{MediaFacts, Platform};
use harness::{Connection, Outcome, Run, Sample, Stage, Trial, conformance, jpeg, mp4, png};
use platforms::{Content, FaultKind};
use serde_json::{Value, json};
use simulator::{Fault, FaultScript, LivePost};
use time::Duration;

const STUDIO: &str = "2244994945";
const KITCHEN: &str = "1880028106020515841";
const HOST: &str = "api.x.com";

fn text(stage: &Stage) -> Content {
    stage.content(
        "Fish & chips at https://example.com/Menu/, or example.org — café 🍟",
        json!({ "replySettings": "following", "madeWithAi": true }),
        vec![],
    )
}

fn pictures(stage: &Stage) -> Content {
    stage.content(
        "Two of a kind",
        Value::Null,
        vec![
            (jpeg(800, 600, 4_000), Some("A harbour at dawn")),
            (png(640, 640, 3_000), None),
        ],
    )
}

fn video(stage: &Stage) -> Content {
    stage.content(
        "It moves",
        json!({}),
        vec![(mp4((1 << 20) + 77), Some("Waves on a shore"))],
    )
}

fn too_many() -> Value {
    json!({ "title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank", "status": 429 })
}

async fn publish(stage: &Stage, content: &Content) -> (Run, Connection) {
    let mut connection = stage.connection(Platform::X, STUDIO).await;
    let run = stage.publish(&mut connection, content).await;
    (run, connection)
}

fn id_of(run: &Run) -> &str {
    let Outcome::Published(receipt) = &run.outcome else {
        panic!("not published: {:?}\n{}", run.outcome, run.transcript);
    };
    receipt.external_id.as_deref().expect("X tells ids")
}

fn only_post(stage: &Stage) -> LivePost {
    let ledger = stage.simulator.ledger();
    assert_eq!(ledger.posts().len(), 1);
    ledger.posts()[0].clone()
}

#[tokio::test]
async fn connecting_takes_two_calls() {
    let stage = Stage::new();
    let (grant, transcript) = stage.try_connect(Platform::X, &[KITCHEN]).await;
    let grant = grant.expect("a grant");
    let account = &grant.accounts[0];
    assert_eq!(grant.subject, KITCHEN);
    assert_eq!(account.external_id, KITCHEN);
    assert_eq!(account.username.as_deref(), Some("sample_kitchen"));
    assert!(account.tokens.refresh.is_some());
    assert!(account.tokens.access_expires_at > Some(stage.now() + Duration::minutes(119)));
    insta::assert_snapshot!(transcript);
}

#[tokio::test]
async fn a_person_who_denies_comes_back_with_the_reason() {
    let back = Stage::new().deny(Platform::X).await;
    assert!(back.contains(&("error".to_owned(), "access_denied".to_owned())));
}

#[tokio::test]
async fn a_text_goes_out_in_one_call() {
    let stage = Stage::new();
    let (run, _) = publish(&stage, &text(&stage)).await;
    let live = only_post(&stage);
    assert_eq!(live.post_id, id_of(&run));
    assert_eq!(live.text, text(&stage).caption);
    assert_eq!(live.details["replySettings"], "following");
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn pictures_are_uploaded_whole_and_described() {
    let stage = Stage::new();
    let (run, _) = publish(&stage, &pictures(&stage)).await;
    let live = only_post(&stage);
    assert_eq!(live.details["altTexts"], json!(["A harbour at dawn", null]));
    assert_eq!(live.media.len(), 2);
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_video_is_uploaded_in_chunks_and_waited_for() {
    let stage = Stage::new();
    let network = Platform::X.as_str();
    stage
        .simulator
        .world()
        .set_processing(network, Duration::seconds(8));
    let content = video(&stage);
    let (run, _) = publish(&stage, &content).await;
    let live = only_post(&stage);
    let (_, bytes) = stage
        .simulator
        .world()
        .kept(&live.media[0].digest)
        .expect("the file");
    assert_eq!(bytes, stage.files_of(&content)[0], "byte for byte");
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn an_animation_goes_in_chunks_too() {
    let stage = Stage::new();
    let mut bytes = b"GIF89a\x40\0\x40\0".to_vec();
    bytes.resize(5_000, 7);
    let facts = MediaFacts::Image {
        format: domain::ImageFormat::Gif,
        width: 64,
        height: 64,
        bytes: 5_000,
        animated: true,
    };
    let content = stage.content("", json!({}), vec![(Sample { facts, bytes }, None)]);
    let (run, _) = publish(&stage, &content).await;
    assert_eq!(only_post(&stage).kind, "gif");
    assert_eq!(
        run.calls.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        [
            "initialize_upload",
            "append_chunk",
            "finalize_upload",
            "ask_status",
            "create_post"
        ]
    );
}

#[tokio::test]
async fn a_lost_answer_is_found_in_the_timeline_although_it_lists_late() {
    let stage = Stage::new();
    stage
        .simulator
        .world()
        .states()
        .x()
        .delay_listing(Duration::minutes(3));
    stage.simulator.script(FaultScript::first(
        HOST,
        "POST /2/tweets",
        Fault::LoseAnswer,
    ));
    let (run, _) = publish(&stage, &text(&stage)).await;
    assert_eq!(only_post(&stage).post_id, id_of(&run));
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_lost_answer_of_a_post_with_files_is_found_too() {
    for content in [pictures, video] {
        let stage = Stage::new();
        stage.simulator.script(FaultScript::first(
            HOST,
            "POST /2/tweets",
            Fault::LoseAnswer,
        ));
        let (run, _) = publish(&stage, &content(&stage)).await;
        assert_eq!(only_post(&stage).post_id, id_of(&run));
    }
}

#[tokio::test]
async fn a_lost_request_ends_unconfirmed_and_is_never_sent_again() {
    let stage = Stage::new();
    stage.simulator.script(FaultScript::first(
        HOST,
        "POST /2/tweets",
        Fault::LoseRequest,
    ));
    let (run, _) = publish(&stage, &text(&stage)).await;
    assert_eq!(run.outcome, Outcome::Unconfirmed(vec![]));
    let commits = run.calls.iter().filter(|(name, _)| *name == "create_post");
    assert_eq!(commits.count(), 1);
}

#[tokio::test]
async fn two_lookalikes_are_shown_to_the_person() {
    let stage = Stage::new();
    let content = text(&stage);
    stage.simulator.script(FaultScript::first(
        HOST,
        "POST /2/tweets",
        Fault::LoseRequest,
    ));
    for id in ["31000000000000000", "31000000000000001"] {
        let world = stage.simulator.world();
        world
            .states()
            .x()
            .post_by_another_app(id, STUDIO, &content.caption, stage.now());
    }
    let (run, _) = publish(&stage, &content).await;
    let Outcome::Unconfirmed(candidates) = run.outcome else {
        panic!("{:?}", run.outcome);
    };
    let mut urls: Vec<_> = candidates.into_iter().filter_map(|post| post.url).collect();
    urls.sort();
    assert_eq!(
        urls,
        [
            "https://x.com/sample_studio/status/31000000000000000",
            "https://x.com/sample_studio/status/31000000000000001"
        ]
    );
}

#[tokio::test]
async fn the_same_text_again_fails_with_its_reason() {
    let stage = Stage::new();
    let content = text(&stage);
    let (_, mut connection) = publish(&stage, &content).await;
    let run = stage.publish(&mut connection, &content).await;
    let Outcome::Failed(fault) = run.outcome else {
        panic!("{:?}", run.outcome);
    };
    assert_eq!(fault.code, "duplicate_text");
    assert_eq!(stage.simulator.ledger().posts().len(), 1);
}

#[tokio::test]
async fn an_unusable_video_fails_with_what_x_said() {
    let stage = Stage::new();
    stage.simulator.world().states().x().fail_next_file();
    let (run, _) = publish(&stage, &video(&stage)).await;
    let Outcome::Failed(fault) = run.outcome else {
        panic!("{:?}", run.outcome);
    };
    assert_eq!(fault.code, "media_refused");
    let evidence = fault.evidence.expect("what X said");
    assert_eq!(evidence, "InvalidMedia: Unsupported video format");
}

#[tokio::test]
async fn a_chunk_that_is_too_large_is_halved() {
    let stage = Stage::new();
    let refusal = Fault::Answer {
        status: 413,
        headers: vec![],
        body: Value::Null,
    };
    let route = "POST /2/media/upload/{id}/append";
    stage
        .simulator
        .script(FaultScript::first(HOST, route, refusal));
    let (run, _) = publish(&stage, &video(&stage)).await;
    id_of(&run);
    let chunks = run.calls.iter().filter(|(name, _)| *name == "append_chunk");
    assert_eq!(chunks.count(), 1 + 3);
}

#[tokio::test]
async fn files_that_x_does_not_find_ready_are_asked_for_again_and_then_uploaded_anew() {
    let stage = Stage::new();
    let refusal = Fault::Answer {
        status: 400,
        headers: vec![],
        body: json!({
            "errors": [{ "message": "Your media IDs are invalid.", "parameters": {} }],
            "type": "https://api.twitter.com/2/problems/invalid-request",
        }),
    };
    stage
        .simulator
        .script(FaultScript::first(HOST, "POST /2/tweets", refusal).times(2));
    let (run, _) = publish(&stage, &pictures(&stage)).await;
    id_of(&run);
    let uploads = run
        .calls
        .iter()
        .filter(|(name, _)| *name == "upload_picture");
    assert_eq!(uploads.count(), 4);
}

#[tokio::test]
async fn a_used_up_limit_is_waited_for() {
    let stage = Stage::new();
    let began_at = stage.now();
    stage
        .simulator
        .world()
        .states()
        .x()
        .use_up(STUDIO, "create_post", began_at);
    let (run, _) = publish(&stage, &text(&stage)).await;
    id_of(&run);
    assert!(stage.now() - began_at >= Duration::minutes(15));
}

#[tokio::test]
async fn a_refreshed_connection_has_new_tokens_and_a_spent_one_ends_the_family() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::X, STUDIO).await;
    let mut old = connection.clone();
    assert_eq!(stage.refresh(&mut connection).await, Some(Ok(())));
    let fault = stage.refresh(&mut old).await.expect("X refreshes");
    assert_eq!(fault.expect_err("spent").kind, FaultKind::Reconnect);
    let fault = stage.refresh(&mut connection).await.expect("X refreshes");
    assert_eq!(fault.expect_err("ended").kind, FaultKind::Reconnect);
}

#[tokio::test]
async fn a_revoked_connection_can_do_nothing_more_and_be_revoked_again() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::X, STUDIO).await;
    assert_eq!(stage.revoke(&connection).await, Some(Ok(())));
    assert_eq!(stage.revoke(&connection).await, Some(Ok(())));
    let fault = stage.refresh(&mut connection).await.expect("X refreshes");
    assert_eq!(fault.expect_err("revoked").kind, FaultKind::Reconnect);
}

#[tokio::test]
async fn a_text_is_never_lost_nor_doubled() {
    let trial = Trial::new(Platform::X, STUDIO, text).limited(429, too_many());
    assert!(conformance(trial).await >= 11);
}

#[tokio::test]
async fn pictures_are_never_lost_nor_doubled() {
    let trial = Trial::new(Platform::X, STUDIO, pictures)
        .limited(429, too_many())
        .arranged(|stage| {
            let mut state = stage.simulator.world().states().x();
            state.delay_listing(Duration::minutes(4));
            drop(state);
            stage
        });
    assert!(conformance(trial).await >= 4 * 11);
}

/// X refuses equal texts, but not equal pictures without words: whoever sent again because the
/// timeline stays empty would double them.
#[tokio::test]
async fn wordless_pictures_are_not_doubled_though_the_timeline_stays_empty() {
    let picture = |stage: &Stage| stage.content("", json!({}), vec![(jpeg(64, 64, 500), None)]);
    let trial = Trial::new(Platform::X, STUDIO, picture)
        .limited(429, too_many())
        .arranged(|stage| {
            let mut state = stage.simulator.world().states().x();
            state.delay_listing(Duration::hours(9));
            drop(state);
            stage
        });
    assert!(conformance(trial).await >= 2 * 11);
}

#[tokio::test]
async fn a_video_is_never_lost_nor_doubled() {
    let trial = Trial::new(Platform::X, KITCHEN, video)
        .processing(Duration::seconds(8))
        .limited(429, too_many());
    assert!(conformance(trial).await >= 8 * 11);
}
