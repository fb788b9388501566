//! The seven networks as data and as pure state machines. No I/O.
//!
//! A network is one folder: its [`Profile`] says what it is like, its machines say what is sent and
//! what an answer means. Nothing here knows a clock, a token of its own, a socket or a database:
//! `publishing` drives the machines and does all of that. See `README.md` for how to add one.

mod answer;
mod app;
mod authorize;
mod call;
mod confirm;
mod content;
mod errand;
mod fault;
mod feed;
mod grant;
mod json_files;
mod machine;
mod network;
mod options;
mod profile;
mod promise;
#[cfg(test)]
mod testing;
mod upload_url;
mod usage;
mod webhook;

pub mod facebook;
pub mod instagram;
pub mod linkedin;
pub mod meta;
pub mod pinterest;
pub mod tiktok;
pub mod x;
pub mod youtube;

pub use answer::Answer;
pub use app::App;
pub use authorize::{AuthorizeRequest, authorize_url, challenge_of};
pub use call::{Auth, Body, Call, FileRange, FormValue, Part, PartContent, Safety};
pub use confirm::{Expectation, Sighting, Verdict, next_look, normalise, settle};
pub use content::{Account, Asset, Content, Draft, DraftMedia, PublishContext};
pub use errand::{Asking, Errand, errand, shown_at};
pub use fault::{Candidate, Fault, FaultKind};
pub use feed::{feed, has_feeds};
pub use grant::{Callback, Credentials, Grant, GrantedAccount, Tokens};
pub use json_files::{JsonPiece, json_pieces};
pub use machine::{Action, AppContext, Event, Machine, OneCall, Receipt};
pub use network::{
    Connect, Publish, caption_rule, check, connect, media_rules, profile, prolong, receive,
    refresh, revoke, start, withdrawal,
};
pub use options::{parse as parse_options, text_rule};
pub use profile::{Login, Oauth, Pkce, Profile, RefreshPolicy};
pub use promise::{Allowance, Terms, Window, allowances, ends_for_good, not_allowed};
pub(crate) use promise::{number, scope_missing};
pub use upload_url::UploadUrl;
pub use usage::{Usage, UsageOf, usage};
pub use webhook::{
    Happening, Incoming, Received, Subscription, WebhookError, What, Withdrawal, same,
};
