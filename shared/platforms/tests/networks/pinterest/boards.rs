//! Boards and sections of Pinterest for people to choose from, tried on the stage.

use domain::Platform;
use platforms::{Errand, Fault, FaultKind};
use serde_json::{Value, json};
use simulator::FaultScript;

use crate::harness::{Connection, Stage, Transcript};

const STUDIO: &str = "813744226420795884";
const BAKERY: &str = "813744226420795885";
const RECIPES: &str = "549755885175";
const API: &str = "api.pinterest.com";
const LIST: &str = "GET /v5/boards";
const SECTIONS: &str = "GET /v5/boards/{board}/sections";
const CREATE: &str = "POST /v5/boards";

#[tokio::test]
async fn every_board_is_told_with_its_sections() {
    let (stage, connection) = connected(STUDIO).await;
    let (told, transcript) = asked(&stage, &connection, &Errand::Boards).await;
    let told = told.expect("boards");
    assert_eq!(told["more"], false);
    let recipes = &told["boards"][0];
    assert_eq!(
        recipes,
        &json!({
            "id": RECIPES,
            "name": "Summer recipes",
            "description": "",
            "privacy": "PUBLIC",
            "sections": [
                {"id": "5549755885175001", "name": "Starters"},
                {"id": "5549755885175002", "name": "Desserts"},
            ],
        })
    );
    assert_eq!(told["boards"][2]["privacy"], "PROTECTED");
    assert_eq!(told["boards"][2]["sections"], json!([]));
    insta::assert_snapshot!(transcript);
}

#[tokio::test]
async fn of_many_boards_the_first_are_told_and_that_there_are_more() {
    let (stage, connection) = connected(BAKERY).await;
    let (told, _) = asked(&stage, &connection, &Errand::Boards).await;
    let told = told.expect("boards");
    let boards = told["boards"].as_array().expect("boards");
    assert_eq!((boards.len(), &told["more"]), (250, &json!(true)));
    assert_eq!(boards[249]["name"], "Bread number 250");
    let read = boards.iter().filter(|board| board["sections"].is_array());
    assert_eq!(read.count(), 25);
    assert_eq!(boards[25]["sections"], Value::Null);
    assert_eq!(calls(&stage), 1 + 25);
}

#[tokio::test]
async fn boards_come_part_by_part_until_a_part_leads_nowhere_new() {
    let (stage, connection) = connected(STUDIO).await;
    let part =
        |items: Value, bookmark: Value| answer(200, json!({"items": items, "bookmark": bookmark}));
    let board = |id: &str| json!([{"id": id, "name": id}]);
    for (nth, fault) in [
        (1, part(board("1"), json!("a"))),
        (2, part(board("2"), json!("b"))),
        (3, part(board("3"), json!("b"))),
    ] {
        stage
            .simulator
            .script(FaultScript::first(API, LIST, fault).nth(nth));
    }
    let (told, transcript) = asked(&stage, &connection, &Errand::Boards).await;
    let told = told.expect("boards");
    let boards = told["boards"].as_array().expect("boards");
    let ids: Vec<&Value> = boards.iter().map(|board| &board["id"]).collect();
    assert_eq!(ids, ["1", "2", "3"], "{transcript}");
    // None of them is there to be asked for its sections.
    assert!(boards.iter().all(|board| board["sections"].is_null()));
}

#[tokio::test]
async fn used_up_calls_cost_sections_and_not_the_boards() {
    let (stage, connection) = connected(STUDIO).await;
    let limited = answer(429, json!({"code": 8, "message": "Try again later."}));
    stage
        .simulator
        .script(FaultScript::first(API, SECTIONS, limited).nth(2));
    let (told, _) = asked(&stage, &connection, &Errand::Boards).await;
    let told = told.expect("boards");
    assert_eq!(told["boards"].as_array().expect("boards").len(), 3);
    assert!(told["boards"][0]["sections"].is_array());
    assert_eq!(told["boards"][1]["sections"], Value::Null);
    assert_eq!(told["boards"][2]["sections"], Value::Null);
}

#[tokio::test]
async fn each_refusal_of_boards_is_told() {
    type Is = fn(&FaultKind) -> bool;
    let rows: [(&str, u16, Value, Is); 6] = [
        (
            LIST,
            401,
            json!({"code": 2, "message": "Authentication failed."}),
            |it| matches!(it, FaultKind::Unauthorized),
        ),
        (LIST, 401, json!({"code": 3, "message": "scopes"}), |it| {
            matches!(it, FaultKind::Reconnect)
        }),
        (LIST, 429, json!({"code": 8, "message": "later"}), |it| {
            matches!(it, FaultKind::Quota { .. })
        }),
        (LIST, 503, json!({"code": 4197, "message": "off"}), |it| {
            matches!(it, FaultKind::Retry { .. })
        }),
        (LIST, 200, json!({"items": 1}), |it| {
            matches!(it, FaultKind::Retry { .. })
        }),
        (
            SECTIONS,
            401,
            json!({"code": 2, "message": "Authentication failed."}),
            |it| matches!(it, FaultKind::Unauthorized),
        ),
    ];
    for (route, status, body, is) in rows {
        let (stage, connection) = connected(STUDIO).await;
        let fault = answer(status, body.clone());
        stage
            .simulator
            .script(FaultScript::first(API, route, fault));
        let (told, _) = asked(&stage, &connection, &Errand::Boards).await;
        let fault = told.expect_err("no boards");
        assert!(is(&fault.kind), "{route} {body}: {fault:?}");
    }
}

