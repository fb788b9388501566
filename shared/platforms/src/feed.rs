//! Asking a network to tell of what happens in an account's feed.

use domain::Platform;
use url::Url;

use crate::{App, OneCall, youtube};

/// Whether the network has feeds, and our registration what its news is signed with.
pub const fn has_feeds(platform: Platform, app: &App) -> bool {
    matches!(platform, Platform::Youtube) && app.webhook_secret.is_some()
}

/// Asks for the feed of an account, by the network's id of it, to be told to `callback`; or for no more of it.
/// The network then asks there whether we did ([`crate::Received::Subscription`]). `None` where it has no feeds.
pub fn feed(
    platform: Platform,
    account: &str,
    callback: &Url,
    app: &App,
    wanted: bool,
) -> Option<OneCall<()>> {
    match platform {
        Platform::Youtube if wanted => youtube::subscribe(account, callback, app),
        Platform::Youtube => Some(youtube::unsubscribe(account, callback, app)),
        Platform::Facebook
        | Platform::Instagram
        | Platform::Linkedin
        | Platform::Pinterest
        | Platform::Tiktok
        | Platform::X => None,
    }
}
