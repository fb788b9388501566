//! How much of what a network allows is used up, as its answers tell.

use domain::Platform;
use time::{Duration, OffsetDateTime};

use crate::{Answer, linkedin, meta, pinterest, x, youtube};

/// How much of an allowance is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Whose allowance it is.
    pub of: UsageOf,
    /// How much of it is used up; 100 and more is all of it.
    pub percent: u8,
    /// When calls are taken again, where they are not now.
    pub free_in: Option<Duration>,
}

/// Whose allowance it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsageOf {
    /// The account's that was called for.
    Account,
    /// Our app's, over all accounts.
    App,
    /// Our app's starts of uploads, over all accounts; no other call waits for it.
    Uploads,
}

/// An end of a limit that lies further ahead is not believed.
const LONGEST: Duration = Duration::hours(25);

impl Usage {
    /// Of a limit of so many calls, of which so many are `left`; it is whole again in `reset_in`.
    pub(crate) fn of_calls(of: UsageOf, calls: u64, left: u64, reset_in: Option<Duration>) -> Self {
        let is_used_up = left == 0;
        let percent = if is_used_up {
            100
        } else {
            calls.saturating_sub(left).saturating_mul(100) / calls.max(1)
        };
        Self {
            of,
            percent: u8::try_from(percent.min(100)).unwrap_or(100),
            free_in: reset_in.filter(|wait| is_used_up && wait.is_positive() && *wait <= LONGEST),
        }
    }
}

/// What an answer tells of it; nothing where the network's headers are of no use before a refusal.
pub fn usage(platform: Platform, answer: &Answer, now: OffsetDateTime) -> Vec<Usage> {
    match platform {
        Platform::Facebook | Platform::Instagram => meta::usage(answer),
        Platform::Linkedin => linkedin::usage(answer, now).into_iter().collect(),
        Platform::Pinterest => pinterest::usage(answer).into_iter().collect(),
        Platform::Tiktok => Vec::new(),
        Platform::X => x::usage(answer, now),
        Platform::Youtube => youtube::usage(answer, now).into_iter().collect(),
    }
}
