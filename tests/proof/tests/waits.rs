//! For how long a post waits for what hinders it, and when the waiting is over.

use domain::{Platform, Post, Stage};
use proof::{
    exhaustive::{self, Script, one, told},
    gate::{Fault, Point},
    kinds::{Commit, KINDS, Kind, named, simplest},
    planted::Flaw,
    town::Whatever,
};
use time::{Duration, OffsetDateTime};

/// What is away is asked for again after two seconds, four, eight and sixteen, each shortened by up to half.
const LONGER_AND_LONGER: [f64; 4] = [2.0, 4.0, 8.0, 16.0];

#[test]
fn what_is_away_is_asked_for_after_longer_and_longer_pauses() {
    let rows = |point: &Point| *point == Point::Books("connection");
    let files = |point: &Point| *point == Point::Files("take in");
    let reached = |point: &Point| *point == Point::Files("reach");
    let photo = named("a photo at Instagram");
    assert_longer_and_longer(named("words at X"), rows, Fault::Down);
    assert_longer_and_longer(photo, rows, Fault::Down);
    assert_longer_and_longer(photo, files, Fault::Down);
    assert_longer_and_longer(named("a picture at X"), reached, Fault::Down);
    assert_longer_and_longer(photo, is_post, Fault::Breaks);
    assert_longer_and_longer(photo, is_post, Fault::NotSent);
}

/// A file that is not where it should be is looked for as long as its post may wait, and its author is told.
#[test]
fn a_file_that_is_not_there_is_looked_for_until_the_grace_is_over() {
    let kind = named("a photo at Instagram");
    let mut looked = Vec::new();
    let mut chance = Whatever(|point: &Point, now: OffsetDateTime| {
        if *point == Point::Files("take in") {
            looked.push(now);
        }
        None
    });
    let post = ("A post without its file".to_owned(), Duration::MINUTE);
    let case = told(kind, &[post], 2, &mut chance, None, |world, _| {
        world.lose_files();
    });
    let post = &case.posts[0];
    assert_eq!(post.stage, Stage::Missed);
    let message = &post.error.as_ref().expect("a reason").message;
    assert!(message.contains("The file"), "{message}");
    assert_halved_at_most(kind, &between(&looked));
    assert!(looked.len() > 10, "{} looks", looked.len());
}

/// Where the keys are away nothing can be opened, nor sealed; they come back for all at once.
#[test]
fn keys_are_waited_for_by_the_half_minute() {
    let pauses = pauses(
        named("words at X"),
        |point| *point == Point::Keys,
        Fault::Down,
        4,
    );
    for waited in pauses {
        assert!((30.0..31.0).contains(&waited), "{waited} s");
    }
}

/// A commit that never left, or that was refused for now, is armed and sent again.
#[test]
fn a_commit_that_was_not_taken_is_tried_again_after_longer_and_longer_pauses() {
    for kind in simplest() {
        let points = exhaustive::points(kind, &Script::default());
        let arm = points.iter().position(|it| *it == Point::Books("arm"));
        let commit = &points[arm.expect("an arm") + 1];
        assert_longer_and_longer(kind, |it| it == commit, Fault::NotSent);
    }
}

/// Whom a network asks to wait for seven seconds again and again, waits for longer.
#[test]
fn a_network_that_asks_to_wait_is_left_alone() {
    let kind = named("a photo at Instagram");
    let pauses = pauses(kind, is_post, Fault::Busy, 6);
    let expected = [
        (7.0, 7.0),
        (7.0, 7.0),
        (7.0, 8.0),
        (8.0, 16.0),
        (16.0, 32.0),
    ];
    for (waited, (shortest, longest)) in pauses.into_iter().zip(expected) {
        assert!(
            (shortest..longest + 0.5).contains(&waited),
            "{waited} s, not {shortest} to {longest} s"
        );
    }
}

/// What is not to be had within an hour of a post's time makes it miss that, then and not before.
#[test]
fn a_post_is_missed_when_its_grace_is_over() {
    for (kind, broken) in [
        ("words at LinkedIn", Fault::NotSent),
        ("a photo at Instagram", Fault::Breaks),
    ] {
        let kind = named(kind);
        let mut ended = None;
        let mut chance = Whatever(|point: &Point, now| {
            if *point == Point::Books("end") {
                ended = Some(now);
            }
            matches!(point, Point::Network(_)).then_some(broken)
        });
        let case = one(kind, &mut chance, None);
        case.assert_clean(kind);
        let post = &case.posts[0];
        assert_eq!(post.stage, Stage::Missed, "{}", kind.name);
        let after = ended.expect("an end") - post.due_at - Duration::HOUR;
        assert!(
            (Duration::ZERO..Duration::seconds(2)).contains(&after),
            "{}: {after}",
            kind.name
        );
        assert!(
            case.day.looks < 60,
            "{}: {} looks",
            kind.name,
            case.day.looks
        );
        let message = &post.error.as_ref().expect("a reason").message;
        assert!(message.contains("within 60 minutes"), "{message}");
    }
}

