//! AWS's own rules.

use std::fs;

use deploy::{Outcome, lint, root, validate};

#[test]
fn the_template_keeps_to_cloudformation_and_a_slip_is_found() {
    let whole = lint(&root().join("template.yaml"));
    assert!(whole.well, "{}", whole.said);
    let slip = spoilt("VisibilityTimeout: 1800", "VisibilityTimeout: soon", lint);
    assert!(!slip.well && slip.said.contains("'soon'"), "{}", slip.said);
}

#[test]
fn the_template_keeps_to_sam_and_a_slip_is_found() {
    let whole = validate(&root().join("template.yaml"));
    assert!(whole.well, "{}", whole.said);
    let slip = spoilt(
        "AutoPublishAlias: live",
        "AutoPublishAlias: [live]",
        validate,
    );
    assert!(!slip.well, "{}", slip.said);
}

fn spoilt(right: &str, wrong: &str, check: impl FnOnce(&std::path::Path) -> Outcome) -> Outcome {
    let text = fs::read_to_string(root().join("template.yaml")).unwrap();
    assert!(text.contains(right), "{right}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("template.yaml");
    fs::write(&file, text.replacen(right, wrong, 1)).unwrap();
    check(&file)
}
