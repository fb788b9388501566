//! What an account can be promised when a post is accepted: how many posts a day holds, and what it is not
//! allowed to ask for.

use std::{collections::BTreeMap, ops::Range};

use domain::{Counted, Platform, Violation};
use serde_json::Value;
use time::{Duration, OffsetDateTime};

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
