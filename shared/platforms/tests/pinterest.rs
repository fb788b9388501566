//! Pinterest, tried on the stage.

mod harness;

use axum::body::Body;
use domain::Platform;
use harness::{
    Connection, Outcome, Run, Sample, Stage, Transcript, Trial, conformance, jpeg, mp4, png,
};
use platforms::{Action, Answer, Content, Event, FaultKind, Machine as _};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use simulator::{Fault, FaultScript, LivePost};
use time::Duration;
use tower::ServiceExt as _;

const STUDIO: &str = "813744226420795884";
const RECIPES: &str = "549755885175";
const TABLES: &str = "549755885176";
const DESSERTS: &str = "5549755885175002";
const API: &str = "api.pinterest.com";
const STORE: &str = "pinterest-media-upload.s3-accelerate.amazonaws.com";
const CREATE: &str = "POST /v5/pins";

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
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
    let options = json!({
        "boardId": RECIPES, "boardSectionId": DESSERTS,
        "title": "Lemon tart", "link": "https://example.com/tart?a=b",
    });
    let sample = jpeg(1000, 1500, 60_000);
    let content = stage.content(
        "With cream & honey",
        options,
        vec![(sample.clone(), Some("A tart"))],
    );
    let run = stage.publish(&mut connection, &content).await;
    let live = published(&stage, &run);
    assert_eq!(live.text, "With cream & honey");
    assert_eq!(live.media[0].digest, digest(&sample));
    for (name, value) in [
        ("boardId", RECIPES),
        ("boardSectionId", DESSERTS),
        ("title", "Lemon tart"),
        ("link", "https://example.com/tart?a=b"),
        ("altText", "A tart"),
    ] {
        assert_eq!(live.details[name], value, "{name}");
    }
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_video_goes_through_the_store() {
    let stage = Stage::new();
    stage
        .simulator
        .world()
        .set_processing("pinterest", Duration::seconds(20));
    let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
    let sample = mp4(600_000);
    let content = stage.content(
        "Kneading",
        json!({ "boardId": TABLES }),
        vec![(sample.clone(), None)],
    );
    let run = stage.publish(&mut connection, &content).await;
    let live = published(&stage, &run);
    assert_eq!(live.kind, "video");
    assert_eq!(live.media[0].digest, digest(&sample));
    assert_eq!(live.details["cover"]["keyFrameTime"], 0);
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn whatever_breaks_a_picture_is_pinned_once_or_not_at_all() {
    tried(Trial::new(Platform::Pinterest, STUDIO, picture), 10).await;
}

#[tokio::test]
async fn whatever_breaks_a_picture_is_pinned_once_though_lists_lag() {
    let trial = Trial::new(Platform::Pinterest, STUDIO, picture).arranged(|stage| {
        stage.simulator.world().states().pinterest().listing_delay = Duration::minutes(9);
        stage
    });
    tried(trial, 10).await;
}

#[tokio::test]
async fn whatever_breaks_a_video_is_pinned_once_or_not_at_all() {
    for processing in [0, 30] {
        let trial = Trial::new(Platform::Pinterest, STUDIO, video)
            .processing(Duration::seconds(processing));
        tried(trial, 40).await;
    }
}

#[tokio::test]
async fn a_lost_answer_is_found_on_the_board() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
    stage
        .simulator
        .script(FaultScript::first(API, CREATE, Fault::LoseAnswer));
    let run = stage.publish(&mut connection, &picture(&stage)).await;
    published(&stage, &run);
    assert_eq!(count(&run, "create_pin"), 1);
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_lost_answer_is_found_behind_a_hundred_newer_pins() {
    let stage = Stage::new();
    stage.simulator.world().states().pinterest().calls_a_minute = (1000, 1000);
    stage.simulator.world().states().pinterest().listing_delay = Duration::minutes(1);
    let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
    stage
        .simulator
        .script(FaultScript::first(API, CREATE, Fault::LoseAnswer));
    let ours = picture(&stage);
    let mut others = connection.clone();
    let run = stage.publish(&mut connection, &ours).await;
    let Outcome::Published(first) = &run.outcome else {
        panic!("{}", run.transcript)
    };
    for number in 0..100 {
        let other = stage.content(
            &format!("Other {number}"),
            json!({ "boardId": RECIPES }),
            vec![(jpeg(10, 10, 100), None)],
        );
        let run = stage.publish(&mut others, &other).await;
        assert!(matches!(run.outcome, Outcome::Published(_)));
    }
    let found = looked_for(&stage, &others, &ours).await;
    assert_eq!(found.as_deref(), first.external_id.as_deref());
}

#[tokio::test]
async fn a_request_that_never_arrived_is_not_sent_again() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
    stage
        .simulator
        .script(FaultScript::first(API, CREATE, Fault::LoseRequest));
    let run = stage.publish(&mut connection, &picture(&stage)).await;
    assert_eq!(
        run.outcome,
        Outcome::Unconfirmed(vec![]),
        "{}",
        run.transcript
    );
    assert_eq!(count(&run, "create_pin"), 1);
    assert_eq!(count(&run, "look_for_pin"), 6);
}

