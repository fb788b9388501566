//! What Instagram's own login refuses, and how its tokens live.

use std::collections::BTreeMap;

use http::Method;
use serde_json::json;
use simulator::networks::meta::signed_request;
use time::Duration;

use crate::meta::api::{self, JPEG, Told};
use crate::rig::{BACK, Rig, with_query};

const STUDIO: &str = "17841405822304914";
const ARCHIVE: &str = "17841405822304915";
const GARDEN: &str = "17841405822304916";
const SCOPES: &str = "instagram_business_basic,instagram_business_content_publish";
const EXCHANGE: &str = "api.instagram.com/oauth/access_token";

/// A rig where our app is registered for this login.
fn rig() -> Rig {
    api::rig("instagram_login")
}

/// A path of Instagram's own Graph API.
fn graph(path: &str) -> String {
    format!("graph.instagram.com/v25.0/{path}")
}

/// The consent page; later pairs replace earlier ones.
fn page(changed: &[(&str, &str)]) -> String {
    let mut pairs = BTreeMap::from([
        ("client_id", "client"),
        ("redirect_uri", BACK),
        ("response_type", "code"),
        ("scope", SCOPES),
        ("state", "s"),
    ]);
    pairs.extend(changed.iter().copied());
    let pairs: Vec<(&str, &str)> = pairs.into_iter().collect();
    with_query("www.instagram.com/oauth/authorize", &pairs)
}

/// A code for an account.
async fn code(rig: &Rig, account: &str) -> String {
    rig.approve(&page(&[]), account).await["code"].clone()
}

/// Exchanges a code; later pairs replace earlier ones.
async fn exchange(rig: &Rig, code: &str, changed: &[(&str, &str)]) -> Told {
    let mut pairs = BTreeMap::from([
        ("client_id", "client"),
        ("client_secret", "secret"),
        ("grant_type", "authorization_code"),
        ("redirect_uri", BACK),
        ("code", code),
    ]);
    pairs.extend(changed.iter().copied());
    let pairs: Vec<(&str, &str)> = pairs.into_iter().collect();
    let said = rig.form(EXCHANGE, &pairs).await;
    Told {
        status: said.status,
        body: said.json(),
    }
}

/// Asks for a token with another; later pairs replace earlier ones.
async fn token(rig: &Rig, path: &str, pairs: &[(&str, &str)]) -> Told {
    let path = with_query(&format!("graph.instagram.com/{path}"), pairs);
    let said = rig.send(Method::GET, &path, &[], "").await;
    Told {
        status: said.status,
        body: said.json(),
    }
}

async fn lengthen(rig: &Rig, short: &str) -> Told {
    let pairs = [
        ("grant_type", "ig_exchange_token"),
        ("client_secret", "secret"),
        ("access_token", short),
    ];
    token(rig, "access_token", &pairs).await
}

async fn refresh(rig: &Rig, long: &str) -> Told {
    let pairs = [("grant_type", "ig_refresh_token"), ("access_token", long)];
    token(rig, "refresh_access_token", &pairs).await
}

async fn short(rig: &Rig, account: &str) -> String {
    let told = exchange(rig, &code(rig, account).await, &[]).await;
    let given = told.body["data"][0]["access_token"].as_str();
    given.expect("a token").to_owned()
}

async fn long(rig: &Rig, account: &str) -> String {
    let short = short(rig, account).await;
    lengthen(rig, &short).await.text("access_token")
}

fn refusal(told: &Told) -> (u16, i64, i64) {
    (told.status, told.code(), told.subcode())
}

#[tokio::test]
async fn a_visit_that_is_not_in_order_ends_on_an_error_page() {
    let rig = rig();
    let slash = format!("{BACK}/");
    for changed in [
        ("client_id", "other"),
        ("redirect_uri", slash.as_str()),
        ("response_type", "token"),
        ("scope", ""),
        ("scope", "instagram_business_content_publish"),
        ("scope", "instagram_business_basic,business_basic"),
        ("scope", "instagram_business_basic,instagram_basic"),
        ("code_challenge", "c"),
        ("force_reauth", "perhaps"),
    ] {
        let said = rig.send(Method::GET, &page(&[changed]), &[], "").await;
        assert_eq!(said.status, 400, "{changed:?}");
        assert_eq!(said.header("location"), "", "{changed:?}");
        let text = String::from_utf8_lossy(&said.body).into_owned();
        assert!(text.contains("Invalid Request"), "{text}");
    }
    let spaces = SCOPES.replace(',', " ");
    let fine = [("scope", spaces.as_str()), ("enable_fb_login", "0")];
    assert_eq!(
        rig.send(Method::GET, &page(&fine), &[], "").await.status,
        200
    );
}

