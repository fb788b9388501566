//! A rule that was broken, told to the person who can mend it.

use serde::{Deserialize, Serialize};

/// One broken rule: which field, which rule, what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Violation {
    /// Where in the request, as a path of its JSON: `caption`, `media[0].url`, `options.boardId`.
    pub field: String,
    /// The rule's stable name, for programs: `caption_too_long`.
    pub rule: String,
    /// What is wrong, with the numbers, for people.
    pub detail: String,
    /// What to do about it, for people.
    pub remedy: String,
}

impl Violation {
    /// A broken rule.
    pub fn new(
        field: impl Into<String>,
        rule: impl Into<String>,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            field: field.into(),
            rule: rule.into(),
            detail: detail.into(),
            remedy: remedy.into(),
        }
    }
}
