//! What the app asks an account for beside posts.

use domain::{Platform, PostId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

use crate::{
    Action, App, AppContext, Credentials, Event, Fault, Machine, OneCall, pinterest, tiktok,
    youtube,
};

/// What is asked of an account. Kept until it is answered, so its shape may only grow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Errand {
    /// The sections of one of its boards; answered with `sections`.
    BoardSections {
        /// The network's id of the board.
        board_id: String,
    },
    /// The boards that a post can stand on; answered with `boards`, and `more` where some are left out.
    Boards,
    /// A new board, or the one that has its name already; answered with `board`.
    CreateBoard {
        /// What it is called.
        name: String,
        /// What it is about.
        description: Option<String>,
        /// Who sees it: `PUBLIC`, `PROTECTED` or `SECRET`; `PUBLIC` where absent.
        privacy: Option<String>,
    },
    /// What its owner may choose for a post just now; asked whenever the form is shown.
    CreatorInfo,
    /// Whether a post that the network kept back can be seen now; answered with its receipt, or null.
    FollowUp {
        /// The post.
        post: PostId,
        /// See [`crate::Publish::handle`].
        handle: String,
        /// Whether to ask on until it can be seen.
        on: bool,
    },
}

impl Errand {
    /// Whether asking twice does no more than asking once.
    pub const fn is_repeatable(&self) -> bool {
        match self {
            Self::BoardSections { .. }
            | Self::Boards
            | Self::CreatorInfo
            | Self::FollowUp { .. } => true,
            Self::CreateBoard { .. } => false,
        }
    }
}

/// A conversation that answers an errand.
#[derive(Debug)]
pub enum Asking {
    /// For boards.
    Boards(pinterest::Boards),
    /// For a new board.
    CreateBoard(pinterest::CreateBoard),
    /// For what one call tells.
    One(OneCall<Value>),
}

impl Machine for Asking {
    type Context<'a> = AppContext<'a>;
    type Output = Value;

    fn next(&self, cx: &AppContext<'_>) -> Action<Value> {
        match self {
            Self::Boards(machine) => machine.next(cx),
            Self::CreateBoard(machine) => machine.next(cx),
            Self::One(machine) => machine.next(cx),
        }
    }

    fn apply(self, event: Event, cx: &AppContext<'_>) -> Result<Self, Fault> {
        match self {
            Self::Boards(machine) => machine.apply(event, cx).map(Self::Boards),
            Self::CreateBoard(machine) => machine.apply(event, cx).map(Self::CreateBoard),
            Self::One(machine) => machine.apply(event, cx).map(Self::One),
        }
    }
}

/// Asks an account for something; the answer is as the app gets it. `None` where the network has no such thing.
pub fn errand(
    platform: Platform,
    errand: &Errand,
    credentials: &Credentials,
    app: &App,
) -> Option<Asking> {
    match platform {
        Platform::Pinterest => match errand {
            Errand::BoardSections { board_id } => {
                let call = pinterest::sections(credentials, app, board_id);
                Some(Asking::One(call))
            }
            Errand::Boards => Some(Asking::Boards(pinterest::boards(credentials))),
            Errand::CreateBoard {
                name,
                description,
                privacy,
            } => Some(Asking::CreateBoard(pinterest::create_board(
                credentials,
                name,
                description.as_deref(),
                privacy.as_deref(),
            ))),
            Errand::CreatorInfo | Errand::FollowUp { .. } => None,
        },
        Platform::Tiktok => match errand {
            Errand::CreatorInfo => Some(Asking::One(tiktok::creator_info(credentials, app))),
            Errand::FollowUp { handle, .. } => {
                let call = tiktok::follow_up(handle, credentials, app);
                Some(Asking::One(call))
            }
            Errand::BoardSections { .. } | Errand::Boards | Errand::CreateBoard { .. } => None,
        },
        Platform::Youtube => match errand {
            Errand::FollowUp { handle, .. } => {
                let call = youtube::follow_up(handle, credentials, app);
                Some(Asking::One(call))
            }
            Errand::BoardSections { .. }
            | Errand::Boards
            | Errand::CreateBoard { .. }
            | Errand::CreatorInfo => None,
        },
        Platform::Facebook | Platform::Instagram | Platform::Linkedin | Platform::X => None,
    }
}

/// When a post that the network keeps back is to be seen, by its options.
pub fn shown_at(platform: Platform, options: &Value) -> Option<OffsetDateTime> {
    match platform {
        Platform::Youtube => youtube::publish_at(options),
        Platform::Facebook
        | Platform::Instagram
        | Platform::Linkedin
        | Platform::Pinterest
        | Platform::Tiktok
        | Platform::X => None,
    }
}
