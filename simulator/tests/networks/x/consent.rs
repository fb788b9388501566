//! The consent page, codes and tokens.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{Method, StatusCode};
use serde_json::json;
use time::Duration;

use crate::x::bench::*;

#[tokio::test]
async fn the_consent_page_opens_only_for_a_visit_in_order() {
    let visitor = Visitor::new();
    assert_eq!(visitor.visit(&[]).await.status, StatusCode::OK);
    let too_long = "s".repeat(501);
    for wrong in [
        ("response_type", "token"),
        ("client_id", "stranger"),
        ("scope", "tweet.read everything"),
        ("state", &too_long),
        ("code_challenge", ""),
        ("code_challenge_method", "plain"),
    ] {
        let heard = visitor.visit(&[wrong]).await;
        assert_eq!(heard.status, StatusCode::BAD_REQUEST, "{wrong:?}");
    }
    let elsewhere = ("redirect_uri", "https://app.example/back/");
    let heard = visitor.visit(&[elsewhere]).await;
    assert_eq!(heard.body["errors"][0]["code"], 415);
}

#[tokio::test]
async fn a_code_works_once_within_thirty_seconds_and_with_what_it_was_given_for() {
    let visitor = Visitor::new();
    for wrong in [
        ("code_verifier", "wrong"),
        ("redirect_uri", "https://app.example/other"),
        ("code", "wrong"),
        ("grant_type", "password"),
    ] {
        let code = visitor.code(STUDIO, ALL).await;
        let heard = visitor.exchange(&code, &[wrong]).await;
        assert_eq!(heard.status, StatusCode::BAD_REQUEST, "{wrong:?}");
        assert_eq!(heard.body["error"], "invalid_request");
    }
    let code = visitor.code(STUDIO, ALL).await;
    visitor.rig.clock.advance(Duration::seconds(29));
    assert_eq!(visitor.exchange(&code, &[]).await.status, StatusCode::OK);
    let again = visitor.exchange(&code, &[]).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    let code = visitor.code(STUDIO, ALL).await;
    visitor.rig.clock.advance(Duration::seconds(30));
    let late = visitor.exchange(&code, &[]).await;
    assert_eq!(late.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_token_endpoint_wants_the_apps_secret_and_a_form() {
    let visitor = Visitor::new();
    let token = "/2/oauth2/token";
    let heard = visitor.token_call(token, "wrong", &[]).await;
    assert_eq!(heard.status, StatusCode::UNAUTHORIZED);
    assert_eq!(heard.body["error"], "unauthorized_client");
    let basic = format!("Basic {}", STANDARD.encode("client:secret"));
    let heard = visitor
        .call(Method::POST, token, &basic, "application/json", "{}")
        .await;
    assert_eq!(heard.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_refresh_token_comes_with_offline_access_only() {
    let tokens = Visitor::new().tokens(STUDIO, "tweet.read users.read").await;
    assert_eq!(tokens["expires_in"], 7200);
    assert!(tokens.get("refresh_token").is_none());
}

#[tokio::test]
async fn refreshing_ends_the_old_pair_and_a_spent_token_ends_all() {
    let visitor = Visitor::new();
    let me = "/2/users/me";
    let old = visitor.tokens(STUDIO, ALL).await;
    let new = visitor.refresh(text(&old["refresh_token"])).await.body;
    let old_access = visitor.get(text(&old["access_token"]), me).await;
    assert_eq!(old_access.status, StatusCode::UNAUTHORIZED);
    let new_access = visitor.get(text(&new["access_token"]), me).await;
    assert_eq!(new_access.status, StatusCode::OK);
    let spent = visitor.refresh(text(&old["refresh_token"])).await;
    assert_eq!(spent.body["error"], "invalid_request");
    let ended = visitor.get(text(&new["access_token"]), me).await;
    assert_eq!(ended.status, StatusCode::UNAUTHORIZED);
    let ended = visitor.refresh(text(&new["refresh_token"])).await;
    assert_eq!(ended.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_access_token_ends_by_time_and_by_revocation() {
    let visitor = Visitor::new();
    let token = visitor.connected(STUDIO).await;
    visitor.rig.clock.advance(Duration::seconds(7200));
    let late = visitor.get(&token, "/2/users/me").await;
    assert_eq!(late.status, StatusCode::UNAUTHORIZED);
    assert_eq!(late.body["title"], "Unauthorized");
    let token = visitor.connected(STUDIO).await;
    for _ in 0..2 {
        let fields = [("token", token.as_str())];
        let heard = visitor
            .token_call("/2/oauth2/revoke", "secret", &fields)
            .await;
        assert_eq!(heard.body, json!({ "revoked": true }));
    }
    let revoked = visitor.get(&token, "/2/users/me").await;
    assert_eq!(revoked.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn each_call_wants_its_scopes() {
    let visitor = Visitor::new();
    let tokens = visitor.tokens(STUDIO, "tweet.read users.read").await;
    let token = text(&tokens["access_token"]);
    let post = visitor.tweet(token, json!({ "text": "a" })).await;
    let media = visitor.post(token, "/2/media/metadata", &json!({})).await;
    for heard in [post, media] {
        assert_eq!(heard.status, StatusCode::FORBIDDEN);
        assert_eq!(heard.body["detail"], "Forbidden");
        assert_eq!(heard.body["type"], "about:blank");
    }
}
