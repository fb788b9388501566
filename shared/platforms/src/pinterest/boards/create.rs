//! A new board.

use secrecy::SecretString;
use serde_json::{Value, json};

use super::{
    super::{fault, profile::api},
    Board, listing, read_boards,
};
use crate::{
    Action, AppContext, Auth, Call, Credentials, Event, Fault, Machine, pinterest::wire::Listing,
};

/// So many parts of the boards are looked through: 2,000 boards are the most that an account has.
const MAX_PAGES: u32 = 10;
/// What a secret board takes beside what we ask for.
const FOR_SECRETS: &str = "boards:write_secret";

/// Makes a board, unless one of that name stands there: Pinterest may make a second one of the same name, and a
/// lost answer is settled by asking again.
#[derive(Debug)]
pub struct CreateBoard {
    access: SecretString,
    may_be_secret: bool,
    name: String,
    description: Option<String>,
    privacy: Option<String>,
    step: Step,
}

#[derive(Debug, Clone)]
enum Step {
    /// It is there.
    Done(Board),
    /// Whether it is there is to be seen.
    Look {
        /// Which part, from 0.
        page: u32,
        /// What leads to it; absent at the start.
        bookmark: Option<String>,
    },
    /// It is to be made.
    Make,
}

/// Asks for a new board; `privacy` is `PUBLIC` where none is given.
pub fn create_board(
    credentials: &Credentials,
    name: &str,
    description: Option<&str>,
    privacy: Option<&str>,
) -> CreateBoard {
    let scopes = &credentials.tokens.scopes;
    CreateBoard {
        access: credentials.tokens.access.clone(),
        may_be_secret: scopes.is_empty() || scopes.iter().any(|scope| scope == FOR_SECRETS),
        name: name.to_owned(),
        description: description.map(str::to_owned),
        privacy: privacy.map(str::to_owned),
        step: Step::Look {
            page: 0,
            bookmark: None,
        },
    }
}

impl Machine for CreateBoard {
    type Context<'a> = AppContext<'a>;
    type Output = Value;

    fn next(&self, cx: &AppContext<'_>) -> Action<Value> {
        match &self.step {
            Step::Done(board) => Action::Done(json!({ "board": board })),
            Step::Look { bookmark, .. } => {
                Action::Send(read_boards(cx.app, bookmark.as_deref(), &self.access))
            }
            Step::Make => Action::Send(self.make(cx)),
        }
    }

    fn apply(mut self, event: Event, cx: &AppContext<'_>) -> Result<Self, Fault> {
        let Event::Answer(answer) = event else {
            return Ok(self);
        };
        self.step = match self.step.clone() {
            Step::Done(board) => Step::Done(board),
            Step::Look { page, bookmark } => {
                let mut listing: Listing<Board> = listing(&answer, cx)?;
                let following = listing.following(bookmark.as_deref());
                let same = listing.items.iter().position(|it| it.name == self.name);
                match (same, following) {
                    (Some(place), _) => Step::Done(listing.items.swap_remove(place)),
                    (None, Some(bookmark)) if page + 1 < MAX_PAGES => Step::Look {
                        page: page + 1,
                        bookmark: Some(bookmark),
                    },
                    (None, _) => self.allowed()?,
                }
            }
            Step::Make if answer.is_success() => Step::Done(Board {
                sections: Some(Vec::new()),
                ..answer.parse("board")?
            }),
            Step::Make => return Err(fault::read_board(&answer, cx.now, cx.app)),
        };
        Ok(self)
    }
}

impl CreateBoard {
    fn allowed(&self) -> Result<Step, Fault> {
        if self.privacy.as_deref() != Some("SECRET") || self.may_be_secret {
            return Ok(Step::Make);
        }
        Err(Fault::content(
            "scope_missing",
            format!(
                "A secret board needs the permission {FOR_SECRETS}, which this account was connected without; make it protected, or make it at Pinterest."
            ),
        ))
    }

    fn make(&self, cx: &AppContext<'_>) -> Call {
        let mut body = json!({
            "name": self.name,
            "privacy": self.privacy.as_deref().unwrap_or("PUBLIC"),
        });
        if let Some(description) = &self.description {
            body["description"] = json!(description);
        }
        Call::post("create_board", api(cx.app, "/v5/boards"))
            .auth(Auth::BearerOf(self.access.clone()))
            .json(body)
    }
}
