//! Instagram's own login, tried on the stage: connecting, renewing, and posting without a Page.

use domain::Platform;
use http::{HeaderMap, HeaderValue, header};
use platforms::{Fault, FaultKind, Incoming};
use serde_json::{Value, json};
use simulator::{FaultScript, networks::meta::signed_request};
use time::Duration;

use crate::harness::{Connection, Stage};

const STUDIO: &str = "17841405822304914";
const ARCHIVE: &str = "17841405822304915";
const GARDEN: &str = "17841405822304916";
const WALKER: &str = "17841405822304917";
const LIFE: Duration = Duration::seconds(5_183_944);

/// A stage where people log in at Instagram itself.
fn stage() -> Stage {
    Stage::new().by_login(Platform::Instagram, "instagram")
}

async fn connection(stage: &Stage) -> Connection {
    stage.connection(Platform::Instagram, STUDIO).await
}

async fn fault_of_connecting(stage: &Stage, account: &str) -> Fault {
    let (grant, transcript) = stage.try_connect(Platform::Instagram, &[account]).await;
    match grant {
        Ok(_) => panic!("connected all the same\n{transcript}"),
        Err(fault) => fault,
    }
}

async fn refusal_of_renewal(stage: &Stage, connection: &mut Connection) -> Fault {
    let renewal = stage.refresh(connection).await.expect("a renewal");
    renewal.expect_err("it is refused")
}

#[tokio::test]
async fn a_consent_brings_the_account_that_logged_in() {
    let stage = stage();
    let (grant, transcript) = stage.try_connect(Platform::Instagram, &[STUDIO]).await;
    let grant = grant.expect("a grant");
    assert_eq!(grant.subject, "26104482915678301");
    let [account] = grant.accounts.as_slice() else {
        panic!("one account logs in: {:?}", grant.accounts);
    };
    assert_eq!(account.external_id, STUDIO);
    assert_eq!(account.username.as_deref(), Some("sample_studio"));
    assert_eq!(account.display_name, "Sample Studio");
    assert_eq!(
        account.facts,
        json!({ "login": "instagram", "postsADay": 50 })
    );
    let ends_at = Some(stage.now() + LIFE);
    assert_eq!(account.tokens.access_expires_at, ends_at);
    assert_eq!(account.tokens.refresh_expires_at, ends_at);
    assert_eq!(
        account.tokens.scopes,
        [
            "instagram_business_basic",
            "instagram_business_content_publish"
        ]
    );
    insta::assert_snapshot!(transcript);
}

#[tokio::test]
async fn answers_in_their_other_shapes_are_read_as_well() {
    let stage = stage();
    let world = stage.simulator.world();
    world.states().instagram_login().answer_flat();
    world.states().instagram_login().wrap_me();
    let (grant, transcript) = stage.try_connect(Platform::Instagram, &[GARDEN]).await;
    let grant = grant.expect("a grant");
    assert_eq!(grant.subject, "26104482915678304");
    assert_eq!(grant.accounts[0].external_id, GARDEN);
    insta::assert_snapshot!(transcript);
}

#[tokio::test]
async fn an_account_needs_no_role_on_any_page() {
    let stage = stage();
    let grant = stage.connect(Platform::Instagram, &[ARCHIVE]).await;
    assert_eq!(grant.accounts[0].external_id, ARCHIVE);
}

#[tokio::test]
async fn whoever_denies_comes_back_with_a_reason_and_no_code() {
    let parameters = stage().deny(Platform::Instagram).await;
    let value = |name: &str| {
        let found = parameters.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    };
    assert_eq!(value("error"), Some("access_denied"));
    assert_eq!(value("error_reason"), Some("user_denied"));
    assert_eq!(value("code"), None);
}

#[tokio::test]
async fn without_the_permission_to_post_nothing_is_connected() {
    for is_flat in [false, true] {
        let stage = stage();
        let world = stage.simulator.world();
        let declined = "instagram_business_content_publish";
        world.states().instagram_login().decline(declined);
        if is_flat {
            world.states().instagram_login().answer_flat();
        }
        let fault = fault_of_connecting(&stage, STUDIO).await;
        assert_eq!(
            (fault.kind, fault.code.as_str()),
            (FaultKind::Reconnect, "scope_missing")
        );
        assert!(
            fault.message.contains("instagram_business_content_publish"),
            "{}",
            fault.message
        );
        assert!(!fault.message.contains("basic"), "{}", fault.message);
    }
}

