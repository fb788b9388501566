//! Boards and sections.

use axum::{
    body::Bytes,
    extract::{Path, Query, State as Shared},
    response::Response,
};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::{
    pinners,
    rates::Category,
    wire::{Caller, answer, enter, forbidden, invalid, lacks_scope, ok, page, refusal, value},
};
use crate::World;

const PRIVACIES: [&str; 3] = ["PUBLIC", "PROTECTED", "SECRET"];
const FIELDS: [&str; 4] = ["name", "description", "privacy", "is_ads_only"];

/// A board.
#[derive(Debug, Clone)]
pub(super) struct Board {
    pub(super) id: String,
    pub(super) name: String,
    description: String,
    privacy: &'static str,
    pub(super) sections: Vec<(String, String)>,
}

/// The boards that an account has from the start: three with sections, more than one page, one secret.
fn given(account: &str) -> Vec<Board> {
    let board = |id: u64, name: &str| Board {
        id: id.to_string(),
        name: name.to_owned(),
        description: String::new(),
        privacy: "PUBLIC",
        sections: Vec::new(),
    };
    match account {
        "813744226420795884" => vec![
            Board {
                sections: vec![
                    ("5549755885175001".to_owned(), "Starters".to_owned()),
                    ("5549755885175002".to_owned(), "Desserts".to_owned()),
                ],
                ..board(549_755_885_175, "Summer recipes")
            },
            board(549_755_885_176, "Table settings"),
            Board {
                privacy: "PROTECTED",
                ..board(549_755_885_177, "Spring drafts")
            },
        ],
        "813744226420795885" => (1..=260)
            .map(|number| {
                board(
                    813_744_364_859_010_000 + number,
                    &format!("Bread number {number}"),
                )
            })
            .collect(),
        "813744226420795886" => vec![Board {
            privacy: "SECRET",
            ..board(813_744_364_859_020_001, "Workbench")
        }],
        _ => Vec::new(),
    }
}

/// The boards of an account, newest last.
pub(super) fn of(world: &World, account: &str) -> Vec<Board> {
    let mut boards = given(account);
    let state = world.states().pinterest();
    let made = state.boards.iter().filter(|(owner, _)| owner == account);
    boards.extend(made.map(|(_, board)| board.clone()));
    boards
}

/// The board of that id that the account may use.
///
/// # Errors
/// The refusal: no id, no such board, somebody else's.
pub(super) fn find(world: &World, account: &str, id: &str) -> Result<Board, Response> {
    if !is_id(id) {
        let why = format!("{{...}} ('{id}' does not match '^\\d+$')");
        return Err(invalid(world, &why));
    }
    let of = |account: &str| of(world, account);
    if let Some(board) = of(account).into_iter().find(|board| board.id == id) {
        return Ok(board);
    }
    let is_foreign = pinners()
        .iter()
        .any(|known| of(&known.account.id).iter().any(|board| board.id == id));
    Err(if is_foreign {
        forbidden(world)
    } else {
        refusal(world, 404, 40, "Board not found.")
    })
}

/// Whether it matches `^\d+$`.
pub(super) fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

pub(super) async fn list(
    Shared(world): Shared<World>,
    Query(pairs): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    match enter(&world, &headers, &["boards:read"], Category::Read) {
        Ok(caller) => caller.left.on(listed(&world, &caller, &pairs)),
        Err(refusal) => refusal,
    }
}

fn listed(
    world: &World,
    caller: &Caller,
    pairs: &[(String, String)],
) -> Result<Response, Response> {
    let privacy = value(pairs, "privacy");
    if !matches!(privacy, "" | "ALL" | "PUBLIC_AND_SECRET") && !PRIVACIES.contains(&privacy) {
        return Err(invalid(world, "{'privacy': ...} (not a valid privacy)"));
    }
    let boards: Vec<Value> = of(world, &caller.account)
        .into_iter()
        .filter(|board| match privacy {
            "PUBLIC_AND_SECRET" => board.privacy != "PROTECTED",
            "" | "ALL" => true,
            one => board.privacy == one,
        })
        .filter(|board| board.privacy != "SECRET" || caller.may("boards:read_secret"))
        .map(|board| shown(&caller.account, &board))
        .collect();
    page(world, boards, pairs).map(|part| ok(world, part))
}

fn shown(account: &str, board: &Board) -> Value {
    let owner = pinners()
        .into_iter()
        .find(|known| known.account.id == account)
        .map(|known| known.account.username);
    json!({
        "id": board.id,
        "name": board.name,
        "description": board.description,
        "owner": {"username": owner.unwrap_or_default()},
        "privacy": board.privacy,
        "pin_count": 5,
        "follower_count": 13,
        "created_at": "2020-01-01T20:10:40",
        "media": {},
    })
}

pub(super) async fn create(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let scopes = ["boards:read", "boards:write"];
    match enter(&world, &headers, &scopes, Category::Write) {
        Ok(caller) => caller.left.on(created(&world, &caller, &body)),
        Err(refusal) => refusal,
    }
}

fn created(world: &World, caller: &Caller, body: &[u8]) -> Result<Response, Response> {
    let refuse = |why: &str| Err(invalid(world, why));
    let Ok(Value::Object(order)) = serde_json::from_slice(body) else {
        return refuse("the body is no JSON");
    };
    if let Some(field) = order.keys().find(|key| !FIELDS.contains(&key.as_str())) {
        return refuse(&format!("{{...}} ('{field}' was unexpected)"));
    }
    let text = |name: &str| order.get(name).and_then(Value::as_str).unwrap_or_default();
    let name = text("name");
    if name.is_empty() {
        return refuse("{...} ('name' is a required property)");
    }
    let privacy = match order.get("privacy") {
        None => "PUBLIC",
        Some(asked) => match PRIVACIES.into_iter().find(|known| asked == known) {
            Some(known) => known,
            None => return refuse("{'privacy': ...} (is not one of PUBLIC, PROTECTED, SECRET)"),
        },
    };
    if privacy == "SECRET" && !caller.may("boards:write_secret") {
        return Err(lacks_scope(world));
    }
    let is_known = of(world, &caller.account)
        .iter()
        .any(|board| board.name == name);
    let mut state = world.states().pinterest();
    if is_known && state.refuses_equal_boards {
        drop(state);
        return refuse("a board of this name exists already");
    }
    let board = Board {
        id: (813_744_364_000_000_000 + world.number()).to_string(),
        name: name.to_owned(),
        description: text("description").to_owned(),
        privacy,
        sections: Vec::new(),
    };
    state.boards.push((caller.account.clone(), board.clone()));
    drop(state);
    let board = shown(&caller.account, &board);
    Ok(answer(world, StatusCode::CREATED, board))
}

pub(super) async fn sections(
    Shared(world): Shared<World>,
    Path(board): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let caller = match enter(&world, &headers, &["boards:read"], Category::Read) {
        Ok(caller) => caller,
        Err(refusal) => return refusal,
    };
    let found = find(&world, &caller.account, &board).and_then(|board| {
        let sections = board.sections.into_iter();
        let shown = sections.map(|(id, name)| json!({"id": id, "name": name}));
        page(&world, shown.collect(), &pairs)
    });
    caller.left.on(found.map(|part| ok(&world, part)))
}
