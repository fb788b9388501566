//! Pinterest: Pins on a board of a person or business.
//!
//! Every Pin stands on a board, which its author chooses. Nothing stops an equal Pin from being made
//! twice, so a lost answer is settled by searching the board. Facts: developers.pinterest.com/docs and
//! the description of API version 5 (read 2026-11).

mod boards;
mod connect;
mod fault;
mod listing;
mod options;
mod profile;
mod publish;
mod wire;

pub use boards::{Board, BoardPage, boards};
pub use connect::{Connect, connect, refresh, revoke};
pub use options::check;
pub use profile::PROFILE;
pub use publish::{Publish, start};

use crate::{Incoming, Received, WebhookError};

/// Pinterest tells nothing of Pins or accounts on its own (its webhooks are for adverts).
///
/// # Errors
/// [`WebhookError::Unsupported`], always.
pub const fn receive(_: &Incoming<'_>) -> Result<Received, WebhookError> {
    Err(WebhookError::Unsupported)
}
