//! Google's consent page and tokens.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::Method;
use serde_json::{Value, json};
use time::Duration;

use crate::{
    rig::{BACK, Said},
    youtube::api::{
        CHANNEL, GOOGLE, NOBODY, REVOKE, SCOPES, SECOND, VERIFIER, access, access_of, call,
        exchange, get, page, reason_of, refresh, resource, rig, start, tokens,
    },
    youtube::extras::thumbnail,
};

#[tokio::test]
async fn the_consent_page_checks_who_asks_and_for_what() {
    let rig = rig();
    for (name, value) in [
        ("client_id", "other"),
        ("redirect_uri", "https://app.example/back/"),
        ("redirect_uri", "https://APP.example/back"),
        ("response_type", "token"),
        ("scope", ""),
        ("scope", "youtube.upload"),
        ("code_challenge_method", ""),
        ("code_challenge_method", "plain"),
    ] {
        let said = rig
            .send(Method::GET, &page(&[(name, value)]), &[], "")
            .await;
        assert_eq!(said.status, 400, "{name}={value}");
    }
    let back = rig.approve(&page(&[]), CHANNEL).await;
    assert_eq!(
        (back["state"].as_str(), back["scope"].as_str()),
        ("s", SCOPES)
    );
}

#[tokio::test]
async fn a_code_works_once_with_its_verifier_and_its_way_back() {
    let rig = rig();
    for (verifier, redirect, error) in [
        (VERIFIER, BACK, ""),
        ("", BACK, "invalid_grant"),
        (
            "another-verifier-of-forty-three-characters-at-least",
            BACK,
            "invalid_grant",
        ),
        (
            VERIFIER,
            "https://app.example/other",
            "redirect_uri_mismatch",
        ),
    ] {
        let code = rig.approve(&page(&[]), CHANNEL).await["code"].clone();
        let said = exchange(&rig, &code, verifier, redirect).await;
        assert_eq!(said.json()["error"].as_str().unwrap_or_default(), error);
        let again = exchange(&rig, &code, VERIFIER, BACK).await;
        assert_eq!(
            (again.status, again.json()["error"].clone()),
            (400, json!("invalid_grant"))
        );
    }
}

#[tokio::test]
async fn a_refresh_token_comes_with_offline_access_and_on_a_repeated_consent_only_when_asked() {
    let rig = rig();
    for (access_type, prompt, comes) in [
        ("online", "consent", false),
        ("offline", "none", false),
        ("offline", "consent select_account", true),
    ] {
        let page = page(&[("access_type", access_type), ("prompt", prompt)]);
        let tokens = tokens(&rig, &page, CHANNEL).await;
        assert_eq!(
            tokens.get("refresh_token").is_some(),
            comes,
            "{access_type} {prompt}"
        );
        assert_eq!(tokens["expires_in"], 3_599);
    }
}