#[tokio::test]
async fn the_way_back_bears_a_fragment_after_a_yes_and_reasons_after_a_no() {
    let rig = rig();
    let back = rig.way_back(&page(&[]), "approve", &[STUDIO]).await;
    assert_eq!(back.fragment(), Some("_"));
    let back = rig.way_back(&page(&[]), "deny", &[STUDIO]).await;
    let query = back.query().unwrap_or_default();
    assert_eq!(
        query,
        "error=access_denied&error_reason=user_denied&error_description=The+user+denied+your+request&state=s"
    );
}

#[tokio::test]
async fn a_code_works_once_for_an_hour_and_for_its_own_app_and_way_back() {
    let rig = rig();
    for changed in [
        ("client_id", "other"),
        ("client_secret", "wrong"),
        ("grant_type", ""),
        ("redirect_uri", "https://app.example/other"),
        ("code", "guessed"),
    ] {
        let told = exchange(&rig, &code(&rig, STUDIO).await, &[changed]).await;
        assert_eq!(told.status, 400, "{changed:?}");
        assert_eq!(told.text("error_type"), "OAuthException");
        assert_eq!(told.body["code"], 400);
        assert!(!told.text("error_message").is_empty());
        assert!(told.body.get("error").is_none(), "another envelope");
    }
    let used = code(&rig, STUDIO).await;
    assert_eq!(exchange(&rig, &used, &[]).await.status, 200);
    let again = exchange(&rig, &used, &[]).await;
    assert_eq!(
        again.text("error_message"),
        "Matching code was not found or was already used"
    );
    let late = code(&rig, STUDIO).await;
    rig.clock.advance(Duration::hours(1));
    assert_eq!(exchange(&rig, &late, &[]).await.status, 400);
}

#[tokio::test]
async fn the_exchange_answers_in_either_shape() {
    let rig = rig();
    let told = exchange(&rig, &code(&rig, STUDIO).await, &[]).await;
    let given = &told.body["data"][0];
    assert_eq!(given["user_id"], "26104482915678301");
    assert_eq!(given["permissions"], SCOPES);
    let text = given["access_token"].as_str().unwrap_or_default();
    assert!(text.starts_with("IGA"));
    let world = rig.simulator.world();
    world.states().instagram_login().answer_flat();
    world
        .states()
        .instagram_login()
        .decline("instagram_business_content_publish");
    let told = exchange(&rig, &code(&rig, STUDIO).await, &[]).await;
    assert_eq!(told.body["user_id"], 26_104_482_915_678_301_u64);
    assert_eq!(
        told.body["permissions"],
        json!(["instagram_business_basic"])
    );
}

#[tokio::test]
async fn an_exchange_may_also_come_in_parts() {
    let rig = rig();
    let code = code(&rig, STUDIO).await;
    let fields = [
        ("client_id", "client"),
        ("client_secret", "secret"),
        ("grant_type", "authorization_code"),
        ("redirect_uri", BACK),
        ("code", code.as_str()),
    ];
    let (kind, body) = api::multipart(&fields, None);
    let headers = [("content-type", kind.as_str())];
    let said = rig.send(Method::POST, EXCHANGE, &headers, body).await;
    assert_eq!(said.status, 200);
}

#[tokio::test]
async fn a_short_token_lives_an_hour_and_is_lengthened_with_the_secret() {
    let rig = rig();
    let first = short(&rig, STUDIO).await;
    let wrong = [
        ("grant_type", "ig_exchange_token"),
        ("client_secret", "wrong"),
        ("access_token", first.as_str()),
    ];
    assert_eq!(token(&rig, "access_token", &wrong).await.code(), 101);
    let told = lengthen(&rig, &first).await;
    assert_eq!(told.text("token_type"), "bearer");
    assert_eq!(told.body["expires_in"], 5_183_944);
    let long = told.text("access_token");
    assert_eq!(refusal(&lengthen(&rig, &long).await), (401, 190, 0));
    assert_eq!(refusal(&refresh(&rig, &first).await), (401, 190, 0));
    rig.clock.advance(Duration::hours(1));
    assert_eq!(refusal(&lengthen(&rig, &first).await), (401, 190, 463));
    assert_eq!(api::get(&rig, &graph("me"), &long).await.status, 200);
}

