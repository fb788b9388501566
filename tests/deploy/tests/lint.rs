//! AWS's own rules.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

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

#[test]
fn the_settings_of_each_stage_are_parameters_of_the_template() {
    let template = deploy::Template::of_project();
    let parameters = template.0["Parameters"].as_object().unwrap();
    let settings = fs::read_to_string(root().join("samconfig.toml")).unwrap();
    let overrides: Vec<_> = settings
        .lines()
        .filter_map(|line| line.strip_prefix("parameter_overrides = \""))
        .flat_map(|line| line.trim_end_matches('"').split(' '))
        .collect();
    assert!(overrides.len() > 5, "{overrides:?}");
    for pair in overrides {
        let (name, value) = pair.split_once('=').unwrap();
        let parameter = parameters.get(name);
        assert!(parameter.is_some_and(|it| it["NoEcho"] != true), "{name}");
        let allowed = parameter.and_then(|parameter| parameter["AllowedValues"].as_array());
        let is_allowed = |allowed: &Vec<serde_json::Value>| {
            let texts = allowed.iter().map(serde_json::Value::to_string);
            texts
                .map(|text| text.trim_matches('"').to_owned())
                .any(|text| text == value)
        };
        assert!(allowed.is_none_or(is_allowed), "{pair}");
    }
    for stage in ["default", "dev", "staging", "prod"] {
        assert!(
            settings.contains(&format!("[{stage}.deploy.parameters]")),
            "{stage}"
        );
    }
}

#[test]
fn what_is_built_is_what_is_deployed() {
    let settings = fs::read_to_string(root().join("samconfig.toml")).unwrap();
    for stage in ["default", "dev", "staging", "prod"] {
        let [built, deployed] = ["build", "deploy"].map(|command| {
            let heading = format!("[{stage}.{command}.parameters]\n");
            let (_, section) = settings.split_once(&heading).unwrap();
            let section = section.split("\n[").next().unwrap();
            let (_, after) = section.split_once("Architecture=").unwrap();
            after.split([' ', '"']).next().unwrap()
        });
        assert_eq!(built, deployed, "{stage}");
    }
}

/// SAM CLI asks for what it does not show until it is given something, whatever the default.
#[test]
fn what_is_not_shown_can_be_left_out_by_a_word() {
    let template = deploy::Template::of_project();
    let parameters = template.0["Parameters"].as_object().unwrap();
    let hidden = parameters.iter().filter(|(_, it)| it["NoEcho"] == true);
    let words: Vec<_> = hidden
        .filter_map(|(_, it)| it["Default"].as_str())
        .collect();
    assert_eq!(words, ["none"]);
}

fn spoilt(right: &str, wrong: &str, check: impl FnOnce(&std::path::Path) -> Outcome) -> Outcome {
    let text = fs::read_to_string(root().join("template.yaml")).unwrap();
    assert!(text.contains(right), "{right}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("template.yaml");
    fs::write(&file, text.replacen(right, wrong, 1)).unwrap();
    check(&file)
}
