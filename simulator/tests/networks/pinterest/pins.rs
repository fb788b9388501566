//! Pins: made, listed, changed, deleted, refused.

use http::Method;
use serde_json::{Value, json};
use simulator::{Fault, FaultScript};

use crate::pinterest::bench::*;

#[tokio::test]
async fn a_pin_is_answered_with_its_shape_and_twice_makes_two() {
    let rig = rig();
    let token = token(&rig).await;
    for number in 1..=2 {
        let reply = post_json(&rig, PINS, &token, &pin()).await;
        assert_eq!(reply.status, 201, "{}", text(&reply));
        let body = reply.json();
        assert_eq!(body["media"]["media_type"], "image");
        let id: u64 = body["id"]
            .as_str()
            .and_then(|id| id.parse().ok())
            .expect("an id");
        assert!(id > 1 << 53);
        assert!(!body["created_at"].as_str().expect("a time").ends_with('Z'));
        assert_eq!(rig.simulator.ledger().posts().len(), number);
    }
    for path in [
        PINS.to_owned(),
        format!("api.pinterest.com/v5/boards/{RECIPES}/pins"),
    ] {
        let listed = get(&rig, &path, &token).await.json();
        assert_eq!(listed["items"].as_array().expect("pins").len(), 2);
    }
    let id = rig.simulator.ledger().posts()[0].post_id.clone();
    let path = format!("{PINS}/{id}");
    assert_eq!(get(&rig, &path, &token).await.status, 200);
    let delete = async || {
        send(&rig, Method::DELETE, &path, &bearer(&token), vec![])
            .await
            .status
    };
    assert_eq!(delete().await, 204);
    assert_eq!(delete().await, 404);
    assert_eq!(rig.simulator.ledger().posts().len(), 1);
}

#[tokio::test]
async fn each_missing_scope_is_told() {
    for missing in ["boards:read", "boards:write", "pins:read", "pins:write"] {
        let rig = rig();
        let scopes: Vec<&str> = SCOPES
            .split(',')
            .filter(|scope| *scope != missing)
            .collect();
        let token = token_for(&rig, STUDIO, &scopes.join(",")).await;
        let reply = post_json(&rig, PINS, &token, &pin()).await;
        assert_eq!(
            (reply.status, &reply.json()["code"]),
            (401, &json!(3)),
            "{missing}"
        );
        rig.simulator
            .world()
            .states()
            .pinterest()
            .hides_missing_scopes = true;
        let reply = post_json(&rig, PINS, &token, &pin()).await;
        assert_eq!((reply.status, &reply.json()["code"]), (403, &json!(29)));
    }
}

#[tokio::test]
async fn each_field_of_a_pin_is_checked() {
    let rig = rig();
    let token = token(&rig).await;
    let with = |name: &str, value: Value| {
        let mut body = pin();
        body[name] = value;
        body
    };
    let url = |url: &str| json!({"source_type": "image_url", "url": url});
    for (body, status, code, words) in [
        (with("board_id", json!("abc")), 400, 1, "does not match"),
        (with("board_id", Value::Null), 400, 1, "does not match"),
        (with("board_id", json!("1")), 404, 40, "Board not found"),
        (
            with("board_id", json!("813744364859010001")),
            403,
            29,
            "not permitted",
        ),
        (
            with("board_section_id", json!("1")),
            404,
            2031,
            "section not found",
        ),
        (with("title", json!("é".repeat(101))), 400, 1, "title"),
        (
            with("description", json!("é".repeat(801))),
            400,
            1,
            "description",
        ),
        (with("alt_text", json!("é".repeat(501))), 400, 1, "alt_text"),
        (
            with(
                "link",
                json!(format!("https://a.example/{}", "a".repeat(2048))),
            ),
            400,
            1,
            "link",
        ),
        (with("link", json!("nowhere")), 400, 1, "Whoops"),
        (with("surprise", json!(1)), 400, 1, "surprise"),
        (
            with("media_source", json!({"source_type": "image_url"})),
            400,
            1,
            "'url' is a required",
        ),
        (with("media_source", json!({})), 400, 1, "source_type"),
        (
            with("media_source", url("https://media.example/none")),
            400,
            1,
            "Unable to reach the URL",
        ),
        (
            with("media_source", url(GIF)),
            400,
            1,
            "neither JPEG nor PNG",
        ),
    ] {
        let reply = post_json(&rig, PINS, &token, &body).await;
        assert_eq!(
            (reply.status, &reply.json()["code"]),
            (status, &json!(code)),
            "{body}"
        );
        assert!(text(&reply).contains(words), "{}", text(&reply));
    }
    let dead = post_json(&rig, PINS, "other", &pin()).await;
    assert_eq!((dead.status, &dead.json()["code"]), (401, &json!(2)));
    assert!(rig.simulator.ledger().posts().is_empty());
}

#[tokio::test]
async fn a_section_lists_its_own_pins() {
    let rig = rig();
    let token = token(&rig).await;
    let mut inside = pin();
    inside["board_section_id"] = json!("5549755885175002");
    for order in [pin(), inside] {
        assert_eq!(post_json(&rig, PINS, &token, &order).await.status, 201);
    }
    let count = async |section: &str| {
        let path = format!("{BOARDS}/{RECIPES}/sections/{section}/pins");
        let listed = get(&rig, &path, &token).await;
        (
            listed.status,
            listed.json()["items"].as_array().map_or(0, Vec::len),
        )
    };
    assert_eq!(count("5549755885175002").await, (200, 1));
    assert_eq!(count("5549755885175001").await, (200, 0));
    assert_eq!(count("1").await, (404, 0));
}

