//! LinkedIn, through its versioned REST interface, as a member.
//!
//! OAuth without PKCE, the client's secret in the body; tokens live 60 days, and a refresh token
//! comes only to apps that LinkedIn approved for it. Files are uploaded to addresses that LinkedIn
//! hands out, then one call makes the post. Equal posts are refused, naming the first, but a member's
//! token cannot read posts: a lost answer is looked for once and then left to a person.
//! The text is "little text": its reserved characters cut the post short unless they are escaped.
//!
//! Read 2026-08-13: <https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow>,
//! <https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/posts-api>,
//! <https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/videos-api>,
//! <https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/little-text-format>,
//! <https://learn.microsoft.com/en-us/linkedin/shared/api-guide/webhook-validation>.

mod connect;
mod fault;
mod little_text;
mod lookup;
mod options;
mod profile;
mod publish;
mod webhook;
mod wire;

pub use connect::{Connect, connect, refresh, revoke};
pub use options::{Options, Visibility, check};
pub use profile::PROFILE;
pub use publish::{Publish, VideoPart, VideoUpload, start};
pub use webhook::receive;
