//! YouTube, tried on the stage.

mod extras;
mod feed;
mod specs;
mod trouble;
mod uploads;

use domain::{Platform, Standing};
use serde_json::{Value, json};
use time::Duration;

use crate::{
    flows::youtube::{CHANNEL, GOOGLE, SECOND, flows, publish, small_chunks},
    harness::{Stage, conformance, mp4},
};

#[tokio::test]
async fn a_consent_becomes_a_connection() {
    let stage = Stage::new();
    let (grant, transcript) = stage.try_connect(Platform::Youtube, &[CHANNEL]).await;
    let grant = grant.expect("a grant");
    let account = &grant.accounts[0];
    assert_eq!(
        (grant.subject.as_str(), account.external_id.as_str()),
        (GOOGLE, CHANNEL)
    );
    assert_eq!(account.display_name, "Sample Studio");
    assert_eq!(account.facts["uploads"], "UUsampleStudio7Qk2Wm9Zt1");
    assert!(account.tokens.refresh.is_some());
    insta::assert_snapshot!(transcript);
}

#[tokio::test]
async fn an_account_without_a_channel_and_an_unticked_scope_say_what_to_do() {
    let stage = Stage::new();
    let (result, _) = stage
        .try_connect(Platform::Youtube, &["google-without-a-channel"])
        .await;
    assert_eq!(result.expect_err("no grant").code, "no_account");
    for scope in ["youtube.upload", "youtube.readonly"] {
        let stage = Stage::new();
        let scope = format!("https://www.googleapis.com/auth/{scope}");
        stage
            .simulator
            .world()
            .states()
            .youtube()
            .denied_scopes
            .insert(scope);
        let (result, _) = stage.try_connect(Platform::Youtube, &[CHANNEL]).await;
        assert_eq!(result.expect_err("no grant").code, "scope_missing");
    }
}

#[tokio::test]
async fn refreshing_keeps_the_refresh_token() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Youtube, CHANNEL).await;
    for _ in 0..3 {
        stage.clock.advance(Duration::hours(2));
        stage
            .refresh(&mut connection)
            .await
            .expect("a refresh")
            .expect("tokens");
        assert!(connection.credentials.tokens.refresh.is_some());
    }
}

#[tokio::test]
async fn revoking_ends_the_other_channels_of_the_google_account_too() {
    let stage = Stage::new();
    let first = stage.connection(Platform::Youtube, CHANNEL).await;
    let mut second = stage.connection(Platform::Youtube, SECOND).await;
    assert_eq!(stage.revoke(&first).await, Some(Ok(())));
    assert_eq!(stage.revoke(&first).await, Some(Ok(())));
    let fault = stage
        .refresh(&mut second)
        .await
        .expect("a refresh")
        .expect_err("dead");
    assert_eq!(fault.code, "grant_ended");
}

#[tokio::test]
async fn a_grant_is_the_google_accounts_and_where_that_is_not_told_the_channels() {
    let stage = Stage::new();
    let first = stage.connect(Platform::Youtube, &[CHANNEL]).await;
    let second = stage.connect(Platform::Youtube, &[SECOND]).await;
    assert_eq!(first.subject, second.subject);
    let stage = Stage::new();
    let world = stage.simulator.world();
    world
        .states()
        .youtube()
        .denied_scopes
        .insert("openid".to_owned());
    let untold = stage.connect(Platform::Youtube, &[SECOND]).await;
    assert_eq!(untold.subject, SECOND);
}

