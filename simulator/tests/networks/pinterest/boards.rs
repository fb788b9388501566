//! Boards: listed and made.

use serde_json::{Value, json};

use crate::pinterest::bench::*;

#[tokio::test]
async fn boards_come_page_by_page() {
    let rig = rig();
    let token = token_for(&rig, "813744226420795885", SCOPES).await;
    let list = async |query: &str| {
        let path = format!("api.pinterest.com/v5/boards{query}");
        get(&rig, &path, &token).await
    };
    let first = list("").await.json();
    assert_eq!(first["items"].as_array().expect("boards").len(), 25);
    let rest = list("?page_size=250&bookmark=Zz250").await.json();
    assert_eq!(
        (
            rest["items"].as_array().expect("boards").len(),
            &rest["bookmark"]
        ),
        (10, &Value::Null)
    );
    for wrong in [
        "?page_size=251",
        "?page_size=0",
        "?page_size=x",
        "?privacy=MINE",
        "?bookmark=x",
    ] {
        let reply = list(wrong).await;
        assert_eq!(
            (reply.status, &reply.json()["code"]),
            (400, &json!(1)),
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn boards_are_filtered_by_who_sees_them() {
    let rig = rig();
    let token = token(&rig).await;
    for (privacy, count) in [
        ("ALL", 3),
        ("PUBLIC", 2),
        ("PROTECTED", 1),
        ("SECRET", 0),
        ("PUBLIC_AND_SECRET", 2),
    ] {
        let path = format!("{BOARDS}?privacy={privacy}");
        let listed = get(&rig, &path, &token).await.json();
        assert_eq!(
            listed["items"].as_array().expect("boards").len(),
            count,
            "{privacy}"
        );
    }
    for (scopes, count) in [
        (SCOPES.to_owned(), 0),
        (format!("{SCOPES},boards:read_secret"), 1),
    ] {
        let token = token_for(&rig, WORKSHOP, &scopes).await;
        let listed = get(&rig, BOARDS, &token).await.json();
        assert_eq!(listed["items"].as_array().expect("boards").len(), count);
    }
}

#[tokio::test]
async fn a_board_is_made_and_can_be_pinned_to() {
    let rig = rig();
    let token = token(&rig).await;
    let order = json!({"name": "Winter soups", "description": "Hot", "privacy": "PROTECTED"});
    let made = post_json(&rig, BOARDS, &token, &order).await;
    assert_eq!(made.status, 201);
    let board = made.json();
    for (name, value) in [
        ("name", "Winter soups"),
        ("description", "Hot"),
        ("privacy", "PROTECTED"),
    ] {
        assert_eq!(board[name], value);
    }
    let listed = get(&rig, BOARDS, &token).await.json();
    assert_eq!(listed["items"][3]["id"], board["id"]);
    let mut pin = pin();
    pin["board_id"] = board["id"].clone();
    assert_eq!(post_json(&rig, PINS, &token, &pin).await.status, 201);
    let other = token_for(&rig, BAKERY, SCOPES).await;
    let foreign = post_json(&rig, PINS, &other, &pin).await;
    assert_eq!((foreign.status, &foreign.json()["code"]), (403, &json!(29)));
}

#[tokio::test]
async fn a_board_that_makes_no_sense_is_refused() {
    let rig = rig();
    let token = token(&rig).await;
    for (order, status, code) in [
        (json!({}), 400, 1),
        (json!({"name": ""}), 400, 1),
        (json!({"name": "a", "privacy": "MINE"}), 400, 1),
        (json!({"name": "a", "surprise": 1}), 400, 1),
        (json!([]), 400, 1),
        (json!({"name": "a", "privacy": "SECRET"}), 401, 3),
    ] {
        let refused = post_json(&rig, BOARDS, &token, &order).await;
        assert_eq!(
            (refused.status, &refused.json()["code"]),
            (status, &json!(code)),
            "{order}"
        );
    }
    let secret = token_for(&rig, STUDIO, &format!("{SCOPES},boards:write_secret")).await;
    let order = json!({"name": "a", "privacy": "SECRET"});
    assert_eq!(post_json(&rig, BOARDS, &secret, &order).await.status, 201);
    let reader = token_for(&rig, STUDIO, "boards:read").await;
    let refused = post_json(&rig, BOARDS, &reader, &json!({"name": "a"})).await;
    assert_eq!((refused.status, &refused.json()["code"]), (401, &json!(3)));
}

#[tokio::test]
async fn two_boards_of_one_name_are_two_unless_that_is_refused() {
    let rig = rig();
    let token = token(&rig).await;
    let order = json!({"name": "Soups"});
    for _ in 0..2 {
        assert_eq!(post_json(&rig, BOARDS, &token, &order).await.status, 201);
    }
    rig.simulator
        .world()
        .states()
        .pinterest()
        .refuses_equal_boards = true;
    assert_eq!(post_json(&rig, BOARDS, &token, &order).await.status, 400);
    let listed = get(&rig, BOARDS, &token).await.json();
    assert_eq!(listed["items"].as_array().expect("boards").len(), 5);
}

#[tokio::test]
async fn sections_belong_to_a_board_of_ones_own() {
    let rig = rig();
    let token = token(&rig).await;
    let sections = async |board: &str| {
        let path = format!("{BOARDS}/{board}/sections");
        get(&rig, &path, &token).await
    };
    let listed = sections(RECIPES).await.json();
    assert_eq!(listed["items"][1]["name"], "Desserts");
    assert_eq!(listed["bookmark"], Value::Null);
    for (board, status) in [("1", 404), ("813744364859010001", 403), ("x", 400)] {
        assert_eq!(sections(board).await.status, status, "{board}");
    }
}
