//! The proof at a size that every run of the tests has time for.

use domain::Platform;
use proof::{
    exhaustive::{self, Script},
    kinds::{KINDS, simplest},
    planted::Flaw,
    random::{Plan, bad_day},
};

#[test]
fn without_faults_every_kind_goes_out_on_time() {
    for kind in KINDS {
        let case = exhaustive::case(kind, &Script::default(), None);
        assert!(
            case.verdict.is_clean(),
            "{}: {:#?}",
            kind.name,
            case.verdict
        );
        assert_eq!(
            case.verdict.published, 1,
            "{}: {:#?}",
            kind.name, case.verdict
        );
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

#[test]
fn a_flaw_is_found_out() {
    for flaw in [
        Flaw::UnknownIsAbsent,
        Flaw::DoubtIsFailure,
        Flaw::LossIsNotSent,
    ] {
        assert!(flaw.found_out().is_some(), "{flaw:?}");
    }
}

#[test]
fn tokens_that_end_under_a_crowd_are_renewed_once() {
    let renewable = KINDS
        .into_iter()
        .filter(|kind| kind.platform != Platform::Linkedin);
    for kind in renewable {
        let case = exhaustive::crowd(kind, None);
        assert!(
            case.verdict.is_clean(),
            "{}: {:#?}",
            kind.name,
            case.verdict
        );
        assert_eq!(case.verdict.published, 6, "{}", kind.name);
    }
}

#[test]
fn a_watch_that_runs_away_from_the_clock_makes_no_post_late() {
    for kind in simplest() {
        let case = exhaustive::apart(kind, None);
        assert!(
            case.verdict.is_clean(),
            "{}: {:#?}",
            kind.name,
            case.verdict
        );
        assert_eq!(case.verdict.published, 2, "{}", kind.name);
    }
}

#[test]
fn posts_that_look_alike_are_told_apart_or_left_to_a_person() {
    let mut wrong = Vec::new();
    for kind in KINDS {
        for lost in [[false, false], [true, false], [false, true], [true, true]] {
            let case = exhaustive::twins(kind, lost, None);
            wrong.extend(
                case.verdict
                    .findings
                    .into_iter()
                    .map(|it| format!("{lost:?}: {it}")),
            );
        }
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
