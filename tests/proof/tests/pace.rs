//! With how little a post goes out, how soon, and what becomes of it when its publishers die one after the other.

use domain::{Post, Stage, UserId};
use proof::{
    exhaustive::{self, Script, one, told},
    gate::{Fault, Point},
    kinds::{KINDS, Kind, named, simplest},
    planted::Flaw,
    town::{Turns, Whatever},
    world::World,
};
use time::{Duration, OffsetDateTime};
use tokio::time::Instant;
use uuid::Uuid;

/// Looks, statements, calls and rings of a post that nothing happens to. Whoever makes it fewer changes this; more of
/// them would make a crowd late.
#[test]
fn a_post_takes_no_more_than_it_needs() {
    let needed = [
        ("words at Facebook", [2, 14, 2, 1]),
        ("a photo at Facebook", [2, 18, 3, 1]),
        ("a video at Facebook", [3, 27, 5, 2]),
        ("a photo at Instagram", [3, 26, 5, 2]),
        ("a carousel at Instagram", [4, 40, 9, 3]),
        ("words at LinkedIn", [2, 12, 1, 1]),
        ("a photo at LinkedIn", [2, 18, 3, 1]),
        ("a pin", [2, 14, 1, 1]),
        ("a photo at TikTok", [3, 23, 3, 2]),
        ("a video at TikTok", [3, 25, 4, 2]),
        ("words at X", [2, 12, 1, 1]),
        ("a picture at X", [2, 16, 2, 1]),
        ("a thread at X", [2, 16, 2, 1]),
        ("a video at YouTube", [3, 23, 3, 2]),
    ];
    let took = KINDS.map(|kind| {
        let day = exhaustive::case(kind, &Script::default(), None).day;
        let count = |is: fn(&Point) -> bool| day.points.iter().filter(|(it, _)| is(it)).count();
        let statements = count(|it| matches!(it, Point::Books(_)));
        let calls = count(|it| matches!(it, Point::Network(_)));
        let rings = count(|it| matches!(it, Point::Ring));
        (kind.name, [day.looks, statements, calls, rings])
    });
    assert_eq!(took, needed);
}

/// Six posts of an account that are due in the same second, of which only one may be sent at a time.
#[test]
fn a_line_at_an_account_moves_on() {
    for kind in simplest() {
        let posts: Vec<_> = (0..6)
            .map(|place| (format!("Post {place} of a line"), Duration::MINUTE))
            .collect();
        let case = told(kind, &posts, 6, &mut Turns::default(), None, |_, _| {});
        let alone = exhaustive::case(kind, &Script::default(), None).day.looks;
        assert_eq!(case.verdict.published, 6, "{}", kind.name);
        assert!(
            case.day.looks <= 6 * (alone + 1),
            "{}: {} looks, {alone} where there is no line",
            kind.name,
            case.day.looks
        );
        for post in &case.posts {
            let late = post.armed_at.expect("an arm") - post.due_at;
            assert!(late < Duration::SECOND, "{}: {late}", kind.name);
        }
    }
}

/// Whoever knows what came of the last commit stands still for longer than its lease before it stores that: what others
/// had given up meanwhile is gone on with at once, and waits for nobody who looks for what was overlooked.
#[test]
fn what_is_known_late_is_gone_on_with() {
    for kind in KINDS {
        let points = exhaustive::points(kind, &Script::default());
        let last = points.iter().rposition(stores).expect("an outcome");
        let script = Script(vec![(last, Fault::Pauses)]);
        let case = exhaustive::case(kind, &script, Some(Flaw::NobodySweeps));
        case.assert_published(kind, 1);
    }
}

/// Whether what came of a commit is stored there.
fn stores(point: &Point) -> bool {
    matches!(point, Point::Books("settle" | "settle live"))
}

/// While what came of the first is stored slowly, the others ask for their turn, but not all the time.
#[test]
fn a_line_that_stands_still_is_waited_in() {
    let kind = named("words at LinkedIn");
    let posts: Vec<_> = (0..6)
        .map(|place| (format!("Post {place} of a line"), Duration::MINUTE))
        .collect();
    let mut is_slow = true;
    let mut chance = Whatever(|point: &Point, _| {
        let is_first = is_slow && *point == Point::Books("settle live");
        is_slow &= !is_first;
        is_first.then_some(Fault::Slow)
    });
    let case = told(kind, &posts, 6, &mut chance, None, |_, _| {});
    case.assert_published(kind, 6);
    assert!(case.day.looks < 250, "{} looks", case.day.looks);
}