#[tokio::test]
async fn two_equal_pins_are_for_a_person_to_tell_apart() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
    let twin = stage.publish(&mut connection, &picture(&stage)).await;
    published(&stage, &twin);
    stage
        .simulator
        .script(FaultScript::first(API, CREATE, Fault::LoseAnswer));
    let run = stage.publish(&mut connection, &picture(&stage)).await;
    let Outcome::Unconfirmed(candidates) = &run.outcome else {
        panic!("{}", run.transcript)
    };
    assert_eq!(candidates.len(), 2);
    assert!(
        candidates[0]
            .url
            .as_deref()
            .is_some_and(|url| url.contains("/pin/"))
    );
}

#[tokio::test]
async fn a_pin_with_another_title_link_or_kind_is_not_ours() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
    for options in [
        json!({ "boardId": RECIPES, "title": "Other" }),
        json!({ "boardId": RECIPES, "link": "https://example.com" }),
        json!({ "boardId": TABLES }),
    ] {
        let other = stage.content("Fresh bread", options, vec![(png(10, 10, 100), None)]);
        let run = stage.publish(&mut connection, &other).await;
        assert!(matches!(run.outcome, Outcome::Published(_)));
    }
    stage
        .simulator
        .script(FaultScript::first(API, CREATE, Fault::LoseAnswer));
    let run = stage.publish(&mut connection, &picture(&stage)).await;
    let receipt = run.receipt();
    let newest = stage.simulator.ledger().posts()[3].post_id.clone();
    assert_eq!(receipt.external_id, Some(newest));
}

#[tokio::test]
async fn the_same_pin_sent_twice_would_be_two() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
    for _ in 0..2 {
        let run = stage.publish(&mut connection, &picture(&stage)).await;
        assert!(matches!(run.outcome, Outcome::Published(_)));
    }
    assert_eq!(stage.simulator.ledger().posts().len(), 2);
}

#[tokio::test]
async fn a_picture_that_cannot_be_fetched_is_tried_three_times() {
    for (times, sent) in [(2, 3), (100, 3)] {
        let stage = Stage::new();
        let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
        let unreachable = Fault::Answer {
            status: 400,
            headers: Vec::new(),
            body: json!({"code": 1, "message": "Unable to reach the URL."}),
        };
        stage
            .simulator
            .script(FaultScript::first(API, CREATE, unreachable).times(times));
        let run = stage.publish(&mut connection, &picture(&stage)).await;
        assert_eq!(count(&run, "create_pin"), sent, "{}", run.transcript);
        if times == 2 {
            published(&stage, &run);
        } else {
            assert!(
                matches!(&run.outcome, Outcome::Failed(fault) if fault.code == "image_unreachable")
            );
        }
    }
}