#[tokio::test]
async fn the_sections_of_one_board_can_be_asked_for() {
    let (stage, connection) = connected(STUDIO).await;
    let sections = async |board_id: &str| {
        let board_id = board_id.to_owned();
        let errand = Errand::BoardSections { board_id };
        asked(&stage, &connection, &errand).await.0
    };
    let told = sections(RECIPES).await.expect("sections");
    assert_eq!(told["sections"][1]["name"], "Desserts");
    assert_eq!(sections("1").await.expect_err("gone").code, "board_gone");
    let foreign = sections("813744364859010001").await.expect_err("foreign");
    assert_eq!(foreign.code, "board_forbidden");
}

#[tokio::test]
async fn a_board_is_made() {
    let (stage, connection) = connected(STUDIO).await;
    let errand = Errand::CreateBoard {
        name: "Winter soups".to_owned(),
        description: Some("Hot ones".to_owned()),
        privacy: Some("PROTECTED".to_owned()),
    };
    let (told, transcript) = asked(&stage, &connection, &errand).await;
    let board = &told.expect("a board")["board"];
    assert_eq!(board["name"], "Winter soups");
    assert_eq!(board["description"], "Hot ones");
    assert_eq!(board["privacy"], "PROTECTED");
    assert_eq!(board["sections"], json!([]));
    let (boards, _) = asked(&stage, &connection, &Errand::Boards).await;
    assert_eq!(boards.expect("boards")["boards"][3]["id"], board["id"]);
    insta::assert_snapshot!(transcript);
}

#[tokio::test]
async fn a_board_whose_answer_was_lost_is_not_made_twice() {
    let (stage, connection) = connected(STUDIO).await;
    let lost = simulator::Fault::LoseAnswer;
    stage
        .simulator
        .script(FaultScript::first(API, CREATE, lost));
    let (told, _) = asked(&stage, &connection, &named("Soups")).await;
    assert_eq!(told.expect_err("lost").code, "answer_lost");
    let (told, _) = asked(&stage, &connection, &named("Soups")).await;
    assert_eq!(told.expect("the board")["board"]["name"], "Soups");
    let (boards, _) = asked(&stage, &connection, &Errand::Boards).await;
    let boards = boards.expect("boards");
    assert_eq!(boards["boards"].as_array().expect("boards").len(), 4);
}

#[tokio::test]
async fn a_board_of_that_name_is_found_behind_hundreds() {
    let (stage, connection) = connected(BAKERY).await;
    let (told, transcript) = asked(&stage, &connection, &named("Bread number 260")).await;
    let id = told.expect("the board")["board"]["id"].clone();
    assert_eq!(id, "813744364859010260", "{transcript}");
    assert_eq!(calls(&stage), 2);
}

#[tokio::test]
async fn a_secret_board_is_not_asked_for_without_its_permission() {
    let (stage, connection) = connected(STUDIO).await;
    let errand = Errand::CreateBoard {
        name: "Presents".to_owned(),
        description: None,
        privacy: Some("SECRET".to_owned()),
    };
    let (told, _) = asked(&stage, &connection, &errand).await;
    let fault = told.expect_err("not allowed");
    assert_eq!(fault.code, "scope_missing");
    // The connection is as good as before.
    assert!(matches!(fault.kind, FaultKind::Content));
    assert_eq!(calls(&stage), 1);
}

#[tokio::test]
async fn a_refused_board_says_why() {
    let (stage, connection) = connected(STUDIO).await;
    let (told, _) = asked(&stage, &connection, &named("")).await;
    let fault = told.expect_err("refused");
    assert_eq!(fault.code, "board_refused");
    assert!(fault.message.contains("'name' is a required property"));
}

#[test]
fn only_a_new_board_may_not_be_asked_for_twice() {
    assert!(Errand::Boards.is_repeatable());
    assert!(!named("Soups").is_repeatable());
    for (errand, stored) in [
        (Errand::Boards, json!({"kind": "boards"})),
        (
            named("Soups"),
            json!({"kind": "create_board", "name": "Soups", "description": null, "privacy": null}),
        ),
        (
            Errand::BoardSections {
                board_id: "1".to_owned(),
            },
            json!({"kind": "board_sections", "board_id": "1"}),
        ),
    ] {
        assert_eq!(json!(errand), stored);
        let read: Errand = serde_json::from_value(stored).expect("an errand");
        assert_eq!(read, errand);
    }
}

fn named(name: &str) -> Errand {
    Errand::CreateBoard {
        name: name.to_owned(),
        description: None,
        privacy: None,
    }
}

fn answer(status: u16, body: Value) -> simulator::Fault {
    simulator::Fault::Answer {
        status,
        headers: Vec::new(),
        body,
    }
}

async fn connected(account: &str) -> (Stage, Connection) {
    let stage = Stage::new();
    let connection = stage.connection(Platform::Pinterest, account).await;
    (stage, connection)
}

async fn asked(
    stage: &Stage,
    connection: &Connection,
    errand: &Errand,
) -> (Result<Value, Fault>, Transcript) {
    let (platform, app) = (Platform::Pinterest, stage.app(Platform::Pinterest));
    let asking = platforms::errand(platform, errand, &connection.credentials, app);
    let mut transcript = Transcript::new(stage.now());
    let asking = asking.expect("an errand of Pinterest");
    let told = stage.converse(platform, asking, &mut transcript).await;
    (told, transcript)
}

/// How many calls were sent since the account was connected.
fn calls(stage: &Stage) -> usize {
    let calls = stage.calls();
    calls
        .iter()
        .filter(|call| call.url.path().contains("/boards"))
        .count()
}
