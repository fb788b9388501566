//! Consent, tokens, and who it is.

use http::Method;
use serde_json::json;
use time::Duration;

use crate::{
    rig::{BACK, with_query},
    tiktok::bench::*,
};

#[tokio::test]
async fn the_consent_page_checks_who_asks_and_for_what() {
    let rig = rig();
    for (name, value) in [
        ("client_key", "other"),
        ("redirect_uri", "https://app.example/back/"),
        ("response_type", "token"),
        ("scope", ""),
        ("scope", "user.info.basic video.publish"),
        ("scope", "user.info.everything"),
        ("disable_auto_auth", "2"),
    ] {
        let page = page(&[(name, value)]);
        let said = rig.send(Method::GET, &page, &[], "").await;
        assert_eq!(said.status, 400, "{name}={value}");
    }
    let back = rig.approve(&page(&[]), STUDIO).await;
    assert_eq!(back["state"], "s");
    assert_eq!(back["scopes"], SCOPES);
}

#[tokio::test]
async fn a_code_works_once_and_only_for_its_way_back() {
    let rig = rig();
    for (redirect, error) in [("https://app.example/other", "invalid_request"), (BACK, "")] {
        let code = rig.approve(&page(&[]), STUDIO).await["code"].clone();
        let said = exchange(&rig, &code, redirect).await;
        assert_eq!(said.json()["error"].as_str().unwrap_or_default(), error);
        let again = exchange(&rig, &code, BACK).await;
        assert_eq!(again.json()["error"], "invalid_grant");
    }
    let code = rig.approve(&page(&[]), STUDIO).await["code"].clone();
    rig.clock.advance(Duration::minutes(11));
    assert_eq!(
        exchange(&rig, &code, BACK).await.json()["error"],
        "invalid_grant"
    );
}

#[tokio::test]
async fn the_token_endpoint_takes_forms_of_a_known_app_only() {
    let rig = rig();
    let headers = [("content-type", "application/json")];
    let said = rig.send(Method::POST, TOKEN, &headers, "{}").await;
    assert_eq!(said.json()["error"], "invalid_request");
    let fields = [("client_key", "client"), ("client_secret", "wrong")];
    assert_eq!(
        rig.form(TOKEN, &fields).await.json()["error"],
        "invalid_client"
    );
    let fields = [
        ("client_key", "client"),
        ("client_secret", "secret"),
        ("grant_type", "password"),
    ];
    assert_eq!(
        rig.form(TOKEN, &fields).await.json()["error"],
        "unsupported_grant_type"
    );
}

