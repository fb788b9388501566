//! The boards and sections of an account, for people to choose from.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use url::{Url, form_urlencoded::byte_serialize};

use super::{fault, profile::api, wire::Listing};
use crate::{App, Auth, Call, OneCall};

/// The most that Pinterest lists at once.
const PAGE_SIZE: &str = "250";

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The part.
    pub items: Vec<T>,
    /// Asks for the next part; absent at the end.
    pub bookmark: Option<String>,
}

/// A board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all(serialize = "camelCase"))]
pub struct Board {
    /// What `boardId` names.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// `PUBLIC`, `PROTECTED` or `SECRET`.
    #[serde(default)]
    pub privacy: Option<String>,
    /// How many Pins stand on it.
    #[serde(default)]
    pub pin_count: Option<u64>,
}

/// A section of a board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// What `boardSectionId` names.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
}

/// Lists the boards of the connection's account, from the start or from a bookmark.
pub fn boards(app: &App, bookmark: Option<&str>) -> OneCall<Page<Board>> {
    page("list_boards", api(app, "/v5/boards"), bookmark)
}

/// Lists the sections of a board, from the start or from a bookmark.
pub fn sections(app: &App, board_id: &str, bookmark: Option<&str>) -> OneCall<Page<Section>> {
    let board: String = byte_serialize(board_id.as_bytes()).collect();
    let url = api(app, &format!("/v5/boards/{board}/sections"));
    page("list_sections", url, bookmark)
}

fn page<T>(name: &'static str, mut url: Url, bookmark: Option<&str>) -> OneCall<Page<T>>
where
    T: DeserializeOwned + 'static,
{
    url.query_pairs_mut().append_pair("page_size", PAGE_SIZE);
    if let Some(bookmark) = bookmark {
        url.query_pairs_mut().append_pair("bookmark", bookmark);
    }
    let asked = bookmark.map(str::to_owned);
    OneCall::new(
        Call::get(name, url).auth(Auth::Bearer),
        move |answer, cx| {
            if !answer.is_success() {
                return Err(fault::read(answer, cx.now));
            }
            let listing: Listing<T> = answer.parse(name)?;
            Ok(Page {
                items: listing.items,
                bookmark: listing
                    .bookmark
                    .filter(|next| !next.is_empty() && Some(next) != asked.as_ref()),
            })
        },
    )
}
