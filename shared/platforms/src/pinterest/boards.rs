//! The boards and sections of an account, for people to choose from; and a new board.

mod create;

use secrecy::SecretString;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use url::{Url, form_urlencoded::byte_serialize};

use super::{fault, profile::api, wire::Listing};
use crate::{
    Action, Answer, App, AppContext, Auth, Call, Credentials, Event, Fault, FaultKind, Machine,
    OneCall,
};

pub use create::{CreateBoard, create_board};

/// The most that Pinterest lists at once.
const PAGE_SIZE: &str = "250";
/// So many boards are told; an account may have 2,000.
const MAX_BOARDS: usize = 250;
/// Of so many boards, the first ones, the sections are read along: each takes a call, and somebody waits.
const MAX_READ_ALONG: usize = 25;

/// A board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Board {
    /// What `boardId` names.
    id: String,
    /// What its owner calls it.
    name: String,
    description: Option<String>,
    /// `PUBLIC`, `PROTECTED` or `SECRET`.
    privacy: Option<String>,
    /// `None` where they were not read.
    #[serde(skip_deserializing)]
    sections: Option<Vec<Section>>,
}

/// A section of a board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Section {
    /// What `boardSectionId` names.
    id: String,
    /// What its owner calls it.
    name: String,
}

/// Reads an account's boards, with the sections of the first ones.
#[derive(Debug)]
pub struct Boards {
    access: SecretString,
    known: Vec<Board>,
    is_cut: bool,
    step: Step,
}

/// What is read next.
#[derive(Debug, Clone)]
enum Step {
    /// A part of the boards.
    Boards {
        /// What leads to it; absent at the start.
        bookmark: Option<String>,
    },
    /// Nothing.
    Done,
    /// The sections of one board.
    Sections {
        /// Its place among those that are known.
        place: usize,
    },
}

/// Asks for an account's boards: at most 250, `more` where there are others. `sections` is null where a board's
/// were not read along; see [`sections`].
pub fn boards(credentials: &Credentials) -> Boards {
    Boards {
        access: credentials.tokens.access.clone(),
        known: Vec::new(),
        is_cut: false,
        step: Step::Boards { bookmark: None },
    }
}

/// Asks for the sections of one board, at most 250.
pub fn sections(credentials: &Credentials, app: &App, board_id: &str) -> OneCall<Value> {
    let call = read_sections(app, board_id, &credentials.tokens.access);
    OneCall::new(call, |answer, cx| {
        let listing: Listing<Section> = listing(answer, cx)?;
        Ok(json!({ "sections": listing.items }))
    })
}

impl Machine for Boards {
    type Context<'a> = AppContext<'a>;
    type Output = Value;

    fn next(&self, cx: &AppContext<'_>) -> Action<Value> {
        match &self.step {
            Step::Boards { bookmark } => {
                Action::Send(read_boards(cx.app, bookmark.as_deref(), &self.access))
            }
            Step::Done => Action::Done(self.told()),
            Step::Sections { place } => match self.known.get(*place) {
                Some(board) => Action::Send(read_sections(cx.app, &board.id, &self.access)),
                None => Action::Done(self.told()),
            },
        }
    }

    fn apply(mut self, event: Event, cx: &AppContext<'_>) -> Result<Self, Fault> {
        let Event::Answer(answer) = event else {
            return Ok(self);
        };
        self.step = match self.step.clone() {
            Step::Boards { bookmark } => {
                let listing: Listing<Board> = listing(&answer, cx)?;
                let following = listing.following(bookmark.as_deref());
                self.known.extend(listing.items);
                self.is_cut = following.is_some() || self.known.len() > MAX_BOARDS;
                self.known.truncate(MAX_BOARDS);
                match following.filter(|_| self.known.len() < MAX_BOARDS) {
                    Some(bookmark) => Step::Boards {
                        bookmark: Some(bookmark),
                    },
                    None => self.sections_of(0),
                }
            }
            Step::Done => Step::Done,
            Step::Sections { place } => match listing::<Section>(&answer, cx) {
                Ok(listing) => {
                    if let Some(board) = self.known.get_mut(place) {
                        board.sections = Some(listing.items);
                    }
                    self.sections_of(place + 1)
                }
                // A board can be deleted meanwhile, and calls can be used up: the boards are told all the same.
                Err(fault) => match fault.kind {
                    FaultKind::Content => self.sections_of(place + 1),
                    FaultKind::Quota { .. } => Step::Done,
                    FaultKind::Operator
                    | FaultKind::Reconnect
                    | FaultKind::Retry { .. }
                    | FaultKind::Unauthorized
                    | FaultKind::Unconfirmed { .. } => return Err(fault),
                },
            },
        };
        Ok(self)
    }
}

impl Boards {
    fn told(&self) -> Value {
        json!({ "boards": self.known, "more": self.is_cut })
    }

    fn sections_of(&self, place: usize) -> Step {
        if place < self.known.len().min(MAX_READ_ALONG) {
            return Step::Sections { place };
        }
        Step::Done
    }
}

fn read_boards(app: &App, bookmark: Option<&str>, access: &SecretString) -> Call {
    let mut url = api(app, "/v5/boards");
    url.query_pairs_mut().append_pair("privacy", "ALL");
    page("list_boards", url, bookmark, access)
}

fn read_sections(app: &App, board_id: &str, access: &SecretString) -> Call {
    let board: String = byte_serialize(board_id.as_bytes()).collect();
    let url = api(app, &format!("/v5/boards/{board}/sections"));
    page("list_sections", url, None, access)
}

fn page(name: &'static str, mut url: Url, bookmark: Option<&str>, access: &SecretString) -> Call {
    url.query_pairs_mut().append_pair("page_size", PAGE_SIZE);
    if let Some(bookmark) = bookmark {
        url.query_pairs_mut().append_pair("bookmark", bookmark);
    }
    Call::get(name, url).auth(Auth::BearerOf(access.clone()))
}

fn listing<T: DeserializeOwned>(answer: &Answer, cx: &AppContext<'_>) -> Result<Listing<T>, Fault> {
    if !answer.is_success() {
        return Err(fault::read(answer, cx.now, cx.app));
    }
    answer.parse("a list")
}
