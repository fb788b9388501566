//! Cores that are kept wrongly on purpose, each of which must be found out.

use crate::{
    exhaustive,
    kinds::KINDS,
    random::{self, Plan},
};

/// Bad days that are lived through, at most, until a flaw shows.
const DAYS: u64 = 12;

/// A rule that is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// An arm is granted without regard to the fence, the lease, the time and open arms.
    ArmsTwice,
    /// An arm is granted before the post is due.
    ArmsEarly,
    /// An arm is granted and not written down.
    ArmsUnrecorded,
    /// An arm is granted while publishing is halted.
    ArmsWhileHalted,
    /// An arm is granted for an account that was disconnected.
    ArmsForTheGone,
    /// Two posts of an account are sent at once.
    TwoAtOnce,
    /// A post found firing is led back to be sent again.
    FiringIsLedBack,
    /// An unknown outcome is taken for proof that nothing is live.
    UnknownIsAbsent,
    /// A lost answer is taken for a request that never left.
    LossIsNotSent,
    /// A lost answer is taken for a refusal.
    LossIsRefusal,
    /// The HTTP client sends again by itself.
    ClientSendsAgain,
    /// A post that nobody can tell of is called failed.
    DoubtIsFailure,
    /// A post that nobody can tell of is called published.
    DoubtIsSuccess,
    /// Evidence of a live post is not kept.
    EvidenceIsDropped,
    /// An answer that comes late is not heard.
    LateAnswersAreDropped,
    /// A step is saved whoever holds the post by now.
    SavesOverAnother,
    /// What a network gave out is not kept.
    ForgetsHandles,
    /// An edit leaves what was prepared before it.
    EditKeepsSnapshot,
    /// What is being sent can be canceled.
    CancelsWhatIsSent,
    /// One live post is evidence of two posts.
    ClaimsAreShared,
    /// Everybody who asks may renew the same tokens.
    RefreshesAllAtOnce,
    /// Renewed tokens are not kept.
    RefreshIsNotKept,
    /// Nobody rings for what was overlooked.
    NobodySweeps,
    /// The newest post of a list is taken for ours, whatever it says.
    TakesTheNewest,
    /// What a list does not show two minutes after the commit is called failed.
    UnseenIsAbsent,
}

impl Flaw {
    /// Every flaw.
    pub const ALL: [Self; 25] = [
        Self::ArmsTwice,
        Self::ArmsEarly,
        Self::ArmsUnrecorded,
        Self::ArmsWhileHalted,
        Self::ArmsForTheGone,
        Self::TwoAtOnce,
        Self::FiringIsLedBack,
        Self::UnknownIsAbsent,
        Self::LossIsNotSent,
        Self::LossIsRefusal,
        Self::ClientSendsAgain,
        Self::DoubtIsFailure,
        Self::DoubtIsSuccess,
        Self::EvidenceIsDropped,
        Self::LateAnswersAreDropped,
        Self::SavesOverAnother,
        Self::ForgetsHandles,
        Self::EditKeepsSnapshot,
        Self::CancelsWhatIsSent,
        Self::ClaimsAreShared,
        Self::RefreshesAllAtOnce,
        Self::RefreshIsNotKept,
        Self::NobodySweeps,
        Self::TakesTheNewest,
        Self::UnseenIsAbsent,
    ];

    /// What first shows that it is there; nothing when it is not found out.
    pub fn found_out(self) -> Option<String> {
        for kind in KINDS {
            let findings = exhaustive::singles(kind, Some(self)).verdict.findings;
            if let Some(finding) = findings.into_iter().next() {
                return Some(finding);
            }
        }
        for kind in KINDS {
            let findings = exhaustive::late(kind, Some(self)).verdict.findings;
            if let Some(finding) = findings.into_iter().next() {
                return Some(finding);
            }
        }
        for kind in KINDS {
            let findings = exhaustive::crowd(kind, Some(self)).verdict.findings;
            if let Some(finding) = findings.into_iter().next() {
                return Some(finding);
            }
            for lost in [[true, false], [false, true], [true, true]] {
                let case = exhaustive::twins(kind, lost, false, Some(self));
                let findings = case.verdict.findings;
                if let Some(finding) = findings.into_iter().next() {
                    return Some(finding);
                }
            }
        }
        (1..=DAYS).find_map(|seed| {
            let plan = Plan {
                seed,
                posts: 120,
                per_mille: 20,
            };
            let findings = random::bad_day(plan, Some(self)).verdict.findings;
            let first = findings.into_iter().next();
            first.map(|finding| format!("seed {seed}: {finding}"))
        })
    }
}
