//! Facebook, tried on the stage: what is said in each flow, and what holds whatever breaks.

mod harness;

use domain::Platform;
use harness::{Death, Driver, Outcome, Run, Stage, Trial, conformance, jpeg, mp4, png};
use platforms::{Content, FaultKind};
use serde_json::{Value, json};
use simulator::{Fault, FaultScript, LivePost, networks::meta::Comment};
use time::Duration;

const STUDIO: &str = "104482915678301";
const KITCHEN: &str = "104482915678302";
const ARCHIVE: &str = "104482915678303";
const GRAPH: &str = "graph.facebook.com";
const FEED: &str = "POST /{version}/{id}/feed";
const VIDEOS: &str = "POST /{version}/{id}/videos";

fn text(stage: &Stage) -> Content {
    stage.content("A harbour at dawn 🌅\nsecond line", json!({}), vec![])
}

fn link(stage: &Stage) -> Content {
    let options = json!({ "link": "https://example.com/dawn" });
    stage.content("Read on", options, vec![])
}

fn picture(stage: &Stage) -> Content {
    stage.content(
        "A harbour at dawn",
        Value::Null,
        vec![(jpeg(1_200, 900, 4_000), Some("Boats in mist"))],
    )
}

fn pictures(stage: &Stage) -> Content {
    stage.content(
        "Two of them",
        Value::Null,
        vec![
            (jpeg(1_200, 900, 4_000), None),
            (png(640, 480, 3_000), Some("A gull")),
        ],
    )
}

fn video(stage: &Stage) -> Content {
    stage.content("Waves", Value::Null, vec![(mp4(70_000), None)])
}

fn reel(stage: &Stage) -> Content {
    stage.content("Waves", json!({ "reel": true }), vec![(mp4(70_000), None)])
}

fn commented(stage: &Stage) -> Content {
    let options = json!({ "firstComment": "More at the harbour" });
    stage.content("A harbour at dawn", options, vec![])
}

/// The person's grant holds the permission to comment.
fn with_comments(stage: Stage) -> Stage {
    let world = stage.simulator.world();
    world.states().meta().allow("pages_manage_engagement");
    stage
}

fn comments(stage: &Stage) -> Vec<Comment> {
    let world = stage.simulator.world();
    world.states().meta().comments().to_vec()
}

fn limited() -> Value {
    json!({ "error": { "message": "(#80001) There have been too many calls to this Page account.",
        "type": "OAuthException", "code": 80001, "fbtrace_id": "A" } })
}

fn broken() -> Value {
    json!({ "error": { "message": "Service temporarily unavailable", "type": "OAuthException",
        "code": 2, "is_transient": true, "fbtrace_id": "A" } })
}

fn trial(content: impl Fn(&Stage) -> Content + 'static) -> Trial {
    Trial::new(Platform::Facebook, STUDIO, content)
        .limited(400, limited())
        .broken(500, broken())
}

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
async fn a_consent_brings_every_page_that_may_be_posted_to_each_with_a_token_of_its_own() {
    let stage = Stage::new();
    stage.simulator.world().states().facebook().show_pages(1);
    let (grant, transcript) = stage
        .try_connect(Platform::Facebook, &[STUDIO, KITCHEN, ARCHIVE])
        .await;
    let grant = grant.expect("a grant");
    let pages: Vec<_> = grant
        .accounts
        .iter()
        .map(|page| (page.external_id.as_str(), page.display_name.as_str()))
        .collect();
    assert_eq!(
        pages,
        [(STUDIO, "Sample Studio"), (KITCHEN, "Sample Kitchen")]
    );
    assert_eq!(grant.accounts[0].tokens.access_expires_at, None);
    assert!(grant.accounts[0].tokens.refresh_expires_at.is_some());
    insta::assert_snapshot!(transcript);
}

#[tokio::test]
async fn a_consent_without_a_page_or_without_a_permission_says_what_to_do() {
    let stage = Stage::new();
    let (grant, _) = stage.try_connect(Platform::Facebook, &[ARCHIVE]).await;
    let fault = grant.expect_err("no Page may be posted to");
    assert_eq!(
        (fault.kind, fault.code.as_str()),
        (FaultKind::Content, "no_account")
    );
    stage
        .simulator
        .world()
        .states()
        .facebook()
        .decline("pages_manage_posts");
    let (grant, _) = stage.try_connect(Platform::Facebook, &[STUDIO]).await;
    let fault = grant.expect_err("a permission is missing");
    assert_eq!(fault.code, "scope_missing");
    assert!(fault.message.contains("pages_manage_posts"), "{fault}");
}

#[tokio::test]
async fn a_denial_comes_back_without_a_code() {
    let back = Stage::new().deny(Platform::Facebook).await;
    assert!(back.contains(&("error".to_owned(), "access_denied".to_owned())));
    assert!(back.iter().all(|(name, _)| name != "code"));
}

