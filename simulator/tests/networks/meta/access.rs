//! What Meta's networks say of tokens and limits, and how an app that is set strictly is treated.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};
use time::Duration;

use crate::meta::api::{self, JPEG, Told, graph, page_tokens, person, proof, rig};
use crate::rig::{BACK, Rig, Said, with_query};

const PAGE: &str = "104482915678301";
const ACCOUNT: &str = "17841405822304914";
const FACEBOOK: &str = "pages_show_list,pages_read_engagement,pages_manage_posts";
const INSTAGRAM: &str =
    "instagram_basic,instagram_content_publish,pages_show_list,pages_read_engagement";

#[tokio::test]
async fn whoever_denies_goes_back_without_a_code() {
    let rig = rig("facebook");
    let back = rig
        .decide(&api::dialog(FACEBOOK, &[]), "deny", &[PAGE])
        .await;
    assert_eq!(back["error"], "access_denied");
    assert_eq!(back["error_code"], "200");
    assert_eq!(back["error_reason"], "user_denied");
    assert_eq!(back["error_description"], "Permissions error");
    assert_eq!(back["state"], "s");
    assert!(!back.contains_key("code"));
}

#[tokio::test]
async fn a_code_is_also_exchanged_by_its_address() {
    let rig = rig("facebook");
    let code = api::code(&rig, FACEBOOK, &[PAGE]).await;
    let pairs = [
        ("client_id", "client"),
        ("client_secret", "secret"),
        ("redirect_uri", BACK),
        ("code", code.as_str()),
    ];
    let path = with_query(&graph("oauth/access_token"), &pairs);
    let said = rig.send(Method::GET, &path, &[], "").await;
    assert_eq!(said.json()["token_type"], "bearer");
    let again = rig.send(Method::GET, &path, &[], "").await;
    assert_eq!(again.json()["error"]["code"], 100);
}

#[tokio::test]
async fn a_token_is_explained_to_its_app_alone() {
    let rig = rig("facebook");
    let (user, _) = person(&rig, FACEBOOK, &[PAGE]).await;
    let page = page_tokens(&rig, &user).await[PAGE].clone();
    let told = debug(&rig, &page, "client|secret").await;
    let data = &told.body["data"];
    assert_eq!(data["type"], "PAGE");
    assert_eq!(data["app_id"], "client");
    assert_eq!(data["profile_id"], PAGE);
    assert_eq!(
        (&data["is_valid"], &data["expires_at"]),
        (&json!(true), &json!(0))
    );
    assert_eq!(data["granular_scopes"][0]["target_ids"], json!([PAGE]));
    let told = debug(&rig, &user, &user).await;
    assert_eq!(told.body["data"]["type"], "USER");
    let end = rig.clock.now() + Duration::seconds(5_183_944);
    assert_eq!(told.body["data"]["expires_at"], end.unix_timestamp());
    for (caller, code) in [("client|wrong", 190), ("guessed", 190), ("", 190)] {
        assert_eq!(debug(&rig, &page, caller).await.code(), code, "{caller}");
    }
    let none = api::get(&rig, &graph("debug_token"), "client|secret").await;
    assert_eq!(none.code(), 100);
}

#[tokio::test]
async fn a_token_that_ended_is_explained_with_its_end() {
    let rig = rig("facebook");
    let (user, _) = person(&rig, FACEBOOK, &[PAGE]).await;
    rig.clock.advance(Duration::days(61));
    let told = debug(&rig, &user, "client|secret").await;
    assert_eq!(told.body["data"]["is_valid"], false);
    assert_eq!(told.body["data"]["error"]["subcode"], 463);
    let told = debug(&rig, "guessed", "client|secret").await;
    assert_eq!(
        (told.status, &told.body["data"]["is_valid"]),
        (200, &json!(false))
    );
}

#[tokio::test]
async fn a_changed_password_ends_what_was_given_before_at_one_network_only() {
    let rig = rig("facebook");
    let (user, _) = person(&rig, FACEBOOK, &[PAGE]).await;
    let page = page_tokens(&rig, &user).await[PAGE].clone();
    let world = rig.simulator.world();
    world
        .states()
        .meta()
        .change_password("instagram", world.now());
    assert_eq!(api::get(&rig, &graph("me"), &user).await.status, 200);
    world
        .states()
        .meta()
        .change_password("facebook", world.now());
    for token in [&user, &page] {
        let said = api::get(&rig, &graph("me"), token).await;
        assert_eq!((said.status, said.code(), said.subcode()), (401, 190, 460));
    }
    assert_eq!(
        api::extend(&rig, &user).await.code(),
        190,
        "nor is it extended"
    );
    rig.clock.advance(Duration::seconds(1));
    let (user, _) = person(&rig, FACEBOOK, &[PAGE]).await;
    assert_eq!(api::get(&rig, &graph("me"), &user).await.status, 200);
}