#[tokio::test]
async fn a_personal_account_is_told_to_become_a_professional_one() {
    let fault = fault_of_connecting(&stage(), WALKER).await;
    assert_eq!(
        (fault.kind, fault.code.as_str()),
        (FaultKind::Content, "account_not_professional")
    );
}

#[tokio::test]
async fn a_code_that_was_used_begins_the_way_anew() {
    let stage = stage();
    let used = json!({
        "error_type": "OAuthException", "code": 400,
        "error_message": "Matching code was not found or was already used",
    });
    stage.simulator.script(FaultScript::first(
        "api.instagram.com",
        "POST /oauth/access_token",
        refused(used),
    ));
    let fault = fault_of_connecting(&stage, STUDIO).await;
    assert_eq!(
        (fault.kind, fault.code.as_str()),
        (FaultKind::Reconnect, "code_refused")
    );
    let seen = fault.evidence.unwrap_or_default();
    assert!(seen.contains("already used"), "{seen}");
}

#[tokio::test]
async fn whatever_breaks_on_the_way_ends_it_and_the_next_visit_connects() {
    let answer = |status, body: Value| simulator::Fault::Answer {
        status,
        headers: Vec::new(),
        body,
    };
    let ways = [
        ("answer lost", simulator::Fault::LoseAnswer),
        ("request lost", simulator::Fault::LoseRequest),
        ("answer cut in half", simulator::Fault::Truncate),
        ("broken", answer(503, Value::Null)),
        ("not JSON", answer(200, "<html>".into())),
        ("empty", answer(200, json!({}))),
        ("limited", answer(429, Value::Null)),
        (
            "limited in Meta's words",
            refused(json!({ "error": { "message": "Too many calls", "code": 4 } })),
        ),
    ];
    for call in 1..=3 {
        for (name, way) in &ways {
            let stage = stage();
            // The first call that is counted is the visit to the consent page.
            let script = FaultScript::any(way.clone()).nth(call + 1);
            stage.simulator.script(script);
            let fault = fault_of_connecting(&stage, STUDIO).await;
            assert!(
                matches!(
                    fault.kind,
                    FaultKind::Retry { .. } | FaultKind::Quota { .. }
                ),
                "call {call}, {name}: {fault:?}"
            );
            let grant = stage.connect(Platform::Instagram, &[STUDIO]).await;
            assert_eq!(grant.accounts.len(), 1, "call {call}, {name}");
        }
    }
}

#[tokio::test]
async fn what_is_refused_of_a_new_token_begins_the_way_anew() {
    for code in [10, 100, 101, 190] {
        for route in ["GET /access_token", "GET /{version}/me"] {
            let stage = stage();
            let words = json!({ "error": { "message": "Words", "code": code } });
            let script = FaultScript::first("graph.instagram.com", route, refused(words));
            stage.simulator.script(script);
            let fault = fault_of_connecting(&stage, STUDIO).await;
            assert_eq!(fault.kind, FaultKind::Reconnect, "{route} {code}: {fault}");
        }
    }
}

#[tokio::test]
async fn a_token_is_renewed_by_itself_and_what_comes_back_is_kept() {
    let stage = stage();
    let mut connection = connection(&stage).await;
    stage.clock.advance(Duration::days(10));
    let (renewed, transcript) = stage.try_refresh(&mut connection).await.expect("a renewal");
    renewed.expect("renewed");
    let tokens = &connection.credentials.tokens;
    assert_eq!(tokens.access_expires_at, Some(stage.now() + LIFE));
    assert_eq!(tokens.scopes.len(), 2);
    insta::assert_snapshot!(transcript);
    stage.clock.advance(Duration::days(10));
    let again = stage.refresh(&mut connection).await;
    again.expect("a renewal").expect("renewed again");
}