#[tokio::test]
async fn an_identity_that_is_not_google_telling_us_counts_for_nothing() {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let ours = json!({"iss": "https://accounts.google.com", "aud": "youtube-client", "sub": "7"});
    let with = |name: &str, value: Value| {
        let mut claims = ours.clone();
        claims[name] = value;
        format!("h.{}.s", URL_SAFE_NO_PAD.encode(claims.to_string()))
    };
    for (token, subject) in [
        (with("sub", json!("7")), "7"),
        (with("iss", json!("accounts.google.com")), "7"),
        (
            with("iss", json!("https://accounts.google.com.example")),
            CHANNEL,
        ),
        (with("aud", json!("another-client")), CHANNEL),
        (with("sub", json!("")), CHANNEL),
        (with("sub", json!("7".repeat(256))), CHANNEL),
        (with("sub", json!(7)), CHANNEL),
        ("no token".to_owned(), CHANNEL),
        ("h.&&.s".to_owned(), CHANNEL),
    ] {
        let stage = Stage::new();
        let access = stage.connection(Platform::Youtube, CHANNEL).await;
        let access = access.credentials.tokens.access;
        let body = json!({
            "access_token": secrecy::ExposeSecret::expose_secret(&access), "expires_in": 3599,
            "scope": "https://www.googleapis.com/auth/youtube", "id_token": token,
        });
        let fault = simulator::Fault::Answer {
            status: 200,
            headers: Vec::new(),
            body,
        };
        let route = "POST /token";
        let script = simulator::FaultScript::first("oauth2.googleapis.com", route, fault);
        stage.simulator.script(script);
        let grant = stage.connect(Platform::Youtube, &[CHANNEL]).await;
        assert_eq!(grant.subject, subject, "{token}");
    }
}

#[tokio::test]
async fn a_video_goes_up_in_chunks_and_is_live_when_processed() {
    let stage = small_chunks(Stage::new());
    stage
        .simulator
        .world()
        .set_processing("youtube", Duration::seconds(100));
    stage
        .simulator
        .world()
        .states()
        .youtube()
        .partial
        .push_back(262_144);
    let content = stage.content(
        "Ein Tag im Studio\nmit allem, was dazugehört 🎬",
        json!({
            "tags": ["studio", "behind the scenes"], "categoryId": "26", "privacy": "unlisted",
            "madeForKids": true, "notifySubscribers": false,
        }),
        vec![(mp4(1_200_000), None)],
    );
    let run = publish(&stage, &content).await;
    let live = stage.simulator.ledger().posts()[0].clone();
    assert_eq!(live.media[0].bytes, 1_200_000);
    assert_eq!(live.text, content.caption);
    assert_eq!(
        live.details["title"],
        "Ein Tag im Studio mit allem, was dazugehört 🎬"
    );
    assert_eq!(live.details["privacyStatus"], "unlisted");
    assert_eq!(live.details["selfDeclaredMadeForKids"], true);
    assert_eq!(live.details["notifySubscribers"], false);
    let kept = stage
        .simulator
        .world()
        .kept(&live.media[0].digest)
        .expect("the file");
    assert_eq!(kept.1.to_vec(), stage.files_of(&content)[0]);
    let receipt = run.receipt();
    assert_eq!(receipt.external_id.as_deref(), Some(live.post_id.as_str()));
    assert_eq!(receipt.standing, Standing::Live);
    let short = format!("https://www.youtube.com/shorts/{}", live.post_id);
    assert_eq!(receipt.url.as_deref(), Some(short.as_str()));
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn every_flow_reads_as_it_should() {
    for flow in flows() {
        let stage = (flow.arranged)(Stage::new());
        let run = publish(&stage, &(flow.content)(&stage)).await;
        run.receipt();
        insta::assert_snapshot!(flow.name.replace(' ', "_"), run.transcript);
    }
}

#[tokio::test]
async fn whatever_breaks_any_flow_it_is_published_once_or_not_at_all() {
    let mut cases = 0;
    for flow in flows() {
        cases += conformance(flow.trial()).await;
    }
    assert!(cases >= 319, "{cases}");
}

#[tokio::test]
async fn whatever_breaks_while_youtube_takes_its_time_it_is_published_once_or_not_at_all() {
    let flows = flows();
    let slow = flows.iter().filter(|flow| flow.name.contains("thumbnail"));
    for flow in slow {
        let cases = conformance(flow.trial().processing(Duration::seconds(80))).await;
        assert!(cases >= 66, "{cases}");
    }
}

#[tokio::test]
async fn a_stored_state_of_any_step_can_be_read() {
    let stored = include_str!("../../src/youtube/fixtures/states.json");
    let states: Vec<Value> = serde_json::from_str(stored).expect("samples");
    for state in states {
        let read: platforms::youtube::Publish = serde_json::from_value(state.clone())
            .unwrap_or_else(|error| panic!("{state}: {error}"));
        assert_eq!(serde_json::to_value(read).expect("storable"), state);
    }
}