#[tokio::test]
async fn tokens_end_rotate_and_are_revoked_by_the_access_token() {
    let rig = rig();
    let tokens = connect(&rig, STUDIO).await;
    assert_eq!(
        (&tokens["expires_in"], &tokens["refresh_expires_in"]),
        (&json!(7_200), &json!(15_552_000))
    );
    rig.clock.advance(Duration::seconds(7_200));
    let old = tokens["access_token"].as_str().expect("a token");
    assert_eq!(
        code_of(&post(&rig, CREATOR, old, &json!({})).await),
        (401, "access_token_invalid".to_owned())
    );

    let refresh = |token: String| {
        let rig = &rig;
        async move {
            let fields = [
                ("client_key", "client"),
                ("client_secret", "secret"),
                ("grant_type", "refresh_token"),
                ("refresh_token", token.as_str()),
            ];
            rig.form(TOKEN, &fields).await.json()
        }
    };
    let first = tokens["refresh_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let renewed = refresh(first.clone()).await;
    assert_eq!(refresh(first).await["error"], "invalid_grant");
    let access = renewed["access_token"].as_str().expect("a token");
    assert_eq!(post(&rig, CREATOR, access, &json!({})).await.status, 200);

    let revoke = |token| {
        let fields = [
            ("client_key", "client"),
            ("client_secret", "secret"),
            ("token", token),
        ];
        let rig = &rig;
        async move { rig.form(REVOKE, &fields).await }
    };
    let refresh_token = renewed["refresh_token"].as_str().expect("a token");
    assert_eq!(revoke(refresh_token).await.json()["error"], "invalid_grant");
    let said = revoke(access).await;
    assert_eq!((said.status, said.body.as_slice()), (200, [].as_slice()));
    assert_eq!(post(&rig, CREATOR, access, &json!({})).await.status, 401);
    assert_eq!(
        refresh(refresh_token.to_owned()).await["error"],
        "invalid_grant"
    );
}

#[tokio::test]
async fn a_field_without_its_scope_and_a_call_without_its_scope_are_refused() {
    let rig = rig();
    let denied = ["user.info.profile", "video.publish"].map(str::to_owned);
    rig.simulator
        .world()
        .states()
        .tiktok()
        .denied_scopes
        .extend(denied);
    let access = access(&rig, STUDIO).await;
    let user = |fields| {
        let (rig, access) = (&rig, access.clone());
        async move {
            let bearer = format!("Bearer {access}");
            let path = with_query(USER, &[("fields", fields)]);
            rig.send(Method::GET, &path, &[("authorization", &bearer)], "")
                .await
        }
    };
    assert_eq!(
        user("open_id,display_name").await.json()["data"]["user"]["open_id"],
        STUDIO
    );
    let said = user("open_id,username").await;
    assert_eq!(code_of(&said), (401, "scope_not_authorized".to_owned()));
    assert_eq!(said.json().get("data"), None);
    assert_eq!(code_of(&user("open_id,secrets").await).0, 400);
    let said = post(&rig, CREATOR, &access, &json!({})).await;
    assert_eq!(code_of(&said), (401, "scope_not_authorized".to_owned()));
}

#[tokio::test]
async fn tokens_live_as_long_as_the_network_says() {
    let rig = rig();
    let lives = (Duration::seconds(86_400), Duration::seconds(31_536_000));
    rig.simulator.world().states().tiktok().lives = lives;
    let tokens = connect(&rig, STUDIO).await;
    assert_eq!(tokens["expires_in"], 86_400);
    assert_eq!(tokens["refresh_expires_in"], 31_536_000);
    let access = tokens["access_token"].as_str().expect("a token");
    rig.clock.advance(Duration::seconds(86_399));
    assert_eq!(post(&rig, CREATOR, access, &json!({})).await.status, 200);
    rig.clock.advance(Duration::seconds(1));
    assert_eq!(post(&rig, CREATOR, access, &json!({})).await.status, 401);
}

#[tokio::test]
async fn a_desktop_app_sends_a_challenge_in_hexadecimal() {
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const HEX: &str = "13d31e961a1ad8ec2f16b10c4c982e0876a878ad6df144566ee1894acb70f9c3";
    const BASE64: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let method = ("code_challenge_method", "S256");
    let rig = rig();
    rig.simulator.world().states().tiktok().is_desktop = true;
    for changed in [
        vec![],
        vec![("code_challenge", BASE64), method],
        vec![("code_challenge", HEX)],
        vec![("code_challenge", HEX), ("code_challenge_method", "plain")],
    ] {
        let said = rig.send(Method::GET, &page(&changed), &[], "").await;
        assert_eq!(said.status, 400, "{changed:?}");
    }
    for (verifier, error) in [
        (None, Some("invalid_grant")),
        (Some("another"), Some("invalid_grant")),
        (Some(VERIFIER), None),
    ] {
        let asked = page(&[("code_challenge", HEX), method]);
        let code = rig.approve(&asked, STUDIO).await["code"].clone();
        let mut fields = vec![
            ("client_key", "client"),
            ("client_secret", "secret"),
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", BACK),
        ];
        fields.extend(verifier.map(|verifier| ("code_verifier", verifier)));
        let said = rig.form(TOKEN, &fields).await.json();
        assert_eq!(said["error"].as_str(), error, "{verifier:?}");
    }
}

#[tokio::test]
async fn every_answer_has_a_log_id_and_refusals_come_with_and_without_data() {
    let rig = rig();
    let access = access(&rig, STUDIO).await;
    let bearer = format!("Bearer {access}");
    let path = with_query(USER, &[("fields", "secrets")]);
    let bare = rig
        .send(Method::GET, &path, &[("authorization", &bearer)], "")
        .await
        .json();
    let full = post(&rig, STATUS, &access, &json!({"publish_id": "x"}))
        .await
        .json();
    let good = post(&rig, CREATOR, &access, &json!({})).await.json();
    assert_eq!(
        (bare.get("data"), full.get("data")),
        (None, Some(&json!({})))
    );
    for said in [bare, full, good] {
        assert!(
            said["error"]["log_id"]
                .as_str()
                .is_some_and(|id| id.len() > 30)
        );
    }
    let flat = rig.form(TOKEN, &[]).await.json();
    assert!(flat["log_id"].is_string() && flat["error"].is_string());
}
