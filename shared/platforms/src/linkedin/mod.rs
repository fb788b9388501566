//! LinkedIn, through its versioned REST interface, as a member and as the Pages that the member may post for.
//!
//! OAuth without PKCE, the client's secret in the body; tokens live 60 days, and a refresh token
//! comes only to apps that LinkedIn approved for it. Files are uploaded to addresses that LinkedIn
//! hands out, then one call makes the post. Equal posts are refused, naming the first. A Page's posts can be
//! listed where the app may; a member's cannot: a lost answer is looked for once and then left to a person.
//! The text is "little text": its reserved characters cut the post short unless they are escaped.
//!
//! Read 2026-08-13: <https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow>,
//! <https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/posts-api>,
//! <https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/videos-api>,
//! <https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/documents-api> (its copy of 2026-08),
//! <https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/little-text-format>,
//! <https://learn.microsoft.com/en-us/linkedin/shared/api-guide/webhook-validation>.

mod connect;
mod fault;
mod little_text;
mod options;
mod profile;
mod promise;
mod publish;
mod webhook;
mod wire;

pub use connect::{Connect, connect, refresh, revoke};
pub(crate) use fault::usage;
pub use options::{Article, Options, Visibility, check, media_rules, not_allowed};
pub use profile::PROFILE;
pub use promise::allowance;
pub use publish::{Publish, VideoPart, VideoUpload, start};
pub use webhook::receive;
