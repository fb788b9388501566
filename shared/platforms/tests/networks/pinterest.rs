//! Pinterest, tried on the stage: what is said in each flow, and what holds whatever breaks.

mod boards;
mod refusals;
mod specs;
mod trouble;

use domain::Platform;
use platforms::FaultKind;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use simulator::LivePost;
use time::Duration;

use crate::{
    flows::{Flow, Make, pinterest::*},
    harness::{Connection, Run, Stage, Transcript, Trial, conformance},
};

#[tokio::test]
async fn a_consent_becomes_a_connection() {
    let stage = Stage::new();
    let (grant, transcript) = stage.try_connect(Platform::Pinterest, &[STUDIO]).await;
    let grant = grant.expect("a grant");
    assert_eq!(grant.subject, STUDIO);
    let account = &grant.accounts[0];
    assert_eq!(account.display_name, "Sample Studio");
    assert_eq!(account.username.as_deref(), Some("samplestudio"));
    assert_eq!(account.facts["accountType"], "BUSINESS");
    insta::assert_snapshot!(transcript);
}

#[tokio::test]
async fn an_account_without_a_business_goes_by_its_username() {
    let stage = Stage::new();
    let grant = stage
        .connect(Platform::Pinterest, &["813744226420795886"])
        .await;
    assert_eq!(grant.accounts[0].display_name, "sampleworkshop");
}

#[tokio::test]
async fn a_consent_without_pinning_is_refused_with_the_way_out() {
    for scope in ["pins:write", "boards:write", "boards:read", "pins:read"] {
        let stage = Stage::new();
        let denied = [scope.to_owned()].into();
        stage.simulator.world().states().pinterest().denied_scopes = denied;
        let (result, _) = stage.try_connect(Platform::Pinterest, &[STUDIO]).await;
        assert_eq!(result.expect_err("no grant").code, "scope_missing");
    }
}

#[tokio::test]
async fn a_denial_brings_the_browser_back_with_the_reason() {
    let parameters = Stage::new().deny(Platform::Pinterest).await;
    assert!(parameters.contains(&("error".to_owned(), "access_denied".to_owned())));
}

#[tokio::test]
async fn refreshing_rotates_and_the_old_refresh_token_is_dead() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
    let mut old = connection.clone();
    refreshed(&stage, &mut connection)
        .await
        .expect("new tokens");
    let fault = refreshed(&stage, &mut old).await.expect_err("dead");
    assert_eq!(fault.code, "grant_ended");
    stage.clock.advance(Duration::days(59));
    refreshed(&stage, &mut connection)
        .await
        .expect("newer tokens");
    stage.clock.advance(Duration::days(61));
    let fault = refreshed(&stage, &mut connection).await.expect_err("ended");
    assert_eq!(fault.code, "grant_ended");
}

#[tokio::test]
async fn a_wrong_secret_of_ours_ends_no_connection() {
    let stage = Stage::new();
    let connection = stage.connection(Platform::Pinterest, STUDIO).await;
    let mut app = stage.app(Platform::Pinterest).clone();
    app.client_secret = "another".into();
    let machine =
        platforms::refresh(Platform::Pinterest, &connection.credentials, &app).expect("a refresh");
    let mut transcript = Transcript::new(stage.now());
    let refused = stage
        .converse(Platform::Pinterest, machine, &mut transcript)
        .await
        .expect_err("refused");
    assert_eq!(refused.code, "app_refused", "{transcript}");
    assert!(matches!(refused.kind, FaultKind::Operator), "{refused}");
    // The refresh token is as good as before.
    let mut connection = connection;
    refreshed(&stage, &mut connection)
        .await
        .expect("new tokens");
}

#[tokio::test]
async fn there_is_nothing_to_revoke_with() {
    let stage = Stage::new();
    let connection = stage.connection(Platform::Pinterest, STUDIO).await;
    assert!(stage.revoke(&connection).await.is_none());
}