#[tokio::test]
async fn a_token_that_was_ended_is_not_renewed_but_asked_for_anew() {
    type Trouble = fn(&Stage);
    let troubles: [(&str, Trouble, &str); 4] = [
        (
            "its time is over",
            |stage| stage.clock.advance(LIFE),
            "grant_ended",
        ),
        (
            "the app was removed",
            |stage| {
                let world = stage.simulator.world();
                world.states().instagram_login().remove_app(world.now());
            },
            "access_withdrawn",
        ),
        (
            "the password was changed",
            |stage| {
                let world = stage.simulator.world();
                let mut state = world.states().meta();
                state.change_password("instagram_login", stage.now());
            },
            "session_ended",
        ),
        (
            "the first permission was taken back",
            |stage| {
                let world = stage.simulator.world();
                let mut state = world.states().instagram_login();
                state.decline("instagram_business_basic");
            },
            "permission_missing",
        ),
    ];
    for (name, trouble, code) in troubles {
        let stage = stage();
        let mut connection = connection(&stage).await;
        stage.clock.advance(Duration::days(2));
        trouble(&stage);
        let fault = refusal_of_renewal(&stage, &mut connection).await;
        assert_eq!(
            (fault.kind, fault.code.as_str()),
            (FaultKind::Reconnect, code),
            "{name}"
        );
        assert!(!fault.message.contains("Facebook"), "{}", fault.message);
    }
}

#[tokio::test]
async fn a_renewal_that_finds_instagram_away_leaves_the_token_as_it_is() {
    let stage = stage();
    let mut connection = connection(&stage).await;
    stage.clock.advance(Duration::days(10));
    for body in [
        Value::Null,
        json!({ "error": { "message": "Words", "code": 2, "is_transient": true } }),
    ] {
        let away = simulator::Fault::Answer {
            status: 500,
            headers: Vec::new(),
            body,
        };
        stage.simulator.script(FaultScript::any(away));
        let fault = refusal_of_renewal(&stage, &mut connection).await;
        assert!(matches!(fault.kind, FaultKind::Retry { .. }), "{fault:?}");
        stage.simulator.clear_faults();
    }
    let renewed = stage.refresh(&mut connection).await;
    renewed.expect("a renewal").expect("renewed");
}

#[tokio::test]
async fn a_token_of_a_short_life_is_used_until_its_end_and_never_renewed_too_young() {
    for (days, is_renewed) in [(60, true), (57, true), (56, false), (1, false)] {
        let stage = stage();
        let long = json!({
            "access_token": "IGAshort", "token_type": "bearer", "expires_in": days * 86_400,
        });
        let answer = simulator::Fault::Answer {
            status: 200,
            headers: Vec::new(),
            body: long,
        };
        stage.simulator.script(FaultScript::first(
            "graph.instagram.com",
            "GET /access_token",
            answer,
        ));
        let me = simulator::Fault::Answer {
            status: 200,
            headers: Vec::new(),
            body: json!({ "user_id": STUDIO, "username": "sample_studio" }),
        };
        stage.simulator.script(FaultScript::first(
            "graph.instagram.com",
            "GET /{version}/me",
            me,
        ));
        let grant = stage.connect(Platform::Instagram, &[STUDIO]).await;
        let tokens = &grant.accounts[0].tokens;
        assert_eq!(
            tokens.access_expires_at,
            Some(stage.now() + Duration::days(days))
        );
        assert_eq!(tokens.refresh.is_some(), is_renewed, "{days} days");
    }
}

#[tokio::test]
async fn there_is_no_call_that_withdraws_the_access() {
    let stage = stage();
    let connection = connection(&stage).await;
    assert_eq!(stage.revoke(&connection).await, None);
}

#[tokio::test]
async fn a_callback_about_the_person_is_taken_with_the_secret_of_this_login_alone() {
    let stage = stage();
    let connection = connection(&stage).await;
    let subject = connection.credentials.subject;
    let text = signed_request("instagram_login-client-secret", &subject, stage.now());
    let body = format!("signed_request={text}");
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    let take = |app| {
        let incoming = Incoming {
            is_get: false,
            query: &[],
            headers: &headers,
            body: body.as_bytes(),
            now: stage.now(),
            app,
        };
        platforms::withdrawal(Platform::Instagram, &incoming)
    };
    let taken = take(stage.app(Platform::Instagram)).expect("genuine");
    assert_eq!((taken.subject, taken.at), (subject, stage.now()));
    let other = Stage::new();
    take(other.app(Platform::Instagram)).expect_err("signed for another app");
}

fn refused(body: Value) -> simulator::Fault {
    simulator::Fault::Answer {
        status: 400,
        headers: Vec::new(),
        body,
    }
}
