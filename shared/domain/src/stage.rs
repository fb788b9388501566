//! A post's life: the fine stages that the publisher works with, and the few words that the app sees.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What the app sees of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Called off before anything was sent.
    Canceled,
    /// Nothing is live; the error says why.
    Failed,
    /// Live, with evidence.
    Published,
    /// Being prepared, sent or confirmed.
    Publishing,
    /// Waiting for its time.
    Queued,
    /// Sent, but the answer was lost and the network cannot tell; a person decides.
    Unconfirmed,
}

impl Status {
    /// The name in JSON and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Canceled => "canceled",
            Self::Failed => "failed",
            Self::Published => "published",
            Self::Publishing => "publishing",
            Self::Queued => "queued",
            Self::Unconfirmed => "unconfirmed",
        }
    }
}

/// Where a post stands, finely enough to decide what may be done to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Called off by its author.
    Canceled,
    /// A commit may have gone out; the network is being asked.
    Confirming,
    /// Given up by its author after the outcome stayed unknown.
    Dismissed,
    /// Refused, with proof that nothing is live.
    Failed,
    /// Armed: exactly one process may be sending the commit.
    Firing,
    /// Its time passed before it could be sent.
    Missed,
    /// The outcome is unknown and the network cannot tell.
    NeedsAttention,
    /// Everything but the commit is done; waits for its moment.
    Prepared,
    /// Media is fetched, converted and uploaded; nothing is visible.
    Preparing,
    /// Live, with evidence.
    Published,
    /// Accepted; waits for its time.
    Scheduled,
}

/// What can happen to a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Move {
    /// News of the commit, or time to look once more, after its outcome had been taken for unknown.
    Answer,
    /// The arm was committed.
    Arm,
    /// Its author called it off.
    Cancel,
    /// The outcome of the commit is unknown, or its effect is still being processed.
    Doubt,
    /// Its author gave up on an unknown outcome.
    Dismiss,
    /// Its author changed it.
    Edit,
    /// Evidence of a live post.
    Evidence,
    /// The network cannot tell what became of the commit.
    GiveUp,
    /// Its time, and the grace after it, passed before the commit was armed.
    Miss,
    /// Work began.
    Prepare,
    /// Everything before the commit is done.
    Ready,
    /// Proof that nothing is live, and that sending again cannot help.
    Refuse,
    /// Proof that nothing is live; sending again may help.
    Rewind,
    /// Its author or an operator orders a new try.
    Retry,
}

/// A transition that must never happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a post that is {from} cannot take the move {step:?}")]
pub struct Impossible {
    /// Where it stood.
    pub from: Stage,
    /// What was asked of it.
    pub step: Move,
}

/// A word that names no stage.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a stage of a post")]
pub struct UnknownStage(pub String);

impl Stage {
    /// Every stage, in alphabetical order.
    pub const ALL: [Self; 11] = [
        Self::Canceled,
        Self::Confirming,
        Self::Dismissed,
        Self::Failed,
        Self::Firing,
        Self::Missed,
        Self::NeedsAttention,
        Self::Prepared,
        Self::Preparing,
        Self::Published,
        Self::Scheduled,
    ];

    /// Where `step` leads from here.
    ///
    /// # Errors
    /// [`Impossible`] when the step is not one that this stage knows.
    pub fn after(self, step: Move) -> Result<Self, Impossible> {
        let impossible = Impossible { from: self, step };
        match self {
            Self::Scheduled | Self::Preparing | Self::Prepared => match step {
                Move::Arm if self == Self::Prepared => Ok(Self::Firing),
                Move::Cancel => Ok(Self::Canceled),
                Move::Edit | Move::Retry => Ok(Self::Scheduled),
                Move::Miss => Ok(Self::Missed),
                Move::Prepare => Ok(Self::Preparing),
                Move::Ready if self != Self::Scheduled => Ok(Self::Prepared),
                Move::Refuse => Ok(Self::Failed),
                Move::Answer
                | Move::Arm
                | Move::Dismiss
                | Move::Doubt
                | Move::Evidence
                | Move::GiveUp
                | Move::Ready
                | Move::Rewind => Err(impossible),
            },
            Self::Firing | Self::Confirming => match step {
                Move::Answer | Move::Doubt => Ok(Self::Confirming),
                Move::Evidence => Ok(Self::Published),
                Move::GiveUp => Ok(Self::NeedsAttention),
                Move::Refuse => Ok(Self::Failed),
                Move::Rewind => Ok(Self::Prepared),
                Move::Arm
                | Move::Cancel
                | Move::Dismiss
                | Move::Edit
                | Move::Miss
                | Move::Prepare
                | Move::Ready
                | Move::Retry => Err(impossible),
            },
            Self::NeedsAttention => match step {
                Move::Answer => Ok(Self::Confirming),
                Move::Dismiss => Ok(Self::Dismissed),
                Move::Evidence => Ok(Self::Published),
                Move::Retry => Ok(Self::Scheduled),
                Move::Arm
                | Move::Cancel
                | Move::Doubt
                | Move::Edit
                | Move::GiveUp
                | Move::Miss
                | Move::Prepare
                | Move::Ready
                | Move::Refuse
                | Move::Rewind => Err(impossible),
            },
            Self::Failed | Self::Missed | Self::Dismissed => match step {
                Move::Answer => Ok(Self::Confirming),
                Move::Evidence => Ok(Self::Published),
                Move::Retry if self != Self::Dismissed => Ok(Self::Scheduled),
                Move::Arm
                | Move::Cancel
                | Move::Dismiss
                | Move::Doubt
                | Move::Edit
                | Move::GiveUp
                | Move::Miss
                | Move::Prepare
                | Move::Ready
                | Move::Refuse
                | Move::Retry
                | Move::Rewind => Err(impossible),
            },
            Self::Canceled | Self::Published => Err(impossible),
        }
    }

