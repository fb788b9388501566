//! What an account can be promised when a post is accepted: how many posts a day holds, and what it needs a
//! permission for.

use domain::{Platform, Violation};
use serde_json::Value;
use time::Duration;

use crate::{facebook, instagram};

/// How many posts of a kind an account may make in a time that moves along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// How many.
    pub posts: usize,
    /// In how long.
    pub window: Duration,
    /// The option that must be true of a post that counts; all count where it is absent.
    pub option: Option<&'static str>,
}

/// How many posts like one with these `options` the account may make, as far as the network tells; `facts` as
/// in [`crate::GrantedAccount::facts`].
pub fn allowance(platform: Platform, options: &Value, facts: &Value) -> Option<Allowance> {
    match platform {
        Platform::Facebook => facebook::allowance(options),
        Platform::Instagram => Some(instagram::allowance(facts)),
        Platform::Linkedin
        | Platform::Pinterest
        | Platform::Tiktok
        | Platform::X
        | Platform::Youtube => None,
    }
}

/// What a post asks for that the person did not allow; `scopes` as in [`crate::Tokens::scopes`], nothing where
/// the network does not tell them.
pub fn not_allowed(
    platform: Platform,
    options: &Value,
    facts: &Value,
    scopes: &[String],
) -> Option<Violation> {
    let needed = match platform {
        Platform::Facebook => facebook::COMMENT_SCOPE,
        Platform::Instagram => instagram::comment_scope(facts),
        Platform::Linkedin
        | Platform::Pinterest
        | Platform::Tiktok
        | Platform::X
        | Platform::Youtube => return None,
    };
    let asks = options["firstComment"].is_string();
    let is_missing = !scopes.is_empty() && scopes.iter().all(|scope| scope != needed);
    (asks && is_missing).then(|| {
        Violation::new(
            "options.firstComment",
            "scope_missing",
            format!("needs the permission {needed}, which this account was connected without"),
            "Leave it out. Or have the operator ask for the permission, and connect the account again.",
        )
    })
}
