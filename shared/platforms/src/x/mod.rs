//! X, through its API v2.
//!
//! OAuth 2.0 with PKCE as a confidential client: codes live 30 seconds, refresh tokens work once.
//! Pictures are uploaded whole, videos and animations in chunks. A post is one call without any key
//! against doubling, so a lost answer is settled by looking through the account's own timeline; a thread
//! is such a call for each of its parts, in order.
//! Lengths are weighted as twitter-text does.
//!
//! Read 2026-08-22: <https://docs.x.com/fundamentals/authentication/oauth-2-0/overview>,
//! <https://docs.x.com/x-api/media/introduction>, <https://docs.x.com/x-api/posts/create-post>,
//! <https://docs.x.com/x-api/fundamentals/response-codes-and-errors>,
//! <https://docs.x.com/x-api/webhooks/introduction>.

#[cfg(test)]
mod conformance;
mod connect;
mod fault;
mod length;
mod links;
mod options;
mod parts;
mod profile;
mod publish;
mod timeline;
mod usage;
mod webhook;
mod wire;

pub use connect::{Connect, connect, refresh, revoke};
pub use options::{Options, Poll, ReplySettings, ThreadPart, check, media_rules};
pub use profile::PROFILE;
pub use publish::{Held, Publish, start};
pub(crate) use usage::usage;
pub use webhook::receive;
