//! YouTube: Google OAuth 2.0, the Data API v3 and its resumable uploads (read 2026-11-23).
//!
//! <https://developers.google.com/youtube/v3/guides/using_resumable_upload_protocol>,
//! <https://developers.google.com/youtube/v3/docs/videos>,
//! <https://developers.google.com/youtube/v3/docs/errors>,
//! <https://developers.google.com/identity/protocols/oauth2/web-server>,
//! <https://developers.google.com/youtube/v3/guides/push_notifications>.
//!
//! What is odd here: a video exists once its last byte was taken, and the upload session tells for
//! certain whether that happened; uploads have a daily bucket of their own that ends at midnight in
//! California; revoking one token ends all of the Google account's; the feed is `WebSub` and signs
//! with SHA-1.
//!
//! A Short is a video of up to 180 seconds that is square or upright; there is no flag for it.
//!
//! `settings["chunk_bytes"]` of the app overrides the 8 MiB of a chunk; it is rounded down to a
//! multiple of 262,144. `settings["uploads_per_day"]` is how many uploads a day Google granted the
//! project, 100 when absent. `settings["extra_scopes"]` has to name
//! `https://www.googleapis.com/auth/youtube.force-ssl` for playlists.

mod connect;
mod fault;
mod follow;
mod hub;
mod options;
mod pacific;
mod profile;
mod promise;
mod publish;
mod quota;
mod webhook;
mod wire;

pub use connect::{Connect, connect, refresh, revoke};
pub use follow::follow_up;
pub use hub::{LEASE_SECONDS, subscribe, unsubscribe};
pub use options::{License, Options, Privacy, check, publish_at};
pub use pacific::day_of;
pub use profile::{PROFILE, media_rules};
pub use promise::{allowance, not_allowed};
pub use publish::{Adding, Kept, Publish, Session, start};
pub use quota::usage;
pub use webhook::receive;
