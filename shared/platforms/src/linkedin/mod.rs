//! LinkedIn: posts of a member.
//!
//! The interface is versioned by month; a member's own posts cannot be read back with the rights that
//! apps get, so a lost answer stays unknown until a person looks. Texts are "little text", in which
//! reserved characters must be escaped or they silently end the text. Facts:
//! learn.microsoft.com/linkedin, Posts, Images and Videos APIs (read 2026-11).

mod connect;
mod fault;
mod little_text;
mod options;
mod profile;
mod publish;
mod webhook;
mod wire;

pub use connect::{Connect, connect, refresh, revoke};
pub use options::check;
pub use profile::PROFILE;
pub use publish::{Publish, start};
pub use webhook::receive;
