//! TikTok, tried on the stage: consent, every flow, and every flow with every call broken.

mod letters;
mod steps;
mod trouble;
mod uploads;

use domain::{Platform, Standing};
use platforms::Content;
use serde_json::{Value, json};
use time::Duration;

use crate::{
    flows::tiktok::*,
    harness::{Run, Stage, Trial, conformance, mp4},
};

/// A flow, published clean.
async fn flown(name: &str) -> (Stage, Run) {
    let flow = flows()
        .into_iter()
        .find(|flow| flow.name == name)
        .expect("a flow of that name");
    let stage = (flow.arrange)(Stage::new());
    let world = stage.simulator.world();
    world.set_processing("tiktok", Duration::seconds(12));
    let mut connection = stage.connection(Platform::Tiktok, flow.chosen).await;
    let content = (flow.content)(&stage);
    let run = stage.publish(&mut connection, &content).await;
    (stage, run)
}

#[tokio::test]
async fn a_consent_becomes_a_connection() {
    let stage = Stage::new();
    let (grant, transcript) = stage.try_connect(Platform::Tiktok, &[STUDIO]).await;
    let grant = grant.expect("a grant");
    assert_eq!(grant.subject, STUDIO);
    let account = &grant.accounts[0];
    assert_eq!(account.display_name, "Sample Studio");
    assert_eq!(account.username.as_deref(), Some("sample_studio"));
    assert_eq!(account.facts, json!({}));
    assert_eq!(
        account.tokens.scopes,
        [
            "user.info.basic",
            "user.info.profile",
            "video.publish",
            "video.upload"
        ]
    );
    insta::assert_snapshot!(transcript);
}

#[tokio::test]
async fn a_desktop_app_proves_that_it_began() {
    let stage = Stage::new().with_setting(Platform::Tiktok, "pkce", "desktop");
    stage.simulator.world().states().tiktok().is_desktop = true;
    let (grant, transcript) = stage.try_connect(Platform::Tiktok, &[STUDIO]).await;
    grant.expect("a grant");
    assert!(transcript.to_string().contains("code_verifier=[secret]"));
}

#[tokio::test]
async fn what_was_declined_is_not_asked_for_and_only_posting_is_needed() {
    for (scope, code) in [
        ("user.info.profile", None),
        ("video.upload", None),
        ("video.publish", Some("scope_missing")),
    ] {
        let stage = Stage::new();
        deny(&stage, scope);
        let (result, _) = stage.try_connect(Platform::Tiktok, &[STUDIO]).await;
        let refused = result.as_ref().err().map(|fault| fault.code.as_str());
        assert_eq!(refused, code, "{scope}");
        if let Ok(grant) = result {
            let has_name = grant.accounts[0].username.is_some();
            assert_eq!(has_name, scope != "user.info.profile");
        }
    }
}

#[tokio::test]
async fn that_videos_may_be_listed_is_kept_with_the_account() {
    let stage = listing(Stage::new());
    let grant = stage.connect(Platform::Tiktok, &[STUDIO]).await;
    assert_eq!(grant.accounts[0].facts, json!({"listsVideos": true}));
    deny(&stage, "video.list");
    let grant = stage.connect(Platform::Tiktok, &[STUDIO]).await;
    assert_eq!(grant.accounts[0].facts, json!({}));
}

#[tokio::test]
async fn a_denial_brings_the_browser_back_with_the_reason() {
    let parameters = Stage::new().deny(Platform::Tiktok).await;
    assert!(parameters.contains(&("error".to_owned(), "access_denied".to_owned())));
}

#[tokio::test]
async fn refreshing_rotates_and_the_old_refresh_token_is_dead() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Tiktok, STUDIO).await;
    let mut earlier = connection.clone();
    stage
        .refresh(&mut connection)
        .await
        .expect("a refresh")
        .expect("new tokens");
    let fault = stage
        .refresh(&mut earlier)
        .await
        .expect("a refresh")
        .expect_err("the old token is dead");
    assert_eq!(fault.code, "grant_ended");
    stage
        .refresh(&mut connection)
        .await
        .expect("a refresh")
        .expect("newer tokens");
}

