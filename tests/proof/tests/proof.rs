//! The proof at a size that every run of the tests has time for.

use proof::{
    exhaustive::{self, Script},
    kinds::KINDS,
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
    for kind in KINDS {
        let tried = exhaustive::singles(kind);
        assert!(tried.cases > 100, "{}: {} cases", kind.name, tried.cases);
        wrong.extend(tried.verdict.findings);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