/// A commit just before the grace ends has its effect late, and the clock jumps meanwhile: that a network does not show
/// it yet is no reason to call it missed.
#[test]
fn what_takes_effect_after_the_grace_is_not_called_missed() {
    let strong = KINDS
        .into_iter()
        .filter(|kind| kind.commit == Commit::StrongHandle);
    for kind in strong {
        let (mut begin, mut is_armed, mut is_sent, mut has_jumped) = (None, false, false, false);
        let mut chance = Whatever(|point: &Point, now: OffsetDateTime| {
            // It is due a minute after the begin, and cannot be armed before its grace is nearly over.
            let begin = *begin.get_or_insert(now);
            if *point == Point::Books("arm") {
                if now < begin + Duration::minutes(57) {
                    return Some(Fault::Down);
                }
                is_armed = true;
            }
            if !is_sent && is_armed && matches!(point, Point::Network(_)) {
                is_sent = true;
                return Some(Fault::EffectLate);
            }
            if is_sent && !has_jumped {
                has_jumped = true;
                return Some(Fault::ClockJumps);
            }
            None
        });
        let case = one(kind, &mut chance, None);
        assert!(has_jumped, "{}", kind.name);
        case.assert_clean(kind);
        // TikTok's address for the upload is over by then.
        let published = usize::from(kind.platform != Platform::Tiktok);
        assert_eq!(case.verdict.published, published, "{}", kind.name);
    }
}

/// A commit that a network did not show in time has its effect late, and nothing more can be sent until the grace is
/// over: it is looked for once more before it is called missed.
#[test]
fn what_was_overlooked_and_then_hindered_is_not_called_missed() {
    let mut overlooked = 0;
    let strong = KINDS
        .into_iter()
        .filter(|kind| kind.commit == Commit::StrongHandle);
    for kind in strong {
        let (mut is_armed, mut is_sent, mut has_jumped, mut is_rewound) =
            (false, false, false, false);
        let mut chance = Whatever(|point: &Point, _| {
            is_armed |= *point == Point::Books("arm");
            is_rewound |= *point == Point::Books("rewind");
            if !is_sent && is_armed && matches!(point, Point::Network(_)) {
                is_sent = true;
                return Some(Fault::EffectLate);
            }
            if is_sent && !has_jumped {
                has_jumped = true;
                return Some(Fault::ClockJumps);
            }
            (is_rewound && *point == Point::Books("arm")).then_some(Fault::Down)
        });
        let case = one(kind, &mut chance, None);
        case.assert_published(kind, 1);
        overlooked += u32::from(is_rewound);
    }
    assert!(overlooked >= 3, "{overlooked}");
}

/// Where it cannot be asked for just then, because the database is away, that is not tried all the time.
#[test]
fn what_is_over_and_cannot_be_asked_for_waits() {
    let kind = named("a video at Facebook");
    let (mut begin, mut arms, mut away) = (None, 0, Vec::new());
    let mut chance = Whatever(|point: &Point, now: OffsetDateTime| {
        let begin = *begin.get_or_insert(now);
        let is_over = now > begin + Duration::minutes(61);
        if *point == Point::Books("connection") && is_over && away.len() < 8 {
            away.push(now);
            return Some(Fault::Down);
        }
        if *point == Point::Books("arm") {
            arms += 1;
            return (arms > 1).then_some(Fault::Down);
        }
        (arms == 1 && point.to_string().starts_with("POST")).then_some(Fault::RequestLost)
    });
    let case = one(kind, &mut chance, None);
    case.assert_clean(kind);
    assert_eq!(away.len(), 8);
    assert!(away[7] - away[0] > Duration::seconds(30), "{away:?}");
}

/// For a day it is asked what became of a commit, unless the network's own hour for that is over; what is known then
/// is told to the author.
#[test]
fn doubt_ends_after_a_day() {
    let strong = KINDS
        .into_iter()
        .filter(|kind| kind.commit == Commit::StrongHandle && kind.platform != Platform::Tiktok);
    for kind in strong {
        let post = never_heard_of(kind, Some(Fault::AnswerLost));
        let message = &post.error.as_ref().expect("a reason").message;
        let was_accepted = message.starts_with("The network accepted the post");
        assert!(!was_accepted, "{}: {message}", kind.name);
    }
    // Here the answer alone does not say that it is live.
    let post = never_heard_of(named("a video at Facebook"), None);
    let message = &post.error.as_ref().expect("a reason").message;
    let was_accepted = message.starts_with("The network accepted the post");
    assert!(was_accepted, "{message}");
}

