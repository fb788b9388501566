//! Posts of accounts that were connected at Instagram itself: the same flows at another host.

use domain::Platform;
use platforms::{Content, FaultKind};
use serde_json::{Value, json};
use simulator::FaultScript;
use time::Duration;

use crate::harness::{Run, Stage, Trial, conformance, jpeg, mp4};

const STUDIO: &str = "17841405822304914";
const GRAPH: &str = "graph.instagram.com";
const PUBLISH: &str = "POST /{version}/{id}/media_publish";

/// A stage where people log in at Instagram itself.
fn stage() -> Stage {
    at_instagram(Stage::new())
}

fn at_instagram(stage: Stage) -> Stage {
    stage.by_login(Platform::Instagram, "instagram")
}

fn picture(stage: &Stage) -> Content {
    stage.content(
        "A harbour at dawn #sea",
        Value::Null,
        vec![(jpeg(1_080, 1_080, 4_000), Some("Boats in mist"))],
    )
}

fn reel(stage: &Stage) -> Content {
    stage.content("Waves 🌊", Value::Null, vec![(mp4(70_000), None)])
}

fn carousel(stage: &Stage) -> Content {
    stage.content(
        "Two of them",
        Value::Null,
        vec![
            (jpeg(1_080, 1_080, 4_000), Some("Boats in mist")),
            (mp4(70_000), None),
        ],
    )
}

async fn publish(stage: &Stage, content: &Content) -> Run {
    let mut connection = stage.connection(Platform::Instagram, STUDIO).await;
    stage.publish(&mut connection, content).await
}

/// With a comment under it.
fn commented(stage: &Stage) -> Content {
    let options = json!({ "firstComment": "More at the harbour" });
    let sample = (jpeg(1_080, 1_080, 4_000), None);
    stage.content("A harbour at dawn", options, vec![sample])
}

/// The hosts that heard of the post, other than those that gave tokens out.
fn hosts(stage: &Stage) -> Vec<String> {
    let mut hosts: Vec<String> = stage
        .simulator
        .calls()
        .iter()
        .filter_map(|call| call.split(' ').next())
        .filter(|host| host.starts_with("graph"))
        .map(str::to_owned)
        .collect();
    hosts.dedup();
    hosts
}

fn work(stage: &Stage, seconds: i64) {
    let world = stage.simulator.world();
    world.set_processing("instagram", Duration::seconds(seconds));
}

#[tokio::test]
async fn a_picture_goes_to_instagrams_own_host() {
    let stage = stage();
    work(&stage, 3);
    let run = publish(&stage, &picture(&stage)).await;
    let receipt = run.receipt();
    let live = stage.simulator.ledger().posts().to_vec();
    assert_eq!(live.len(), 1);
    assert_eq!(receipt.url.as_deref(), Some(live[0].url.as_str()));
    assert_eq!(hosts(&stage), [GRAPH]);
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_reel_goes_to_instagrams_own_host() {
    let stage = stage();
    work(&stage, 20);
    let run = publish(&stage, &reel(&stage)).await;
    run.receipt();
    assert_eq!(stage.simulator.ledger().posts()[0].kind, "reel");
    assert_eq!(hosts(&stage), [GRAPH]);
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn several_files_go_to_instagrams_own_host() {
    let stage = stage();
    work(&stage, 6);
    let run = publish(&stage, &carousel(&stage)).await;
    run.receipt();
    assert_eq!(stage.simulator.ledger().posts()[0].media.len(), 2);
    assert_eq!(hosts(&stage), [GRAPH]);
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_lost_answer_is_settled_at_the_same_host() {
    let stage = stage();
    let lost = FaultScript::first(GRAPH, PUBLISH, simulator::Fault::LoseAnswer);
    stage.simulator.script(lost);
    let run = publish(&stage, &picture(&stage)).await;
    let receipt = run.receipt();
    let live = stage.simulator.ledger().posts().to_vec();
    assert_eq!(live.len(), 1);
    assert_eq!(
        receipt.external_id.as_deref(),
        Some(live[0].post_id.as_str())
    );
    assert_eq!(hosts(&stage), [GRAPH]);
}

#[tokio::test]
async fn a_first_comment_goes_there_too_where_it_was_asked_for() {
    let more = "instagram_business_manage_comments";
    for (scope, comments) in [(more, 1), ("", 0)] {
        let stage = stage().with_setting(Platform::Instagram, "extra_scopes", scope);
        let run = publish(&stage, &commented(&stage)).await;
        run.receipt();
        let world = stage.simulator.world();
        let written = world.states().meta().comments().len();
        assert_eq!(written, comments, "{}", run.transcript);
        assert_eq!(hosts(&stage), [GRAPH]);
    }
}

#[tokio::test]
async fn the_apps_secret_is_proven_only_where_the_setting_says_so() {
    for (setting, is_taken) in [("true", true), ("false", false)] {
        let stage = stage().with_setting(Platform::Instagram, "appsecret_proof", setting);
        let connected = stage.connection(Platform::Instagram, STUDIO).await;
        stage.simulator.world().states().meta().require_proof();
        let (again, transcript) = stage.try_connect(Platform::Instagram, &[STUDIO]).await;
        assert_eq!(again.is_ok(), is_taken, "{transcript}");
        let mut connection = connected;
        let run = stage.publish(&mut connection, &picture(&stage)).await;
        let posts = stage.simulator.ledger().posts().len();
        assert_eq!(posts, usize::from(is_taken), "{}", run.transcript);
    }
}

#[tokio::test]
async fn a_token_that_ended_or_a_permission_taken_back_waits_for_the_person() {
    let stage = stage();
    let mut connection = stage.connection(Platform::Instagram, STUDIO).await;
    stage.clock.advance(Duration::days(61));
    let run = stage.publish(&mut connection, &picture(&stage)).await;
    run.receipt();
    let told = run.transcript.to_string();
    assert!(told.contains("the person connected again"), "{told}");
    let world = stage.simulator.world();
    let declined = "instagram_business_content_publish";
    world.states().instagram_login().decline(declined);
    let run = stage.publish(&mut connection, &picture(&stage)).await;
    let crate::harness::Outcome::Waiting(fault) = &run.outcome else {
        panic!("{:?}\n{}", run.outcome, run.transcript);
    };
    assert_eq!(fault.kind, FaultKind::Reconnect);
    assert_eq!(stage.simulator.ledger().posts().len(), 1);
}

#[tokio::test]
async fn pictures_hold_whatever_breaks() {
    let error = |code: i64, message: &str| {
        json!({ "error": { "message": message, "type": "IGApiException", "code": code,
            "is_transient": true, "fbtrace_id": "A" } })
    };
    let trial = Trial::new(Platform::Instagram, STUDIO, picture)
        .arranged(at_instagram)
        .limited(400, error(80_002, "There have been too many calls"))
        .broken(500, error(2, "Service temporarily unavailable"))
        .processing(Duration::seconds(3));
    conformance(trial).await;
}
