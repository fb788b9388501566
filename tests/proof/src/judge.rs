//! The judge: what we say of each post is held against what is live.

use std::fmt;

use domain::{ConnectionHealth, Platform, Post, Stage};
use serde_json::Value;
use simulator::LivePost;
use store::attempts::Outcome;
use time::{Duration, OffsetDateTime};

use crate::{
    gate::{Fault, Point},
    network::path_is_of,
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
    /// What is shown to those persons as what could be theirs.
    pub candidates: usize,
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
        self.candidates += other.candidates;
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
        let before = verdict.findings.len();
        let twins: Vec<_> = filed.iter().filter(|it| are_alike(it, post)).collect();
        judge_post(world, post, &twins, ledger.posts(), day, &mut verdict);
        if twins.len() > 1 && twins[0].id == post.id {
            judge_twins(world, &twins, ledger.posts(), &mut verdict);
        }
        if verdict.findings.len() > before {
            verdict.findings.extend(story(world, post));
        }
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
        let is_lost = connection.health == ConnectionHealth::NeedsReconnect;
        if is_lost && !was_ended && !lost_its_tokens(day, connection.platform) {
            let reason = connection.health_reason.as_deref().unwrap_or_default();
            let what = format!("{} was given up: {reason}", connection.platform);
            verdict.find(|it| &mut it.rules, what);
        }
    }
    verdict
}

/// Whether the day lost what a network had given in place of tokens that it then takes back: its answer, or the process
/// that was to keep it. Only the person can mend that, and the account's posts wait for it.
fn lost_its_tokens(day: &Day, platform: Platform) -> bool {
    day.points
        .iter()
        .any(|(point, fault)| match (point, fault) {
            (
                Point::Network(path),
                Some(
                    Fault::AnswerLost
                    | Fault::BreaksAfter
                    | Fault::Copied
                    | Fault::EffectLate
                    | Fault::Followed,
                ),
            ) => path.contains("oauth") && path.contains("token") && path_is_of(path, platform),
            (Point::Books("finish refresh"), Some(Fault::Dies)) => true,
            // Others use the old one meanwhile, and there a spent token ends the new ones too.
            (Point::Books("finish refresh"), Some(Fault::Pauses)) => platform == Platform::X,
            _ => false,
        })
}

/// What happened to a post, for whoever looks for the reason.
fn story(world: &World, filed: &Filed) -> Vec<String> {
    let rows = world.books.rows();
    let log = rows.log.get(&filed.id).into_iter().flatten();
    let steps = log.map(|(at, step)| {
        let detail = step.detail.as_deref().unwrap_or_default();
        let status = step
            .http_status
            .map(|it| it.to_string())
            .unwrap_or_default();
        format!("    {at} {} {} {status} {detail}", step.step, step.outcome)
    });
    let arms = rows.attempts.iter().filter(|arm| arm.post == filed.id);
    let arms = arms.map(|arm| {
        let evidence = arm.evidence.as_deref().unwrap_or_default();
        format!(
            "    arm {} of {}: {:?} {evidence}",
            arm.number, arm.step, arm.outcome
        )
    });
    steps.chain(arms).collect()
}

/// Whether two posts cannot be told apart by what is live.
fn are_alike(one: &Filed, other: &Filed) -> bool {
    one.connection == other.connection && one.words == other.words
}

/// Of posts that look alike no more are called published than are live, and no live one is called anything
/// but published or unconfirmed.
fn judge_twins(world: &World, twins: &[&Filed], ledger: &[LivePost], verdict: &mut Verdict) {
    let rows = world.books.rows();
    let live = ledger
        .iter()
        .filter(|live| twins[0].words.contains(&live.text))
        .count();
    let count = |stage: Stage| {
        let of_stage = twins
            .iter()
            .filter(|it| rows.posts[&it.id].post.stage == stage);
        of_stage.count()
    };
    let (published, unconfirmed) = (count(Stage::Published), count(Stage::NeedsAttention));
    if published > live || live > published + unconfirmed {
        let what = format!(
            "{} ({}): {live} of {} live, {published} called published, {unconfirmed} unconfirmed",
            twins[0].words[0],
            twins[0].kind.name,
            twins.len()
        );
        verdict.find(|it| &mut it.misreported, what);
    }
}

/// What a person is shown as what could be theirs is live.
fn judge_candidates(name: &str, post: &Post, ledger: &[LivePost], verdict: &mut Verdict) {
    let shown = post.candidates.as_ref().and_then(Value::as_array);
    for candidate in shown.into_iter().flatten() {
        verdict.candidates += 1;
        if !ledger
            .iter()
            .any(|live| candidate["externalId"] == live.post_id.as_str())
        {
            let what = format!("{name}: {candidate} is shown and not live");
            verdict.find(|it| &mut it.misreported, what);
        }
    }
}

fn judge_post(
    world: &World,
    filed: &Filed,
    twins: &[&Filed],
    ledger: &[LivePost],
    day: &Day,
    verdict: &mut Verdict,
) {
    let rows = world.books.rows();
    let row = &rows.posts[&filed.id];
    let stage = row.post.stage;
    let name = format!("{} ({}), {stage}", filed.words[0], filed.kind.name);
    let account = &rows.connections[&filed.connection].connection;
    let is_lost = account.health == ConnectionHealth::NeedsReconnect
        && lost_its_tokens(day, account.platform);
    // What another app published is no post of ours, however alike.
    let ours = ledger
        .iter()
        .filter(|live| !world.strangers.published(&live.post_id));
    let live_as = |words: &str| {
        let parts = filed.kind.words(words);
        let counts = parts.iter().map(|part| {
            let alike = ours.clone().filter(|live| live.text == *part);
            alike.count()
        });
        counts.collect::<Vec<_>>()
    };
    let editions: Vec<_> = filed.words.iter().map(|words| live_as(words)).collect();
    let most: usize = (0..filed.kind.parts)
        .map(|part| editions.iter().map(|counts| counts[part]).sum())
        .max()
        .unwrap_or(0);
    let twins = twins.len();
    if most > twins {
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
            let words = filed.words.last().map(|words| filed.kind.words(words));
            let is_named = |live: &LivePost| {
                Some(&live.post_id) == row.post.external_id.as_ref()
                    && words.iter().flatten().any(|part| live.text == *part)
            };
            if row.post.external_id.is_some() && !ledger.iter().any(is_named) {
                let what = format!("{name}: it names another post");
                verdict.find(|it| &mut it.misreported, what);
            }
        }
        Stage::Failed | Stage::Missed | Stage::Canceled | Stage::Dismissed => {
            if most > 0 && twins == 1 {
                verdict.find(|it| &mut it.misreported, format!("{name}: it is live"));
            }
        }
        Stage::NeedsAttention => {
            verdict.unconfirmed += 1;
            judge_candidates(&name, &row.post, ledger, verdict);
            // What was accepted and whose account was then disconnected or lost, or what broke its publishers again and
            // again, cannot be followed to its end.
            let is_gone = is_lost
                || day
                    .disconnected
                    .iter()
                    .any(|(it, _)| *it == filed.connection)
                || row
                    .post
                    .error
                    .as_ref()
                    .is_some_and(|error| error.code == "publisher_crashed");
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
    let last_fault = day.last_fault.unwrap_or(filed.due).max(filed.due);
    let is_late = |at: &OffsetDateTime| !is_lost && *at > last_fault + PATIENCE;
    if let Some(at) = row.ended_at.filter(is_late) {
        let what = format!(
            "{name}: its end came {} after all was well",
            at - last_fault
        );
        verdict.find(|it| &mut it.untimely, what);
    }
}
