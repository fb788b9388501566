//! Boards and their sections.

use std::collections::BTreeMap;

use axum::extract::{Query, State};
use http::HeaderMap;
use serde_json::{Value, json};

use super::said::{Said, caller};
use crate::{Account, World};

/// A board: whose it is, its id, its name, its sections.
pub(super) struct Board {
    pub(super) owner: &'static str,
    pub(super) id: &'static str,
    name: &'static str,
    pub(super) sections: &'static [&'static str],
}

pub(super) const BOARDS: [Board; 3] = [
    Board { owner: "1029384756102938475", id: "549755885175", name: "Summer recipes", sections: &["5195035116725909604"] },
    Board { owner: "1029384756102938475", id: "549755885176", name: "Rooms with a view", sections: &[] },
    Board { owner: "1029384756102938476", id: "549755885177", name: "Bread", sections: &[] },
];

/// A board that the account may save to.
pub(super) fn own(account: &Account, id: &str) -> Result<&'static Board, Said> {
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Said::invalid(&format!("{{\"board_id\": \"{id}\"}} ('{id}' does not match '^\\\\d+$')")));
    }
    let board = BOARDS.iter().find(|board| board.id == id).ok_or_else(|| Said::refused(404, 40, "Board not found."))?;
    if board.owner == account.id {
        Ok(board)
    } else {
        Err(Said::refused(403, 29, "You are not permitted to access that resource."))
    }
}

pub(super) async fn list(
    State(world): State<World>,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Said, Said> {
    let account = caller(&world, &headers, &["boards:read"])?;
    let size: usize = query.get("page_size").map_or(Ok(25), |text| text.parse()).unwrap_or(0);
    if !(1..=250).contains(&size) {
        return Err(Said::invalid("page_size must be 1 to 250"));
    }
    let own: Vec<&Board> = BOARDS.iter().filter(|board| board.owner == account.id).collect();
    let start = query
        .get("bookmark")
        .and_then(|bookmark| own.iter().position(|board| board.id == bookmark.as_str()))
        .unwrap_or(0);
    let items: Vec<Value> = own
        .iter()
        .skip(start)
        .take(size)
        .map(|board| {
            json!({
                "id": board.id, "name": board.name, "description": "", "owner": { "username": account.username },
                "privacy": "PUBLIC", "pin_count": 5, "follower_count": 13, "created_at": "2020-01-01T20:10:40"
            })
        })
        .collect();
    let bookmark = own.get(start + size).map(|board| board.id);
    Ok(Said::good(json!({ "items": items, "bookmark": bookmark })))
}
