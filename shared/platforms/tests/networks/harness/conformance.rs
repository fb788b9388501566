//! Breaks each call of a flow in each way, and judges by the network's ledger.
//!
//! What must hold, whatever broke:
//!
//! - The account has at most one live post of it, and under that at most one comment of ours; of a thread
//!   each part at most once, in order.
//! - Published: exactly one is live, and it is the one reported, when one is reported; a thread is whole.
//! - Failed: none is live.
//! - Unconfirmed: only where the commit was sent, or may have been.
//! - Where anything but the commit broke, once, the post is published all the same.
//! - Within bounded steps and three hours of virtual time it is settled.

use std::fmt;

use domain::Platform;
use platforms::{Content, Safety};
use serde_json::{Value, json};
use simulator::{Fault, FaultScript, LivePost};
use time::Duration;

use super::{
    driver::{Death, Driver, Outcome, Run},
    stage::Stage,
};

/// A flow to be tried, again and again from nothing.
pub struct Trial {
    platform: Platform,
    chosen: &'static str,
    content: Box<dyn Fn(&Stage) -> Content>,
    arrange: Box<dyn Fn(Stage) -> Stage>,
    processing: Duration,
    limited: (u16, Value),
    broken: (u16, Value),
}

/// One way in which one call goes wrong.
#[derive(Clone)]
enum Way {
    /// The process dies.
    Death(Death),
    /// The network, or the way to it, fails as scripted.
    Fault(&'static str, Fault),
    /// Every access token of the network ends just before the call.
    TokensEnd,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Death(death) => write!(f, "{death:?}"),
            Self::Fault(name, _) => f.write_str(name),
            Self::TokensEnd => f.write_str("tokens end"),
        }
    }
}

impl Trial {
    /// Publishing `content` to the account that the person picks as `chosen` on the consent page.
    pub fn new(
        platform: Platform,
        chosen: &'static str,
        content: impl Fn(&Stage) -> Content + 'static,
    ) -> Self {
        Self {
            platform,
            chosen,
            content: Box::new(content),
            arrange: Box::new(|stage| stage),
            processing: Duration::ZERO,
            limited: (429, Value::Null),
            broken: (503, Value::Null),
        }
    }

    /// The same, where the network works on a file for so long.
    pub fn processing(self, processing: Duration) -> Self {
        Self { processing, ..self }
    }

    /// The same, on a stage that is first arranged so.
    pub fn arranged(self, arrange: impl Fn(Stage) -> Stage + 'static) -> Self {
        Self {
            arrange: Box::new(arrange),
            ..self
        }
    }

    /// The same, where the network says "too many requests" in these words.
    pub fn limited(self, status: u16, body: Value) -> Self {
        Self {
            limited: (status, body),
            ..self
        }
    }

    /// The same, where the network says "I am broken" in these words.
    pub fn broken(self, status: u16, body: Value) -> Self {
        Self {
            broken: (status, body),
            ..self
        }
    }

    fn ways(&self) -> Vec<Way> {
        let (limited, limited_body) = self.limited.clone();
        let (broken, broken_body) = self.broken.clone();
        let refusal = |status, headers: &[(&str, &str)], body| Fault::Answer {
            status,
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body,
        };
        vec![
            Way::Death(Death::BeforeMark),
            Way::Death(Death::AfterMark),
            Way::Death(Death::AfterSend),
            Way::TokensEnd,
            Way::Fault("answer lost", Fault::LoseAnswer),
            Way::Fault("request lost", Fault::LoseRequest),
            Way::Fault("answer cut in half", Fault::Truncate),
            Way::Fault("limited", refusal(limited, &[], limited_body.clone())),
            Way::Fault(
                "limited with retry-after",
                refusal(limited, &[("retry-after", "45")], limited_body),
            ),
            Way::Fault(
                "broken before the effect",
                refusal(broken, &[], broken_body),
            ),
            Way::Fault(
                "broken after the effect",
                Fault::AnswerAfterEffect {
                    status: 500,
                    body: json!({}),
                },
            ),
        ]
    }

    /// The flow from nothing, with `way` at the `call`th call.
    async fn run(&self, trouble: Option<(usize, &Way)>) -> (Run, Left) {
        let stage = (self.arrange)(Stage::new());
        let network = self.platform.as_str();
        stage
            .simulator
            .world()
            .set_processing(network, self.processing);
        let mut connection = stage.connection(self.platform, self.chosen).await;
        let content = (self.content)(&stage);
        let mut driver = Driver::new(&stage, &mut connection, &content);
        if let Some((call, way)) = trouble {
            match way {
                Way::Death(death) => driver = driver.dying(call, *death),
                Way::Fault(_, fault) => {
                    let nth = u32::try_from(call).expect("few calls");
                    stage
                        .simulator
                        .script(FaultScript::any(fault.clone()).nth(nth));
                }
                Way::TokensEnd => driver = driver.with_tokens_ending_at(call),
            }
        }
        let run = driver.run().await;
        let live = stage
            .simulator
            .ledger()
            .posts()
            .iter()
            .filter(|post| post.network == network)
            .cloned()
            .collect();
        let comments = stage.simulator.world().states().meta().comments().len();
        (run, Left { live, comments })
    }

