//! What an account can be promised: so many posts a day, and first comments where they were allowed.

use domain::Counted;
use serde_json::Value;
use time::Duration;

use super::host;
use crate::{Allowance, UsageOf, Window};

/// What the facts of an account call the posts of a day.
pub(super) const POSTS_A_DAY: &str = "postsADay";
/// Of the two numbers that are documented the smaller one, for accounts whose own is not known.
const USUAL: usize = 50;

/// How many posts the account may make in 24 hours, as it was told when the account was connected.
pub fn allowance(facts: &Value) -> Allowance {
    let told = facts[POSTS_A_DAY]
        .as_u64()
        .and_then(|posts| posts.try_into().ok())
        .filter(|posts| *posts > 0);
    Allowance {
        name: "posts",
        of: UsageOf::Account,
        posts: told.unwrap_or(USUAL),
        window: Window::Moving(Duration::DAY),
        counted: Counted::All,
    }
}

/// What must be allowed for first comments.
pub fn comment_scope(facts: &Value) -> &'static str {
    if host::is_of_own_login(facts) {
        "instagram_business_manage_comments"
    } else {
        "instagram_manage_comments"
    }
}
