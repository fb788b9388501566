//! Instagram, tried on the stage: what is said in each flow, and what holds whatever breaks.

mod harness;

use domain::Platform;
use harness::{Outcome, Run, Stage, Trial, conformance, jpeg, mp4};
use platforms::{Content, FaultKind};
use serde_json::{Value, json};
use simulator::{Fault, FaultScript, LivePost};
use time::Duration;

const STUDIO: &str = "17841405822304914";
const ARCHIVE: &str = "17841405822304915";
const GARDEN: &str = "17841405822304916";
const GRAPH: &str = "graph.facebook.com";
const PUBLISH: &str = "POST /{version}/{id}/media_publish";
const CREATE: &str = "POST /{version}/{id}/media";

fn picture(stage: &Stage) -> Content {
    stage.content(
        "A harbour at dawn #sea",
        json!({
            "collaborators": ["sample_garden"], "locationId": "104482915678304",
            "userTags": [{ "username": "sample_garden", "x": 0.25, "y": 0.5 }]
        }),
        vec![(jpeg(1_080, 1_080, 4_000), Some("Boats in mist"))],
    )
}

fn reel(stage: &Stage) -> Content {
    stage.content(
        "Waves 🌊",
        json!({
            "shareToFeed": true, "thumbOffsetMs": 1500, "audioName": "Waves",
            "userTags": [{ "username": "sample_garden" }]
        }),
        vec![(mp4(70_000), None)],
    )
}

fn carousel(stage: &Stage) -> Content {
    stage.content(
        "Three of them",
        Value::Null,
        vec![
            (jpeg(1_080, 1_080, 4_000), Some("Boats in mist")),
            (mp4(70_000), None),
            (jpeg(1_080, 1_080, 5_000), None),
        ],
    )
}

fn limited() -> Value {
    json!({ "error": { "message": "(#80002) There have been too many calls to this Instagram account.",
        "type": "OAuthException", "code": 80002, "fbtrace_id": "A" } })
}

fn broken() -> Value {
    json!({ "error": { "message": "Service temporarily unavailable", "type": "OAuthException",
        "code": 2, "is_transient": true, "fbtrace_id": "A" } })
}

fn trial(content: impl Fn(&Stage) -> Content + 'static) -> Trial {
    Trial::new(Platform::Instagram, STUDIO, content)
        .limited(400, limited())
        .broken(500, broken())
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
async fn a_consent_brings_every_account_whose_page_may_be_posted_to() {
    let stage = Stage::new();
    let (grant, transcript) = stage
        .try_connect(Platform::Instagram, &[STUDIO, ARCHIVE, GARDEN])
        .await;
    let grant = grant.expect("a grant");
    let accounts: Vec<_> = grant
        .accounts
        .iter()
        .map(|it| (it.external_id.as_str(), it.username.as_deref()))
        .collect();
    assert_eq!(
        accounts,
        [
            (STUDIO, Some("sample_studio")),
            (GARDEN, Some("sample_garden"))
        ]
    );
    insta::assert_snapshot!(transcript);
}

#[tokio::test]
async fn a_consent_without_an_account_or_without_a_permission_says_what_to_do() {
    let stage = Stage::new();
    let (grant, _) = stage.try_connect(Platform::Instagram, &[ARCHIVE]).await;
    let fault = grant.expect_err("no account may be posted to");
    assert_eq!(
        (fault.kind, fault.code.as_str()),
        (FaultKind::Content, "no_account")
    );
    let world = stage.simulator.world();
    world
        .states()
        .facebook()
        .decline("instagram_content_publish");
    let (grant, _) = stage.try_connect(Platform::Instagram, &[STUDIO]).await;
    let fault = grant.expect_err("a permission is missing");
    assert_eq!(fault.code, "scope_missing");
    assert!(fault.message.contains("instagram_content_publish"));
}

#[tokio::test]
async fn the_token_is_read_anew_until_the_grant_is_withdrawn() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Instagram, STUDIO).await;
    stage
        .refresh(&mut connection)
        .await
        .expect("a renewal")
        .expect("a token");
    stage
        .revoke(&connection)
        .await
        .expect("a revocation")
        .expect("withdrawn");
    let fault = stage
        .refresh(&mut connection)
        .await
        .expect("a renewal")
        .expect_err("the grant is gone");
    assert_eq!(fault.kind, FaultKind::Reconnect);
}

