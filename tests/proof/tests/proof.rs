//! The proof at a size that every run of the tests has time for.

use proof::{
    exhaustive::{self, Script, Share},
    gate::{Fault, Point},
    kinds::{Commit, KINDS, simplest},
    planted::Flaw,
    random::{Plan, bad_day},
};

#[test]
fn without_faults_every_kind_goes_out_on_time() {
    for kind in KINDS {
        let case = exhaustive::case(kind, &Script::default(), None);
        case.assert_published(kind, 1);
    }
}

#[test]
fn whatever_goes_wrong_once_no_post_is_lost_doubled_or_misreported() {
    let mut wrong = Vec::new();
    for kind in simplest() {
        let tried = exhaustive::singles(kind, None);
        assert!(tried.cases > 100, "{}: {} cases", kind.name, tried.cases);
        wrong.extend(tried.verdict.findings);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a network gave is kept before the next call goes out, so that whoever goes on after a death asks for none of
/// it again.
#[test]
fn what_was_given_before_a_death_is_not_asked_for_again() {
    let calm = Script::default();
    let (mut asked_again, mut tried) = (Vec::new(), 0);
    for kind in KINDS {
        let points = exhaustive::points(kind, &calm);
        let made = |points: &[Point]| -> Vec<String> {
            let names = points.iter().filter_map(|point| {
                let Point::Network(name) = point else {
                    return None;
                };
                (!name.starts_with("GET")).then(|| name.clone())
            });
            names.collect()
        };
        for (at, point) in points.iter().enumerate() {
            let Point::Network(dies_at) = point else {
                continue;
            };
            let dead = exhaustive::points(kind, &Script(vec![(at, Fault::Dies)]));
            for name in made(&points[..at]) {
                let often = |points| made(points).iter().filter(|it| **it == name).count();
                if name != *dies_at && often(&dead) != often(&points) {
                    asked_again.push(format!("{}, dead at {dies_at}: {name}", kind.name));
                }
                tried += 1;
            }
        }
    }
    assert!(asked_again.is_empty(), "{}", asked_again.join("\n"));
    assert!(tried > 20, "{tried} calls");
}

/// Where a network can be asked what became of a commit, only an account that is gone leaves a post to a person.
#[test]
fn what_can_be_asked_is_not_left_unconfirmed() {
    let calm = Script::default();
    let mut left = Vec::new();
    let asked = KINDS
        .into_iter()
        .filter(|kind| kind.commit == Commit::StrongHandle);
    for kind in asked {
        let points = exhaustive::points(kind, &calm);
        for script in exhaustive::scripts(&points, 0, &calm) {
            let (at, fault) = script.0[0];
            let case = exhaustive::case(kind, &script, None);
            if fault != Fault::Disconnected && case.verdict.unconfirmed > 0 {
                left.push(format!("{}, {fault:?} at {:?}", kind.name, points[at]));
            }
        }
    }
    assert!(left.is_empty(), "{}", left.join("\n"));
}

#[test]
fn a_flaw_is_found_out() {
    for flaw in [
        Flaw::UnknownIsAbsent,
        Flaw::DoubtIsFailure,
        Flaw::LossIsNotSent,
        Flaw::TakesTheNewest,
        Flaw::UnseenIsAbsent,
    ] {
        assert!(flaw.found_out().is_some(), "{flaw:?}");
    }
}

#[test]
fn a_watch_that_runs_away_from_the_clock_makes_no_post_late() {
    for kind in simplest() {
        let case = exhaustive::apart(kind, None);
        case.assert_published(kind, 2);
    }
}

#[test]
fn posts_that_look_alike_are_told_apart_or_left_to_a_person() {
    let mut wrong = Vec::new();
    for (kind, lists_late) in KINDS
        .into_iter()
        .flat_map(|kind| [(kind, false), (kind, true)])
    {
        for lost in [[false, false], [true, false], [false, true], [true, true]] {
            let case = exhaustive::twins(kind, lost, lists_late, None);
            wrong.extend(
                case.verdict
                    .findings
                    .into_iter()
                    .map(|it| format!("{lost:?}, late {lists_late}: {it}")),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn lists_that_are_late_prove_nothing() {
    let mut wrong = Vec::new();
    for kind in simplest() {
        let tried = exhaustive::late(kind, None);
        assert!(tried.cases > 200, "{}: {} cases", kind.name, tried.cases);
        wrong.extend(tried.verdict.findings);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_another_app_publishes_is_never_taken_for_ours_without_proof() {
    for kind in KINDS {
        let copied = exhaustive::commit(kind, Fault::Copied, None).verdict;
        assert!(copied.is_clean(), "{}: {copied:#?}", kind.name);
        let came_to = (copied.published, copied.unconfirmed, copied.candidates);
        let expected = match (kind.commit, kind.name) {
            // The handle tells, and of a photo its own id.
            (Commit::StrongHandle, _) | (_, "a photo at Facebook") => (1, 0, 0),
            // Nobody may list a member's posts, or a post that is not public.
            (Commit::NamesTheTwin, _) | (_, "a photo at TikTok") => (0, 1, 0),
            (Commit::Bare | Commit::RefusesTwins, _) => (0, 1, 2),
        };
        assert_eq!(came_to, expected, "{}: {copied:#?}", kind.name);
        let followed = exhaustive::commit(kind, Fault::Followed, None).verdict;
        assert!(followed.is_clean(), "{}: {followed:#?}", kind.name);
        assert_eq!(followed.candidates, 0, "{}: {followed:#?}", kind.name);
    }
}

#[test]
fn what_takes_effect_late_is_not_sent_again_though_the_clock_jumps() {
    let mut wrong = Vec::new();
    for kind in KINDS {
        let flow = exhaustive::points(kind, &Script::default());
        let arm = flow.iter().position(|point| *point == Point::Books("arm"));
        let commit = (arm.expect("an arm")..flow.len())
            .find(|n| matches!(flow[*n], Point::Network(_)))
            .expect("a commit");
        let late = Script(vec![(commit, Fault::EffectLate)]);
        for place in commit + 1..exhaustive::points(kind, &late).len() {
            let mut script = late.clone();
            script.0.push((place, Fault::ClockJumps));
            wrong.extend(exhaustive::case(kind, &script, None).verdict.findings);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_author_who_edits_or_cancels_against_two_looks_is_obeyed_or_told_that_it_is_too_late() {
    let mut wrong = Vec::new();
    for kind in simplest() {
        let tried = exhaustive::races(kind, None);
        assert!(tried.races > 100, "{}: {} races", kind.name, tried.races);
        wrong.extend(tried.verdict.findings);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_bad_day_ends_well() {
    for seed in 1..=4 {
        let plan = Plan {
            seed,
            posts: 150,
            per_mille: 15,
        };
        let lived = bad_day(plan, None);
        assert!(lived.day.faults() > 50, "seed {seed}");
        assert!(
            lived.verdict.is_clean(),
            "seed {seed}: {:#?}",
            lived.verdict
        );
    }
}

#[test]
fn the_same_seed_is_the_same_day() {
    let plan = Plan {
        seed: 77,
        posts: 60,
        per_mille: 20,
    };
    let (one, other) = (bad_day(plan, None), bad_day(plan, None));
    assert_eq!(one.day.points, other.day.points);
    assert_eq!(one.verdict, other.verdict);
}

#[test]
fn a_sample_of_pairs_reaches_from_the_begin_of_a_flow_to_its_end() {
    const FAULTS: usize = 203;
    for every in [1, 4, 12] {
        let shares = (0..40).map(|number| Share {
            number,
            of: 40,
            every,
        });
        let mut taken: Vec<_> = shares
            .flat_map(|share| share.take((0..FAULTS).collect()))
            .collect();
        taken.sort_unstable();
        let spread: Vec<_> = (0..FAULTS).step_by(every).collect();
        assert_eq!(taken, spread);
    }
}
