//! Instagram, tried on the stage: videos whose bytes are sent, at once or once they could not be fetched.

use domain::Platform;
use platforms::Content;
use serde_json::{Value, json};
use simulator::{Fault, FaultScript, LivePost};
use time::Duration;

use crate::harness::{Run, Stage, Trial, conformance, jpeg, mp4};

const STUDIO: &str = "17841405822304914";
const GRAPH: &str = "graph.facebook.com";
const CREATE: &str = "POST /{version}/{id}/media";
const PUBLISH: &str = "POST /{version}/{id}/media_publish";
const HOST: &str = "rupload.facebook.com";
const SEND: &str = "POST /ig-api-upload/{version}/{id}";
const UNFETCHED: i64 = 2_207_052;

/// A stage where no network may fetch our files, and our app is told so.
fn told(stage: Stage) -> Stage {
    unfetched(stage).with_setting(Platform::Instagram, "upload", "resumable")
}

/// A stage where Instagram fetches no video.
fn unfetched(stage: Stage) -> Stage {
    let world = stage.simulator.world();
    world.states().instagram().fail_to_fetch(UNFETCHED);
    stage
}

/// The same where the first bytes of an upload break off.
fn broken(stage: Stage) -> Stage {
    let stage = told(stage);
    let world = stage.simulator.world();
    world.states().instagram().break_next_upload(30_000);
    stage
}

fn reel(stage: &Stage) -> Content {
    let options = json!({ "shareToFeed": true, "thumbOffsetMs": 1500, "audioName": "Waves" });
    stage.content("Waves", options, vec![(mp4(70_000), None)])
}

fn story(stage: &Stage) -> Content {
    stage.content("", json!({ "story": true }), vec![(mp4(70_000), None)])
}