#[tokio::test]
async fn each_refusal_of_a_pin_reaches_the_person() {
    for (options, code) in [
        (
            json!({ "boardId": "813744364859010001" }),
            "board_forbidden",
        ),
        (json!({ "boardId": "999" }), "board_gone"),
        (
            json!({ "boardId": RECIPES, "boardSectionId": "9" }),
            "section_gone",
        ),
        (
            json!({ "boardId": RECIPES, "title": "t".repeat(101) }),
            "pin_refused",
        ),
    ] {
        let stage = Stage::new();
        let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
        let content = stage.content("", options, vec![(jpeg(10, 10, 100), None)]);
        let run = stage.publish(&mut connection, &content).await;
        assert!(
            matches!(&run.outcome, Outcome::Failed(fault) if fault.code == code),
            "{}",
            run.transcript
        );
    }
}

#[tokio::test]
async fn an_app_on_trial_pins_in_the_sandbox_only() {
    for (host, is_live) in [
        ("api.pinterest.com", false),
        ("api-sandbox.pinterest.com", true),
    ] {
        let stage = Stage::new().with_setting(Platform::Pinterest, "api_host", host);
        stage.simulator.world().states().pinterest().is_on_trial = true;
        let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
        let run = stage.publish(&mut connection, &picture(&stage)).await;
        if is_live {
            assert_eq!(published(&stage, &run).details["isSandbox"], true);
        } else {
            assert!(
                matches!(&run.outcome, Outcome::Waiting(fault) if fault.code == "app_on_trial")
            );
        }
    }
}

#[tokio::test]
async fn a_missing_scope_asks_the_person_to_connect_again() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
    let token = without_scope(&stage, &connection, "boards:write");
    connection.credentials.tokens.access = token.into();
    let run = stage.publish(&mut connection, &picture(&stage)).await;
    let transcript = run.transcript.to_string();
    assert!(transcript.contains("fault scope_missing") && transcript.contains("connected again"));
    assert!(!transcript.contains("renewed"), "a refresh would not help");
    published(&stage, &run);
}

#[tokio::test]
async fn an_ended_token_is_renewed() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
    stage.clock.advance(Duration::days(31));
    let run = stage.publish(&mut connection, &picture(&stage)).await;
    assert!(run.transcript.to_string().contains("renewed the token"));
    published(&stage, &run);
}

#[tokio::test]
async fn a_limit_is_waited_for() {
    let stage = Stage::new();
    stage.simulator.world().states().pinterest().calls_a_minute = (1000, 1);
    let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
    let began_at = stage.now();
    let run = stage.publish(&mut connection, &video(&stage)).await;
    assert!(run.transcript.to_string().contains("rate_limited"));
    assert!(stage.now() - began_at < Duration::seconds(75));
    published(&stage, &run);
}

#[tokio::test]
async fn a_form_that_the_store_refuses_is_asked_for_again() {
    let refused = |status| Fault::Answer {
        status,
        headers: Vec::new(),
        body: json!("<Error><Code>AccessDenied</Code></Error>"),
    };
    for (times, uploads) in [(1, 2), (100, 3)] {
        let stage = Stage::new();
        let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
        stage
            .simulator
            .script(FaultScript::first(STORE, "POST /", refused(403)).times(times));
        let run = stage.publish(&mut connection, &video(&stage)).await;
        assert_eq!(count(&run, "upload_video"), uploads, "{}", run.transcript);
        assert_eq!(count(&run, "register_video"), uploads);
        if times == 1 {
            published(&stage, &run);
        } else {
            assert!(
                matches!(&run.outcome, Outcome::Failed(fault) if fault.code == "upload_refused")
            );
        }
    }
}

#[tokio::test]
async fn a_video_that_cannot_be_processed_fails() {
    let stage = Stage::new();
    let failures = [7].into();
    stage.simulator.world().states().pinterest().video_failures = failures;
    let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
    let run = stage.publish(&mut connection, &video(&stage)).await;
    let fault = run.failure();
    assert_eq!(
        (fault.code.as_str(), fault.evidence.as_deref()),
        ("media_unusable", Some("7"))
    );
}

