//! Every fault at every await, and all pairs of them.

use std::iter;

use domain::{Post, UserId};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    gate::{Fault, Point},
    judge::{Verdict, judge},
    kinds::Kind,
    planted::Flaw,
    town::{Chance, Day, Turns, live},
    world::{Filed, World},
};

/// Longer than anybody looks after a post: doubt ends after a day.
const DAY: Duration = Duration::hours(26);

/// How many posts are a crowd.
const CROWD: usize = 6;
/// How often a clock is set back by five minutes: longer in all than a post may be late.
const SET_BACK: usize = 20;
const LAST: usize = SET_BACK + 1;

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
    /// The posts as they are kept at its end, in the order in which they were filed.
    pub posts: Vec<Post>,
}

impl Case {
    /// Fails where anything is wrong.
    #[track_caller]
    pub fn assert_clean(&self, kind: Kind) {
        let verdict = &self.verdict;
        assert!(verdict.is_clean(), "{}: {verdict:#?}", kind.name);
    }

    /// Fails where anything is wrong, or not so many posts are published.
    #[track_caller]
    pub fn assert_published(&self, kind: Kind, posts: usize) {
        self.assert_clean(kind);
        let verdict = &self.verdict;
        assert_eq!(verdict.published, posts, "{}: {verdict:#?}", kind.name);
    }
}

/// One post of a kind, due in a minute, and what goes wrong by the script.
pub fn case(kind: Kind, script: &Script, flaw: Option<Flaw>) -> Case {
    one(kind, &mut script.clone(), flaw)
}

/// One post of a kind, due in a minute, whose commit goes wrong like this.
pub fn commit(kind: Kind, fault: Fault, flaw: Option<Flaw>) -> Case {
    let mut chance = Commits {
        faults: [Some(fault), None],
        arms: 0,
    };
    one(kind, &mut chance, flaw)
}

/// How a day begins.
#[derive(Debug, Clone, Copy, Default)]
struct Setting {
    /// All lists are late.
    lists_late: bool,
    /// One more ring comes at the post's time.
    rings_twice: bool,
}

/// One post of a kind, due in a minute, and what goes wrong by chance.
pub fn one(kind: Kind, chance: &mut dyn Chance, flaw: Option<Flaw>) -> Case {
    alone(kind, chance, Setting::default(), flaw)
}

/// One post of a kind, due in a minute.
fn alone(kind: Kind, chance: &mut dyn Chance, setting: Setting, flaw: Option<Flaw>) -> Case {
    let post = ("A post that is live once".to_owned(), Duration::MINUTE);
    told(kind, &[post], 2, chance, flaw, |world, filed| {
        if setting.lists_late {
            world.lists_late();
        }
        if setting.rings_twice {
            world.bell.order(filed[0].due, filed[0].id.to_string());
        }
    })
}

/// Posts of one kind at one account, each with its words and how soon it is due, and so many publishers. The day
/// begins with whatever `begin` does to the world.
pub fn told(
    kind: Kind,
    posts: &[(String, Duration)],
    publishers: usize,
    chance: &mut dyn Chance,
    flaw: Option<Flaw>,
    begin: impl FnOnce(&World, &[Filed]),
) -> Case {
    crate::random::on_paused_time(async {
        let mut world = World::new(flaw);
        let user = UserId::from(Uuid::from_u128(1));
        let connection = world.connect(user, kind.platform, 0).await;
        let now = world.now();
        let mut filed: Vec<_> = posts
            .iter()
            .map(|(words, soon)| world.file(kind, user, connection, words, now + *soon))
            .collect();
        begin(&world, &filed);
        let day = live(&world, &mut filed, chance, publishers, DAY, flaw).await;
        let verdict = judge(&world, &filed, &day);
        let rows = world.books.rows();
        let posts = filed.iter().map(|it| rows.posts[&it.id].post.clone());
        Case {
            day,
            verdict,
            posts: posts.collect(),
        }
    })
}