#[tokio::test]
async fn a_new_pin_is_missing_from_lists_for_as_long_as_is_said() {
    let rig = rig();
    let token = token(&rig).await;
    rig.simulator
        .world()
        .set_listing_lag("pinterest", time::Duration::seconds(30));
    post_json(&rig, PINS, &token, &pin()).await;
    let count = async || {
        let listed = get(&rig, PINS, &token).await.json();
        listed["items"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(count().await, 0);
    rig.clock.advance(time::Duration::seconds(30));
    assert_eq!(count().await, 1);
}

#[tokio::test]
async fn lists_show_what_another_app_pinned() {
    let rig = rig();
    let token = token(&rig).await;
    post_json(&rig, PINS, &token, &pin()).await;
    let ours = rig.simulator.ledger().posts()[0].clone();
    let world = rig.simulator.world();
    let theirs = world.post_by_another_app(&ours, "Other words");
    let listed = get(&rig, PINS, &token).await.json();
    assert_eq!(listed["items"][0]["id"], theirs.post_id.as_str());
    assert_eq!(listed["items"][0]["description"], "Other words");
    assert_eq!(listed["items"][1]["id"], ours.post_id.as_str());
    assert_eq!(rig.simulator.ledger().posts(), [ours, theirs]);
}

#[tokio::test]
async fn a_pin_of_ones_own_can_be_changed_and_deleted_by_nobody_else() {
    let rig = rig();
    let token = token(&rig).await;
    let made = post_json(&rig, PINS, &token, &pin()).await.json();
    let path = format!("{PINS}/{}", made["id"].as_str().expect("an id"));
    let change = async |token: &str, order: Value| {
        let mut headers = bearer(token);
        headers.push(("content-type", "application/json".to_owned()));
        send(&rig, Method::PATCH, &path, &headers, order.to_string()).await
    };
    let order = json!({"title": "Cake", "description": "With cherries", "board_id": TABLES});
    let changed = change(&token, order).await;
    assert_eq!(
        (changed.status, &changed.json()["title"]),
        (200, &json!("Cake"))
    );
    let read = get(&rig, &path, &token).await.json();
    assert_eq!(read["board_id"], TABLES);
    assert_eq!(rig.simulator.ledger().posts()[0].text, "With cherries");
    for (wrong, status) in [
        (json!({"title": "t".repeat(101)}), 400),
        (json!({"media_source": {}}), 400),
        (json!({"board_id": "1"}), 404),
        (json!([]), 400),
    ] {
        assert_eq!(
            change(&token, wrong.clone()).await.status,
            status,
            "{wrong}"
        );
    }
    let other = token_for(&rig, BAKERY, SCOPES).await;
    assert_eq!(change(&other, json!({"title": "Mine"})).await.status, 403);
    let deleted = send(&rig, Method::DELETE, &path, &bearer(&other), "").await;
    assert_eq!(deleted.status, 403);
    assert_eq!(get(&rig, &path, &token).await.json()["title"], "Cake");
    let gone = get(&rig, &format!("{PINS}/1"), &token).await;
    assert_eq!((gone.status, &gone.json()["code"]), (404, &json!(50)));
}

#[tokio::test]
async fn a_pin_that_was_made_stands_although_the_connection_broke() {
    let rig = rig();
    let token = token(&rig).await;
    rig.simulator
        .script(FaultScript::first(HOST, "POST /v5/pins", Fault::LoseAnswer));
    assert_eq!(post_json(&rig, PINS, &token, &pin()).await.status, 502);
    assert_eq!(rig.simulator.ledger().posts().len(), 1);
    let listed = get(&rig, PINS, &token).await.json();
    assert_eq!(listed["items"].as_array().expect("pins").len(), 1);
    let off = Fault::Answer {
        status: 503,
        headers: vec![],
        body: json!({"code": 4197, "message": "This endpoint is switched off."}),
    };
    rig.simulator
        .script(FaultScript::first(HOST, "POST /v5/pins", off));
    let refused = post_json(&rig, PINS, &token, &pin()).await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (503, &json!(4197))
    );
    assert_eq!(rig.simulator.ledger().posts().len(), 1);
}

#[tokio::test]
async fn every_answer_carries_an_id_of_its_own() {
    let rig = rig();
    let token = token(&rig).await;
    let api = |path: &str| format!("{HOST}/v5{path}");
    let mut seen = Vec::new();
    for (method, path, body) in [
        (Method::GET, api("/user_account"), json!({})),
        (Method::GET, api("/boards"), json!({})),
        (Method::GET, api("/boards?page_size=0"), json!({})),
        (Method::POST, api("/boards"), json!({"name": "a"})),
        (
            Method::GET,
            api(&format!("/boards/{RECIPES}/sections")),
            json!({}),
        ),
        (
            Method::GET,
            api(&format!("/boards/{RECIPES}/pins")),
            json!({}),
        ),
        (Method::POST, api("/media"), json!({"media_type": "video"})),
        (Method::GET, api("/media/1"), json!({})),
        (Method::POST, api("/pins"), pin()),
        (Method::POST, api("/pins"), json!({})),
        (Method::GET, api("/pins"), json!({})),
        (Method::PATCH, api("/pins/1"), json!({})),
        (Method::DELETE, api("/pins/1"), json!({})),
        (Method::POST, api("/oauth/token"), json!({})),
        (Method::POST, api("/oauth/token/revoke"), json!({})),
    ] {
        let said = send(&rig, method, &path, &bearer(&token), body.to_string()).await;
        let id = said.header("x-pinterest-rid").to_owned();
        assert!(!id.is_empty() && !seen.contains(&id), "{path}: {id}");
        seen.push(id);
    }
}
