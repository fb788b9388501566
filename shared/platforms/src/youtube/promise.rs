//! What can be promised: so many uploads a day for all accounts together, and playlists where they were allowed.

use domain::{Counted, Violation};
use serde_json::Value;
use time::OffsetDateTime;

use super::{
    options::{needed_scope, publish_at},
    pacific::day_of,
};
use crate::{Allowance, Terms, UsageOf, Window, number, scope_missing};

/// How many uploads a day a project has that asked for no more; `settings["uploads_per_day"]` says otherwise.
const UPLOADS: usize = 100;
/// How many uploads our project may start in a day of California's.
pub fn allowance(terms: &Terms<'_>) -> Allowance {
    Allowance {
        name: "uploads",
        of: UsageOf::Uploads,
        posts: number(terms.settings.get("uploads_per_day")).unwrap_or(UPLOADS),
        window: Window::Day(day_of),
        counted: Counted::All,
    }
}

/// What the account was connected without, or what cannot be kept at the time that is wanted.
pub fn not_allowed(options: &Value, terms: &Terms<'_>, at: OffsetDateTime) -> Option<Violation> {
    let scopes = needed_scope(options).filter(|scopes| !terms.allow(scopes));
    if let Some(scope) = scopes.and_then(<[_]>::last) {
        return Some(scope_missing("options.playlistId", scope));
    }
    publish_at(options).filter(|time| *time <= at).map(|_| {
        Violation::new(
            "options.publishAt",
            "publish_at_over",
            "is not after the time at which the video is sent",
            "Choose a later time. Or leave it out, and the video is as its privacy says when it is sent.",
        )
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    const NOON: OffsetDateTime = datetime!(2026-07-01 12:00 UTC);

    fn terms<'a>(scopes: &'a [String], settings: &'a BTreeMap<String, String>) -> Terms<'a> {
        Terms {
            facts: &Value::Null,
            scopes,
            settings,
        }
    }

    #[test]
    fn a_hundred_uploads_a_day_unless_google_granted_more() {
        for (setting, posts) in [(None, 100), (Some("2500"), 2_500), (Some("many"), 100)] {
            let named = |count: &str| ("uploads_per_day".to_owned(), count.to_owned());
            let settings = setting.map(named).into_iter().collect();
            assert_eq!(allowance(&terms(&[], &settings)).posts, posts);
        }
    }

    #[test]
    fn a_playlist_needs_its_permission_and_a_time_must_lie_ahead() {
        let settings = BTreeMap::new();
        let upload = ["https://www.googleapis.com/auth/youtube.upload".to_owned()];
        let wider = ["https://www.googleapis.com/auth/youtube.force-ssl".to_owned()];
        let broken = |options: &Value, scopes: &[String]| {
            not_allowed(options, &terms(scopes, &settings), NOON).map(|broken| broken.rule)
        };
        let playlist = json!({"playlistId": "PL123"});
        assert_eq!(broken(&playlist, &upload).as_deref(), Some("scope_missing"));
        assert_eq!(broken(&playlist, &wider), None);
        for (time, rule) in [
            ("2026-07-01T11:59:59Z", Some("publish_at_over")),
            ("2026-07-01T12:00:00Z", Some("publish_at_over")),
            ("2026-07-01T12:00:01Z", None),
        ] {
            let options = json!({"privacy": "private", "publishAt": time});
            assert_eq!(broken(&options, &upload).as_deref(), rule, "{time}");
        }
    }
}
