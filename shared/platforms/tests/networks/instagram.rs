//! Instagram, tried on the stage: what is said in each flow, and what holds whatever breaks.

mod login;
mod login_posts;
mod trouble;
mod uploads;

use domain::Platform;
use platforms::{Content, FaultKind};
use serde_json::{Value, json};
use simulator::{Fault, FaultScript, LivePost, networks::meta::Comment};
use time::Duration;

use crate::harness::{Driver, Run, Stage, Trial, conformance, jpeg, mp4};

const STUDIO: &str = "17841405822304914";
const ARCHIVE: &str = "17841405822304915";
const GARDEN: &str = "17841405822304916";
const GRAPH: &str = "graph.facebook.com";
const PUBLISH: &str = "POST /{version}/{id}/media_publish";

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

fn reel_with_everything(stage: &Stage) -> Content {
    let cover = stage.content("", Value::Null, vec![(jpeg(1_080, 1_920, 4_000), None)]);
    stage.content(
        "Waves 🌊",
        json!({
            "aiGenerated": true, "audioName": "Waves", "brandedContentSponsorIds": [GARDEN],
            "collaborators": ["sample_garden"], "coverUrl": cover.assets[0].url,
            "locationId": "104482915678304", "paidPartnership": true, "shareToFeed": false,
            "trialReel": "SS_PERFORMANCE", "userTags": [{ "username": "sample_garden" }]
        }),
        vec![(mp4(70_000), None)],
    )
}

fn commented(stage: &Stage) -> Content {
    let options = json!({ "firstComment": "More at the harbour" });
    let file = jpeg(1_080, 1_080, 4_000);
    stage.content("A harbour at dawn", options, vec![(file, None)])
}

/// The person's grant holds the permission to comment.
fn with_comments(stage: Stage) -> Stage {
    let world = stage.simulator.world();
    world.states().meta().allow("instagram_manage_comments");
    stage
}

fn comments(stage: &Stage) -> Vec<Comment> {
    let world = stage.simulator.world();
    world.states().meta().comments().to_vec()
}

fn picture_story(stage: &Stage) -> Content {
    stage.content(
        "",
        json!({ "story": true, "userTags": [{ "username": "sample_garden" }] }),
        vec![(jpeg(1_080, 1_920, 4_000), None)],
    )
}

fn video_story(stage: &Stage) -> Content {
    stage.content("", json!({ "story": true }), vec![(mp4(70_000), None)])
}

fn carousel(stage: &Stage) -> Content {
    stage.content(
        "Three of them",
        json!({
            "aiGenerated": true, "collaborators": ["sample_garden"],
            "userTags": [
                { "username": "sample_garden", "media": 2, "x": 0.5, "y": 0.75 },
                { "username": "sample_archive", "media": 0, "x": 0.0, "y": 1.0 }
            ]
        }),
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
async fn a_reel_carries_every_option() {
    let stage = Stage::new();
    let run = publish(&stage, &reel_with_everything(&stage)).await;
    run.receipt();
    let live = live(&stage);
    let details = &live[0].details;
    assert!(details["cover"].is_string());
    assert_eq!(details["sponsors"], json!([GARDEN]));
    assert_eq!(details["trial"], "SS_PERFORMANCE");
    assert_eq!(details["paidPartnership"], true);
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_picture_becomes_a_story() {
    let stage = Stage::new();
    let run = publish(&stage, &picture_story(&stage)).await;
    let receipt = run.receipt();
    let live = live(&stage);
    assert_eq!((live.len(), live[0].kind.as_str()), (1, "story"));
    assert_eq!(
        receipt.external_id.as_deref(),
        Some(live[0].post_id.as_str())
    );
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_video_becomes_a_story() {
    let stage = Stage::new();
    let world = stage.simulator.world();
    world.states().instagram().finish_after(2);
    let run = publish(&stage, &video_story(&stage)).await;
    run.receipt();
    assert_eq!(live(&stage)[0].kind, "story");
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
    let children = &live[0].details["children"];
    assert_eq!(children[0]["altText"], "Boats in mist");
    assert_eq!(children[0]["userTags"][0]["username"], "sample_archive");
    assert_eq!(children[1].get("userTags"), None);
    assert_eq!(children[2]["userTags"][0]["username"], "sample_garden");
    assert_eq!(live[0].details["aiGenerated"], true);
    insta::assert_snapshot!(run.transcript);
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
async fn a_lost_answer_to_a_story_is_settled_among_the_stories() {
    let stage = Stage::new();
    publish(&stage, &picture(&stage)).await.receipt();
    publish(&stage, &video_story(&stage)).await.receipt();
    stage
        .simulator
        .script(FaultScript::first(GRAPH, PUBLISH, Fault::LoseAnswer));
    let run = publish(&stage, &picture_story(&stage)).await;
    let receipt = run.receipt();
    let live = live(&stage);
    assert_eq!(live.len(), 3);
    assert_eq!(
        receipt.external_id.as_deref(),
        Some(live[2].post_id.as_str())
    );
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn of_two_stories_that_look_alike_neither_is_taken_unless_one_is_known() {
    for knows_the_other in [false, true] {
        let stage = Stage::new();
        let mut connection = stage.connection(Platform::Instagram, STUDIO).await;
        let content = picture_story(&stage);
        let other = stage.publish(&mut connection, &content).await;
        let other = other.receipt().external_id.clone().expect("an id");
        stage
            .simulator
            .script(FaultScript::first(GRAPH, PUBLISH, Fault::LoseAnswer));
        let known = if knows_the_other {
            vec![other]
        } else {
            Vec::new()
        };
        let driver = Driver::new(&stage, &mut connection, &content).knowing(known);
        let run = driver.run().await;
        let live = live(&stage);
        assert_eq!(live.len(), 2);
        let expected = knows_the_other.then(|| live[1].post_id.clone());
        assert_eq!(run.receipt().external_id, expected);
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
async fn a_post_that_was_found_gets_its_comment_and_one_that_may_not_have_it_stays_published() {
    for may_comment in [true, false] {
        let mut stage = Stage::new();
        if may_comment {
            stage = with_comments(stage);
        }
        stage
            .simulator
            .script(FaultScript::first(GRAPH, PUBLISH, Fault::LoseAnswer));
        let run = publish(&stage, &commented(&stage)).await;
        let receipt = run.receipt();
        assert_eq!(receipt.external_id, Some(live(&stage)[0].post_id.clone()));
        assert_eq!(comments(&stage).len(), usize::from(may_comment));
    }
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
async fn pictures_hold_whatever_breaks() {
    conformance(trial(picture).processing(Duration::seconds(3))).await;
}

#[tokio::test]
async fn reels_hold_whatever_breaks() {
    conformance(trial(reel).processing(Duration::seconds(20))).await;
}

#[tokio::test]
async fn reels_with_everything_hold_whatever_breaks() {
    conformance(trial(reel_with_everything)).await;
}

#[tokio::test]
async fn first_comments_hold_whatever_breaks() {
    conformance(trial(commented).arranged(with_comments)).await;
}

#[tokio::test]
async fn picture_stories_hold_whatever_breaks() {
    conformance(trial(picture_story).processing(Duration::seconds(3))).await;
}

#[tokio::test]
async fn video_stories_hold_whatever_breaks() {
    conformance(trial(video_story).processing(Duration::seconds(20))).await;
}

#[tokio::test]
async fn carousels_hold_whatever_breaks() {
    conformance(trial(carousel).processing(Duration::seconds(6))).await;
}
