//! Cores that are kept wrongly on purpose, each of which must be found out.

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
}
