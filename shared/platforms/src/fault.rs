//! What stands in the way of a post or a connection, told to a person and to the driver.

use domain::Violation;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

/// Why a machine cannot go on from where it stands.
///
/// A fault that a machine returns for the *answer* to a call that may be sent only once says: the
/// network refused it before any effect. Where that is not listed for certain, the machine goes on
/// to look instead of returning a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Fault {
    /// What can be done about it.
    pub kind: FaultKind,
    /// A stable name for programs, in `snake_case`: `caption_too_long`, `board_gone`.
    pub code: String,
    /// What the person reads: what happened and what to do.
    pub message: String,
    /// What the network said, for the log and for operators; no secrets, no HTML.
    pub evidence: Option<String>,
}

/// What can be done about a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FaultKind {
    /// The person must change the post; the same again would be refused again.
    Content,
    /// The operator must change a setting or pay a bill; posts wait.
    Operator,
    /// A limit of the network or of the account is used up; posts wait.
    Quota {
        /// When it will be free again, where the network says so.
        until: Option<OffsetDateTime>,
    },
    /// The person must connect the account again; posts wait.
    Reconnect,
    /// The same again may work.
    Retry {
        /// How long to wait at least, where the network says so.
        after: Option<Duration>,
    },
    /// The access token was refused: refresh it once and do the same again.
    Unauthorized,
    /// The outcome of a commit is unknown and the network cannot tell.
    Unconfirmed {
        /// Posts at the network that could be this one.
        candidates: Vec<Candidate>,
    },
}

/// A post at the network that could be ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// The network's id of it.
    pub external_id: String,
    /// Where a person can look at it.
    pub url: Option<String>,
}

impl Fault {
    fn new(kind: FaultKind, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            kind,
            code: code.into(),
            message: message.into(),
            evidence: None,
        }
    }

    /// The person must change the post.
    pub fn content(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(FaultKind::Content, code, message)
    }

    /// Options that an older build accepted and that this one refuses.
    pub(crate) fn options(broken: &Violation) -> Self {
        let Violation {
            field,
            detail,
            remedy,
            ..
        } = broken;
        Self::content("invalid_options", format!("{field} {detail}. {remedy}"))
    }

    /// The operator must act.
    pub fn operator(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(FaultKind::Operator, code, message)
    }

    /// A limit is used up, until `until` where that is known.
    pub fn quota(
        until: Option<OffsetDateTime>,
        code: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self::new(FaultKind::Quota { until }, code, message)
    }

    /// The person must connect again.
    pub fn reconnect(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(FaultKind::Reconnect, code, message)
    }

    /// The same again may work.
    pub fn retry(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(FaultKind::Retry { after: None }, code, message)
    }

    /// The access token was refused.
    pub fn unauthorized() -> Self {
        Self::new(
            FaultKind::Unauthorized,
            "token_refused",
            "The network no longer accepts the connection; connect the account again.",
        )
    }

    /// The outcome is unknown and the network cannot tell.
    pub fn unconfirmed(candidates: Vec<Candidate>) -> Self {
        Self::new(
            FaultKind::Unconfirmed { candidates },
            "outcome_unknown",
            "The post was sent, but the network's answer was lost and the network cannot tell what became of it. Look at the account, then resolve the post as published, retry or dismiss.",
        )
    }

    /// The same fault, with what the network said; angle brackets and control characters are dropped.
    #[must_use]
    pub fn seen(mut self, evidence: impl AsRef<str>) -> Self {
        let text: String = evidence
            .as_ref()
            .chars()
            .filter(|c| !c.is_control() && !matches!(c, '<' | '>'))
            .take(500)
            .collect();
        self.evidence = Some(text);
        self
    }

    /// The same fault, to be tried again no sooner than after `wait`; for faults worth retrying only.
    #[must_use]
    pub fn after(mut self, wait: Option<Duration>) -> Self {
        if let FaultKind::Retry { after } = &mut self.kind {
            *after = wait;
        }
        self
    }
}
