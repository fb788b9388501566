//! Tokens that end, are refused, or are lost on their way.

use domain::{Platform, Stage};
use proof::{
    exhaustive::{self, Case, Script, one, told},
    gate::{Fault, Point},
    kinds::{KINDS, named, simplest},
    random::{Plan, bad_day},
    town::Whatever,
};
use time::{Duration, OffsetDateTime};

#[test]
fn tokens_that_end_under_a_crowd_are_renewed_once() {
    let renewable = KINDS
        .into_iter()
        .filter(|kind| kind.platform != Platform::Linkedin);
    for kind in renewable {
        let case = exhaustive::crowd(kind, None);
        case.assert_published(kind, 6);
    }
}

/// A network may refuse a fresh token too; that alone is no reason to ask its owner to connect the account anew.
#[test]
fn tokens_that_end_twice_in_a_row_are_renewed_twice() {
    let ends = |kind, script: &Script, from| {
        let points = exhaustive::points(kind, script);
        let scripts = exhaustive::scripts(&points, from, script).into_iter();
        scripts.filter(|script| {
            script
                .0
                .last()
                .is_some_and(|(_, fault)| *fault == Fault::TokensEnd)
        })
    };
    let mut wrong = Vec::new();
    let renewable = simplest()
        .into_iter()
        .filter(|kind| kind.platform != Platform::Linkedin);
    for kind in renewable {
        for once in ends(kind, &Script::default(), 0) {
            let after = once.0[0].0 + 1;
            for twice in ends(kind, &once, after).take(8) {
                let case = exhaustive::case(kind, &twice, None);
                let findings = case.verdict.findings.into_iter();
                wrong.extend(findings.map(|it| format!("{}, {:?}: {it}", kind.name, twice.0)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whoever was given new tokens stands still before it keeps them, and others find the old ones refused meanwhile.
#[test]
fn fresh_tokens_that_are_kept_late_heal_the_account() {
    let calm = Script::default();
    let mut tried = 0;
    // At X a spent token ends the new ones too.
    for kind in simplest()
        .into_iter()
        .filter(|kind| kind.platform != Platform::X)
    {
        let scripts = exhaustive::scripts(&exhaustive::points(kind, &calm), 0, &calm).into_iter();
        for mut script in scripts.filter(|script| script.0[0].1 == Fault::TokensEnd) {
            let points = exhaustive::points(kind, &script);
            let kept = points
                .iter()
                .position(|point| *point == Point::Books("finish refresh"));
            let Some(kept) = kept else { continue };
            script.0.push((kept, Fault::Pauses));
            let case = exhaustive::case(kind, &script, None);
            let verdict = &case.verdict;
            assert!(
                verdict.is_clean(),
                "{}, {script:?}: {verdict:#?}",
                kind.name
            );
            tried += 1;
        }
    }
    assert!(tried >= 8, "{tried} cases");
}

/// A database that starts anew must not cost tokens that are fresh from the network, for the old ones may be dead; after
/// four seconds the post waits.
#[test]
fn fresh_tokens_survive_a_database_that_fails_for_a_moment() {
    for failures in 1..=3 {
        let (case, asked) = kept_at_the_end_of(failures);
        case.assert_published(named("words at X"), 1);
        assert_eq!(asked.len(), failures + 1);
    }
    let (case, asked) = kept_at_the_end_of(usize::MAX);
    assert_eq!(asked.len(), 4);
    assert!(asked[3] - asked[0] > Duration::seconds(4), "{asked:?}");
    assert_eq!(case.posts[0].stage, Stage::Missed);
}

/// A post whose tokens end before its commit, where so many statements that keep the new ones fail; and when that was
/// tried.
fn kept_at_the_end_of(failures: usize) -> (Case, Vec<OffsetDateTime>) {
    let (mut has_ended, mut asked) = (false, Vec::new());
    let mut chance = Whatever(|point: &Point, now| {
        if *point == Point::Books("finish refresh") {
            asked.push(now);
            return (asked.len() <= failures).then_some(Fault::Down);
        }
        let ends = !has_ended && matches!(point, Point::Network(_));
        has_ended |= ends;
        ends.then_some(Fault::TokensEnd)
    });
    let case = one(named("words at X"), &mut chance, None);
    (case, asked)
}

/// Tokens that were renewed because their time was over, and are refused all the same, are renewed once more; a token
/// that was refused is not sent again.
#[test]
fn a_renewed_token_that_is_refused_is_not_sent_again() {
    let (mut commits, mut renewals) = (0, 0);
    let mut chance = Whatever(|point: &Point, _| {
        let Point::Network(path) = point else {
            return None;
        };
        if path.contains("oauth") {
            renewals += 1;
            return None;
        }
        commits += 1;
        (commits == 1).then_some(Fault::TokensEnd)
    });
    let kind = named("words at X");
    // X's tokens live for two hours.
    let post = ("A post of the afternoon".to_owned(), Duration::hours(5));
    let case = told(kind, &[post], 2, &mut chance, None, |_, _| {});
    case.assert_published(kind, 1);
    assert_eq!((commits, renewals), (2, 2));
}

/// What replaces single-use tokens was lost on its way: the account is lost until its owner connects it anew, and no
/// post of it is called what it is not.
#[test]
fn tokens_that_are_lost_on_their_way_cost_the_account_and_no_post() {
    let plan = Plan {
        seed: 8,
        posts: 400,
        per_mille: 15,
    };
    let lived = bad_day(plan, None);
    assert!(lived.verdict.is_clean(), "{:#?}", lived.verdict);
}