#[tokio::test]
async fn a_picture_goes_through_a_container() {
    let stage = Stage::new();
    let world = stage.simulator.world();
    world.set_processing("instagram", Duration::seconds(3));
    let content = picture(&stage);
    let run = publish(&stage, &content).await;
    let receipt = run.receipt();
    let live = live(&stage);
    assert_eq!(live.len(), 1);
    assert_eq!(live[0].text, "A harbour at dawn #sea");
    assert_eq!(live[0].details["altText"], "Boats in mist");
    assert_eq!(live[0].details["collaborators"], json!(["sample_garden"]));
    assert_eq!(live[0].details["userTags"][0]["x"], 0.25);
    assert_eq!(live[0].details["locationId"], "104482915678304");
    assert_eq!(receipt.url.as_deref(), Some(live[0].url.as_str()));
    let kept = world.kept(&live[0].media[0].digest).expect("a file");
    assert_eq!(kept.1, stage.files_of(&content)[0], "byte for byte");
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_reel_is_waited_for_with_growing_patience() {
    let stage = Stage::new();
    let world = stage.simulator.world();
    world.set_processing("instagram", Duration::seconds(100));
    let run = publish(&stage, &reel(&stage)).await;
    run.receipt();
    let live = live(&stage);
    assert_eq!(live[0].details["shareToFeed"], true);
    assert_eq!(live[0].details["thumbOffset"], 1_500);
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn several_files_go_into_one_post_in_order() {
    let stage = Stage::new();
    let world = stage.simulator.world();
    world.set_processing("instagram", Duration::seconds(6));
    let content = carousel(&stage);
    let run = publish(&stage, &content).await;
    run.receipt();
    let live = live(&stage);
    assert_eq!(live.len(), 1);
    assert_eq!(
        (live[0].kind.as_str(), live[0].text.as_str()),
        ("carousel", "Three of them")
    );
    let files = stage.files_of(&content);
    assert_eq!(live[0].media.len(), files.len());
    for (media, file) in live[0].media.iter().zip(&files) {
        let kept = world.kept(&media.digest).expect("a file");
        assert_eq!(kept.1, *file, "byte for byte");
    }
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_file_of_several_that_fails_begins_all_of_them_anew() {
    let stage = Stage::new();
    let world = stage.simulator.world();
    world.states().instagram().fail_next_container(2_207_052);
    let run = publish(&stage, &carousel(&stage)).await;
    run.receipt();
    assert_eq!(live(&stage).len(), 1);
}

#[tokio::test]
async fn a_failed_download_makes_a_new_container_and_a_bad_file_does_not() {
    for (error, tries, expected) in [
        (2_207_052, 1, None),
        (2_207_052, 3, Some("file_refused")),
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
async fn a_lost_answer_is_settled_by_the_container_and_the_listing() {
    let stage = Stage::new();
    stage
        .simulator
        .script(FaultScript::first(GRAPH, PUBLISH, Fault::LoseAnswer));
    let run = publish(&stage, &picture(&stage)).await;
    let receipt = run.receipt();
    let live = live(&stage);
    assert_eq!(live.len(), 1);
    assert_eq!(
        receipt.external_id.as_deref(),
        Some(live[0].post_id.as_str())
    );
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
async fn every_call_proves_the_apps_secret_where_the_app_asks_for_it() {
    let stage = Stage::new();
    stage.simulator.world().states().meta().require_proof();
    let mut connection = stage.connection(Platform::Instagram, STUDIO).await;
    let content = reel(&stage);
    stage.publish(&mut connection, &content).await.receipt();
    let renewed = stage.refresh(&mut connection).await;
    renewed.expect("a renewal").expect("a token");
    let revoked = stage.revoke(&connection).await;
    revoked.expect("a revocation").expect("withdrawn");
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
async fn pictures_hold_whatever_breaks() {
    conformance(trial(picture).processing(Duration::seconds(3))).await;
}

#[tokio::test]
async fn reels_hold_whatever_breaks() {
    conformance(trial(reel).processing(Duration::seconds(20))).await;
}

#[tokio::test]
async fn carousels_hold_whatever_breaks() {
    conformance(trial(carousel).processing(Duration::seconds(6))).await;
}
