//! TikTok: Login Kit v2 and the Content Posting API v2 (read 2026-11-23).
//!
//! <https://developers.tiktok.com/doc/content-posting-api-reference-direct-post>,
//! <https://developers.tiktok.com/doc/content-posting-api-media-transfer-guide>,
//! <https://developers.tiktok.com/doc/oauth-user-access-token-management>,
//! <https://developers.tiktok.com/doc/webhooks-verification>.
//!
//! What is odd here: the app is called `client_key`; consent errors are flat while all others come
//! in an envelope whose `error.code` is `ok` on success; caps of an account arrive with HTTP 200;
//! `init` has no idempotency key, but a video that was only initialised is never posted: its last
//! chunk is what posts it. Pictures are fetched by TikTok, and `init` itself posts them.
//!
//! Settings of the app: `chunk_bytes` overrides the size of a video's chunks (5,000,000 to 64,000,000), which
//! otherwise follows the media transfer guide. `video_source` is `file` or `pull`: whether a video is sent, or
//! fetched by TikTok from a verified domain; then `init` itself posts it. `pkce` is `desktop` where the app is
//! registered for desktop alone, whose consent page wants a challenge. `extra_scopes` may ask for `video.list`:
//! a public post whose order's answer was lost can then be found.

mod chunks;
mod connect;
mod creator;
mod fault;
mod follow;
mod options;
mod profile;
mod promise;
mod publish;
mod webhook;
mod wire;

pub use chunks::ChunkPlan;
pub use connect::{Connect, connect, refresh, revoke};
pub use creator::creator_info;
pub use follow::follow_up;
pub use options::{Mode, Options, PrivacyLevel, caption_rule, check};
pub use profile::PROFILE;
pub use promise::{allowances, is_audited, not_allowed};
pub use publish::{Publish, Task, start};
pub use webhook::receive;
