//! Addresses that are told of things, and the letters they get.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use simulator::networks::x::Letter;

use crate::x::bench::*;

#[tokio::test]
async fn an_address_is_checked_when_it_is_registered_and_on_demand() {
    let visitor = Visitor::answering(|url| {
        let token = url.split_once("crc_token=")?.1;
        let secret = if url.contains("wrong") {
            "another"
        } else {
            "client-key-secret"
        };
        Some(json!({ "response_token": Letter::right_answer(secret, token) }))
    });
    let register = async |url: &str| {
        let body = json!({ "url": url });
        visitor.post("client-app-only", "/2/webhooks", &body).await
    };
    let message = |heard: &Heard| text(&heard.body["errors"][0]["message"]).to_owned();
    let long = format!("https://app.example/{}", "a".repeat(181));
    for url in [
        "http://app.example/x",
        "https://app.example:8443/x",
        &long,
        "nowhere",
    ] {
        assert_eq!(
            message(&register(url).await),
            "UrlValidationFailed",
            "{url}"
        );
    }
    let wrong = register("https://app.example/wrong").await;
    assert_eq!(message(&wrong), "CrcValidationFailed");
    let good = register("https://app.example/x").await;
    assert_eq!(good.body["data"]["valid"], true);
    let again = register("https://app.example/x").await;
    assert_eq!(message(&again), "DuplicateUrlFailed");
    for number in 1..5 {
        id_of(&register(&format!("https://app.example/{number}")).await);
    }
    let sixth = register("https://app.example/6").await;
    assert_eq!(message(&sixth), "WebhookLimitExceeded");
    let path = format!("/2/webhooks/{}", id_of(&good));
    let heard = visitor
        .call(Method::PUT, &path, "Bearer client-app-only", "", "")
        .await;
    assert_eq!(heard.body["data"]["valid"], true);
    visitor
        .call(Method::DELETE, &path, "Bearer client-app-only", "", "")
        .await;
    let list = visitor.get("client-app-only", "/2/webhooks").await;
    assert_eq!(list.body["meta"]["result_count"], 4);
    let heard = visitor
        .call(Method::PUT, &path, "Bearer client-app-only", "", "")
        .await;
    assert_eq!(heard.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn addresses_are_the_apps_and_not_a_persons() {
    let visitor = Visitor::new();
    let token = visitor.connected(STUDIO).await;
    let heard = visitor.get(&token, "/2/webhooks").await;
    assert_eq!(heard.status, StatusCode::FORBIDDEN);
    assert!(text(&heard.body["type"]).ends_with("/unsupported-authentication"));
    let heard = visitor.get("stranger-app-only", "/2/webhooks").await;
    assert_eq!(heard.status, StatusCode::UNAUTHORIZED);
}

#[test]
fn a_letter_is_signed_and_comes_again_to_the_byte() {
    let visitor = Visitor::new();
    let mut state = visitor.rig.simulator.world().states().x();
    let payload = json!({ "user_id": STUDIO, "app_id": "1" });
    let (uuid, letter) = state.tell("secret", STUDIO, "oauth.revoke", &payload);
    let (other, _) = state.tell("secret", STUDIO, "post.create", &json!({}));
    assert_ne!(uuid, other);
    let body: Value = serde_json::from_slice(&letter.body).expect("JSON");
    assert_eq!(body["data"]["event_uuid"], uuid);
    assert_eq!(body["data"]["payload"], payload);
    let signature =
        Letter::right_answer("secret", std::str::from_utf8(&letter.body).expect("a text"));
    assert_eq!(
        letter.headers,
        [("x-twitter-webhooks-signature", signature)]
    );
    assert_eq!(state.tell_again(&uuid), Some(letter));
    assert_eq!(state.tell_again("unknown"), None);
}
