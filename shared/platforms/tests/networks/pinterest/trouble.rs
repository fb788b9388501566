//! Pinterest in trouble, tried on the stage: lost answers, broken uploads, limits.

use axum::body::Body;
use domain::Platform;
use platforms::{Action, Answer, Content, Event, Machine as _};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use simulator::{Fault, FaultScript, LivePost};
use time::Duration;
use tower::ServiceExt as _;

use crate::{
    flows::pinterest::*,
    harness::{Connection, Driver, Outcome, Run, Stage, jpeg, png},
};

#[tokio::test]
async fn a_lost_answer_is_found_on_the_board() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
    stage
        .simulator
        .script(FaultScript::first(API, CREATE, Fault::LoseAnswer));
    let run = stage.publish(&mut connection, &picture(&stage)).await;
    only_pin(&stage, &run);
    assert_eq!(count(&run, "create_pin"), 1);
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_lost_answer_is_found_behind_a_hundred_newer_pins() {
    let stage = Stage::new();
    stage.simulator.world().states().pinterest().calls_a_minute = (1000, 1000);
    let world = stage.simulator.world();
    world.set_listing_lag("pinterest", Duration::minutes(1));
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
    only_pin(&stage, &twin);
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
            assert_eq!(only_pin(&stage, &run).details["isSandbox"], true);
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
    only_pin(&stage, &run);
}

#[tokio::test]
async fn an_ended_token_is_renewed() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
    stage.clock.advance(Duration::days(31));
    let run = stage.publish(&mut connection, &picture(&stage)).await;
    assert!(run.transcript.to_string().contains("renewed the token"));
    only_pin(&stage, &run);
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
    only_pin(&stage, &run);
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
    only_pin(&stage, &run);
}

/// A Pin is told of with how many pictures it has.
#[tokio::test]
async fn a_pin_with_more_or_fewer_pictures_is_not_ours() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
    let of = |count: usize| {
        let files = (0..count).map(|_| (jpeg(100, 150, 900), None)).collect();
        stage.content("Bread", json!({ "boardId": RECIPES }), files)
    };
    for count in [1, 2, 4] {
        stage.publish(&mut connection, &of(count)).await.receipt();
    }
    stage
        .simulator
        .script(FaultScript::first(API, CREATE, Fault::LoseAnswer));
    let run = stage.publish(&mut connection, &of(3)).await;
    let newest = stage.simulator.ledger().posts()[3].post_id.clone();
    assert_eq!(run.receipt().external_id, Some(newest));
}

#[tokio::test]
async fn a_pin_that_is_known_as_another_post_is_not_ours() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
    let content = picture(&stage);
    let twin = stage.publish(&mut connection, &content).await;
    let known = twin.receipt().external_id.clone();
    stage
        .simulator
        .script(FaultScript::first(API, CREATE, Fault::LoseAnswer));
    let driver = Driver::new(&stage, &mut connection, &content);
    let run = driver.knowing(known.into_iter().collect()).run().await;
    let newest = stage.simulator.ledger().posts()[1].post_id.clone();
    assert_eq!(run.receipt().external_id, Some(newest));
}

/// More than a look reads: that one fits does not say that it is the only one.
#[tokio::test]
async fn a_board_that_never_ends_leaves_it_to_a_person() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
    stage
        .simulator
        .script(FaultScript::first(API, CREATE, Fault::LoseAnswer));
    for nth in 1..=40 {
        let body = json!({"items": [{"id": "1"}], "bookmark": nth.to_string()});
        let part = Fault::Answer {
            status: 200,
            headers: Vec::new(),
            body,
        };
        stage
            .simulator
            .script(FaultScript::first(API, "GET /v5/boards/{board}/pins", part).nth(nth));
    }
    let run = stage.publish(&mut connection, &picture(&stage)).await;
    assert_eq!(run.outcome, Outcome::Unconfirmed(vec![]));
    assert_eq!(count(&run, "look_for_pin"), 20);
}

#[tokio::test]
async fn an_upload_that_broke_off_is_sent_again_when_pinterest_knows_nothing_of_it() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
    let cut = Fault::CutRequest { bytes: 50_000 };
    stage
        .simulator
        .script(FaultScript::first(STORE, "POST /", cut).times(4));
    let run = stage.publish(&mut connection, &video(&stage)).await;
    only_pin(&stage, &run);
    assert_eq!(count(&run, "upload_video"), 5);
    assert_eq!(count(&run, "register_video"), 1, "{}", run.transcript);
}

#[tokio::test]
async fn an_upload_whose_answer_was_lost_is_not_sent_again() {
    let stage = Stage::new();
    let world = stage.simulator.world();
    world.set_processing("pinterest", Duration::seconds(20));
    let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
    stage
        .simulator
        .script(FaultScript::first(STORE, "POST /", Fault::LoseAnswer));
    let run = stage.publish(&mut connection, &video(&stage)).await;
    only_pin(&stage, &run);
    assert_eq!(count(&run, "upload_video"), 1);
    insta::assert_snapshot!(run.transcript);
}

/// What an upload is allowed by ends after an hour; then a new one is asked for.
#[tokio::test]
async fn an_upload_that_is_allowed_no_longer_is_asked_for_anew() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
    let late = Fault::Answer {
        status: 503,
        headers: vec![("retry-after".to_owned(), "3700".to_owned())],
        body: Value::Null,
    };
    stage
        .simulator
        .script(FaultScript::first(STORE, "POST /", late));
    let run = stage.publish(&mut connection, &video(&stage)).await;
    only_pin(&stage, &run);
    assert_eq!(count(&run, "upload_video"), 3);
    assert_eq!(count(&run, "register_video"), 2, "{}", run.transcript);
}

#[tokio::test]
async fn a_limit_on_trial_lasts_until_the_next_day() {
    for (setting, told, waited) in [
        ("trial", false, 68_033),
        ("standard", false, 60),
        ("trial", true, 86_400),
    ] {
        let stage = Stage::new().with_setting(Platform::Pinterest, "access", setting);
        {
            let mut at_pinterest = stage.simulator.world().states().pinterest();
            at_pinterest.is_on_trial = true;
            at_pinterest.hides_rates = !told;
            at_pinterest.calls_a_day = (1_000, 0);
        }
        let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
        let began_at = stage.now();
        let run = stage.publish(&mut connection, &video(&stage)).await;
        assert!(run.transcript.to_string().contains("rate_limited"));
        let first_wait = if waited == 60 {
            // One refusal after another, a minute each, until the driver gives up.
            (stage.now() - began_at).whole_seconds() / 12
        } else {
            (stage.now() - began_at).whole_seconds()
        };
        assert_eq!(first_wait, waited, "{setting} {told}");
    }
}

/// The one live Pin, which must be the one that was reported.
fn only_pin(stage: &Stage, run: &Run) -> LivePost {
    let receipt = run.receipt();
    let ledger = stage.simulator.ledger();
    assert_eq!(ledger.posts().len(), 1, "{}", run.transcript);
    let live = ledger.posts()[0].clone();
    assert_eq!(receipt.external_id.as_deref(), Some(live.post_id.as_str()));
    live
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

fn count(run: &Run, name: &str) -> usize {
    run.calls.iter().filter(|(call, _)| *call == name).count()
}
