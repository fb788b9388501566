//! Pinterest, through its API v5.
//!
//! OAuth without PKCE, the client authenticated by Basic, refresh tokens that renew themselves.
//! A Pin always stands on a board that the person chose. Pictures are fetched by Pinterest from our
//! address, or sent where it cannot; videos are uploaded as a form to a store beside it. `POST /v5/pins` knows no key against
//! doubling, so a lost answer is settled by looking through the board.
//!
//! Read 2026-11-20: <https://developers.pinterest.com/docs/api/v5/>,
//! <https://developers.pinterest.com/docs/getting-started/set-up-authentication-and-authorization/>,
//! <https://developers.pinterest.com/docs/work-with-organic-content-and-users/create-boards-and-pins/>,
//! <https://github.com/pinterest/api-description> (5.23.0).

mod boards;
mod connect;
mod fault;
mod options;
mod profile;
mod publish;
mod usage;
mod wire;

pub use boards::{Boards, CreateBoard, boards, create_board, sections};
pub use connect::{Connect, connect, refresh, revoke};
pub use options::{Options, check, media_rules};
pub use profile::PROFILE;
pub use publish::{Publish, VideoUpload, start};
pub(crate) use usage::usage;

use crate::{Incoming, Received, WebhookError};

/// Reads a request to our webhook address.
///
/// # Errors
/// Always: Pinterest has no webhooks for Pins, accounts or withdrawn access.
pub const fn receive(_: &Incoming<'_>) -> Result<Received, WebhookError> {
    Err(WebhookError::Unsupported)
}