    /// The word that the app sees.
    pub const fn status(self) -> Status {
        match self {
            Self::Canceled => Status::Canceled,
            Self::Confirming | Self::Firing | Self::Prepared | Self::Preparing => {
                Status::Publishing
            }
            Self::Dismissed | Self::Failed | Self::Missed => Status::Failed,
            Self::NeedsAttention => Status::Unconfirmed,
            Self::Published => Status::Published,
            Self::Scheduled => Status::Queued,
        }
    }

    /// Whether the publisher has nothing more to do.
    pub const fn is_final(self) -> bool {
        match self {
            Self::Canceled
            | Self::Dismissed
            | Self::Failed
            | Self::Missed
            | Self::NeedsAttention
            | Self::Published => true,
            Self::Confirming
            | Self::Firing
            | Self::Prepared
            | Self::Preparing
            | Self::Scheduled => false,
        }
    }

    /// Whether nothing can have been sent yet, so that its author may still change or cancel it.
    pub const fn is_editable(self) -> bool {
        matches!(self, Self::Scheduled | Self::Preparing | Self::Prepared)
    }

    /// The name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Canceled => "canceled",
            Self::Confirming => "confirming",
            Self::Dismissed => "dismissed",
            Self::Failed => "failed",
            Self::Firing => "firing",
            Self::Missed => "missed",
            Self::NeedsAttention => "needs_attention",
            Self::Prepared => "prepared",
            Self::Preparing => "preparing",
            Self::Published => "published",
            Self::Scheduled => "scheduled",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Stage {
    type Err = UnknownStage;

    fn from_str(name: &str) -> Result<Self, UnknownStage> {
        Self::ALL
            .into_iter()
            .find(|stage| stage.as_str() == name)
            .ok_or_else(|| UnknownStage(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOVES: [Move; 14] = [
        Move::Answer,
        Move::Arm,
        Move::Cancel,
        Move::Doubt,
        Move::Dismiss,
        Move::Edit,
        Move::Evidence,
        Move::GiveUp,
        Move::Miss,
        Move::Prepare,
        Move::Ready,
        Move::Refuse,
        Move::Rewind,
        Move::Retry,
    ];

    #[test]
    fn only_a_prepared_post_can_be_armed() {
        let armed: Vec<_> = Stage::ALL
            .into_iter()
            .filter(|s| s.after(Move::Arm).is_ok())
            .collect();
        assert_eq!(armed, [Stage::Prepared]);
    }

    #[test]
    fn whoever_finds_a_post_firing_can_only_confirm_it() {
        let next: Vec<_> = MOVES
            .into_iter()
            .filter(|m| Stage::Firing.after(*m).is_ok())
            .collect();
        assert_eq!(
            next,
            [
                Move::Answer,
                Move::Doubt,
                Move::Evidence,
                Move::GiveUp,
                Move::Refuse,
                Move::Rewind
            ]
        );
    }

    #[test]
    fn a_live_post_never_moves_back() {
        for step in MOVES {
            assert!(Stage::Published.after(step).is_err(), "{step:?}");
        }
    }

    #[test]
    fn names_read_back() {
        for stage in Stage::ALL {
            assert_eq!(stage.as_str().parse(), Ok(stage));
        }
    }
}