#[tokio::test]
async fn the_host_of_uploads_hears_of_a_changed_password_too() {
    let rig = rig("facebook");
    let (user, _) = person(&rig, FACEBOOK, &[PAGE]).await;
    let token = page_tokens(&rig, &user).await[PAGE].clone();
    let reels = graph(&format!("{PAGE}/video_reels"));
    let begun = api::post(&rig, &reels, &token, &[("upload_phase", "start")]).await;
    let path = begun.text("upload_url").replace("https://", "");
    let world = rig.simulator.world();
    world
        .states()
        .meta()
        .change_password("facebook", world.now());
    let who = format!("OAuth {token}");
    let headers = [
        ("authorization", who.as_str()),
        ("offset", "0"),
        ("file_size", "3000"),
    ];
    let said = rig
        .send(Method::POST, &path, &headers, api::mp4(3_000))
        .await;
    assert_eq!(said.status, 401);
    assert_eq!(said.json()["debug_info"]["type"], "NotAuthorizedError");
}

#[tokio::test]
async fn a_strict_app_takes_no_call_without_the_proof_of_its_secret() {
    let rig = rig("facebook");
    let (user, _) = person(&rig, FACEBOOK, &[PAGE]).await;
    rig.simulator.world().states().meta().require_proof();
    let right = proof(&user, "secret");
    let wrong = proof(&user, "other");
    for (query, status) in [
        (String::new(), 400),
        (format!("?appsecret_proof={wrong}"), 400),
        (format!("?appsecret_proof={right}"), 200),
    ] {
        let said = api::get(&rig, &graph(&format!("me{query}")), &user).await;
        assert_eq!(said.status, status, "{said:?}");
        if status == 400 {
            assert_eq!(said.code(), 100);
            assert_eq!(said.body["error"]["type"], "GraphMethodException");
        }
    }
}

#[tokio::test]
async fn where_all_or_nothing_is_granted_one_declined_permission_takes_all() {
    let rig = rig("facebook");
    let (user, _) = person(&rig, FACEBOOK, &[PAGE]).await;
    let world = rig.simulator.world();
    world.states().facebook().decline("pages_manage_posts");
    let granted = |told: &Told| {
        let list = told.body["data"].as_array().cloned().unwrap_or_default();
        let granted = list.iter().filter(|it| it["status"] == "granted");
        granted.count()
    };
    let path = graph("me/permissions");
    assert_eq!(granted(&api::get(&rig, &path, &user).await), 2);
    world.states().meta().grant_all_or_nothing();
    assert_eq!(granted(&api::get(&rig, &path, &user).await), 0);
    let pages = api::get(&rig, &graph("me/accounts?fields=id"), &user).await;
    assert_eq!(pages.code(), 10);
}

#[tokio::test]
async fn used_up_calls_are_told_and_then_refused() {
    for (network, scopes, chosen, object, kind, code) in [
        ("facebook", FACEBOOK, PAGE, PAGE, "pages", 80_001),
        (
            "instagram",
            INSTAGRAM,
            ACCOUNT,
            ACCOUNT,
            "instagram",
            80_002,
        ),
    ] {
        let rig = rig(network);
        let (user, _) = person(&rig, scopes, &[chosen]).await;
        let page = page_tokens(&rig, &user).await[PAGE].clone();
        let silent = me(&rig, &page).await;
        assert_eq!(silent.header("x-app-usage"), "", "not before many calls");
        let world = rig.simulator.world();
        world.states().meta().use_up(80, 0);
        let said = me(&rig, &page).await;
        assert_eq!(said.status, 200);
        assert_eq!(json_of(&said, "x-app-usage")["call_count"], 80);
        let usage = json_of(&said, "x-business-use-case-usage");
        assert_eq!(usage[object][0]["type"], kind);
        world.states().meta().use_up(100, 7);
        let said = me(&rig, &page).await;
        assert_eq!(said.json()["error"]["code"], code);
        let usage = json_of(&said, "x-business-use-case-usage");
        assert_eq!(usage[object][0]["estimated_time_to_regain_access"], 7);
        world.states().meta().forget_usage();
        assert_eq!(me(&rig, &page).await.status, 200);
    }
}

#[tokio::test]
async fn the_container_after_the_four_hundredth_is_refused_with_its_usage() {
    let rig = rig("instagram");
    let (user, _) = person(&rig, INSTAGRAM, &[ACCOUNT]).await;
    let path = with_query(&graph(&format!("{ACCOUNT}/media")), &[("image_url", JPEG)]);
    let bearer = format!("Bearer {user}");
    let headers = [("authorization", bearer.as_str())];
    for _ in 0..400 {
        let said = rig.send(Method::POST, &path, &headers, "").await;
        assert_eq!(said.status, 200);
    }
    let said = rig.send(Method::POST, &path, &headers, "").await;
    assert_eq!(said.json()["error"]["code"], 80_002);
    let usage = json_of(&said, "x-business-use-case-usage");
    assert_eq!(usage[ACCOUNT][0]["estimated_time_to_regain_access"], 60);
    rig.clock.advance(Duration::hours(24));
    let said = rig.send(Method::POST, &path, &headers, "").await;
    assert_eq!(said.status, 200);
}