#[tokio::test]
async fn a_token_is_renewed_between_its_first_day_and_its_end() {
    let rig = rig();
    let long = long(&rig, STUDIO).await;
    rig.clock.advance(Duration::hours(24) - Duration::SECOND);
    assert_eq!(refusal(&refresh(&rig, &long).await), (401, 190, 0));
    rig.clock.advance(Duration::SECOND);
    let told = refresh(&rig, &long).await;
    assert_eq!(told.body["expires_in"], 5_183_944);
    assert_eq!(told.body["permissions"], SCOPES);
    let renewed = told.text("access_token");
    assert_ne!(renewed, long);
    for token in [&long, &renewed] {
        assert_eq!(api::get(&rig, &graph("me"), token).await.status, 200);
    }
    rig.clock.advance(Duration::seconds(5_183_944));
    assert_eq!(refusal(&refresh(&rig, &renewed).await), (401, 190, 463));
}

#[tokio::test]
async fn a_token_is_not_renewed_without_the_first_permission() {
    let rig = rig();
    let long = long(&rig, STUDIO).await;
    rig.clock.advance(Duration::days(2));
    let world = rig.simulator.world();
    world
        .states()
        .instagram_login()
        .decline("instagram_business_basic");
    assert_eq!(refusal(&refresh(&rig, &long).await), (403, 10, 0));
}

#[tokio::test]
async fn a_removed_app_and_a_changed_password_end_what_was_given_before() {
    let rig = rig();
    let long = long(&rig, STUDIO).await;
    let world = rig.simulator.world();
    world.states().instagram_login().remove_app(world.now());
    for told in [
        api::get(&rig, &graph("me"), &long).await,
        refresh(&rig, &long).await,
    ] {
        assert_eq!(refusal(&told), (401, 190, 458));
        assert_eq!(told.body["error"]["type"], "OAuthException");
    }
    rig.clock.advance(Duration::SECOND);
    let long = self::long(&rig, STUDIO).await;
    assert_eq!(api::get(&rig, &graph("me"), &long).await.status, 200);
    world
        .states()
        .meta()
        .change_password("instagram_login", world.now());
    let told = api::get(&rig, &graph("me"), &long).await;
    assert_eq!(refusal(&told), (401, 190, 460));
}

#[tokio::test]
async fn an_account_tells_what_it_is_asked_in_either_shape() {
    let rig = rig();
    let long = long(&rig, GARDEN).await;
    let path = graph("me?fields=user_id,username,account_type");
    let plain = api::get(&rig, &path, &long).await;
    let expected = json!({
        "id": "26104482915678304", "user_id": GARDEN, "username": "sample_garden",
        "account_type": "Media_Creator",
    });
    assert_eq!(plain.body, expected);
    let world = rig.simulator.world();
    world.states().instagram_login().wrap_me();
    let wrapped = api::get(&rig, &path, &long).await;
    assert_eq!(wrapped.body, json!({ "data": [expected] }));
    let told = api::get(&rig, &graph("me?fields=tasks"), &long).await;
    assert_eq!(refusal(&told), (400, 100, 0));
    assert_eq!(told.body["error"]["type"], "IGApiException");
}

#[tokio::test]
async fn only_the_addresses_of_tokens_go_without_a_version() {
    let rig = rig();
    let long = long(&rig, STUDIO).await;
    let get = async |path: &str| api::get(&rig, path, &long).await;
    assert_eq!(get("graph.instagram.com/me").await.status, 404);
    let path = format!("graph.instagram.com/{STUDIO}/media");
    assert_eq!(get(&path).await.code(), 2_635);
    assert_eq!(get("graph.instagram.com/v20.0/me").await.code(), 2_635);
    let path = graph("refresh_access_token?grant_type=ig_refresh_token");
    assert_eq!(refusal(&get(&path).await), (400, 100, 33));
}

