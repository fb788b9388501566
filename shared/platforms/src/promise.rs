//! What an account can be promised when a post is accepted: how many posts a day holds, and what it is not
//! allowed to ask for.

use std::{collections::BTreeMap, ops::Range};

use domain::{Counted, Platform, Violation};
use serde_json::Value;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{UsageOf, facebook, instagram, linkedin, tiktok, youtube};

/// On what terms an account was connected.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// See [`crate::GrantedAccount::facts`].
    pub facts: &'a Value,
    /// See [`crate::Tokens::scopes`]; empty where the network does not tell them.
    pub scopes: &'a [String],
    /// See [`crate::App::settings`].
    pub settings: &'a BTreeMap<String, String>,
}

impl Terms<'_> {
    /// Whether the person allowed one of these; true as well where the network does not tell.
    pub(crate) fn allow(&self, any_of: &[&str]) -> bool {
        self.scopes.is_empty()
            || self
                .scopes
                .iter()
                .any(|scope| any_of.contains(&scope.as_str()))
    }
}

/// A setting that is a number.
pub(crate) fn number(setting: Option<&String>) -> Option<usize> {
    setting?.trim().parse().ok()
}

/// How many posts of a kind fit into a time.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    /// What the posts are called, in the plural.
    pub name: &'static str,
    /// Who shares it.
    pub of: UsageOf,
    /// How many.
    pub posts: usize,
    /// In what time.
    pub window: Window,
    /// Which posts count.
    pub counted: Counted,
}

/// The time that an allowance is for.
#[derive(Debug, Clone, Copy)]
pub enum Window {
    /// A day of the network's own calendar: its begin and its end, by a moment in it.
    Day(fn(OffsetDateTime) -> Range<OffsetDateTime>),
    /// Any stretch of this length.
    Moving(Duration),
}

/// How many posts the account may make, kind by kind, as far as the network tells.
pub fn allowances(platform: Platform, terms: &Terms<'_>) -> Vec<Allowance> {
    match platform {
        Platform::Facebook => vec![facebook::allowance()],
        Platform::Instagram => vec![instagram::allowance(terms.facts)],
        Platform::Linkedin => vec![linkedin::allowance(terms)],
        Platform::Tiktok => tiktok::allowances(terms).to_vec(),
        Platform::Youtube => vec![youtube::allowance(terms)],
        Platform::Pinterest | Platform::X => Vec::new(),
    }
}

/// What a post with these `options` that goes out `at` a time asks for, and that the account, or our app at the
/// network, is not allowed.
pub fn not_allowed(
    platform: Platform,
    options: &Value,
    terms: &Terms<'_>,
    at: OffsetDateTime,
) -> Option<Violation> {
    match platform {
        Platform::Facebook => first_comment(options, terms, facebook::COMMENT_SCOPE),
        Platform::Instagram => first_comment(options, terms, instagram::comment_scope(terms.facts)),
        Platform::Linkedin => linkedin::not_allowed(options, terms),
        Platform::Tiktok => tiktok::not_allowed(options, terms),
        Platform::Youtube => youtube::not_allowed(options, terms, at),
        Platform::Pinterest | Platform::X => None,
    }
}

/// When an account has to be connected again, however often its access is renewed: `access` and `refresh` are the
/// ends of its tokens. `None` where access lives on for as long as it is used.
pub fn ends_for_good(
    platform: Platform,
    facts: &Value,
    access: Option<OffsetDateTime>,
    refresh: Option<OffsetDateTime>,
) -> Option<OffsetDateTime> {
    let tokens_end = match platform {
        // What renews the access is given once; most apps are given nothing of the kind.
        Platform::Linkedin => refresh.or(access),
        // Has an end only while the consent screen is in testing, or where the person set one.
        Platform::Youtube => refresh,
        Platform::Facebook
        | Platform::Instagram
        | Platform::Pinterest
        | Platform::Tiktok
        | Platform::X => None,
    };
    let data_access_ends = facts["dataAccessUntil"]
        .as_str()
        .and_then(|until| OffsetDateTime::parse(until, &Rfc3339).ok());
    tokens_end.into_iter().chain(data_access_ends).min()
}

fn first_comment(options: &Value, terms: &Terms<'_>, needed: &str) -> Option<Violation> {
    let asks = options["firstComment"].is_string();
    (asks && !terms.allow(&[needed])).then(|| scope_missing("options.firstComment", needed))
}

/// A field that needs a permission which the account was connected without.
pub(crate) fn scope_missing(field: &str, needed: &str) -> Violation {
    Violation::new(
        field,
        "scope_missing",
        format!("needs the permission {needed}, which this account was connected without"),
        "Leave it out. Or have the operator ask for the permission, and connect the account again.",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn only_access_that_nothing_prolongs_ends_for_good() {
        let soon = datetime!(2026-06-01 0:00 UTC);
        let later = datetime!(2027-01-01 0:00 UTC);
        let none = json!({});
        let data_access = json!({"dataAccessUntil": "2026-06-01T00:00:00Z"});
        for (platform, facts, access, refresh, end) in [
            (Platform::Linkedin, &none, Some(soon), None, Some(soon)),
            (
                Platform::Linkedin,
                &none,
                Some(soon),
                Some(later),
                Some(later),
            ),
            (Platform::Youtube, &none, Some(soon), None, None),
            (
                Platform::Youtube,
                &none,
                Some(soon),
                Some(later),
                Some(later),
            ),
            (Platform::Tiktok, &none, Some(soon), Some(later), None),
            (Platform::X, &none, Some(soon), None, None),
            (Platform::Instagram, &none, Some(soon), None, None),
            (
                Platform::Facebook,
                &data_access,
                None,
                Some(later),
                Some(soon),
            ),
        ] {
            let told = ends_for_good(platform, facts, access, refresh);
            assert_eq!(told, end, "{platform} {access:?} {refresh:?}");
        }
    }
}