    /// How many posts it is made of: of one, where it is no thread.
    fn parts(&self) -> usize {
        let content = (self.content)(&Stage::new());
        1 + content.options["thread"].as_array().map_or(0, Vec::len)
    }

    /// How many comments the post is to have.
    fn comments(&self) -> usize {
        let content = (self.content)(&Stage::new());
        usize::from(content.options.get("firstComment").is_some())
    }
}

/// What a run left behind at the network.
struct Left {
    /// What people see.
    live: Vec<LivePost>,
    /// How many comments stand under it.
    comments: usize,
}

/// Runs the flow clean, then once for each call and each way in which it can go wrong.
///
/// Returns how many cases were judged, which is the number of calls times the number of ways.
///
/// # Panics
/// When the clean run does not publish, or any case breaks a rule; with every transcript.
pub async fn conformance(trial: Trial) -> usize {
    let (clean, left) = trial.run(None).await;
    let parts = trial.parts();
    let broken = broken_rule(&clean, &left, parts);
    assert!(
        matches!(clean.outcome, Outcome::Published(_)) && broken.is_none(),
        "the clean run is not clean: {broken:?}\n{}",
        clean.transcript
    );
    assert_eq!(
        left.comments,
        trial.comments(),
        "comments of the clean run\n{}",
        clean.transcript
    );
    let ways = trial.ways();
    let mut cases = 0;
    let mut failures = Vec::new();
    for (place, (name, safety)) in clean.calls.iter().enumerate() {
        for way in &ways {
            let (run, left) = trial.run(Some((place + 1, way))).await;
            cases += 1;
            let lost = (*safety != Safety::Once)
                .then(|| needlessly_lost(&run))
                .flatten();
            if let Some(broken) = broken_rule(&run, &left, parts).or(lost) {
                failures.push(format!(
                    "call {} ({name}), {way}: {broken}\n{}",
                    place + 1,
                    run.transcript
                ));
            }
        }
    }
    report(&format!(
        "{}: {} calls x {} ways = {cases} cases",
        trial.platform,
        clean.calls.len(),
        ways.len()
    ));
    assert!(
        failures.is_empty(),
        "{} of {cases} cases break a rule:\n{}",
        failures.len(),
        failures.join("\n")
    );
    assert_eq!(cases, clean.calls.len() * ways.len());
    cases
}

/// The rule that a run breaks, if any.
fn broken_rule(run: &Run, left: &Left, parts: usize) -> Option<String> {
    if left.comments > 1 {
        return Some(format!("{} comments stand under it", left.comments));
    }
    let live = left.live.as_slice();
    if live.len() > parts {
        return Some(format!("{} posts are live", live.len()));
    }
    let is_doubled = |(place, post): (usize, &LivePost)| {
        live.iter()
            .skip(place + 1)
            .any(|other| other.text == post.text)
    };
    if parts > 1 && live.iter().enumerate().any(is_doubled) {
        return Some("a part of the thread is live twice".to_owned());
    }
    let is_whole = live.len() == parts;
    match &run.outcome {
        Outcome::Published(receipt) => match (live, &receipt.external_id) {
            ([], _) => Some("reported as published, but nothing is live".to_owned()),
            ([post, ..], Some(id)) if post.post_id != *id => {
                Some(format!("{id} is reported, but {} is live", post.post_id))
            }
            ([_, ..], Some(_) | None) if !is_whole => Some(format!(
                "reported as published, but {} of {parts} parts are live",
                live.len()
            )),
            ([_, ..], Some(_) | None) => None,
        },
        Outcome::Failed(fault) if !live.is_empty() => {
            Some(format!("reported as failed ({fault}), but it is live"))
        }
        Outcome::Waiting(fault) if !live.is_empty() => {
            Some(format!("waits for a person ({fault}), but it is live"))
        }
        Outcome::Unconfirmed(_) if !run.fired => {
            Some("unconfirmed, but no commit was ever sent".to_owned())
        }
        Outcome::Failed(_) | Outcome::Unconfirmed(_) | Outcome::Waiting(_) => None,
        Outcome::Stuck(why) => Some(format!("stuck: {why}")),
    }
}

/// Why a single trouble away from the commit kept the post from being published.
fn needlessly_lost(run: &Run) -> Option<String> {
    match &run.outcome {
        Outcome::Published(_) => None,
        other @ (Outcome::Failed(_)
        | Outcome::Stuck(_)
        | Outcome::Unconfirmed(_)
        | Outcome::Waiting(_)) => Some(format!("one trouble away from the commit: {other:?}")),
    }
}

#[expect(
    clippy::print_stdout,
    reason = "the number of cases is part of the proof and may only grow"
)]
fn report(line: &str) {
    println!("{line}");
}