/// Two posts that look alike, due one after the other, of whose commits the answers are lost as told.
pub fn twins(kind: Kind, lost: [bool; 2], lists_late: bool, flaw: Option<Flaw>) -> Case {
    let words = "Two posts that look alike";
    let posts = [1, 2].map(|minute| (words.to_owned(), Duration::minutes(minute)));
    let mut chance = Commits {
        faults: lost.map(|is_lost| is_lost.then_some(Fault::AnswerLost)),
        arms: 0,
    };
    told(kind, &posts, 2, &mut chance, flaw, |world, _| {
        if lists_late {
            world.lists_late();
        }
    })
}

/// Lets what is asked of a network first after the arm go wrong, for each arm as told.
struct Commits {
    faults: [Option<Fault>; 2],
    arms: usize,
}

impl Chance for Commits {
    fn at(&mut self, _: usize, point: &Point, _: OffsetDateTime) -> Option<Fault> {
        match point {
            Point::Books("arm") => {
                self.arms += 1;
                None
            }
            Point::Network(_) if point.makes_something() && self.arms > 0 => {
                self.faults.get_mut(self.arms - 1)?.take()
            }
            Point::Books(_) | Point::Files(_) | Point::Keys | Point::Network(_) | Point::Ring => {
                None
            }
        }
    }

    fn pick(&mut self, _: usize) -> usize {
        0
    }
}

/// Two posts whose looks stand still, the first while the database's clock is set back again and again: much more time
/// passes by its own watch than by that clock, and nobody else takes its post over.
pub fn apart(kind: Kind, flaw: Option<Flaw>) -> Case {
    let posts = ["A post that stands still", "A post that does not"]
        .map(|words| (words.to_owned(), Duration::MINUTE));
    told(kind, &posts, 2, &mut SetBack::default(), flaw, |_, _| {})
}

/// Sets the clock back once somebody stands still, and then has everybody stand still.
#[derive(Default)]
struct SetBack {
    since: Option<OffsetDateTime>,
    times: usize,
}

impl Chance for SetBack {
    fn at(&mut self, _: usize, point: &Point, now: OffsetDateTime) -> Option<Fault> {
        let Some(since) = self.since else {
            let is_first = *point == Point::Books("save");
            self.since = is_first.then_some(now);
            return is_first.then_some(Fault::Pauses);
        };
        self.times += 1;
        match self.times {
            ..=SET_BACK => Some(Fault::ClockSetBack),
            _ if now < since => {
                self.times -= 1;
                None
            }
            LAST => Some(Fault::Pauses),
            _ => None,
        }
    }

    fn pick(&mut self, _: usize) -> usize {
        0
    }
}

/// Posts of one account that are due together, whose tokens ended the moment before; looks take turns.
pub fn crowd(kind: Kind, flaw: Option<Flaw>) -> Case {
    let posts: Vec<_> = (0..CROWD)
        .map(|place| (format!("Post {place} of a crowd"), Duration::MINUTE))
        .collect();
    told(
        kind,
        &posts,
        CROWD,
        &mut Turns::default(),
        flaw,
        |world, _| {
            for network in simulator::networks::NAMES {
                world.networks.world().end_tokens(network);
            }
        },
    )
}

/// The author edits or cancels a post at every await of the two looks that two rings begin, which take turns
/// in each of these ways. An edit begins a third look, while the one that it overtook still goes on.
pub fn races(kind: Kind, flaw: Option<Flaw>) -> Tried {
    let mut tried = Tried::default();
    for turns in TURNS {
        let race = |script: Script| {
            let mut chance = Race {
                script: script.clone(),
                turns,
                picks: 0,
            };
            let setting = Setting {
                rings_twice: true,
                ..Setting::default()
            };
            (alone(kind, &mut chance, setting, flaw), script)
        };
        let (calm, _) = race(Script::default());
        for place in 0..calm.day.points.len() {
            for wish in [Fault::Edited, Fault::Canceled] {
                let (case, script) = race(Script(vec![(place, wish)]));
                tried.note(kind, &script, &case);
            }
        }
    }
    tried
}

