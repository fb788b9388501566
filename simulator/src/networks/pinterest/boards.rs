//! Boards and sections.

use axum::{
    extract::{Path, Query, State as Shared},
    response::Response,
};
use http::HeaderMap;
use serde_json::{Value, json};

use super::{
    pinners,
    wire::{Category, enter, invalid, ok, page, refusal, value},
};
use crate::World;

/// A board.
#[derive(Debug, Clone)]
pub(super) struct Board {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) privacy: &'static str,
    pub(super) sections: Vec<(String, String)>,
}

/// The boards of an account: three with sections, one page and a bit, one secret.
pub(super) fn of(account: &str) -> Vec<Board> {
    let board = |id: u64, name: &str| Board {
        id: id.to_string(),
        name: name.to_owned(),
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

/// The board of that id that the account may use.
///
/// # Errors
/// The refusal: no id, no such board, somebody else's.
pub(super) fn find(world: &World, account: &str, id: &str) -> Result<Board, Response> {
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(invalid(
            world,
            &format!("{{...}} ('{id}' does not match '^\\d+$')"),
        ));
    }
    if let Some(board) = of(account).into_iter().find(|board| board.id == id) {
        return Ok(board);
    }
    let is_foreign = pinners()
        .iter()
        .any(|known| of(&known.account.id).iter().any(|board| board.id == id));
    Err(if is_foreign {
        refusal(
            world,
            403,
            29,
            "You are not permitted to access that resource.",
        )
    } else {
        refusal(world, 404, 40, "Board not found.")
    })
}

pub(super) async fn list(
    Shared(world): Shared<World>,
    Query(pairs): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let account = match enter(&world, &headers, &["boards:read"], Category::Read) {
        Ok(account) => account,
        Err(refusal) => return refusal,
    };
    let privacy = value(&pairs, "privacy");
    if !matches!(
        privacy,
        "" | "ALL" | "PUBLIC" | "PROTECTED" | "SECRET" | "PUBLIC_AND_SECRET"
    ) {
        return invalid(&world, "{'privacy': ...} (not a valid privacy)");
    }
    let owner = pinners()
        .into_iter()
        .find(|known| known.account.id == account)
        .map(|known| known.account.username);
    let boards: Vec<Value> = of(&account)
        .into_iter()
        .filter(|board| match privacy {
            "PUBLIC_AND_SECRET" => board.privacy != "PROTECTED",
            "" | "ALL" => true,
            one => board.privacy == one,
        })
        .map(|board| {
            json!({
                "id": board.id,
                "name": board.name,
                "description": "",
                "owner": {"username": owner},
                "privacy": board.privacy,
                "pin_count": 5,
                "follower_count": 13,
                "created_at": "2020-01-01T20:10:40",
                "media": {},
            })
        })
        .collect();
    match page(&world, boards, &pairs) {
        Ok(part) => ok(&world, part),
        Err(refusal) => refusal,
    }
}

pub(super) async fn sections(
    Shared(world): Shared<World>,
    Path(board): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let found = enter(&world, &headers, &["boards:read"], Category::Read)
        .and_then(|account| find(&world, &account, &board));
    let board = match found {
        Ok(board) => board,
        Err(refusal) => return refusal,
    };
    let sections = board
        .sections
        .into_iter()
        .map(|(id, name)| json!({"id": id, "name": name}))
        .collect();
    match page(&world, sections, &pairs) {
        Ok(part) => ok(&world, part),
        Err(refusal) => refusal,
    }
}
