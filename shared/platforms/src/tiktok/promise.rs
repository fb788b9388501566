//! What an account can be promised: so many posts and drafts a day, and what the app may post at all.

use domain::{Counted, Violation};
use serde_json::Value;
use time::Duration;

use super::{
    options::PrivacyLevel,
    profile::{PUBLISH, UPLOAD},
};
use crate::{Allowance, Terms, UsageOf, Window, number, scope_missing};

/// How many posts an account may make in 24 hours, whichever app makes them: "about 15" (content sharing
/// guidelines, read 2026-11-23); `settings["posts_per_day"]` says otherwise.
const POSTS: usize = 15;
/// How many drafts of 24 hours may wait in the inbox (upload reference, read 2026-11-23).
const DRAFTS: usize = 5;
/// The option, and its value, that makes a draft of a post.
const MODE: &str = "mode";
const INBOX: &str = "inbox";

/// How many posts, and how many drafts, an account may be sent in 24 hours.
pub fn allowances(terms: &Terms<'_>) -> [Allowance; 2] {
    let daily = |name, posts, counted| Allowance {
        name,
        of: UsageOf::Account,
        posts,
        window: Window::Moving(Duration::DAY),
        counted,
    };
    let posts = number(terms.settings.get("posts_per_day")).unwrap_or(POSTS);
    [
        daily("posts", posts, Counted::Without(MODE, INBOX)),
        daily("drafts", DRAFTS, Counted::With(MODE, INBOX)),
    ]
}

/// What the account was connected without, or what TikTok lets no app do that it has not audited.
pub fn not_allowed(options: &Value, terms: &Terms<'_>) -> Option<Violation> {
    if options[MODE] == INBOX {
        return (!terms.allow(&[UPLOAD])).then(|| scope_missing("options.mode", UPLOAD));
    }
    if !terms.allow(&[PUBLISH]) {
        return Some(Violation::new(
            "options.mode",
            "scope_missing",
            format!(
                "is direct, which needs the permission {PUBLISH}; this account was connected without"
            ),
            "Choose inbox. Or connect the account again and allow posting.",
        ));
    }
    let is_private = options["privacyLevel"] == PrivacyLevel::SelfOnly.as_str();
    (!is_audited(terms) && !is_private).then(|| {
        Violation::new(
            "options.privacyLevel",
            "app_not_audited",
            "is not SELF_ONLY; TikTok has not audited this app yet and takes only posts that nobody else sees",
            "Choose SELF_ONLY, and set the TikTok account itself to private: to a public account TikTok refuses even that.",
        )
    })
}

/// Whether TikTok has audited our app, so that it may post for others than its owner; `settings["audited"]`.
pub fn is_audited(terms: &Terms<'_>) -> bool {
    terms.settings.get("audited").is_none_or(|is| is != "false")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    fn broken(options: &Value, scopes: &[&str], audited: Option<&str>) -> Option<(String, String)> {
        let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let settings: BTreeMap<String, String> = audited
            .map(|audited| ("audited".to_owned(), audited.to_owned()))
            .into_iter()
            .collect();
        let terms = Terms {
            facts: &Value::Null,
            scopes: &scopes,
            settings: &settings,
        };
        not_allowed(options, &terms).map(|broken| (broken.field, broken.rule))
    }

    #[test]
    fn each_kind_of_post_needs_its_own_permission() {
        let missing = Some(("options.mode".to_owned(), "scope_missing".to_owned()));
        let direct = json!({"privacyLevel": "PUBLIC_TO_EVERYONE"});
        let draft = json!({"mode": "inbox"});
        assert_eq!(broken(&draft, &[PUBLISH], None), missing);
        assert_eq!(broken(&direct, &[UPLOAD], None), missing);
        assert_eq!(broken(&draft, &[UPLOAD], Some("false")), None);
        assert_eq!(broken(&direct, &[PUBLISH], None), None);
        assert_eq!(broken(&direct, &[], Some("true")), None);
    }

    #[test]
    fn an_app_that_was_not_audited_posts_for_nobody_else() {
        let refused = Some((
            "options.privacyLevel".to_owned(),
            "app_not_audited".to_owned(),
        ));
        for (level, outcome) in [
            ("PUBLIC_TO_EVERYONE", &refused),
            ("MUTUAL_FOLLOW_FRIENDS", &refused),
            ("SELF_ONLY", &None),
        ] {
            let options = json!({ "privacyLevel": level });
            assert_eq!(&broken(&options, &[PUBLISH], Some("false")), outcome);
        }
    }
}
