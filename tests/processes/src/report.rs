//! What a run comes to.

use std::{fmt, sync::atomic::Ordering};

use serde_json::{Value, json};
use time::Duration;

use crate::{Verdict, proxy::Proxy, roulette::Roulette};

/// After the faults stop every post has an end within this time.
const REST: Duration = Duration::minutes(60);

/// What a run comes to.
#[derive(Debug)]
pub struct Report {
    /// What everything was drawn from.
    pub seed: u64,
    /// How many posts the API accepted.
    pub posts: usize,
    /// How many publishers ran at a time.
    pub processes: usize,
    /// How many were started, all together.
    pub started: u64,
    /// How many edits and cancellations were answered while posts went out.
    pub changes: usize,
    /// What was done to them.
    pub faults: Faults,
    /// How long after the faults every post had an end, by the database's clock.
    pub rested: Duration,
    /// How long all of it took.
    pub seconds: u64,
    /// What came of all posts.
    pub verdict: Verdict,
}

/// What was done to publishers, database and networks.
#[derive(Debug)]
pub struct Faults {
    /// Publishers killed wherever they stood.
    pub killed: usize,
    /// Publishers killed between an arm and what it came to.
    pub killed_at_commit: usize,
    /// Publishers stopped between an arm and what it came to, for a while.
    pub stopped: usize,
    /// Answers to commits that were lost: of transactions, and of statements by themselves.
    pub answers_lost: u64,
    /// How many of them were answers to arms.
    pub arms_lost: u64,
    /// Connections to the database that were cut.
    pub cuts: u64,
    /// Crashes of the database.
    pub restarts: usize,
    /// Calls of the networks that were to go wrong.
    pub calls: usize,
}

impl Faults {
    pub(crate) fn of(
        proxy: &Proxy,
        roulette: &Roulette,
        restarts: usize,
        stopped: usize,
        calls: usize,
    ) -> Self {
        let counts = proxy.counts();
        let (killed, killed_at_commit) = roulette.killed();
        Self {
            killed,
            killed_at_commit,
            stopped,
            answers_lost: counts.answers_lost.load(Ordering::Relaxed),
            arms_lost: counts.arms_lost.load(Ordering::Relaxed),
            cuts: counts.cuts.load(Ordering::Relaxed),
            restarts,
            calls,
        }
    }

    /// What should have been done and was not: without it a run proves less than it says.
    fn missing(&self) -> Option<&'static str> {
        let done = [
            ("no publisher was killed at random", self.killed as u64),
            (
                "no publisher was killed at a commit",
                self.killed_at_commit as u64,
            ),
            ("no publisher was stopped", self.stopped as u64),
            ("no answer to a commit was lost", self.answers_lost),
            ("no answer to an arm was lost", self.arms_lost),
            ("no connection was cut", self.cuts),
            ("the database did not crash", self.restarts as u64),
        ];
        let missing = done.into_iter().find(|(_, count)| *count == 0);
        missing.map(|(name, _)| name)
    }
}

impl Report {
    /// What the run fails for, if anything.
    pub fn failure(&self) -> Option<String> {
        if !self.verdict.is_good() {
            return Some("posts came out wrong".to_owned());
        }
        if self.rested > REST {
            return Some(format!(
                "the last post had its end {} minutes after the faults stopped",
                self.rested.whole_minutes()
            ));
        }
        self.faults.missing().map(str::to_owned)
    }

    /// The posts that are wrong, each with its log.
    pub fn wrong(&self) -> String {
        let wrong = self
            .verdict
            .wrong()
            .map(|(name, wrong)| format!("{name}: {} {}\n{}\n", wrong.id, wrong.why, wrong.log));
        wrong.collect::<Vec<_>>().join("\n")
    }

    /// The same for a program, on one line.
    pub fn to_json(&self) -> Value {
        let (faults, verdict) = (&self.faults, &self.verdict);
        json!({
            "seed": self.seed,
            "posts": self.posts,
            "processes": self.processes,
            "started": self.started,
            "changes": self.changes,
            "killedAtRandom": faults.killed,
            "killedAtCommit": faults.killed_at_commit,
            "stopped": faults.stopped,
            "commitAnswersLost": faults.answers_lost,
            "armAnswersLost": faults.arms_lost,
            "connectionsCut": faults.cuts,
            "databaseRestarts": faults.restarts,
            "callsGoneWrong": faults.calls,
            "lost": verdict.lost.len(),
            "doubled": verdict.doubled.len(),
            "misreported": verdict.misreported.len(),
            "unconfirmed": verdict.unconfirmed,
            "unconfirmedWithoutUnknownOutcome": verdict.unexplained.len(),
            "liveOnce": verdict.live_once,
            "canceled": verdict.canceled,
            "failed": verdict.failed,
            "restMinutes": self.rested.whole_minutes(),
            "seconds": self.seconds,
            "failure": self.failure(),
        })
    }
}

impl fmt::Display for Report {
    /// The figures, on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (faults, verdict) = (&self.faults, &self.verdict);
        write!(
            f,
            "{} posts, {} processes ({} started), kills {} at random and {} at a commit, {} stopped, \
             {} commit answers dropped ({} of arms), {} connections cut, {} database restarts, {} calls broken, \
             {} edits and cancellations: {} lost, {} doubled, {} misreported, \
             {} unconfirmed ({} without an unknown outcome), {} live once, {} canceled, {} failed, \
             at rest after {} min, {} s, seed {}",
            self.posts,
            self.processes,
            self.started,
            faults.killed,
            faults.killed_at_commit,
            faults.stopped,
            faults.answers_lost,
            faults.arms_lost,
            faults.cuts,
            faults.restarts,
            faults.calls,
            self.changes,
            verdict.lost.len(),
            verdict.doubled.len(),
            verdict.misreported.len(),
            verdict.unconfirmed,
            verdict.unexplained.len(),
            verdict.live_once,
            verdict.canceled,
            verdict.failed,
            self.rested.whole_minutes(),
            self.seconds,
            self.seed,
        )
    }
}
