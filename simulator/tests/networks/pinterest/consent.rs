//! Consent, tokens, and who it is.

use http::Method;
use serde_json::{Value, json};
use time::Duration;

use crate::{
    pinterest::bench::*,
    rig::{BACK, changed, with_query},
};

#[tokio::test]
async fn the_consent_page_opens_for_a_registered_app_only() {
    let rig = rig();
    let right = [
        ("response_type", "code"),
        ("client_id", "client"),
        ("redirect_uri", BACK),
        ("scope", SCOPES),
    ];
    for (name, value, status) in [
        ("state", "s", 200),
        ("redirect_uri", "https://app.example/back?a", 400),
        ("client_id", "other", 400),
        ("response_type", "token", 400),
        ("scope", "boards:read pins:read", 400),
        ("scope", "", 400),
    ] {
        let pairs = changed(&right, &[(name, value)]);
        let page = get(&rig, &with_query(AUTHORIZE, &pairs), "").await;
        assert_eq!(page.status, status, "{name}={value}");
    }
    let back = rig.decide(&visit(SCOPES), "deny", &[]).await;
    assert_eq!(
        (back["error"].as_str(), back["state"].as_str()),
        ("access_denied", "a state")
    );
}

#[tokio::test]
async fn the_token_endpoint_wants_basic_and_a_form() {
    let rig = rig();
    let code = code(&rig, SCOPES).await;
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", BACK),
    ];
    for wrong in [
        vec![],
        vec![("authorization", "Basic b3RoZXI6b25l".to_owned())],
    ] {
        let reply = form(&rig, TOKEN, &wrong, &pairs).await;
        assert_eq!((reply.status, &reply.json()["code"]), (401, &json!(2)));
    }
    let basic = [
        ("authorization", BASIC.to_owned()),
        ("content-type", "application/json".to_owned()),
    ];
    let json = send(&rig, Method::POST, TOKEN, &basic, b"{}".to_vec()).await;
    assert_eq!(json.status, 400);
}

#[tokio::test]
async fn a_code_works_once_for_its_way_back_and_ten_minutes() {
    let rig = rig();
    let first = code(&rig, SCOPES).await;
    let tokens = exchanged(&rig, &first, BACK).await;
    assert_eq!(tokens.status, 200);
    let body = tokens.json();
    assert_eq!(body["expires_in"], 2_592_000);
    assert_eq!(body["refresh_token_expires_in"], 5_184_000);
    assert!(body["refresh_token_expires_at"].is_u64());
    assert_eq!(body["scope"], SCOPES.replace(',', " "));
    assert_ne!(tokens.header("x-pinterest-rid"), "");
    assert_eq!(exchanged(&rig, &first, BACK).await.status, 400);
    let second = code(&rig, SCOPES).await;
    assert_eq!(
        exchanged(&rig, &second, "https://app.example/x")
            .await
            .status,
        400
    );
    let third = code(&rig, SCOPES).await;
    rig.clock.advance(Duration::minutes(11));
    assert_eq!(exchanged(&rig, &third, BACK).await.status, 400);
}

#[tokio::test]
async fn a_refresh_gives_a_new_pair_and_spends_the_old_token() {
    for keeps in [false, true] {
        let rig = rig();
        rig.simulator
            .world()
            .states()
            .pinterest()
            .keeps_used_refresh_tokens = keeps;
        let code = code(&rig, SCOPES).await;
        let first = exchanged(&rig, &code, BACK).await.json();
        let refresh = async |token: &Value| {
            let pairs = [
                ("grant_type", "refresh_token"),
                ("refresh_token", token.as_str().expect("a token")),
            ];
            form(&rig, TOKEN, &[("authorization", BASIC.to_owned())], &pairs).await
        };
        let second = refresh(&first["refresh_token"]).await;
        assert_eq!(second.status, 200);
        assert_ne!(second.json()["refresh_token"], first["refresh_token"]);
        assert_ne!(second.json()["access_token"], first["access_token"]);
        let again = refresh(&first["refresh_token"]).await.status;
        assert_eq!(again, if keeps { 200 } else { 401 });
    }
}

#[tokio::test]
async fn a_token_of_the_app_takes_nothing_but_its_secret_and_opens_nothing() {
    let rig = rig();
    let ask = async |basic: &str, scope: &str| {
        let fields = [("grant_type", "client_credentials"), ("scope", scope)];
        let headers = [("authorization", basic.to_owned())];
        form(&rig, TOKEN, &headers, &fields).await
    };
    let wrong = ask("Basic b3RoZXI6b25l", "user_accounts:read").await;
    assert_eq!((wrong.status, &wrong.json()["code"]), (401, &json!(2)));
    for scope in ["", "everything"] {
        assert_eq!(ask(BASIC, scope).await.status, 400);
    }
    let given = ask(BASIC, "user_accounts:read").await.json();
    assert_eq!(given["response_type"], "client_credentials");
    let token = given["access_token"].as_str().expect("a token");
    let user = get(&rig, "api.pinterest.com/v5/user_account", token).await;
    assert_eq!(user.status, 401);
}

#[tokio::test]
async fn people_cannot_revoke() {
    let rig = rig();
    let reply = form(
        &rig,
        "api.pinterest.com/v5/oauth/token/revoke",
        &[],
        &[("token", "t")],
    )
    .await;
    assert_eq!((reply.status, &reply.json()["code"]), (403, &json!(29)));
}

#[tokio::test]
async fn it_is_told_who_a_token_is_for() {
    let rig = rig();
    let token = token(&rig).await;
    let user = get(&rig, USER, &token).await;
    assert_ne!(user.header("x-pinterest-rid"), "");
    let body = user.json();
    assert_eq!(body["id"], STUDIO);
    assert_eq!(body["account_type"], "BUSINESS");
    assert_eq!(
        (&body["board_count"], &body["pin_count"]),
        (&json!(3), &json!(0))
    );
    post_json(&rig, PINS, &token, &pin()).await;
    assert_eq!(get(&rig, USER, &token).await.json()["pin_count"], 1);
    let without = SCOPES.replace("user_accounts:read,", "");
    let other = token_for(&rig, STUDIO, &without).await;
    let refused = get(&rig, USER, &other).await;
    assert_eq!((refused.status, &refused.json()["code"]), (401, &json!(3)));
}

#[tokio::test]
async fn a_token_that_ended_is_refused_like_an_unknown_one() {
    let rig = rig();
    let token = token(&rig).await;
    rig.clock.advance(Duration::days(30));
    for token in [token.as_str(), "unknown", ""] {
        let refused = get(&rig, USER, token).await;
        assert_eq!(refused.status, 401);
        assert_eq!(refused.json()["code"], 2);
        assert_eq!(refused.json()["message"], "Authentication failed.");
        assert_ne!(refused.header("x-pinterest-rid"), "");
    }
}
