//! X, tried on the stage: what is said in each flow, and what holds whatever breaks.

mod letters;
mod refusals;
mod specs;
mod threads;

use domain::Platform;
use platforms::{Content, FaultKind};
use serde_json::{Value, json};
use simulator::{Fault, FaultScript, LivePost, networks::x::Failure};
use time::Duration;

use crate::{
    flows::{Flow, x::*},
    harness::{Connection, Driver, Outcome, Run, Stage, Trial, conformance, jpeg},
};

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
    let (run, _) = publish(&stage, &animation(&stage)).await;
    let live = only_post(&stage);
    assert_eq!(live.kind, "gif");
    assert_eq!(live.details["altTexts"], json!(["A gull"]));
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_poll_is_asked_with_its_words() {
    let stage = Stage::new();
    let (run, _) = publish(&stage, &poll(&stage)).await;
    let asked = json!({ "options": ["Tea", "Coffee"], "duration_minutes": 1_440 });
    assert_eq!(only_post(&stage).details["poll"], asked);
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_post_answers_another() {
    let stage = with_an_older_post(Stage::new());
    let (run, _) = publish(&stage, &reply(&stage)).await;
    assert_eq!(only_post(&stage).details["replyTo"], OLDER);
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_post_quotes_another() {
    let stage = with_an_older_post(Stage::new());
    let (run, _) = publish(&stage, &quote(&stage)).await;
    assert_eq!(only_post(&stage).details["quotes"], OLDER);
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_lost_answer_is_found_in_the_timeline_although_it_lists_late() {
    let stage = Stage::new();
    stage
        .simulator
        .world()
        .set_listing_lag("x", Duration::minutes(3));
    stage
        .simulator
        .script(FaultScript::first(HOST, POSTS, Fault::LoseAnswer));
    let (run, _) = publish(&stage, &text(&stage)).await;
    assert_eq!(only_post(&stage).post_id, id_of(&run));
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_lost_answer_of_every_kind_of_post_is_found_too() {
    for flow in flows().into_iter().filter(|flow| flow.trouble.is_some()) {
        let stage = with_an_older_post(Stage::new());
        stage.simulator.script(flow.trouble.expect("trouble")());
        let content = (flow.content)(&stage);
        let (run, _) = publish(&stage, &content).await;
        let live = stage.simulator.ledger().posts().to_vec();
        assert_eq!(live[0].post_id, id_of(&run), "{}", flow.name);
        let looks = run
            .calls
            .iter()
            .filter(|(name, _)| *name == "look_for_post");
        assert_eq!(looks.count(), 1, "{}\n{}", flow.name, run.transcript);
    }
}

/// Of two posts with the same words only that is ours that answers what ours answers.
#[tokio::test]
async fn a_lookalike_that_answers_nothing_is_not_ours() {
    let stage = with_an_older_post(Stage::new());
    let content = reply(&stage);
    let lookalike = "31000000000000000";
    let now = stage.now();
    let world = stage.simulator.world();
    world
        .states()
        .x()
        .post_by_another_app(lookalike, STUDIO, &content.caption, now);
    stage
        .simulator
        .script(FaultScript::first(HOST, POSTS, Fault::LoseRequest));
    let (run, _) = publish(&stage, &content).await;
    assert_eq!(run.outcome, Outcome::Unconfirmed(vec![]));
}

#[tokio::test]
async fn a_lost_request_ends_unconfirmed_and_is_never_sent_again() {
    let stage = Stage::new();
    stage
        .simulator
        .script(FaultScript::first(HOST, POSTS, Fault::LoseRequest));
    let (run, _) = publish(&stage, &text(&stage)).await;
    assert_eq!(run.outcome, Outcome::Unconfirmed(vec![]));
    let commits = run.calls.iter().filter(|(name, _)| *name == "create_post");
    assert_eq!(commits.count(), 1);
}

#[tokio::test]
async fn two_lookalikes_are_shown_to_the_person() {
    let stage = Stage::new();
    let content = text(&stage);
    stage
        .simulator
        .script(FaultScript::first(HOST, POSTS, Fault::LoseRequest));
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
async fn the_same_text_again_fails_with_its_reason_when_no_post_of_ours_comes_to_light() {
    let stage = Stage::new();
    let content = text(&stage);
    let (first, mut connection) = publish(&stage, &content).await;
    let known = vec![id_of(&first).to_owned()];
    let run = Driver::new(&stage, &mut connection, &content)
        .knowing(known)
        .run()
        .await;
    assert_eq!(run.failure().code, "duplicate_text");
    assert_eq!(stage.simulator.ledger().posts().len(), 1);
    insta::assert_snapshot!(run.transcript);
}

/// X may take a post twice and tell us of the second time only.
#[tokio::test]
async fn a_post_that_is_its_own_twin_is_found() {
    let stage = Stage::new();
    let twin = json!({
        "detail": "You are not allowed to create a Tweet with duplicate content.",
        "type": "about:blank", "title": "Forbidden", "status": 403,
    });
    let fault = Fault::AnswerAfterEffect {
        status: 403,
        body: twin,
    };
    stage
        .simulator
        .script(FaultScript::first(HOST, POSTS, fault));
    let (run, _) = publish(&stage, &text(&stage)).await;
    assert_eq!(only_post(&stage).post_id, id_of(&run));
}

#[tokio::test]
async fn an_unusable_video_fails_with_what_x_said() {
    let said = Some("InvalidMedia: Unsupported video format".to_owned());
    for (failure, evidence) in [(Failure::Told, said), (Failure::Untold, None)] {
        let stage = Stage::new();
        stage.simulator.world().states().x().fail_next_file(failure);
        let (run, _) = publish(&stage, &video(&stage)).await;
        let fault = run.failure();
        assert_eq!(fault.code, "media_refused");
        assert_eq!(fault.evidence, evidence);
    }
}

#[tokio::test]
async fn a_chunk_that_is_too_large_is_halved_until_it_fits() {
    let stage = Stage::new();
    stage
        .simulator
        .world()
        .states()
        .x()
        .take_chunks_up_to(1 << 18);
    let content = video(&stage);
    let (run, _) = publish(&stage, &content).await;
    id_of(&run);
    let chunks = run.calls.iter().filter(|(name, _)| *name == "append_chunk");
    assert_eq!(chunks.count(), 2 + 5);
}

#[tokio::test]
async fn a_chunk_that_no_halving_makes_fit_fails() {
    let stage = Stage::new();
    stage.simulator.world().states().x().take_chunks_up_to(10);
    let (run, _) = publish(&stage, &video(&stage)).await;
    assert_eq!(run.failure().code, "file_too_large");
}

/// A chunk may arrive although its answer is lost; where X does not take it again, the file begins anew.
#[tokio::test]
async fn a_chunk_that_is_not_taken_twice_makes_the_file_begin_anew() {
    let stage = Stage::new();
    stage
        .simulator
        .world()
        .states()
        .x()
        .refuse_repeated_chunks();
    let route = "POST /2/media/upload/{id}/append";
    stage
        .simulator
        .script(FaultScript::first(HOST, route, Fault::LoseAnswer));
    let content = video(&stage);
    let (run, _) = publish(&stage, &content).await;
    id_of(&run);
    let digest = &only_post(&stage).media[0].digest;
    let (_, bytes) = stage.simulator.world().kept(digest).expect("the file");
    assert_eq!(bytes, stage.files_of(&content)[0], "byte for byte");
}

#[tokio::test]
async fn a_chunk_that_breaks_off_is_sent_again() {
    let stage = Stage::new();
    let route = "POST /2/media/upload/{id}/append";
    let cut = Fault::CutRequest { bytes: 5_000 };
    stage
        .simulator
        .script(FaultScript::first(HOST, route, cut).nth(2));
    let content = video(&stage);
    let (run, _) = publish(&stage, &content).await;
    id_of(&run);
    let digest = &only_post(&stage).media[0].digest;
    let (_, bytes) = stage.simulator.world().kept(digest).expect("the file");
    assert_eq!(bytes, stage.files_of(&content)[0], "byte for byte");
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

/// A flow with everything that can break in it.
fn trial(name: &str) -> Trial {
    let found = flows().into_iter().find(|flow| flow.name == name);
    let Flow {
        content, chosen, ..
    } = found.expect("a flow");
    Trial::new(Platform::X, chosen, content)
        .limited(429, too_many())
        .processing(Duration::seconds(8))
        .arranged(with_an_older_post)
}

#[tokio::test]
async fn a_text_is_never_lost_nor_doubled() {
    assert!(conformance(trial("text")).await >= 11);
}

#[tokio::test]
async fn a_poll_is_never_lost_nor_doubled() {
    assert!(conformance(trial("poll")).await >= 11);
}

#[tokio::test]
async fn a_reply_is_never_lost_nor_doubled() {
    assert!(conformance(trial("reply")).await >= 11);
}

#[tokio::test]
async fn a_quote_is_never_lost_nor_doubled() {
    assert!(conformance(trial("quote")).await >= 11);
}

#[tokio::test]
async fn an_animation_is_never_lost_nor_doubled() {
    assert!(conformance(trial("animation")).await >= 6 * 11);
}

#[tokio::test]
async fn a_thread_is_never_torn_nor_doubled() {
    assert!(conformance(trial("thread")).await >= 3 * 11);
}

#[tokio::test]
async fn a_thread_with_files_is_never_torn_nor_doubled() {
    assert!(conformance(trial("thread with files")).await >= 11 * 11);
}

#[tokio::test]
async fn pictures_are_never_lost_nor_doubled() {
    let late = |stage: Stage| {
        let world = stage.simulator.world();
        world.set_listing_lag("x", Duration::minutes(4));
        stage
    };
    assert!(conformance(trial("pictures").arranged(late)).await >= 4 * 11);
}

/// X refuses equal texts, but not equal pictures without words: whoever sent again because the
/// timeline stays empty would double them.
#[tokio::test]
async fn wordless_pictures_are_not_doubled_though_the_timeline_stays_empty() {
    let picture = |stage: &Stage| stage.content("", json!({}), vec![(jpeg(64, 64, 500), None)]);
    let trial = Trial::new(Platform::X, STUDIO, picture)
        .limited(429, too_many())
        .arranged(|stage| {
            let world = stage.simulator.world();
            world.set_listing_lag("x", Duration::hours(9));
            stage
        });
    assert!(conformance(trial).await >= 2 * 11);
}

#[tokio::test]
async fn a_video_is_never_lost_nor_doubled() {
    assert!(conformance(trial("video")).await >= 8 * 11);
}
