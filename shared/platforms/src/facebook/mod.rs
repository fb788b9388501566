//! Facebook: posts of a Page.
//!
//! Only Pages can be posted to; each one that a person allows becomes a connection with a token of
//! its own. Photos and videos are uploaded where nobody sees them, so that their ids are known
//! before anything becomes visible. Facts: Meta's guides to the Pages API, its Video API and the
//! Graph API v25.0 (read 2026-11).

mod connect;
mod evidence;
mod fault;
mod feed;
mod options;
mod profile;
mod publish;
mod reel;
mod story;
mod upright;
mod video;
mod watch;
mod webhook;
mod wire;

pub use connect::{Connect, connect, prolong, refresh, revoke};
pub use options::{COMMENT_SCOPE, allowance, check};
pub use profile::PROFILE;
pub use publish::{Publish, start};
pub use webhook::receive;
