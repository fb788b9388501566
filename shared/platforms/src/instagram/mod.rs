//! Instagram: pictures, reels and carousels of a professional account, through the Page it is linked to
//! or, where it was connected at Instagram itself, without one.
//!
//! Instagram loads the file into a container, which nobody sees; `media_publish` makes it visible.
//! A container can be asked whether it was published (kind A), though never for the id of the post.
//! Facts: Meta's guides to publishing content on Instagram, Graph API v25.0 (read 2026-11).

mod comment;
mod connect;
mod container;
mod doubt;
mod evidence;
mod fault;
mod host;
mod making;
mod options;
mod processing;
mod profile;
mod promise;
mod publish;
mod reel;
#[cfg(test)]
mod rows;
mod story;
mod tags;
mod upload;
mod wire;

pub use connect::{Connect, connect, prolong, refresh, revoke};
pub use options::check;
pub use profile::PROFILE;
pub use promise::{allowance, comment_scope};
pub use publish::{Publish, start};
pub use story::media_rules;

use crate::{Incoming, Received, WebhookError, meta};

/// Reads a request to our webhook address; Instagram tells nothing of posts on its own.
///
/// # Errors
/// [`WebhookError`] when it is not Meta's.
pub fn receive(incoming: &Incoming<'_>) -> Result<Received, WebhookError> {
    meta::receive(incoming, |body| {
        serde_json::from_slice::<serde::de::IgnoredAny>(body)
            .map(|_| Vec::new())
            .map_err(|_| WebhookError::Malformed)
    })
}