#[tokio::test]
async fn each_host_takes_the_tokens_of_its_own_login() {
    let rig = rig();
    let long = long(&rig, STUDIO).await;
    let told = api::get(&rig, &api::graph("me"), &long).await;
    assert_eq!(refusal(&told), (401, 190, 0));
    let other = api::rig("instagram");
    let scopes = "instagram_basic,instagram_content_publish,pages_show_list,pages_read_engagement";
    let (user, _) = api::person(&other, scopes, &[STUDIO]).await;
    let told = api::get(&other, &graph("me"), &user).await;
    assert_eq!(refusal(&told), (401, 190, 0));
    let told = api::get(&rig, &graph("me"), "guessed").await;
    assert_eq!(refusal(&told), (401, 190, 0));
}

#[tokio::test]
async fn a_token_of_this_login_is_not_explained() {
    let rig = rig();
    let long = long(&rig, STUDIO).await;
    let pairs = [("input_token", long.as_str())];
    for path in [graph("debug_token"), api::graph("debug_token")] {
        let told = api::get(&rig, &with_query(&path, &pairs), &long).await;
        assert_eq!(refusal(&told), (500, 2, 0), "{path}");
    }
}

#[tokio::test]
async fn a_post_needs_no_page_but_the_account_and_the_permission() {
    let rig = rig();
    let long = long(&rig, ARCHIVE).await;
    let media = |account: &str| graph(&format!("{account}/media"));
    let picture = [("image_url", JPEG), ("caption", "a")];
    let foreign = api::post(&rig, &media(STUDIO), &long, &picture).await;
    assert_eq!(refusal(&foreign), (400, 100, 33));
    assert_eq!(foreign.body["error"]["type"], "IGApiException");
    let upload = [("media_type", "REELS"), ("upload_type", "resumable")];
    let upload = api::post(&rig, &media(ARCHIVE), &long, &upload).await;
    assert_eq!(refusal(&upload), (400, 100, 0), "no bytes are taken here");
    let made = api::post(&rig, &media(ARCHIVE), &long, &picture).await;
    let container = made.text("id");
    let told = api::get(
        &rig,
        &graph(&format!("{container}?fields=status_code")),
        &long,
    )
    .await;
    assert_eq!(told.text("status_code"), "FINISHED");
    let path = graph(&format!("{ARCHIVE}/media_publish"));
    let fields = [("creation_id", container.as_str())];
    let post = api::post(&rig, &path, &long, &fields).await.text("id");
    let shown = api::get(&rig, &graph(&format!("{post}?fields=permalink")), &long).await;
    assert!(
        shown
            .text("permalink")
            .starts_with("https://www.instagram.com/p/")
    );
    let path = graph(&format!(
        "{ARCHIVE}/content_publishing_limit?fields=quota_usage"
    ));
    let told = api::get(&rig, &path, &long).await;
    assert_eq!(told.body["data"][0]["quota_usage"], 1);
    let world = rig.simulator.world();
    world
        .states()
        .instagram_login()
        .decline("instagram_business_content_publish");
    let told = api::post(&rig, &media(ARCHIVE), &long, &picture).await;
    assert_eq!(refusal(&told), (403, 10, 0));
}

#[tokio::test]
async fn used_up_calls_are_told_for_the_account() {
    let rig = rig();
    let long = long(&rig, STUDIO).await;
    rig.simulator.world().states().meta().use_up(100, 7);
    let bearer = format!("Bearer {long}");
    let headers = [("authorization", bearer.as_str())];
    let said = rig.send(Method::GET, &graph("me"), &headers, "").await;
    assert_eq!(said.json()["error"]["code"], 80_002);
    let usage = said.header("x-business-use-case-usage");
    assert!(
        usage.contains(STUDIO) && usage.contains("\"instagram\""),
        "{usage}"
    );
}

#[test]
fn a_callback_is_signed_with_the_secret_of_the_app() {
    let at = time::macros::datetime!(2026-03-04 05:06:07 UTC);
    let text = signed_request("secret", "26104482915678301", at);
    let (signature, payload) = text.split_once('.').expect("two parts");
    assert!(!signature.contains('=') && !payload.contains('='));
    assert_ne!(text, signed_request("other", "26104482915678301", at));
}
