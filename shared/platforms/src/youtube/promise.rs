//! What can be promised: so many uploads a day for all accounts together, and playlists where they were allowed.

use domain::{Counted, Violation};
use serde_json::Value;

use super::pacific::day_of;
use crate::{Allowance, Terms, UsageOf, Window, scope_missing};

/// How many uploads a day a project has that asked for no more; `settings["uploads_per_day"]` says otherwise.
const UPLOADS: usize = 100;
/// What must be allowed for playlists: one of these.
const MANAGE: [&str; 2] = [
    "https://www.googleapis.com/auth/youtube",
    "https://www.googleapis.com/auth/youtube.force-ssl",
];

/// How many uploads our project may start in a day of California's.
pub fn allowance(terms: &Terms<'_>) -> Allowance {
    Allowance {
        name: "uploads",
        of: UsageOf::Uploads,
        posts: terms.number("uploads_per_day").unwrap_or(UPLOADS),
        window: Window::Day(day_of),
        counted: Counted::All,
    }
}

/// What the account was connected without.
pub fn not_allowed(options: &Value, terms: &Terms<'_>) -> Option<Violation> {
    let asks = options["playlistId"].is_string();
    (asks && !terms.allow(&MANAGE)).then(|| scope_missing("options.playlistId", MANAGE[1]))
}
