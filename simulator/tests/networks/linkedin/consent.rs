//! The consent page, tokens, who it is.

use serde_json::json;
use time::Duration;

use crate::{
    linkedin::bench::*,
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
    let with_parameters = format!("{BACK}?a=b");
    for (name, value, status) in [
        ("state", "s", 200),
        ("redirect_uri", with_parameters.as_str(), 200),
        ("redirect_uri", "https://app.example/back/", 400),
        ("redirect_uri", "https://app.example/back#f", 400),
        ("client_id", "other", 400),
        ("response_type", "token", 400),
        ("scope", "openid r_member_social", 303),
        ("scope", "", 303),
    ] {
        let pairs = changed(&right, &[(name, value)]);
        let page = get(&rig, &with_query(AUTHORIZE, &pairs), "").await;
        assert_eq!(page.status, status, "{name}={value}");
    }
}

#[tokio::test]
async fn denial_and_state_come_back() {
    let rig = rig();
    let back = rig.decide(&visit(SCOPES), "deny", &[]).await;
    assert_eq!(back["error"], "user_cancelled_authorize");
    rig.simulator.world().states().linkedin().denial = "user_cancelled_login";
    let back = rig.decide(&visit(SCOPES), "deny", &[]).await;
    assert_eq!(back["error"], "user_cancelled_login");
    assert_eq!(back["state"], "a state");
}

#[tokio::test]
async fn the_secret_belongs_into_the_body() {
    let rig = rig();
    let basic = [("authorization", "Basic Y2xpZW50OnNlY3JldA==".to_owned())];
    let code = code(&rig).await;
    let without = form(
        &rig,
        TOKEN,
        &basic,
        &[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", BACK),
            ("client_id", "client"),
        ],
    )
    .await;
    assert_eq!(without.status, 400);
    assert_eq!(
        without.json()["error_description"],
        "A required parameter \"client_secret\" is missing"
    );
    let wrong = exchanged(&rig, &code, BACK, "other").await;
    assert_eq!(
        (wrong.status, &wrong.json()["error"]),
        (401, &json!("invalid_client"))
    );
}

#[tokio::test]
async fn a_code_works_once_for_its_way_back_and_half_an_hour() {
    let rig = rig();
    let code_1 = code(&rig).await;
    let tokens = exchanged(&rig, &code_1, BACK, "secret").await;
    assert_eq!(tokens.status, 200);
    let tokens = tokens.json();
    assert_eq!(tokens["expires_in"], 5_184_000);
    assert_eq!(tokens["scope"], "openid,profile,w_member_social");
    assert!(tokens["id_token"].is_string() && tokens["refresh_token"].is_null());
    let again = exchanged(&rig, &code_1, BACK, "secret").await;
    assert_eq!(
        (again.status, &again.json()["error"]),
        (400, &json!("invalid_request"))
    );
    let code_2 = code(&rig).await;
    assert_eq!(
        exchanged(&rig, &code_2, "https://app.example/x", "secret")
            .await
            .status,
        400
    );
    let code_3 = code(&rig).await;
    rig.clock.advance(Duration::minutes(31));
    assert_eq!(exchanged(&rig, &code_3, BACK, "secret").await.status, 400);
}

#[tokio::test]
async fn a_token_is_told_to_be_unknown_revoked_or_expired() {
    let rig = rig();
    let token = token(&rig).await;
    let ask = async |token: &str| {
        let reply = get(&rig, "api.linkedin.com/v2/userinfo", token).await;
        (reply.status, reply.json()["serviceErrorCode"].clone())
    };
    assert_eq!(ask(&token).await.0, 200);
    assert_eq!(ask("other").await, (401, json!(65600)));
    rig.clock.advance(Duration::days(61));
    assert_eq!(ask(&token).await, (401, json!(65602)));
    let token = self::token(&rig).await;
    let fields = [
        ("token", token.as_str()),
        ("client_id", "client"),
        ("client_secret", "secret"),
    ];
    assert_eq!(form(&rig, REVOKE, &[], &fields).await.status, 200);
    assert_eq!(ask(&token).await, (401, json!(65601)));
    assert_eq!(form(&rig, REVOKE, &[], &fields).await.status, 400);
}

#[tokio::test]
async fn a_scope_that_no_product_of_the_app_grants_comes_back_as_an_error() {
    let rig = rig();
    rig.simulator.world().states().linkedin().product_scopes =
        vec!["openid", "profile", "w_member_social"];
    let open = get(&rig, &visit(SCOPES), "").await;
    assert_eq!(open.status, 200);
    let scopes = format!("{SCOPES} w_organization_social");
    let refused = get(&rig, &visit(&scopes), "").await;
    assert_eq!(refused.status, 303);
    let back = refused.header("location");
    assert!(back.starts_with(BACK), "{back}");
    assert!(back.contains("error=unauthorized_scope_error"), "{back}");
    assert!(back.contains("state=a+state"), "{back}");
}

#[tokio::test]
async fn a_new_token_is_called_revoked_in_its_first_seconds() {
    let rig = rig();
    rig.simulator
        .world()
        .states()
        .linkedin()
        .fresh_token_trouble = Duration::seconds(3);
    let token = token(&rig).await;
    let ask = async || get(&rig, "api.linkedin.com/v2/userinfo", &token).await;
    assert_eq!(ask().await.json()["serviceErrorCode"], 65601);
    rig.clock.advance(Duration::seconds(3));
    assert_eq!(ask().await.json()["sub"], STUDIO);
}

#[tokio::test]
async fn each_way_to_ask_who_it_is_has_scopes_of_its_own() {
    let rig = rig();
    let member = token(&rig).await;
    let other = token_for(&rig, STUDIO, PAGE_SCOPES).await;
    let (userinfo, me) = ("api.linkedin.com/v2/userinfo", "api.linkedin.com/v2/me");
    assert_eq!(get(&rig, userinfo, &member).await.json()["sub"], STUDIO);
    assert_eq!(get(&rig, userinfo, &other).await.status, 403);
    assert_eq!(get(&rig, me, &member).await.status, 403);
    assert_eq!(
        get(&rig, me, &other).await.json(),
        json!({"id": STUDIO, "localizedFirstName": "Sample", "localizedLastName": "Studio",
            "vanityName": "sample-studio"})
    );
}

#[tokio::test]
async fn refresh_tokens_come_to_flagged_apps_and_end_after_a_year() {
    let rig = rig();
    rig.simulator
        .world()
        .states()
        .linkedin()
        .gives_refresh_tokens = true;
    let first = exchanged(&rig, &code(&rig).await, BACK, "secret")
        .await
        .json();
    assert_eq!(first["refresh_token_expires_in"], 365 * 86_400);
    let refresh = first["refresh_token"].as_str().expect("a token").to_owned();
    let renew = async || {
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.as_str()),
            ("client_id", "client"),
            ("client_secret", "secret"),
        ];
        form(&rig, TOKEN, &[], &fields).await
    };
    rig.clock.advance(Duration::days(350));
    let renewed = renew().await.json();
    assert_eq!(renewed["refresh_token"], refresh.as_str());
    assert_eq!(renewed["refresh_token_expires_in"], 15 * 86_400);
    assert_eq!(renewed["expires_in"], 15 * 86_400, "it shrinks to fit");
    rig.clock.advance(Duration::days(15));
    let ended = renew().await;
    assert_eq!(
        (ended.status, &ended.json()["error"]),
        (400, &json!("invalid_request"))
    );
}
