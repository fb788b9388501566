//! The boards of an account, for its owner to choose from.

use serde::{Deserialize, Serialize};

use super::{fault, profile::api};
use crate::{App, Auth, Call, Credentials, OneCall};

/// A board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Board {
    /// What `boardId` names.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// `PUBLIC`, `PROTECTED` or `SECRET`.
    #[serde(default)]
    pub privacy: String,
}

/// Some of the boards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardPage {
    /// In Pinterest's own order.
    pub items: Vec<Board>,
    /// Asks for the next page; absent on the last one.
    #[serde(default)]
    pub bookmark: Option<String>,
}

/// Reads up to 250 boards of an account, from `bookmark` on.
pub fn boards(credentials: &Credentials, app: &App, bookmark: Option<&str>) -> OneCall<BoardPage> {
    let mut url = api(app, &["boards"]);
    url.query_pairs_mut().append_pair("page_size", "250");
    if let Some(bookmark) = bookmark {
        url.query_pairs_mut().append_pair("bookmark", bookmark);
    }
    let call =
        Call::get("list_boards", url).auth(Auth::BearerOf(credentials.tokens.access.clone()));
    OneCall::new(call, |answer, cx| {
        if answer.is_success() {
            answer.parse("boards")
        } else {
            Err(fault::read(answer, cx.now))
        }
    })
}