fn carousel(stage: &Stage) -> Content {
    let files = vec![
        (mp4(60_000), None),
        (jpeg(1_080, 1_080, 4_000), Some("Boats in mist")),
        (mp4(70_000), None),
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

/// What is live is one post with these files, byte for byte.
fn assert_arrived(stage: &Stage, content: &Content) {
    let (live, files) = (live(stage), stage.files_of(content));
    assert_eq!((live.len(), live[0].media.len()), (1, files.len()));
    for (media, file) in live[0].media.iter().zip(&files) {
        let (_, kept) = stage.simulator.world().kept(&media.digest).expect("a file");
        assert_eq!(kept, *file, "byte for byte");
    }
}

fn count(run: &Run, name: &str) -> usize {
    run.calls.iter().filter(|(call, _)| *call == name).count()
}

fn refused(status: u16, kind: &str, retriable: bool) -> Fault {
    let told = json!({ "retriable": retriable, "type": kind, "message": "Words" });
    Fault::Answer {
        status,
        headers: Vec::new(),
        body: json!({ "debug_info": told }),
    }
}

#[tokio::test]
async fn where_no_network_may_fetch_files_the_bytes_of_a_reel_are_sent_at_once() {
    let stage = told(Stage::new());
    let world = stage.simulator.world();
    world.set_processing("instagram", Duration::seconds(7));
    let content = reel(&stage);
    let run = publish(&stage, &content).await;
    run.receipt();
    assert_arrived(&stage, &content);
    assert_eq!(live(&stage)[0].details["thumbOffset"], 1_500);
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn the_bytes_of_a_story_are_sent_too() {
    let stage = told(Stage::new());
    let content = story(&stage);
    let run = publish(&stage, &content).await;
    run.receipt();
    assert_arrived(&stage, &content);
    assert_eq!(live(&stage)[0].kind, "story");
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn of_several_files_the_bytes_of_videos_are_sent_in_their_turn() {
    let stage = told(Stage::new());
    let content = carousel(&stage);
    let run = publish(&stage, &content).await;
    run.receipt();
    assert_arrived(&stage, &content);
    assert_eq!(live(&stage)[0].kind, "carousel");
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_reel_that_could_not_be_fetched_is_sent() {
    let stage = unfetched(Stage::new());
    let content = reel(&stage);
    let run = publish(&stage, &content).await;
    run.receipt();
    assert_arrived(&stage, &content);
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn of_several_files_that_could_not_be_fetched_only_those_are_made_anew_and_sent() {
    let stage = unfetched(Stage::new());
    let content = stage.content(
        "Three of them",
        Value::Null,
        vec![
            (jpeg(1_080, 1_080, 4_000), None),
            (mp4(60_000), None),
            (mp4(70_000), None),
        ],
    );
    let run = publish(&stage, &content).await;
    run.receipt();
    assert_arrived(&stage, &content);
    assert_eq!(count(&run, "create_child"), 3 + 2, "the picture stays");
    assert_eq!(count(&run, "upload_video"), 2);
}

#[tokio::test]
async fn every_number_of_a_failed_fetch_leads_to_the_bytes_and_no_other() {
    for (number, is_sent) in [
        (2_207_003, true),
        (2_207_052, true),
        (2_207_076, true),
        (2_207_077, true),
        (2_207_082, true),
        (2_207_032, false),
        (2_207_053, false),
    ] {
        let stage = Stage::new();
        let world = stage.simulator.world();
        world.states().instagram().fail_next_container(number);
        for content in [reel(&stage), story(&stage)] {
            let run = publish(&stage, &content).await;
            run.receipt();
            let is_first = live(&stage).len() == 1;
            let sent = count(&run, "upload_video");
            assert_eq!(sent, usize::from(is_first && is_sent), "{number}");
        }
    }
}

#[tokio::test]
async fn an_order_refused_for_the_fetch_is_given_anew_for_the_bytes() {
    for (code, subcode) in [(9_004, UNFETCHED), (9_004, 0), (-2, 2_207_003)] {
        let stage = Stage::new();
        let error = json!({ "message": "Words", "code": code, "error_subcode": subcode });
        let refusal = Fault::Answer {
            status: 400,
            headers: Vec::new(),
            body: json!({ "error": error }),
        };
        stage
            .simulator
            .script(FaultScript::first(GRAPH, CREATE, refusal));
        let run = publish(&stage, &reel(&stage)).await;
        run.receipt();
        assert_eq!(count(&run, "upload_video"), 1, "{code}/{subcode}");
    }
}

#[tokio::test]
async fn pictures_are_always_fetched_and_so_is_everything_at_instagrams_own_login() {
    let stage = told(Stage::new());
    let file = jpeg(1_080, 1_080, 4_000);
    let picture = stage.content("Dawn", Value::Null, vec![(file, None)]);
    let run = publish(&stage, &picture).await;
    run.receipt();
    assert_eq!(count(&run, "upload_video"), 0);
    let stage = Stage::new().by_login(Platform::Instagram, "instagram");
    let stage = told(stage);
    let run = publish(&stage, &reel(&stage)).await;
    assert_eq!(run.failure().code, "file_refused");
    assert_eq!(count(&run, "upload_video"), 0);
}

#[tokio::test]
async fn an_upload_that_broke_off_goes_on_where_it_stopped() {
    let stage = broken(Stage::new());
    let content = reel(&stage);
    let run = publish(&stage, &content).await;
    run.receipt();
    assert_arrived(&stage, &content);
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn whatever_the_host_of_uploads_says_the_container_knows_what_is_missing() {
    for fault in [
        refused(400, "OffsetInvalidError", true),
        refused(400, "PartialRequestError", true),
        refused(400, "ProcessingFailedError", true),
        refused(503, "ServiceUnavailable", true),
        Fault::AnswerAfterEffect {
            status: 500,
            body: Value::Null,
        },
    ] {
        let stage = told(Stage::new());
        let what = format!("{fault:?}");
        stage
            .simulator
            .script(FaultScript::first(HOST, SEND, fault));
        let content = reel(&stage);
        let run = publish(&stage, &content).await;
        run.receipt();
        assert_arrived(&stage, &content);
        assert_eq!(count(&run, "create_container"), 1, "{what}");
        assert_eq!(count(&run, "ask_arrived"), 1, "{what}");
    }
}

#[tokio::test]
async fn bytes_that_cannot_be_used_go_into_a_new_container() {
    let stage = told(Stage::new());
    let failed = refused(400, "ProcessingFailedError", false);
    stage
        .simulator
        .script(FaultScript::first(HOST, SEND, failed.clone()));
    let content = reel(&stage);
    let run = publish(&stage, &content).await;
    run.receipt();
    assert_arrived(&stage, &content);
    assert_eq!(count(&run, "create_container"), 2);
    let stage = told(Stage::new());
    stage
        .simulator
        .script(FaultScript::first(HOST, SEND, failed).times(100));
    let run = publish(&stage, &reel(&stage)).await;
    assert_eq!(run.failure().code, "file_refused");
    assert_eq!(count(&run, "create_container"), 4);
    let stage = told(Stage::new());
    let stuck = refused(400, "PartialRequestError", true);
    stage
        .simulator
        .script(FaultScript::first(HOST, SEND, stuck).times(100));
    let run = publish(&stage, &reel(&stage)).await;
    assert_eq!(run.failure().code, "file_refused");
    assert_eq!(count(&run, "upload_video"), 4 * 4);
    assert!(live(&stage).is_empty());
}

#[tokio::test]
async fn a_token_that_the_host_of_uploads_refuses_is_renewed() {
    for status in [400, 401, 403] {
        let stage = told(Stage::new());
        let refusal = refused(status, "NotAuthorizedError", false);
        stage
            .simulator
            .script(FaultScript::first(HOST, SEND, refusal));
        let run = publish(&stage, &reel(&stage)).await;
        run.receipt();
        assert!(run.transcript.to_string().contains("renewed the token"));
        assert_eq!(count(&run, "create_container"), 1, "{status}");
    }
}

#[tokio::test]
async fn an_upload_whose_container_expired_begins_anew() {
    let stage = broken(Stage::new());
    let world = stage.simulator.world();
    world.states().instagram().expire_after(Duration::hours(1));
    let limited = Fault::Answer {
        status: 400,
        headers: vec![(
            "x-business-use-case-usage".to_owned(),
            json!({ STUDIO: [{ "type": "instagram", "estimated_time_to_regain_access": 90 }] })
                .to_string(),
        )],
        body: json!({ "error": { "message": "Words", "code": 80_002 } }),
    };
    let status = "GET /{version}/{id}";
    stage
        .simulator
        .script(FaultScript::first(GRAPH, status, limited));
    let content = reel(&stage);
    let run = publish(&stage, &content).await;
    run.receipt();
    assert_arrived(&stage, &content);
    let transcript = run.transcript.to_string();
    assert!(transcript.contains("EXPIRED"), "{transcript}");
    assert_eq!(count(&run, "create_container"), 2);
    assert_eq!(count(&run, "upload_video"), 2);
}

#[tokio::test]
async fn a_lost_answer_about_a_reel_that_was_sent_is_settled_as_any() {
    let stage = told(Stage::new());
    stage
        .simulator
        .script(FaultScript::first(GRAPH, PUBLISH, Fault::LoseAnswer));
    let run = publish(&stage, &reel(&stage)).await;
    assert_eq!(
        run.receipt().external_id,
        Some(live(&stage)[0].post_id.clone())
    );
}

fn trial(content: impl Fn(&Stage) -> Content + 'static) -> Trial {
    let refusal = |code: i64, message: &str| {
        json!({ "error": { "message": message, "type": "OAuthException", "code": code,
            "fbtrace_id": "A" } })
    };
    Trial::new(Platform::Instagram, STUDIO, content)
        .limited(
            400,
            refusal(80_002, "(#80002) There have been too many calls."),
        )
        .broken(500, refusal(2, "Service temporarily unavailable"))
}

#[tokio::test]
async fn reels_that_are_sent_hold_whatever_breaks() {
    conformance(trial(reel).arranged(told).processing(Duration::seconds(20))).await;
}

#[tokio::test]
async fn stories_that_are_sent_hold_whatever_breaks() {
    conformance(trial(story).arranged(told)).await;
}

#[tokio::test]
async fn carousels_that_are_sent_hold_whatever_breaks() {
    conformance(trial(carousel).arranged(told)).await;
}

#[tokio::test]
async fn reels_that_could_not_be_fetched_hold_whatever_breaks() {
    conformance(trial(reel).arranged(unfetched)).await;
}

#[tokio::test]
async fn carousels_that_could_not_be_fetched_hold_whatever_breaks() {
    conformance(trial(carousel).arranged(unfetched)).await;
}

#[tokio::test]
async fn uploads_that_broke_off_hold_whatever_breaks() {
    conformance(trial(reel).arranged(broken)).await;
}