/// For how many awaits each of two looks goes on until it is the other's turn.
const TURNS: [[usize; 2]; 8] = [
    [1, 1],
    [1, 2],
    [2, 1],
    [2, 3],
    [1, 5],
    [5, 1],
    [3, 7],
    [7, 3],
];

/// A script, and two looks that take turns.
struct Race {
    script: Script,
    turns: [usize; 2],
    picks: usize,
}

impl Chance for Race {
    fn at(&mut self, n: usize, point: &Point, now: OffsetDateTime) -> Option<Fault> {
        self.script.at(n, point, now)
    }

    fn pick(&mut self, of: usize) -> usize {
        let [first, second] = self.turns;
        let is_seconds = self.picks % (first + second) >= first;
        self.picks += 1;
        usize::from(is_seconds && of > 1)
    }
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
    /// Cases in which the author edits or cancels while the post is published.
    pub races: usize,
    /// The sum of the verdicts; each finding begins with its script.
    pub verdict: Verdict,
}

impl Tried {
    fn note(&mut self, kind: Kind, script: &Script, case: &Case) {
        self.cases += 1;
        self.crashes += case.day.crashes();
        self.faults += case.day.faults();
        self.races += usize::from(case.day.wishes() > 0);
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
/// With a flaw, until it shows.
pub fn singles(kind: Kind, flaw: Option<Flaw>) -> Tried {
    let mut tried = Tried::default();
    let nothing = Script::default();
    let scripts = scripts(&points(kind, &nothing), 0, &nothing);
    for script in iter::once(nothing).chain(scripts) {
        let case = case(kind, &script, flaw);
        tried.note(kind, &script, &case);
        if flaw.is_some() && !tried.verdict.is_clean() {
            break;
        }
    }
    tried
}

/// One of several shares of the faults of a flow, of which one in `every` is taken, from its begin to its end.
#[derive(Debug, Clone, Copy)]
pub struct Share {
    /// Which share, from 0.
    pub number: usize,
    /// How many there are.
    pub of: usize,
    /// One in so many is taken.
    pub every: usize,
}

impl Share {
    /// Those of this share.
    pub fn take<T>(self, all: Vec<T>) -> impl Iterator<Item = T> {
        let taken = all.into_iter().step_by(self.every);
        taken.skip(self.number).step_by(self.of)
    }
}

/// Every second fault at every await that follows a first one, for the first faults of a share.
pub fn pairs(kind: Kind, share: Share) -> Tried {
    let mut tried = Tried::default();
    let firsts = scripts(&points(kind, &Script::default()), 0, &Script::default());
    for first in share.take(firsts) {
        let after = first.0[0].0 + 1;
        for script in scripts(&points(kind, &first), after, &first) {
            let case = case(kind, &script, None);
            tried.note(kind, &script, &case);
        }
    }
    tried
}

/// Every fault at every await of a flow while all lists are late, and, with the answer to its commit lost, every
/// fault once more: what a list shows matters only then.
pub fn late(kind: Kind, flaw: Option<Flaw>) -> Tried {
    let mut tried = Tried::default();
    let setting = Setting {
        lists_late: true,
        ..Setting::default()
    };
    let late = |script: &Script, flaw| alone(kind, &mut script.clone(), setting, flaw);
    let points = |script: &Script| -> Vec<Point> {
        let day = late(script, None).day;
        day.points.into_iter().map(|(point, _)| point).collect()
    };
    let nothing = Script::default();
    let calm = points(&nothing);
    let mut scripts = scripts(&calm, 0, &nothing);
    let arm = calm.iter().position(|point| *point == Point::Books("arm"));
    let after_arm = calm.iter().enumerate().skip(arm.unwrap_or(calm.len()));
    for (commit, _) in after_arm
        .filter(|(_, point)| point.makes_something())
        .take(1)
    {
        let lost = Script(vec![(commit, Fault::AnswerLost)]);
        scripts.extend(self::scripts(&points(&lost), commit + 1, &lost));
    }
    for script in scripts {
        let case = late(&script, flaw);
        tried.note(kind, &script, &case);
        if flaw.is_some() && !tried.verdict.is_clean() {
            break;
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
