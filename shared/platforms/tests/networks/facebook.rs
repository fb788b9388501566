//! Facebook, tried on the stage: what is said in each flow, and what holds whatever breaks.

mod letters;
mod trouble;

use domain::Platform;
use platforms::{Content, FaultKind};
use serde_json::{Value, json};
use simulator::{Fault, FaultScript, LivePost, networks::meta::Comment};
use time::Duration;

use crate::{
    flows::facebook::*,
    harness::{Death, Driver, Outcome, Run, Stage, Trial, conformance},
};

const KITCHEN: &str = "104482915678302";
const ARCHIVE: &str = "104482915678303";

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
    let picture = grant.accounts[0].avatar_url.as_deref();
    assert_eq!(
        picture,
        Some("https://scontent.xx.fbcdn.net/104482915678301.jpg")
    );
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
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn one_photo_is_uploaded_unseen_too() {
    let stage = Stage::new();
    let run = publish(&stage, &picture(&stage)).await;
    run.receipt();
    assert_eq!(
        live(&stage)[0].details["photos"][0]["altText"],
        "Boats in mist"
    );
    insta::assert_snapshot!(run.transcript);
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
async fn a_video_says_what_its_author_chose() {
    let stage = Stage::new();
    publish(&stage, &titled_video(&stage)).await.receipt();
    let details = live(&stage)[0].details.clone();
    assert_eq!(details["title"], "Waves at dawn");
    assert_eq!(details["category"], "SCIENCE");
    assert_eq!(details["embeddable"], false);
    let stage = Stage::new();
    publish(&stage, &titled_reel(&stage)).await.receipt();
    let details = live(&stage)[0].details.clone();
    assert_eq!(details["title"], "Waves at dawn");
    assert_eq!(details["place"], "104482915678304");
}

#[tokio::test]
async fn a_photo_story_is_shown_by_one_call() {
    let stage = Stage::new();
    let run = publish(&stage, &photo_story(&stage)).await;
    let receipt = run.receipt();
    let live = live(&stage);
    assert_eq!((live.len(), live[0].kind.as_str()), (1, "story"));
    assert_eq!(receipt.external_id.as_ref(), Some(&live[0].post_id));
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_video_story_goes_the_way_of_reels() {
    let stage = Stage::new();
    let content = video_story(&stage);
    let run = publish(&stage, &content).await;
    let receipt = run.receipt();
    let live = live(&stage);
    assert_eq!((live.len(), live[0].kind.as_str()), (1, "story"));
    assert_eq!(receipt.external_id.as_ref(), Some(&live[0].post_id));
    let kept = stage.simulator.world().kept(&live[0].media[0].digest);
    let file = &stage.files_of(&content)[0];
    assert_eq!(kept.expect("a file").1, *file, "byte for byte");
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_story_without_a_told_id_is_published_all_the_same() {
    for content in [photo_story, video_story] {
        let stage = Stage::new();
        stage.simulator.world().states().facebook().hide_posts();
        let run = publish(&stage, &content(&stage)).await;
        assert_eq!(run.receipt().url, None);
        assert_eq!(live(&stage).len(), 1);
    }
}

#[tokio::test]
async fn a_story_whose_answer_was_lost_is_unconfirmed_unless_its_video_tells() {
    let stage = Stage::new();
    let lose = |route| FaultScript::first(GRAPH, route, Fault::LoseAnswer);
    let route = "POST /{version}/{id}/photo_stories";
    stage.simulator.script(lose(route));
    let run = publish(&stage, &photo_story(&stage)).await;
    assert!(matches!(run.outcome, Outcome::Unconfirmed(_)));
    insta::assert_snapshot!("a_lost_answer_about_a_photo_story", run.transcript);
    let stage = Stage::new();
    let route = "POST /{version}/{id}/video_stories";
    stage.simulator.script(lose(route).nth(2));
    let run = publish(&stage, &video_story(&stage)).await;
    let live = live(&stage);
    assert_eq!(run.receipt().external_id.as_ref(), Some(&live[0].post_id));
    insta::assert_snapshot!("a_lost_answer_about_a_video_story", run.transcript);
}

#[tokio::test]
async fn a_video_story_that_was_taken_but_could_not_be_used_fails() {
    let stage = Stage::new();
    let facebook = stage.simulator.world().states();
    facebook.facebook().fail_next_video(1_363_128);
    let run = publish(&stage, &video_story(&stage)).await;
    assert_eq!(run.failure().code, "video_shape");
    assert!(live(&stage).is_empty());
}

#[tokio::test]
async fn a_video_story_that_nothing_came_of_is_never_finished_again() {
    let stage = Stage::new();
    let route = "POST /{version}/{id}/video_stories";
    let lose = FaultScript::first(GRAPH, route, Fault::LoseRequest);
    stage.simulator.script(lose.nth(2));
    let run = publish(&stage, &video_story(&stage)).await;
    assert!(matches!(run.outcome, Outcome::Unconfirmed(_)));
    let text = run.transcript.to_string();
    assert_eq!(text.matches("upload_phase=finish").count(), 1);
    assert!(live(&stage).is_empty());
}

#[tokio::test]
async fn a_lost_answer_is_found_on_the_page_although_it_lists_late() {
    let contents: [(&str, crate::flows::Make); 2] = [("words", text), ("photo", picture)];
    for (name, content) in contents {
        let stage = Stage::new();
        let world = stage.simulator.world();
        world.set_listing_lag("facebook", Duration::seconds(90));
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
        insta::assert_snapshot!(format!("a_lost_answer_about_{name}"), run.transcript);
    }
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

#[tokio::test]
async fn one_picture_holds_whatever_breaks() {
    conformance(trial(picture)).await;
}

#[tokio::test]
async fn links_hold_whatever_breaks() {
    conformance(trial(link)).await;
}

#[tokio::test]
async fn photo_stories_hold_whatever_breaks() {
    conformance(trial(photo_story)).await;
}

#[tokio::test]
async fn video_stories_hold_whatever_breaks() {
    conformance(trial(video_story).processing(Duration::seconds(7))).await;
}

#[tokio::test]
async fn video_stories_without_a_told_id_hold_whatever_breaks() {
    let hidden = |stage: Stage| {
        stage.simulator.world().states().facebook().hide_posts();
        stage
    };
    let trial = trial(video_story).arranged(hidden);
    conformance(trial.processing(Duration::seconds(7))).await;
}

#[tokio::test]
async fn comments_under_videos_hold_whatever_breaks() {
    let trial = trial(commented_video).arranged(with_comments);
    conformance(trial.processing(Duration::seconds(7))).await;
}