#[tokio::test]
async fn refreshing_brings_no_refresh_token_and_a_test_apps_ends_after_a_week() {
    let rig = rig();
    rig.simulator.world().states().youtube().is_testing = true;
    let tokens = tokens(&rig, &page(&[]), CHANNEL).await;
    assert_eq!(tokens["refresh_token_expires_in"], 604_800);
    let token = tokens["refresh_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let renewed = refresh(&rig, &token).await;
    assert_eq!(
        (renewed.status, renewed.json().get("refresh_token")),
        (200, None)
    );
    rig.clock.advance(Duration::days(7));
    let said = refresh(&rig, &token).await;
    assert_eq!(
        (said.status, said.json()["error"].clone()),
        (400, json!("invalid_grant"))
    );
}

#[tokio::test]
async fn revoking_one_token_ends_all_of_the_google_account() {
    let rig = rig();
    let first = tokens(&rig, &page(&[]), CHANNEL).await;
    let second = tokens(&rig, &page(&[]), SECOND).await;
    let token = first["access_token"].as_str().expect("a token");
    assert_eq!(rig.form(REVOKE, &[("token", token)]).await.status, 200);
    let said = rig.form(REVOKE, &[("token", token)]).await;
    assert_eq!(
        (said.status, said.json()),
        (400, json!({"error": "invalid_token"}))
    );
    let other = second["refresh_token"].as_str().expect("a token");
    assert_eq!(refresh(&rig, other).await.status, 400);
    let access = second["access_token"].as_str().expect("a token");
    assert_eq!(
        reason_of(&get(&rig, access, "/channels?part=id&mine=true").await),
        (401, "authError".to_owned())
    );
}

#[tokio::test]
async fn scopes_allow_their_calls_and_no_others() {
    let prefix = "https://www.googleapis.com/auth/";
    for (scope, may_upload, may_read, may_change) in [
        ("youtube.upload", true, false, false),
        ("youtube.readonly", false, true, false),
        ("youtube", true, true, true),
        ("youtube.force-ssl", true, true, true),
    ] {
        let rig = rig();
        let page = page(&[("scope", &format!("{prefix}{scope}"))]);
        let access = access_of(&tokens(&rig, &page, CHANNEL).await);
        let upload = start(&rig, &access, &resource(), 10).await;
        let read = get(&rig, &access, "/channels?part=id&mine=true").await;
        let is_allowed = |said: &Said| reason_of(said).1 != "insufficientPermissions";
        let thumbnail = thumbnail(&rig, &access, "unknown", "image/png", b"").await;
        assert_eq!(is_allowed(&thumbnail), may_upload, "{scope}");
        for (method, path) in [
            (Method::PUT, "/videos?part=status"),
            (Method::DELETE, "/videos?id=unknown"),
            (Method::POST, "/playlistItems?part=snippet"),
        ] {
            let said = call(&rig, &access, method, path, &json!({})).await;
            assert_eq!(is_allowed(&said), may_change, "{scope} {path}");
        }
        for (said, may) in [(upload, may_upload), (read, may_read)] {
            let expected = if may {
                (200, "")
            } else {
                (403, "insufficientPermissions")
            };
            assert_eq!(
                reason_of(&said),
                (expected.0, expected.1.to_owned()),
                "{scope}"
            );
        }
    }
}

#[tokio::test]
async fn an_account_without_a_channel_is_told_to_sign_up() {
    let rig = rig();
    let access = access(&rig, NOBODY).await;
    let said = get(&rig, &access, "/channels?part=id&mine=true").await;
    assert_eq!(reason_of(&said), (401, "youtubeSignupRequired".to_owned()));
    let said = start(&rig, &access, &resource(), 10).await;
    assert_eq!(reason_of(&said), (401, "youtubeSignupRequired".to_owned()));
}

#[tokio::test]
async fn a_person_who_denies_comes_back_with_that() {
    let rig = rig();
    let back = rig.decide(&page(&[]), "deny", &[]).await;
    assert_eq!(
        (back["error"].as_str(), back["state"].as_str()),
        ("access_denied", "s")
    );
    assert!(!back.contains_key("code"));
}

#[tokio::test]
async fn what_is_unticked_is_not_granted() {
    let rig = rig();
    let unticked = "https://www.googleapis.com/auth/youtube.readonly";
    let world = rig.simulator.world();
    world
        .states()
        .youtube()
        .denied_scopes
        .insert(unticked.to_owned());
    let back = rig.approve(&page(&[]), CHANNEL).await;
    assert_eq!(
        back["scope"],
        "https://www.googleapis.com/auth/youtube.upload"
    );
    let tokens = exchange(&rig, &back["code"], VERIFIER, BACK).await.json();
    assert_eq!(
        tokens["scope"],
        "https://www.googleapis.com/auth/youtube.upload"
    );
}

#[tokio::test]
async fn a_later_consent_covers_earlier_ones_when_it_asks_for_that() {
    let rig = rig();
    let upload = "https://www.googleapis.com/auth/youtube.upload";
    let read = "https://www.googleapis.com/auth/youtube.readonly";
    tokens(&rig, &page(&[("scope", upload)]), CHANNEL).await;
    let alone = tokens(&rig, &page(&[("scope", read)]), CHANNEL).await;
    assert_eq!(alone["scope"], read);
    let asked = page(&[("scope", read), ("include_granted_scopes", "true")]);
    let both = tokens(&rig, &asked, CHANNEL).await;
    let granted: BTreeSet<&str> = both["scope"].as_str().expect("scopes").split(' ').collect();
    assert_eq!(granted, BTreeSet::from([read, upload]));
}

#[tokio::test]
async fn an_identity_token_names_the_google_account_of_the_chosen_channel() {
    let rig = rig();
    assert_eq!(
        tokens(&rig, &page(&[]), CHANNEL).await.get("id_token"),
        None
    );
    for channel in [CHANNEL, SECOND] {
        let page = page(&[("scope", &format!("{SCOPES} openid"))]);
        let tokens = tokens(&rig, &page, channel).await;
        let token = tokens["id_token"].as_str().expect("a token");
        let payload = token.split('.').nth(1).expect("a payload");
        let claims = URL_SAFE_NO_PAD.decode(payload).expect("base64url");
        let claims: Value = serde_json::from_slice(&claims).expect("JSON");
        assert_eq!(claims["sub"], GOOGLE);
        assert_eq!(
            (&claims["aud"], &claims["iss"]),
            (&json!("client"), &json!("https://accounts.google.com"))
        );
    }
}

#[tokio::test]
async fn the_hundred_and_first_refresh_token_ends_the_oldest() {
    let rig = rig();
    let mut all = Vec::new();
    for nth in 0..101 {
        let channel = if nth % 2 == 0 { CHANNEL } else { SECOND };
        let tokens = tokens(&rig, &page(&[]), channel).await;
        all.push(
            tokens["refresh_token"]
                .as_str()
                .expect("a token")
                .to_owned(),
        );
        if nth == 99 {
            assert_eq!(refresh(&rig, &all[0]).await.status, 200);
        }
    }
    let said = refresh(&rig, &all[0]).await;
    assert_eq!(
        (said.status, said.json()["error"].clone()),
        (400, json!("invalid_grant"))
    );
    assert_eq!(refresh(&rig, &all[1]).await.status, 200);
    assert_eq!(refresh(&rig, &all[100]).await.status, 200);
}

#[tokio::test]
async fn a_refresh_token_that_nobody_uses_for_half_a_year_ends() {
    let rig = rig();
    let mut all = Vec::new();
    for _ in 0..2 {
        let tokens = tokens(&rig, &page(&[]), CHANNEL).await;
        all.push(
            tokens["refresh_token"]
                .as_str()
                .expect("a token")
                .to_owned(),
        );
    }
    rig.clock.advance(Duration::days(180));
    assert_eq!(refresh(&rig, &all[0]).await.status, 200);
    rig.clock.advance(Duration::days(3));
    assert_eq!(refresh(&rig, &all[0]).await.status, 200);
    assert_eq!(refresh(&rig, &all[1]).await.status, 400);
}