#[tokio::test]
async fn revoking_twice_is_as_good_as_once() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Tiktok, STUDIO).await;
    assert_eq!(stage.revoke(&connection).await, Some(Ok(())));
    assert_eq!(stage.revoke(&connection).await, Some(Ok(())));
    let run = stage.publish(&mut connection, &video(&stage)).await;
    run.receipt();
}

#[tokio::test]
async fn a_video_goes_live_by_its_last_chunk() {
    let (stage, run) = flown("chunked video").await;
    let live = stage.simulator.ledger().posts()[0].clone();
    assert_eq!(live.text, "Morning in the studio #making");
    assert_eq!(live.media[0].bytes, 10_000_007);
    for (name, value) in [
        ("is_aigc", json!(true)),
        ("disable_comment", json!(false)),
        ("disable_duet", json!(true)),
        ("brand_content_toggle", json!(false)),
        ("brand_organic_toggle", json!(true)),
        ("video_cover_timestamp_ms", json!(1500)),
    ] {
        assert_eq!(live.details[name], value, "{name}");
    }
    let receipt = run.receipt();
    assert_eq!(receipt.external_id.as_deref(), Some(live.post_id.as_str()));
    assert_eq!(receipt.url.as_deref(), Some(live.url.as_str()));
    assert_eq!(receipt.standing, Standing::Live);
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_small_video_goes_in_one_piece() {
    let (_, run) = flown("video").await;
    run.receipt();
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_private_video_has_the_profiles_address() {
    let (_, run) = flown("private video").await;
    let receipt = run.receipt();
    assert_eq!(receipt.external_id, None);
    let profile = "https://www.tiktok.com/@private_studio";
    assert_eq!(receipt.url.as_deref(), Some(profile));
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn pictures_go_live_by_their_order() {
    let (_, run) = flown("pictures").await;
    run.receipt();
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn pictures_take_a_title_a_cover_and_music() {
    let (stage, run) = flown("titled pictures").await;
    run.receipt();
    let live = stage.simulator.ledger().posts()[0].clone();
    assert_eq!(live.text, "Of the same harbour");
    for (name, value) in [
        ("title", json!("Two views")),
        ("photo_cover_index", json!(1)),
        ("auto_add_music", json!(true)),
        ("brand_content_toggle", json!(true)),
        ("is_aigc", json!(false)),
        // The person turned comments on; this account forbids them.
        ("disable_comment", json!(true)),
    ] {
        assert_eq!(live.details[name], value, "{name}");
    }
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_video_that_is_fetched_goes_live_by_its_order() {
    let (stage, run) = flown("pulled video").await;
    run.receipt();
    assert_eq!(stage.simulator.ledger().posts()[0].text, "A day at work");
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn drafts_are_put_into_the_inbox_and_say_so() {
    for name in [
        "video draft",
        "chunked draft",
        "picture draft",
        "pulled draft",
    ] {
        let (stage, run) = flown(name).await;
        let receipt = run.receipt();
        assert_eq!(receipt.standing, Standing::Draft, "{name}");
        assert_eq!((&receipt.external_id, &receipt.url), (&None, &None));
        let shown = stage.simulator.ledger().posts()[0].clone();
        assert_eq!(shown.kind, "draft");
        let said: Vec<&str> = run.calls.iter().map(|(name, _)| *name).collect();
        assert!(!said.contains(&"creator_info"), "{name}");
        insta::assert_snapshot!(name.replace(' ', "_"), run.transcript);
    }
}

/// Every flow, with every call of it broken; `seconds` is how long TikTok works on a file.
async fn holds(names: &[&str], seconds: i64) -> usize {
    let mut cases = 0;
    for flow in flows().into_iter().filter(|it| names.contains(&it.name)) {
        let trial = Trial::new(Platform::Tiktok, flow.chosen, flow.content)
            .arranged(flow.arrange)
            .processing(Duration::seconds(seconds))
            .limited(429, error("rate_limit_exceeded"))
            .broken(500, error("internal_error"));
        cases += conformance(trial).await;
    }
    cases
}

const SMALL: [&str; 10] = [
    "video",
    "private video",
    "pictures",
    "titled pictures",
    "listed pictures",
    "video draft",
    "picture draft",
    "pulled video",
    "listed pulled video",
    "pulled draft",
];
/// Those of them that go through all that comes after an order.
const WORKED_ON: [&str; 4] = ["video", "video draft", "pictures", "listed pulled video"];
const CHUNKED: [&str; 2] = ["chunked video", "chunked draft"];

#[tokio::test]
async fn whatever_breaks_a_post_is_made_once_or_not_at_all() {
    let cases = holds(&SMALL, 0).await;
    assert!(cases >= 400, "{cases}");
}

#[tokio::test]
async fn whatever_breaks_while_tiktok_works_a_post_is_made_once_or_not_at_all() {
    let cases = holds(&WORKED_ON, 40).await;
    assert!(cases >= 250, "{cases}");
}

#[tokio::test]
async fn whatever_breaks_a_chunked_video_is_posted_once_or_not_at_all() {
    let cases = holds(&CHUNKED[..1], 0).await;
    assert!(cases >= 70, "{cases}");
}

#[tokio::test]
async fn whatever_breaks_a_chunked_draft_is_delivered_once_or_not_at_all() {
    let cases = holds(&CHUNKED[1..], 0).await;
    assert!(cases >= 40, "{cases}");
}

#[test]
fn every_flow_is_broken() {
    let tried: Vec<&str> = flows().iter().map(|flow| flow.name).collect();
    assert_eq!(tried.len(), SMALL.len() + CHUNKED.len());
    assert!(
        SMALL
            .iter()
            .chain(&CHUNKED)
            .all(|name| tried.contains(name))
    );
}

#[tokio::test]
async fn the_accounts_rules_come_before_the_upload() {
    for (account, options, code) in [
        (
            PRIVATE,
            json!({"privacyLevel": "PUBLIC_TO_EVERYONE"}),
            "privacy_level_unavailable",
        ),
        (
            STUDIO,
            json!({"privacyLevel": "FOLLOWER_OF_CREATOR"}),
            "privacy_level_unavailable",
        ),
        (STUDIO, json!({}), "invalid_options"),
        (STUDIO, json!({"mode": "both"}), "invalid_options"),
    ] {
        let stage = Stage::new();
        let mut connection = stage.connection(Platform::Tiktok, account).await;
        let content = stage.content("", options, vec![(mp4(1_000), None)]);
        let run = stage.publish(&mut connection, &content).await;
        assert_eq!(run.failure().code, code);
        assert_eq!(run.calls.len(), 1, "{}", run.transcript);
    }
}

#[tokio::test]
async fn a_video_longer_than_the_account_may_post_is_not_uploaded() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Tiktok, QUIET).await;
    let mut sample = mp4(1_000);
    if let domain::MediaFacts::Video { duration_ms, .. } = &mut sample.facts {
        *duration_ms = 180_001;
    }
    let content = private(&stage, sample);
    let run = stage.publish(&mut connection, &content).await;
    let fault = run.failure();
    assert_eq!(fault.code, "duration_refused");
    assert!(fault.message.contains("180"), "{}", fault.message);
    assert_eq!(run.calls.len(), 1);
}

#[tokio::test]
async fn comments_that_the_account_forbids_stay_off() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Tiktok, QUIET).await;
    let content = stage.content(
        "",
        json!({"privacyLevel": "SELF_ONLY", "disableComment": false}),
        vec![(mp4(1_000), None)],
    );
    stage.publish(&mut connection, &content).await;
    let live = stage.simulator.ledger().posts()[0].clone();
    assert_eq!(live.details["disable_comment"], true);
}

#[tokio::test]
async fn a_stored_state_of_any_step_can_be_read() {
    let stored = include_str!("../../src/tiktok/fixtures/states.json");
    let states: Vec<Value> = serde_json::from_str(stored).expect("samples");
    for state in states {
        let read: platforms::tiktok::Publish = serde_json::from_value(state.clone())
            .unwrap_or_else(|error| panic!("{state}: {error}"));
        let again = serde_json::to_value(&read).expect("storable");
        assert_eq!(again["step"], state["step"]);
        let reread: platforms::tiktok::Publish =
            serde_json::from_value(again).expect("what was stored");
        assert_eq!(reread, read);
    }
}

fn private(stage: &Stage, sample: crate::harness::Sample) -> Content {
    let options = json!({"privacyLevel": "SELF_ONLY"});
    stage.content("", options, vec![(sample, None)])
}

fn deny(stage: &Stage, scope: &str) {
    let world = stage.simulator.world();
    let denied = &mut world.states().tiktok().denied_scopes;
    denied.insert(scope.to_owned());
}
