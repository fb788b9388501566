//! How the core keeps to what a network tells of its calls, here Meta's: of which share they are used up, and for how
//! long none is taken.

use std::{cell::OnceCell, rc::Rc};

use domain::Post;
use proof::{
    exhaustive::{Case, told},
    gate::{Fault, Point},
    kinds::named,
    town::Chance,
};
use simulator::Simulator;
use time::{Duration, OffsetDateTime};

/// From 95 percent on nothing is sent for five minutes, and for as long as the network says where it says so.
#[test]
fn calls_that_are_used_up_are_waited_for() {
    for (percent, minutes, waits) in [(94, 0, 0), (95, 0, 5), (97, 0, 5), (20, 7, 7)] {
        let mut told = Told::by(percent, minutes);
        let case = told.live("words at Facebook", &[1, 2]);
        let [first, second] = &case.posts[..] else {
            panic!("two posts");
        };
        let waited = second.armed_at.expect("an arm") - first.armed_at.expect("an arm");
        let expected = Duration::minutes(waits.max(1));
        assert!(
            (Duration::ZERO..Duration::SECOND).contains(&(waited - expected)),
            "{percent} percent, {minutes} minutes: the second was sent {waited} after the first"
        );
        // Whether the first is live is asked with a call too.
        let asked = told.calls().nth(1).expect("a second call");
        let waited = asked - first.armed_at.expect("an arm");
        assert!(
            (Duration::ZERO..Duration::SECOND).contains(&(waited - Duration::minutes(waits))),
            "{percent} percent, {minutes} minutes: the second call was made {waited} after the first"
        );
    }
}

/// From 80 percent on what has time is prepared at the last moment, and is on time all the same.
#[test]
fn scarce_calls_are_left_to_those_that_have_no_time() {
    for (percent, is_early) in [(79, true), (80, false), (85, false)] {
        let mut told = Told::by(percent, 0);
        let case = told.live("a photo at Instagram", &[1, 40]);
        let later = &case.posts[1];
        let prepared = first_call_for(later, &told);
        let before = later.due_at - prepared;
        let expected = if is_early { 14..=15 } else { 4..=5 };
        assert!(
            expected.contains(&before.whole_minutes()),
            "{percent} percent: it was prepared {before} before its time"
        );
        assert_on_time(later);
        // Each look costs something too.
        assert!(
            case.day.looks < 20,
            "{percent} percent: {} looks",
            case.day.looks
        );
        assert_eq!(told.was_noted(), !is_early, "{percent} percent");
    }
}

#[test]
fn calls_that_are_free_again_are_made_use_of() {
    let mut told = Told::by(80, 0);
    told.then = Some((Duration::minutes(5), 10));
    let case = told.live("a photo at Instagram", &[1, 10, 50]);
    let later = &case.posts[2];
    let before = later.due_at - first_call_for(later, &told);
    assert!(
        (14..=15).contains(&before.whole_minutes()),
        "it was prepared {before} before its time"
    );
    assert_on_time(later);
}

/// When the first call was made in the quarter of an hour before a post's time.
fn first_call_for(post: &Post, told: &Told) -> OffsetDateTime {
    let from = post.due_at - Duration::minutes(15);
    told.calls().find(|at| *at >= from).expect("a call")
}

#[track_caller]
fn assert_on_time(post: &Post) {
    let late = post.armed_at.expect("an arm") - post.due_at;
    assert!((Duration::ZERO..Duration::SECOND).contains(&late), "{late}");
}

/// A network that tells how much is used up, and what it is asked.
struct Told {
    percent: u32,
    minutes: u32,
    /// What it tells from so long after the begin on.
    then: Option<(Duration, u32)>,
    networks: Rc<OnceCell<(Simulator, OffsetDateTime)>>,
    seen: Vec<(OffsetDateTime, Point)>,
}

impl Told {
    fn by(percent: u32, minutes: u32) -> Self {
        Self {
            percent,
            minutes,
            then: None,
            networks: Rc::default(),
            seen: Vec::new(),
        }
    }

    /// Posts of that kind, due after so many minutes each; all of them go out.
    fn live(&mut self, kind: &str, due: &[i64]) -> Case {
        let kind = named(kind);
        let posts: Vec<_> = due
            .iter()
            .map(|minutes| (format!("Due after {minutes}"), Duration::minutes(*minutes)))
            .collect();
        let (percent, minutes, networks) = (self.percent, self.minutes, Rc::clone(&self.networks));
        let case = told(kind, &posts, 2, self, None, |world, _| {
            tell(&world.networks, percent, minutes);
            drop(networks.set((world.networks.clone(), world.now())));
        });
        case.assert_published(kind, due.len());
        case
    }

    fn calls(&self) -> impl Iterator<Item = OffsetDateTime> {
        let calls = self.seen.iter();
        calls
            .filter(|(_, point)| matches!(point, Point::Network(_)))
            .map(|(at, _)| *at)
    }

    /// Whether what was told was noted.
    fn was_noted(&self) -> bool {
        let mut points = self.seen.iter();
        points.any(|(_, point)| *point == Point::Books("tell budget"))
    }
}

fn tell(networks: &Simulator, percent: u32, minutes: u32) {
    networks.world().states().meta().use_up(percent, minutes);
}

impl Chance for Told {
    fn at(&mut self, _: usize, point: &Point, now: OffsetDateTime) -> Option<Fault> {
        self.seen.push((now, point.clone()));
        if let (Some((after, percent)), Some((networks, begin))) = (self.then, self.networks.get())
            && now >= *begin + after
        {
            tell(networks, percent, 0);
        }
        None
    }

    fn pick(&mut self, _: usize) -> usize {
        0
    }
}