/// A database that answers late: whoever hears of its arm after more than five seconds sends nothing, and arms anew.
#[test]
fn an_arm_is_used_soon_or_never() {
    for kind in KINDS {
        let points = exhaustive::points(kind, &Script::default());
        let arm = points.iter().position(|it| *it == Point::Books("arm"));
        let commit = &points[arm.expect("an arm") + 1];
        let (mut armed, mut arms) = (None, 0);
        let mut chance = Whatever(|point: &Point, now: OffsetDateTime| {
            if *point == Point::Books("arm") {
                (armed, arms) = (Some(now), arms + 1);
                return (arms == 1).then_some(Fault::Slow);
            }
            if let Some(armed) = armed
                && point == commit
            {
                let after = now - armed;
                assert!(after < Duration::seconds(5), "{}: {after}", kind.name);
            }
            None
        });
        let case = one(kind, &mut chance, None);
        case.assert_published(kind, 1);
        assert!(arms > 1, "{}", kind.name);
    }
}

/// A connection to the database that breaks, before or after it did what it was asked, costs a post moments, and not the
/// rest of a lease that nobody knows of.
#[test]
fn a_lease_whose_answer_is_lost_makes_no_post_late() {
    for kind in simplest() {
        let points = exhaustive::points(kind, &Script::default());
        let leases = (0..points.len()).filter(|place| points[*place] == Point::Books("lease"));
        for place in leases {
            for fault in [Fault::Down, Fault::DoneButLost] {
                let case = exhaustive::case(kind, &Script(vec![(place, fault)]), None);
                case.assert_published(kind, 1);
                let late = case.posts[0].armed_at.expect("an arm") - case.posts[0].due_at;
                assert!(
                    late < Duration::seconds(2),
                    "{}: {fault:?} at {place}: {late}",
                    kind.name
                );
            }
        }
    }
}

/// What came of a commit is not forgotten because the database is away for some seconds: nobody is asked what we know.
#[test]
fn what_is_known_is_stored_although_the_database_is_away_for_moments() {
    for kind in KINDS {
        let points = exhaustive::points(kind, &Script::default());
        let arm = points.iter().position(|it| *it == Point::Books("arm"));
        let commit = &points[arm.expect("an arm") + 1];
        for trouble in [Fault::Down, Fault::DoneButLost] {
            for is_unsent in [false, true] {
                let (mut calls, mut troubles) = (0, 0);
                let mut chance = Whatever(|point: &Point, _| {
                    if point == commit {
                        calls += 1;
                        return (is_unsent && calls == 1).then_some(Fault::NotSent);
                    }
                    let is_away = calls > 0 && troubles < 3 && stores(point);
                    troubles += u32::from(is_away);
                    is_away.then_some(trouble)
                });
                let case = one(kind, &mut chance, None);
                let what = format!("{}: {trouble:?}, unsent: {is_unsent}", kind.name);
                assert_eq!(case.verdict.published, 1, "{what}: {:#?}", case.verdict);
                let late = case.posts[0].armed_at.expect("an arm") - case.posts[0].due_at;
                assert!(late < Duration::seconds(10), "{what}: {late}");
            }
        }
    }
}

/// Nor does anything else that a post's own look stores make it late.
#[test]
fn a_step_whose_answer_is_lost_makes_no_post_late() {
    for kind in simplest() {
        let points = exhaustive::points(kind, &Script::default());
        let saves = (0..points.len()).filter(|place| points[*place] == Point::Books("save"));
        for place in saves {
            for fault in [Fault::Down, Fault::DoneButLost] {
                let case = exhaustive::case(kind, &Script(vec![(place, fault)]), None);
                case.assert_published(kind, 1);
                let late = case.posts[0].armed_at.expect("an arm") - case.posts[0].due_at;
                let what = format!("{}: {fault:?} at {place}", kind.name);
                assert!(late < Duration::seconds(2), "{what}: {late}");
            }
        }
    }
}

/// When a network took a post does not hang on how long it takes to store that.
#[test]
fn a_post_was_accepted_when_its_answer_came_in() {
    for kind in KINDS.into_iter().filter(|kind| kind.parts == 1) {
        let points = exhaustive::points(kind, &Script::default());
        let outcome = points.iter().position(stores).expect("an outcome");
        let case = exhaustive::case(kind, &Script(vec![(outcome, Fault::Slow)]), None);
        let post = &case.posts[0];
        let (armed, accepted) = (post.armed_at.expect("an arm"), post.accepted_at);
        let after = accepted.expect("an answer") - armed;
        assert!(
            (Duration::ZERO..Duration::SECOND).contains(&after),
            "{}: {after}",
            kind.name
        );
    }
}