#[tokio::test]
async fn a_video_that_is_never_ready_fails_in_the_end() {
    let stage = Stage::new();
    stage
        .simulator
        .world()
        .set_processing("pinterest", Duration::days(1));
    let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
    let run = stage.publish(&mut connection, &video(&stage)).await;
    assert!(matches!(&run.outcome, Outcome::Failed(fault) if fault.code == "processing_too_long"));
}

#[tokio::test]
async fn an_upload_that_goes_unnoticed_is_done_again() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
    let unheard = Fault::Answer {
        status: 204,
        headers: Vec::new(),
        body: Value::Null,
    };
    stage
        .simulator
        .script(FaultScript::first(STORE, "POST /", unheard));
    let run = stage.publish(&mut connection, &video(&stage)).await;
    assert_eq!(count(&run, "upload_video"), 2);
    published(&stage, &run);
}

async fn tried(trial: Trial, least: usize) {
    let limited =
        json!({"code": 8, "message": "You have exceeded your rate limit. Try again later."});
    let broken = json!({"code": 4197, "message": "This endpoint is switched off."});
    let cases = conformance(trial.limited(429, limited).broken(503, broken)).await;
    assert!(cases >= least, "{cases}");
}

async fn refreshed(stage: &Stage, connection: &mut Connection) -> Result<(), platforms::Fault> {
    stage.refresh(connection).await.expect("a refresh")
}

async fn got(stage: &Stage, connection: &Connection, url: &url::Url) -> Answer {
    let path = format!("/{API}{}?{}", url.path(), url.query().unwrap_or_default());
    let token = connection.credentials.tokens.access.expose_secret();
    let request = http::Request::get(path)
        .header("authorization", format!("Bearer {token}"))
        .body(Body::empty())
        .expect("a request");
    let Ok(response) = stage.simulator.router().oneshot(request).await;
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: body.to_vec(),
    }
}

/// Which Pin a machine finds that lost its answer now; by hand, so that others may stand before it.
async fn looked_for(stage: &Stage, connection: &Connection, content: &Content) -> Option<String> {
    let cx = |armed_at| platforms::PublishContext {
        now: armed_at + Duration::seconds(40),
        app: stage.app(Platform::Pinterest),
        account: &connection.account,
        content,
        armed_at: Some(armed_at),
        claimed: &[],
    };
    let armed_at = stage.simulator.ledger().posts()[0].created_at;
    stage.clock.advance(Duration::minutes(2));
    let mut machine = platforms::pinterest::start(content)
        .apply(Event::Lost, &cx(armed_at))
        .expect("it looks");
    for _ in 0..10 {
        match machine.next(&cx(armed_at)) {
            Action::Done(receipt) => return receipt.external_id,
            Action::WaitUntil(_) => return None,
            Action::Send(call) => {
                let answer = got(stage, connection, &call.url).await;
                machine = machine
                    .apply(Event::Answer(answer), &cx(armed_at))
                    .expect("it goes on");
            }
        }
    }
    None
}

/// A token of the connection's account that lacks a scope.
fn without_scope(stage: &Stage, connection: &Connection, scope: &str) -> String {
    let world = stage.simulator.world();
    let text = connection.credentials.tokens.access.expose_secret();
    let mut token = world.oauth().token(text).expect("a token").clone();
    token.grant.scopes.retain(|given| given != scope);
    world
        .oauth()
        .give_token("a-token-that-lacks-a-scope", token);
    "a-token-that-lacks-a-scope".to_owned()
}

fn picture(stage: &Stage) -> Content {
    stage.content(
        "Fresh bread",
        json!({ "boardId": RECIPES }),
        vec![(jpeg(1000, 1500, 60_000), None)],
    )
}

fn video(stage: &Stage) -> Content {
    stage.content(
        "Kneading",
        json!({ "boardId": RECIPES, "title": "Dough" }),
        vec![(mp4(90_000), None)],
    )
}

/// The one live Pin, which must be the one that was reported.
fn published(stage: &Stage, run: &Run) -> LivePost {
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

fn digest(sample: &Sample) -> String {
    hex::encode(Sha256::digest(&sample.bytes))
}