#[tokio::test]
async fn a_page_token_is_read_anew_with_the_persons_until_the_grant_is_withdrawn() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Facebook, STUDIO).await;
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
    // What is gone already counts as withdrawn.
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
async fn words_go_out_in_one_call() {
    let stage = Stage::new();
    let run = publish(&stage, &text(&stage)).await;
    let receipt = run.receipt();
    let live = live(&stage);
    assert_eq!(live.len(), 1);
    assert_eq!(live[0].text, "A harbour at dawn 🌅\nsecond line");
    assert_eq!(receipt.url.as_deref(), Some(live[0].url.as_str()));
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_link_stands_under_its_words() {
    let stage = Stage::new();
    let run = publish(&stage, &link(&stage)).await;
    run.receipt();
    assert_eq!(live(&stage)[0].details["link"], "https://example.com/dawn");
}

#[tokio::test]
async fn photos_are_uploaded_unseen_and_shown_together_in_order() {
    let stage = Stage::new();
    let content = pictures(&stage);
    let run = publish(&stage, &content).await;
    run.receipt();
    let live = live(&stage);
    assert_eq!(live.len(), 1);
    assert_eq!(live[0].details["photos"][1]["altText"], "A gull");
    let files = stage.files_of(&content);
    for (media, file) in live[0].media.iter().zip(&files) {
        let kept = stage.simulator.world().kept(&media.digest);
        assert_eq!(kept.expect("a file").1, *file, "byte for byte");
    }
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_video_is_uploaded_as_asked_finished_and_watched() {
    let stage = Stage::new();
    let world = stage.simulator.world();
    world.set_processing("facebook", Duration::seconds(14));
    let content = video(&stage);
    let run = publish(&stage, &content).await;
    let receipt = run.receipt();
    let live = live(&stage);
    assert_eq!(
        receipt.external_id.as_deref(),
        Some(live[0].post_id.as_str())
    );
    assert_eq!(receipt.url.as_deref(), Some(live[0].url.as_str()));
    let kept = world.kept(&live[0].media[0].digest).expect("a file");
    assert_eq!(kept.1, stage.files_of(&content)[0], "byte for byte");
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_reel_goes_to_a_host_of_its_own() {
    let stage = Stage::new();
    let world = stage.simulator.world();
    world.set_processing("facebook", Duration::seconds(8));
    let content = reel(&stage);
    let run = publish(&stage, &content).await;
    run.receipt();
    let live = live(&stage);
    assert_eq!((live.len(), live[0].kind.as_str()), (1, "reel"));
    let kept = world.kept(&live[0].media[0].digest).expect("a file");
    assert_eq!(kept.1, stage.files_of(&content)[0], "byte for byte");
    insta::assert_snapshot!(run.transcript);
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
async fn a_lost_answer_is_found_on_the_page_although_it_lists_late() {
    for content in [text, picture] {
        let stage = Stage::new();
        let world = stage.simulator.world();
        world.states().facebook().list_late(Duration::seconds(90));
        stage
            .simulator
            .script(FaultScript::first(GRAPH, FEED, Fault::LoseAnswer));
        let run = publish(&stage, &content(&stage)).await;
        let receipt = run.receipt();
        let live = live(&stage);
        assert_eq!(live.len(), 1);
        assert_eq!(
            receipt.external_id.as_deref(),
            Some(live[0].post_id.as_str())
        );
    }
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
async fn every_call_proves_the_apps_secret_where_the_app_asks_for_it() {
    let stage = Stage::new();
    stage.simulator.world().states().meta().require_proof();
    let mut connection = stage.connection(Platform::Facebook, STUDIO).await;
    let content = picture(&stage);
    stage.publish(&mut connection, &content).await.receipt();
    let renewed = stage.refresh(&mut connection).await;
    renewed.expect("a renewal").expect("a token");
    let revoked = stage.revoke(&connection).await;
    revoked.expect("a revocation").expect("withdrawn");
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

#[tokio::test]
async fn a_first_comment_stands_under_the_live_post() {
    let stage = with_comments(Stage::new());
    let run = publish(&stage, &commented(&stage)).await;
    let receipt = run.receipt();
    let comments = comments(&stage);
    assert_eq!(comments.len(), 1);
    assert_eq!(Some(&comments[0].post), receipt.external_id.as_ref());
    assert_eq!(comments[0].text, "More at the harbour");
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_comment_that_is_not_allowed_leaves_the_post_published() {
    let stage = Stage::new();
    let run = publish(&stage, &commented(&stage)).await;
    run.receipt();
    assert!(comments(&stage).is_empty());
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_comment_whose_answer_was_not_written_down_is_found_and_not_sent_again() {
    let stage = with_comments(Stage::new());
    let mut connection = stage.connection(Platform::Facebook, STUDIO).await;
    let content = commented(&stage);
    let run = Driver::new(&stage, &mut connection, &content)
        .dying(4, Death::AfterSend)
        .run()
        .await;
    run.receipt();
    assert_eq!(comments(&stage).len(), 1);
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn first_comments_hold_whatever_breaks() {
    let cases = conformance(trial(commented).arranged(with_comments)).await;
    assert_eq!(cases, 4 * 11);
}

#[tokio::test]
async fn words_hold_whatever_breaks() {
    conformance(trial(text)).await;
}

#[tokio::test]
async fn pictures_hold_whatever_breaks() {
    conformance(trial(pictures)).await;
}

#[tokio::test]
async fn videos_hold_whatever_breaks() {
    conformance(trial(video).processing(Duration::seconds(7))).await;
}

#[tokio::test]
async fn reels_hold_whatever_breaks() {
    conformance(trial(reel).processing(Duration::seconds(7))).await;
}
