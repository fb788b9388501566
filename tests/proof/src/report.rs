//! All parts of the proof, on all cores, and what they came to.

use std::{
    collections::BTreeSet,
    io::{self, Write as _},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use domain::Platform;

use crate::{
    exhaustive::{self, Share, Tried},
    judge::Verdict,
    kinds::{KINDS, Kind, simplest},
    planted::Flaw,
    random::{Plan, bad_day},
};

/// Bad days of a landing, and posts of each.
const DAYS: u64 = 25;
const POSTS: usize = 400;
/// Of a thousand points of a bad day, at how many something goes wrong.
const PER_MILLE: u32 = 15;
/// Into how many pieces of work the pairs of a kind are cut.
const SHARES: usize = 40;
/// How many findings are printed.
const SHOWN: usize = 20;

/// What is to be proven.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// The seed of the first bad day; the others follow it.
    pub seed: u64,
    /// How long bad days are lived through; a landing's number of them where it is absent.
    pub length: Option<Duration>,
    /// Of how many pairs of faults one is tried; 1 tries all.
    pub every: usize,
    /// Whether one line of JSON is printed in place of a table.
    pub as_json: bool,
}

impl Order {
    /// Reads the arguments of a command line.
    ///
    /// # Errors
    /// How it is used.
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let usage = "usage: proof [--seed N] [--seconds N] [--every N] [--json]";
        let mut order = Self {
            seed: 1,
            length: None,
            every: 1,
            as_json: false,
        };
        while let Some(argument) = arguments.next() {
            let mut number = || {
                let given = arguments.next().and_then(|given| given.parse::<u64>().ok());
                given.ok_or_else(|| usage.to_owned())
            };
            match argument.as_str() {
                "--seed" => order.seed = number()?,
                "--seconds" => order.length = Some(Duration::from_secs(number()?)),
                "--every" => order.every = usize::try_from(number()?).unwrap_or(1).max(1),
                "--json" => order.as_json = true,
                _ => return Err(usage.to_owned()),
            }
        }
        Ok(order)
    }
}

/// What the proof came to.
#[derive(Debug, Default)]
pub struct Report {
    /// Posts of bad days.
    pub posts: usize,
    /// Seeds of bad days.
    pub seeds: u64,
    /// Cases of one and of two faults.
    pub cases: usize,
    /// How often an author edited or canceled against publishing.
    pub races: usize,
    /// Processes that died.
    pub crashes: usize,
    /// What went wrong in all.
    pub faults: usize,
    /// Flaws that were found out, each with what first showed it.
    pub caught: Vec<(Flaw, String)>,
    /// Flaws that were not.
    pub missed: Vec<Flaw>,
    /// What is wrong.
    pub verdict: Verdict,
    /// The seeds of bad days on which something was wrong.
    pub wrong: BTreeSet<u64>,
    /// How long it took.
    pub took: Duration,
}

enum Work {
    Singles(Kind),
    Late(Kind),
    Races(Kind),
    Pairs(Kind, usize),
    Twins(Kind),
    Day(u64),
    Flaw(Flaw),
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.verdict.is_clean() && self.missed.is_empty()
    }

    /// Prints what it came to, to standard output.
    pub fn print(&self, order: &Order) {
        let text = if order.as_json {
            format!("{}\n", self.json())
        } else {
            self.table(order)
        };
        // Nobody is there to be told that nobody is there.
        drop(io::stdout().write_all(text.as_bytes()));
    }

    fn json(&self) -> serde_json::Value {
        let verdict = &self.verdict;
        serde_json::json!({
            "posts": self.posts, "seeds": self.seeds, "cases": self.cases, "crashes": self.crashes,
            "faults": self.faults, "races": self.races, "lost": verdict.lost, "doubled": verdict.doubled,
            "misreported": verdict.misreported, "untimely": verdict.untimely, "rules": verdict.rules,
            "unconfirmed": verdict.unconfirmed, "published": verdict.published,
            "wrong": self.wrong, "caught": self.caught.len(), "planted": self.caught.len() + self.missed.len(),
            "seconds": self.took.as_secs(),
        })
    }

    fn table(&self, order: &Order) -> String {
        let verdict = &self.verdict;
        let planted = self.caught.len() + self.missed.len();
        let last = order.seed + self.seeds.saturating_sub(1);
        let mut text = format!(
            "the core over fakes, {} s\n\
             \x20 posts of bad days     {:>9}   seeds {} to {last}\n\
             \x20 cases of 1 or 2 faults{:>9}\n\
             \x20 edits and cancels     {:>9}   against publishing\n\
             \x20 crashes injected      {:>9}\n\
             \x20 faults injected       {:>9}\n\
             \x20 lost                  {:>9}\n\
             \x20 doubled               {:>9}\n\
             \x20 misreported           {:>9}\n\
             \x20 too early or too late {:>9}\n\
             \x20 rules broken          {:>9}\n\
             \x20 unconfirmed           {:>9}   their outcome is unknown, so a person is asked\n\
             \x20 published             {:>9}\n\
             \x20 planted bugs caught   {:>9} of {planted}\n",
            self.took.as_secs(),
            self.posts,
            order.seed,
            self.cases,
            self.races,
            self.crashes,
            self.faults,
            verdict.lost,
            verdict.doubled,
            verdict.misreported,
            verdict.untimely,
            verdict.rules,
            verdict.unconfirmed,
            verdict.published,
            self.caught.len(),
        );
        let missed = self.missed.iter();
        let missed = missed.map(|flaw| format!("  not caught: {flaw:?}\n"));
        let findings = self.verdict.findings.iter().take(SHOWN);
        text.extend(missed.chain(findings.map(|finding| format!("  {finding}\n"))));
        if !self.wrong.is_empty() {
            let seeds: Vec<_> = self.wrong.iter().map(u64::to_string).collect();
            let seeds = seeds.join(" ");
            text.extend([
                "  seeds of all days on which something was wrong: ",
                &seeds,
                "\n",
            ]);
        }
        text
    }

    fn note_tried(&mut self, tried: Tried) {
        self.cases += tried.cases;
        self.races += tried.races;
        self.crashes += tried.crashes;
        self.faults += tried.faults;
        self.verdict.add(tried.verdict);
    }
}