#[tokio::test]
async fn a_picture_goes_to_its_section_with_all_its_words() {
    let (stage, run) = published(titled).await;
    let live = only_pin(&stage, &run);
    assert_eq!(live.text, "With cream & honey");
    for (name, value) in [
        ("boardId", RECIPES),
        ("boardSectionId", DESSERTS),
        ("title", "Lemon tart"),
        ("link", "https://example.com/tart?a=b"),
        ("altText", "A tart"),
        ("dominantColor", "#F7E03c"),
    ] {
        assert_eq!(live.details[name], value, "{name}");
    }
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn several_pictures_become_one_pin_in_order() {
    let (stage, run) = published(carousel).await;
    let live = only_pin(&stage, &run);
    assert_eq!(live.kind, "carousel");
    assert_eq!(live.details["altText"], "A bare table\nA laid table");
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_video_goes_through_the_store() {
    let (stage, run) = published(video).await;
    let live = only_pin(&stage, &run);
    assert_eq!(live.kind, "video");
    assert_eq!(live.details["cover"]["keyFrameTime"], 0);
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_frame_of_a_video_is_its_cover() {
    let (stage, run) = published(framed).await;
    assert_eq!(only_pin(&stage, &run).details["cover"]["keyFrameTime"], 7);
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_picture_is_the_cover_of_the_video_beside_it() {
    let (stage, run) = published(covered).await;
    let live = only_pin(&stage, &run);
    assert_eq!(live.details["cover"]["digest"], digests(&stage, covered)[0]);
    assert_eq!(live.details["altText"], "Dough that rises");
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn pictures_that_cannot_be_fetched_are_sent() {
    for (name, content) in [
        ("picture", picture as Make),
        ("carousel", carousel),
        ("cover", covered),
    ] {
        let stage = Stage::new();
        stage.simulator.script(unreachable());
        let (stage, run) = published_on(stage, content).await;
        only_pin(&stage, &run);
        assert_eq!(count(&run, "create_pin"), 4);
        insta::assert_snapshot!(format!("unreachable_{name}"), run.transcript);
    }
}

#[tokio::test]
async fn where_no_network_may_fetch_files_pictures_are_sent_at_once() {
    for content in [picture as Make, carousel, covered, video] {
        let stage = Stage::new().with_setting(Platform::Pinterest, "upload", "base64");
        let (stage, run) = published_on(stage, content).await;
        only_pin(&stage, &run);
        assert_eq!(count(&run, "create_pin"), 1);
        assert!(!run.transcript.to_string().contains("media.example"));
    }
}

/// Every flow, and every call of it broken in every way.
#[tokio::test]
async fn whatever_breaks_everything_is_pinned_once_or_not_at_all() {
    for flow in flows().into_iter().filter(|flow| flow.trouble.is_none()) {
        let trial = Trial::new(Platform::Pinterest, STUDIO, flow.content);
        let cases = tried(trial).await;
        assert!(cases >= 11, "{}: {cases}", flow.name);
    }
}

/// The same, where something else goes wrong as well.
#[tokio::test]
async fn whatever_breaks_beside_another_trouble_all_is_pinned_once_or_not_at_all() {
    for Flow {
        name,
        content,
        trouble,
        ..
    } in flows()
    {
        let Some(trouble) = trouble else { continue };
        let arrange = move |stage: Stage| {
            stage.simulator.script(trouble());
            stage
        };
        let trial = Trial::new(Platform::Pinterest, STUDIO, content);
        let cases = tried(trial.arranged(arrange)).await;
        assert!(cases >= 22, "{name}: {cases}");
    }
}

#[tokio::test]
async fn whatever_breaks_what_is_sent_at_once_is_pinned_once_or_not_at_all() {
    for content in [picture as Make, carousel, covered] {
        let arrange = |stage: Stage| stage.with_setting(Platform::Pinterest, "upload", "base64");
        let trial = Trial::new(Platform::Pinterest, STUDIO, content).arranged(arrange);
        assert!(tried(trial).await >= 11);
    }
}

#[tokio::test]
async fn whatever_breaks_a_pin_is_pinned_once_though_lists_lag() {
    for content in [picture as Make, carousel] {
        let trial = Trial::new(Platform::Pinterest, STUDIO, content).arranged(|stage| {
            let world = stage.simulator.world();
            world.set_listing_lag("pinterest", Duration::minutes(9));
            stage
        });
        assert!(tried(trial).await >= 11);
    }
}

#[tokio::test]
async fn whatever_breaks_a_video_that_is_worked_on_is_pinned_once_or_not_at_all() {
    for processing in [4, 30] {
        let trial = Trial::new(Platform::Pinterest, STUDIO, video)
            .processing(Duration::seconds(processing));
        assert!(tried(trial).await >= 44);
    }
}

async fn tried(trial: Trial) -> usize {
    let limited =
        json!({"code": 8, "message": "You have exceeded your rate limit. Try again later."});
    let broken = json!({"code": 4197, "message": "This endpoint is switched off."});
    conformance(trial.limited(429, limited).broken(503, broken)).await
}

async fn refreshed(stage: &Stage, connection: &mut Connection) -> Result<(), platforms::Fault> {
    stage.refresh(connection).await.expect("a refresh")
}

async fn published(content: Make) -> (Stage, Run) {
    published_on(Stage::new(), content).await
}

async fn published_on(stage: Stage, content: Make) -> (Stage, Run) {
    let world = stage.simulator.world();
    world.set_processing("pinterest", Duration::seconds(20));
    let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
    let content = content(&stage);
    let run = stage.publish(&mut connection, &content).await;
    let files = stage.files_of(&content);
    let shown = stage.simulator.ledger().posts()[0].media.clone();
    let is_covered = content.options["cover"] == true;
    let files = files.iter().skip(usize::from(is_covered));
    let sent: Vec<String> = files
        .map(|file| hex::encode(Sha256::digest(file)))
        .collect();
    let arrived: Vec<String> = shown.into_iter().map(|file| file.digest).collect();
    assert_eq!(arrived, sent);
    (stage, run)
}

/// The one live Pin, which must be the one that was reported.
fn only_pin(stage: &Stage, run: &Run) -> LivePost {
    let receipt = run.receipt();
    let ledger = stage.simulator.ledger();
    assert_eq!(ledger.posts().len(), 1, "{}", run.transcript);
    let live = ledger.posts()[0].clone();
    assert_eq!(receipt.external_id.as_deref(), Some(live.post_id.as_str()));
    assert_eq!(receipt.url.as_deref(), Some(live.url.as_str()));
    live
}

fn count(run: &Run, name: &str) -> usize {
    run.calls.iter().filter(|(call, _)| *call == name).count()
}

fn digests(stage: &Stage, content: Make) -> Vec<String> {
    let files = stage.files_of(&content(stage));
    files
        .iter()
        .map(|file| hex::encode(Sha256::digest(file)))
        .collect()
}