/// A post at a network that does not answer any more once the commit came to that; a person is asked after a day.
fn never_heard_of(kind: Kind, commit: Option<Fault>) -> Post {
    let (mut armed, mut ended, mut calls) = (None, None, 0);
    let mut chance = Whatever(|point: &Point, now| {
        if *point == Point::Books("arm") {
            armed = Some(now);
        }
        if *point == Point::Books("end") {
            ended = Some(now);
        }
        if armed.is_none() || !matches!(point, Point::Network(_)) {
            return None;
        }
        calls += 1;
        if calls == 1 {
            commit
        } else {
            Some(Fault::Breaks)
        }
    });
    let mut case = one(kind, &mut chance, None);
    let verdict = &case.verdict;
    assert_eq!((verdict.lost, verdict.doubled), (0, 0), "{}", kind.name);
    let post = case.posts.remove(0);
    assert_eq!(post.stage, Stage::NeedsAttention, "{}", kind.name);
    let after = ended.expect("an end") - armed.expect("an arm") - Duration::DAY;
    assert!(
        (Duration::ZERO..Duration::minutes(20)).contains(&after),
        "{}: {after}",
        kind.name
    );
    post
}

/// A network that says that nothing was published is sent the post again by whoever hears that, without help.
#[test]
fn what_is_proven_absent_is_sent_again() {
    let strong = KINDS
        .into_iter()
        .filter(|kind| kind.commit == Commit::StrongHandle);
    for kind in strong {
        let (mut is_armed, mut was_lost) = (false, false);
        let mut chance = Whatever(|point: &Point, _| {
            is_armed |= *point == Point::Books("arm");
            let is_commit = is_armed && !was_lost && matches!(point, Point::Network(_));
            was_lost |= is_commit;
            is_commit.then_some(Fault::RequestLost)
        });
        let case = one(kind, &mut chance, Some(Flaw::NobodySweeps));
        case.assert_clean(kind);
    }
}

/// A network that goes on refusing tokens, however fresh, is believed: the owner is asked, and nothing more is sent.
#[test]
fn tokens_that_are_refused_again_and_again_are_given_up() {
    for (name, tries) in [("words at Facebook", 6), ("words at X", 4)] {
        let kind = named(name);
        let mut calls = 0;
        let mut chance = Whatever(|point: &Point, _| {
            let is_refused = matches!(point, Point::Network(path) if !path.contains("oauth"));
            calls += usize::from(is_refused);
            is_refused.then_some(Fault::TokensEnd)
        });
        let case = one(kind, &mut chance, None);
        assert_eq!(calls, tries, "{name}");
        let post = &case.posts[0];
        assert_eq!(post.stage, Stage::Missed, "{name}");
        let message = &post.error.as_ref().expect("a reason").message;
        assert!(message.ends_with("connect the account again."), "{message}");
    }
}

/// What was done is written down two seconds later at the latest, where the look goes on.
#[test]
fn steps_are_written_down_soon() {
    let kind = named("a carousel at Instagram");
    let points = exhaustive::points(kind, &Script::default());
    let slow = points.iter().position(|it| *it == Point::Books("save"));
    let slow = slow.expect("a save");
    let points = exhaustive::points(kind, &Script(vec![(slow, Fault::Slow)]));
    let mut after = points[slow..].iter();
    after.find(|it| matches!(it, Point::Network(_)));
    assert_eq!(after.next(), Some(&Point::Books("note")));
    let calm = exhaustive::points(kind, &Script::default());
    let notes = |points: &[Point]| {
        points
            .iter()
            .filter(|it| **it == Point::Books("note"))
            .count()
    };
    assert_eq!(notes(&points), notes(&calm) + 1);
}

fn is_post(point: &Point) -> bool {
    matches!(point, Point::Network(name) if name.starts_with("POST"))
}

/// Holds the pauses between tries that are hindered like this against what they may be.
#[track_caller]
fn assert_longer_and_longer(kind: Kind, is_hindered: impl Fn(&Point) -> bool, fault: Fault) {
    let pauses = pauses(kind, is_hindered, fault, LONGER_AND_LONGER.len() + 1);
    assert_eq!(pauses.len(), LONGER_AND_LONGER.len(), "{}", kind.name);
    assert_halved_at_most(kind, &pauses);
}

/// The first pauses are as long as they may be, or shorter by up to half.
#[track_caller]
fn assert_halved_at_most(kind: Kind, pauses: &[f64]) {
    for (waited, longest) in pauses.iter().zip(LONGER_AND_LONGER) {
        assert!(
            (longest / 2.0..longest + 0.5).contains(waited),
            "{}: {waited} s, not {longest} s",
            kind.name
        );
    }
}

/// The seconds between so many tries, each of which is hindered like this, after which nothing hinders it any more.
fn pauses(
    kind: Kind,
    is_hindered: impl Fn(&Point) -> bool,
    fault: Fault,
    tries: usize,
) -> Vec<f64> {
    let mut hindered = Vec::new();
    let mut chance = Whatever(|point: &Point, now: OffsetDateTime| {
        let is_next = is_hindered(point) && hindered.len() < tries;
        is_next.then(|| hindered.push(now)).map(|()| fault)
    });
    let case = one(kind, &mut chance, None);
    case.assert_published(kind, 1);
    between(&hindered)
}

/// The seconds between each and the next.
fn between(times: &[OffsetDateTime]) -> Vec<f64> {
    let pairs = times.windows(2);
    pairs
        .map(|pair| (pair[1] - pair[0]).as_seconds_f64())
        .collect()
}