/// Does everything that is ordered.
pub fn run(order: &Order) -> Report {
    let begun = Instant::now();
    let mut work = Vec::new();
    work.extend(Flaw::ALL.map(Work::Flaw));
    work.extend(KINDS.map(Work::Singles));
    work.extend(KINDS.map(Work::Late));
    work.extend(KINDS.map(Work::Races));
    work.extend(KINDS.map(Work::Twins));
    for kind in simplest() {
        work.extend((0..SHARES).map(|share| Work::Pairs(kind, share)));
    }
    if order.length.is_none() {
        work.extend((0..DAYS).map(|day| Work::Day(order.seed + day)));
    }
    let report = Mutex::new(Report::default());
    let next = AtomicUsize::new(0);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let beyond = place.checked_sub(work.len());
                    match (beyond, order.length) {
                        (None, _) => done(&work[place], order.every, &report),
                        (Some(day), Some(length)) if begun.elapsed() < length => {
                            let day = u64::try_from(day).unwrap_or(u64::MAX);
                            done(&Work::Day(order.seed + day), order.every, &report);
                        }
                        (Some(_), _) => return,
                    }
                }
            });
        }
    });
    let mut report = report.into_inner().unwrap_or_else(PoisonError::into_inner);
    report.took = begun.elapsed();
    report
}

fn done(work: &Work, every: usize, report: &Mutex<Report>) {
    let note = |note: &dyn Fn(&mut Report)| {
        note(&mut report.lock().unwrap_or_else(PoisonError::into_inner));
    };
    match *work {
        Work::Singles(kind) => {
            let tried = exhaustive::singles(kind, None);
            note(&|report| report.note_tried(tried.clone()));
        }
        Work::Late(kind) => {
            let tried = exhaustive::late(kind, None);
            note(&|report| report.note_tried(tried.clone()));
        }
        Work::Races(kind) => {
            let tried = exhaustive::races(kind, None);
            note(&|report| report.note_tried(tried.clone()));
        }
        Work::Pairs(kind, share) => {
            let share = Share {
                number: share,
                of: SHARES,
                every,
            };
            let tried = exhaustive::pairs(kind, share);
            note(&|report| report.note_tried(tried.clone()));
        }
        Work::Twins(kind) => {
            if kind.platform != Platform::Linkedin {
                let case = exhaustive::crowd(kind, None);
                note(&|report| {
                    report.cases += 1;
                    report.verdict.add(case.verdict.clone());
                });
            }
            for lists_late in [false, true] {
                for lost in [[false, false], [true, false], [false, true], [true, true]] {
                    let case = exhaustive::twins(kind, lost, lists_late, None);
                    note(&|report| {
                        report.cases += 1;
                        report.faults += case.day.faults();
                        report.verdict.add(case.verdict.clone());
                    });
                }
            }
        }
        Work::Day(seed) => {
            let plan = Plan {
                seed,
                posts: POSTS,
                per_mille: PER_MILLE,
            };
            let lived = bad_day(plan, None);
            note(&|report| {
                report.posts += POSTS;
                report.seeds += 1;
                report.races += lived.day.wishes();
                report.crashes += lived.day.crashes();
                report.faults += lived.day.faults();
                let mut verdict = lived.verdict.clone();
                if !verdict.is_clean() {
                    report.wrong.insert(seed);
                }
                for finding in &mut verdict.findings {
                    *finding = format!("seed {seed}: {finding}");
                }
                report.verdict.add(verdict);
            });
        }
        Work::Flaw(flaw) => {
            let found = flaw.found_out();
            note(&|report| match &found {
                Some(finding) => report.caught.push((flaw, finding.clone())),
                None => report.missed.push(flaw),
            });
        }
    }
}