/// A post that its publishers die of is taken up three times, and then given up: as failed while it was not armed, by
/// asking its author afterwards.
#[test]
fn a_post_that_its_publishers_die_of_is_given_up() {
    for kind in simplest() {
        let mut deaths = 0;
        let mut early = Whatever(|point: &Point, _| {
            let dies = *point == Point::Books("connection");
            deaths += usize::from(dies);
            dies.then_some(Fault::Dies)
        });
        let case = one(kind, &mut early, None);
        case.assert_clean(kind);
        assert_eq!(deaths, 3, "{}", kind.name);
        let post = &case.posts[0];
        let code = post.error.as_ref().map(|error| error.code.as_str());
        let given_up = (Stage::Failed, Some("publisher_crashed"));
        assert_eq!((post.stage, code), given_up, "{}", kind.name);

        let mut is_sent = false;
        let mut late = Whatever(|point: &Point, _| {
            let tells = stores(point);
            is_sent |= tells;
            let dies = tells || is_sent && *point == Point::Books("connection");
            dies.then_some(Fault::Dies)
        });
        let case = one(kind, &mut late, None);
        case.assert_clean(kind);
        assert_eq!(case.posts[0].stage, Stage::NeedsAttention, "{}", kind.name);
    }
}

/// What cannot be over in time, a call or the fetching of a file, is not begun: the post is put down, and taken up in a
/// moment by a look that has time.
#[tokio::test(start_paused = true)]
async fn a_look_that_has_little_time_begins_nothing() {
    for kind in ["words at LinkedIn", "a photo at Instagram"].map(named) {
        let mut world = World::new(None);
        let user = UserId::from(Uuid::from_u128(1));
        let connection = world.connect(user, kind.platform, 0).await;
        let due = world.now() + Duration::MINUTE;
        let filed = world.file(kind, user, connection, "A post that waits", due);
        world.gates.open(true);
        let calls = world.networks.calls().len();
        let until = Instant::now() + std::time::Duration::from_mins(2);
        world.means.answer(filed.id, until).await;
        assert_eq!(world.networks.calls().len(), calls, "{}", kind.name);
        let rows = world.books.rows();
        let row = &rows.posts[&filed.id];
        assert_eq!(row.lease_until, None, "{}", kind.name);
        let again = row.post.next_attempt_at - world.now();
        assert_eq!(again, Duration::SECOND, "{}", kind.name);
    }
}

/// What is only nice to have holds up nobody.
#[test]
fn what_is_only_nice_to_have_is_done_without() {
    let kind = named("a photo at Instagram");
    let calm = exhaustive::case(kind, &Script::default(), None).day.looks;
    let mut was_lost = false;
    let mut chance = Whatever(|point: &Point, _| {
        let is_nice = matches!(point, Point::Network(it) if it.ends_with("limit"));
        was_lost |= is_nice;
        is_nice.then_some(Fault::RequestLost)
    });
    let case = one(kind, &mut chance, None);
    assert!(was_lost);
    case.assert_published(kind, 1);
    assert_eq!(case.day.looks, calm);
}

/// A post of an account that is gone ends at once: as failed while it was not armed, by asking its author afterwards.
#[test]
fn a_post_of_an_account_that_is_gone_ends_at_once() {
    for kind in simplest() {
        let post = disconnected_at(kind, |_| true);
        assert_eq!(post.stage, Stage::Failed, "{}", kind.name);
    }
    let kind = named("a photo at TikTok");
    let post = disconnected_at(kind, |seen| seen.contains(&Point::Books("settle")));
    assert_eq!(post.stage, Stage::NeedsAttention);
}

/// A post whose account is disconnected at the first look that has this behind it.
fn disconnected_at(kind: Kind, is_time: impl Fn(&[Point]) -> bool) -> Post {
    let (mut seen, mut gone_at, mut ended_at) = (Vec::new(), None, None);
    let mut chance = Whatever(|point: &Point, now: OffsetDateTime| {
        let is_now = gone_at.is_none() && *point == Point::Books("lease") && is_time(&seen);
        seen.push(point.clone());
        if *point == Point::Books("end") {
            ended_at = Some(now);
        }
        is_now
            .then(|| gone_at = Some(now))
            .map(|()| Fault::Disconnected)
    });
    let mut case = one(kind, &mut chance, None);
    case.assert_clean(kind);
    let post = case.posts.remove(0);
    let code = post.error.as_ref().map(|error| error.code.as_str());
    assert_eq!(code, Some("account_disconnected"), "{}", kind.name);
    assert!(gone_at.is_some() && gone_at == ended_at, "{}", kind.name);
    post
}

/// What is live of a thread stays live: nobody may edit or cancel it from there on.
#[test]
fn a_thread_goes_on_and_is_never_taken_back() {
    let points = exhaustive::points(named("a thread at X"), &Script::default());
    assert!(points.contains(&Point::Books("go on")));
    assert!(!points.contains(&Point::Books("rewind")));
}
