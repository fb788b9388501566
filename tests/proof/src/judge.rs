//! The judge: what we say of each post is held against what is live.

use std::fmt;

use domain::{ConnectionHealth, Stage};
use simulator::LivePost;
use store::attempts::Outcome;
use time::Duration;

use crate::{
    gate::Fault,
    town::Day,
    world::{Filed, World},
};

/// How long after the last fault every post must have its end.
const PATIENCE: Duration = Duration::hours(1);

/// What is wrong with a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Posts that have no end.
    pub lost: usize,
    /// Posts that are live more than once.
    pub doubled: usize,
    /// Posts that are called published and are not live as written, or failed and are.
    pub misreported: usize,
    /// Posts that are live before their time, or that had their end too late.
    pub untimely: usize,
    /// Rules of the rows, and of accounts, that were broken.
    pub rules: usize,
    /// Posts that need a person's word. No fault where an outcome is unknown.
    pub unconfirmed: usize,
    /// Posts that are live, once, and called so.
    pub published: usize,
    /// What is wrong, in words.
    pub findings: Vec<String>,
}

impl Verdict {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    /// Adds another day's.
    pub fn add(&mut self, other: Self) {
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.misreported += other.misreported;
        self.untimely += other.untimely;
        self.rules += other.rules;
        self.unconfirmed += other.unconfirmed;
        self.published += other.published;
        self.findings.extend(other.findings);
    }

    fn find(&mut self, kind: fn(&mut Self) -> &mut usize, what: impl fmt::Display) {
        *kind(self) += 1;
        self.findings.push(what.to_string());
    }
}

/// Judges a day.
pub fn judge(world: &World, filed: &[Filed], day: &Day) -> Verdict {
    let mut verdict = Verdict::default();
    let ledger = world.networks.ledger();
    for post in filed {
        judge_post(world, post, ledger.posts(), day, &mut verdict);
    }
    let rows = world.books.rows();
    for rule in &rows.broken {
        verdict.find(|it| &mut it.rules, rule);
    }
    let was_ended = day
        .points
        .iter()
        .any(|(_, fault)| *fault == Some(Fault::Disconnected));
    for row in rows.connections.values() {
        let connection = &row.connection;
        if connection.health == ConnectionHealth::NeedsReconnect && !was_ended {
            let reason = connection.health_reason.as_deref().unwrap_or_default();
            let what = format!("{} was given up: {reason}", connection.platform);
            verdict.find(|it| &mut it.rules, what);
        }
    }
    verdict
}

fn judge_post(world: &World, filed: &Filed, ledger: &[LivePost], day: &Day, verdict: &mut Verdict) {
    let rows = world.books.rows();
    let row = &rows.posts[&filed.id];
    let stage = row.post.stage;
    let name = format!("{} ({}), {stage}", filed.words[0], filed.kind.name);
    let live_as = |words: &str| {
        let parts = filed.kind.words(words);
        let counts = parts.iter().map(|part| {
            let alike = ledger.iter().filter(|live| live.text == *part);
            alike.count()
        });
        counts.collect::<Vec<_>>()
    };
    let editions: Vec<_> = filed.words.iter().map(|words| live_as(words)).collect();
    let most: usize = (0..filed.kind.parts)
        .map(|part| editions.iter().map(|counts| counts[part]).sum())
        .max()
        .unwrap_or(0);
    if most > 1 {
        verdict.find(|it| &mut it.doubled, format!("{name}: live {most} times"));
    }
    let last = editions.last().cloned().unwrap_or_default();
    match stage {
        Stage::Published => {
            if last.iter().all(|count| *count > 0) {
                verdict.published += 1;
            } else {
                let what = format!("{name}: live as {editions:?}");
                verdict.find(|it| &mut it.misreported, what);
            }
        }
        Stage::Failed | Stage::Missed | Stage::Canceled | Stage::Dismissed => {
            if most > 0 {
                verdict.find(|it| &mut it.misreported, format!("{name}: it is live"));
            }
        }
        Stage::NeedsAttention => {
            verdict.unconfirmed += 1;
            // What was accepted and then disconnected cannot be followed to its end.
            let is_gone = day
                .disconnected
                .iter()
                .any(|(it, _)| *it == filed.connection);
            let is_unknown = rows.attempts.iter().any(|arm| {
                let is_open = match arm.outcome {
                    None | Some(Outcome::Unknown) => true,
                    Some(Outcome::Accepted) => is_gone,
                    Some(Outcome::Absent | Outcome::NotSent | Outcome::Rejected) => false,
                };
                arm.post == filed.id && is_open
            });
            if !is_unknown {
                let what = format!("{name}: nothing about it is unknown");
                verdict.find(|it| &mut it.misreported, what);
            }
        }
        Stage::Confirming
        | Stage::Firing
        | Stage::Prepared
        | Stage::Preparing
        | Stage::Scheduled => {
            verdict.find(|it| &mut it.lost, format!("{name}: it has no end"));
        }
    }
    let early = rows
        .attempts
        .iter()
        .find(|arm| arm.post == filed.id && arm.armed_at < filed.due);
    if let Some(arm) = early {
        let what = format!("{name}: armed at {}, due {}", arm.armed_at, filed.due);
        verdict.find(|it| &mut it.untimely, what);
    }
    for (connection, at) in &day.disconnected {
        let armed_after = rows
            .attempts
            .iter()
            .any(|arm| arm.post == filed.id && arm.armed_at > *at);
        if *connection == filed.connection && armed_after {
            let what = format!("{name}: armed after its account was disconnected");
            verdict.find(|it| &mut it.rules, what);
        }
    }
    let last_fault = day.last_fault.unwrap_or(filed.due).max(filed.due);
    if stage.is_final() && row.post.updated_at > last_fault + PATIENCE {
        let what = format!(
            "{name}: its end came {} after all was well",
            row.post.updated_at - last_fault
        );
        verdict.find(|it| &mut it.untimely, what);
    }
}
