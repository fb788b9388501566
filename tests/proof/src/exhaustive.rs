//! Every fault at every await, and all pairs of them.

use domain::UserId;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    gate::{Fault, Point},
    judge::{Verdict, judge},
    kinds::Kind,
    planted::Flaw,
    town::{Chance, Day, live},
    world::{Filed, World},
};

/// Longer than anybody looks after a post: doubt ends after a day.
const DAY: Duration = Duration::hours(26);

/// What goes wrong, by the number of the point.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Script(pub Vec<(usize, Fault)>);

impl Chance for Script {
    fn at(&mut self, n: usize, _: &Point, _: OffsetDateTime) -> Option<Fault> {
        let planned = self.0.iter().find(|(at, _)| *at == n);
        planned.map(|(_, fault)| *fault)
    }

    fn pick(&mut self, _: usize) -> usize {
        0
    }
}

/// What came of a case.
pub struct Case {
    /// What happened.
    pub day: Day,
    /// What is wrong with it.
    pub verdict: Verdict,
}

/// One post of a kind, due in a minute, and what goes wrong by the script.
pub fn case(kind: Kind, script: &Script, flaw: Option<Flaw>) -> Case {
    crate::random::on_paused_time(async {
        let mut world = World::new(flaw);
        let user = UserId::from(Uuid::from_u128(1));
        let connection = world.connect(user, kind.platform, 0).await;
        let due = world.now() + Duration::MINUTE;
        let words = "A post that is live once";
        let mut filed: [Filed; 1] = [world.file(kind, user, connection, words, due)];
        let day = live(&world, &mut filed, &mut script.clone(), 2, DAY, flaw).await;
        let verdict = judge(&world, &filed, &day);
        Case { day, verdict }
    })
}

/// How many cases were tried, and what is wrong with them.
#[derive(Debug, Clone, Default)]
pub struct Tried {
    /// How many.
    pub cases: usize,
    /// Processes that died.
    pub crashes: usize,
    /// What went wrong in all.
    pub faults: usize,
    /// The sum of the verdicts; each finding begins with its script.
    pub verdict: Verdict,
}

impl Tried {
    fn note(&mut self, kind: Kind, script: &Script, case: &Case) {
        self.cases += 1;
        self.crashes += case.day.crashes();
        self.faults += case.day.faults();
        let mut verdict = case.verdict.clone();
        for finding in &mut verdict.findings {
            let steps = script.0.iter().map(|(n, fault)| {
                let point = case.day.points.get(*n).map(|(point, _)| point.to_string());
                format!("{fault:?} at {n} ({})", point.unwrap_or_default())
            });
            *finding = format!(
                "{}: {}: {finding}",
                kind.name,
                steps.collect::<Vec<_>>().join(", ")
            );
        }
        self.verdict.add(verdict);
    }
}

/// Every fault at every await of a kind's flow. What a fault makes longer is gone through to its end.
pub fn singles(kind: Kind) -> Tried {
    let mut tried = Tried::default();
    for script in scripts(&points(kind, &Script::default()), 0, &Script::default()) {
        let case = case(kind, &script, None);
        tried.note(kind, &script, &case);
    }
    tried
}

/// Every second fault at every await that follows a first one, for the first faults of one share of many.
pub fn pairs(kind: Kind, share: usize, of: usize) -> Tried {
    let mut tried = Tried::default();
    let firsts = scripts(&points(kind, &Script::default()), 0, &Script::default());
    for first in firsts.into_iter().skip(share).step_by(of) {
        let after = first.0[0].0 + 1;
        for script in scripts(&points(kind, &first), after, &first) {
            let case = case(kind, &script, None);
            tried.note(kind, &script, &case);
        }
    }
    tried
}

/// The points that a flow comes by when this goes wrong.
pub fn points(kind: Kind, script: &Script) -> Vec<Point> {
    let day = case(kind, script, None).day;
    day.points.into_iter().map(|(point, _)| point).collect()
}

/// The script, and one more fault at each point from `from` on.
pub fn scripts(points: &[Point], from: usize, script: &Script) -> Vec<Script> {
    let places = points.iter().enumerate().skip(from);
    places
        .flat_map(|(n, point)| {
            let fitting = Fault::ALL.into_iter().filter(|fault| fault.fits(point));
            fitting.map(move |fault| {
                let mut script = script.clone();
                script.0.push((n, fault));
                script
            })
        })
        .collect()
}