#[tokio::test]
async fn each_refusal_has_a_trace_of_its_own_that_comes_again_from_the_start() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let rig = rig("facebook");
        let mut traces = Vec::new();
        for _ in 0..3 {
            let said = api::get(&rig, &graph("me"), "guessed").await;
            let trace = said.body["error"]["fbtrace_id"].as_str().expect("a trace");
            traces.push(trace.to_owned());
        }
        runs.push(traces);
    }
    assert_eq!(runs[0], runs[1]);
    assert_eq!(BTreeSet::from_iter(&runs[0]).len(), 3);
}

#[tokio::test]
async fn lists_keep_to_the_times_they_were_asked_for() {
    let rig = rig("facebook");
    let (user, _) = person(&rig, FACEBOOK, &[PAGE]).await;
    let token = page_tokens(&rig, &user).await[PAGE].clone();
    let first = rig.clock.now().unix_timestamp();
    for message in ["a", "b"] {
        let path = graph(&format!("{PAGE}/feed"));
        assert_eq!(
            api::post(&rig, &path, &token, &[("message", message)])
                .await
                .status,
            200
        );
        rig.clock.advance(Duration::minutes(1));
    }
    for edge in ["posts", "published_posts"] {
        let path = |query: &str| graph(&format!("{PAGE}/{edge}?fields=message&{query}"));
        for (query, shown) in [
            (String::new(), vec!["b", "a"]),
            (format!("since={}", first + 30), vec!["b"]),
            (format!("until={}", first + 30), vec!["a"]),
        ] {
            let told = api::get(&rig, &path(&query), &token).await;
            assert_eq!(texts(&told, "message"), shown, "{edge} {query}");
        }
        let said = api::get(&rig, &path("until=soon"), &token).await;
        assert_eq!(said.code(), 100);
    }
}

#[tokio::test]
async fn instagrams_list_keeps_to_its_times_too() {
    let rig = rig("instagram");
    let (token, _) = person(&rig, INSTAGRAM, &[ACCOUNT]).await;
    let first = rig.clock.now().unix_timestamp();
    for caption in ["a", "b"] {
        let fields = [("image_url", JPEG), ("caption", caption)];
        let made = api::post(&rig, &graph(&format!("{ACCOUNT}/media")), &token, &fields).await;
        let fields = [("creation_id", made.text("id"))];
        let fields = fields.each_ref().map(|(name, id)| (*name, id.as_str()));
        let path = graph(&format!("{ACCOUNT}/media_publish"));
        assert_eq!(api::post(&rig, &path, &token, &fields).await.status, 200);
        rig.clock.advance(Duration::minutes(1));
    }
    for (query, shown) in [
        (format!("since={}", first + 30), ["b"]),
        (format!("until={}", first + 30), ["a"]),
    ] {
        let path = graph(&format!("{ACCOUNT}/media?fields=caption&{query}"));
        let told = api::get(&rig, &path, &token).await;
        assert_eq!(texts(&told, "caption"), shown, "{query}");
    }
}

#[tokio::test]
async fn collaborators_belong_to_the_whole_carousel() {
    let rig = rig("instagram");
    let (token, _) = person(&rig, INSTAGRAM, &[ACCOUNT]).await;
    let path = graph(&format!("{ACCOUNT}/media"));
    let whole = [("image_url", JPEG), ("collaborators", "[\"a\"]")];
    assert_eq!(api::post(&rig, &path, &token, &whole).await.status, 200);
    let child = [whole[0], whole[1], ("is_carousel_item", "true")];
    assert_eq!(api::post(&rig, &path, &token, &child).await.code(), 100);
}

async fn debug(rig: &Rig, token: &str, caller: &str) -> Told {
    let path = with_query(&graph("debug_token"), &[("input_token", token)]);
    api::get(rig, &path, caller).await
}

async fn me(rig: &Rig, token: &str) -> Said {
    let bearer = format!("Bearer {token}");
    rig.send(Method::GET, &graph("me"), &[("authorization", &bearer)], "")
        .await
}

fn json_of(said: &Said, header: &str) -> Value {
    serde_json::from_str(said.header(header)).expect("JSON in the header")
}

fn texts(told: &Told, name: &str) -> Vec<String> {
    let items = told.body["data"].as_array().cloned().unwrap_or_default();
    items
        .iter()
        .map(|item| item[name].as_str().unwrap_or_default().to_owned())
        .collect()
}
