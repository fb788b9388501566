//! Every variable that is read is set, and every one that is set is read.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use deploy::{Code, Template, variables::problems};
use serde_json::{Value, json};

#[test]
fn each_function_starts_with_what_the_template_gives_it_and_is_given_nothing_else() {
    let found = problems(&Template::of_project(), &Code::of_project());
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn every_way_to_give_too_much_or_too_little_is_found() {
    let (template, code) = (Template::of_project(), Code::of_project());
    let before = problems(&template, &code);
    for (resource, spoil, expected) in SPOILT {
        let mut spoilt = template.clone();
        spoil(&mut spoilt.spoil(resource)["Properties"]);
        let found = problems(&spoilt, &code);
        let new: Vec<_> = found
            .iter()
            .filter(|problem| !before.contains(problem))
            .collect();
        assert!(
            new.iter().any(|problem| problem.contains(expected)),
            "{expected}: {new:#?}"
        );
    }
}

type Spoil = fn(&mut Value);
const SPOILT: [(&str, Spoil, &str); 12] = [
    (
        "AuthFunction",
        |it| set(it, "PUBLIC_URL", Value::Null),
        "auth does not start",
    ),
    (
        "AuthFunction",
        |it| set(it, "PUBLIC_URL", json!("http://api.example.com")),
        "must begin with https://",
    ),
    (
        "AuthFunction",
        |it| set(it, "QUEUE_URL", json!({ "Ref": "ScheduledQueue" })),
        "auth is given QUEUE_URL and does not read it",
    ),
    (
        "AuthFunction",
        |it| set(it, "RATE_LIMIT_PER_MINUTE", Value::Null),
        "auth reads RATE_LIMIT_PER_MINUTE and is not given it",
    ),
    (
        "AuthFunction",
        |it| set(it, "RUST_LOG", Value::Null),
        "is not given RUST_LOG",
    ),
    (
        "AuthFunction",
        |it| set(it, "JWT_SECRET", json!("a")),
        "auth is given JWT_SECRET in clear",
    ),
    (
        "AuthFunction",
        |it| set(it, "APP_URL", json!({ "Ref": "DatabaseUrl" })),
        "the parameter DatabaseUrl in clear",
    ),
    (
        "AuthFunction",
        |it| secret(it, 1, "NetworksSecret"),
        "auth does not start",
    ),
    (
        "PostsFunction",
        |it| set(it, "SCHEDULE_ROLE_ARN", Value::Null),
        "SCHEDULE_ROLE_ARN is missing",
    ),
    (
        "WebhooksFunction",
        |it| secret(it, 2, "DatabaseSecret"),
        "webhooks reads X_CLIENT_ID and is not given it",
    ),
    (
        "TokenSecret",
        |it| it["GenerateSecretString"]["PasswordLength"] = json!(32),
        "JWT_SECRET",
    ),
    (
        "StateSecret",
        |it| it["GenerateSecretString"]["ExcludeCharacters"] = json!("xyz"),
        "STATE_KEY",
    ),
];

fn set(function: &mut Value, variable: &str, value: Value) {
    let variables = function["Environment"]["Variables"]
        .as_object_mut()
        .unwrap();
    if value.is_null() {
        variables.remove(variable).unwrap();
    } else {
        variables.insert(variable.to_owned(), value);
    }
}

fn secret(function: &mut Value, at: usize, name: &str) {
    function["Environment"]["Variables"]["SECRETS"]["Fn::Join"][1][at]["Ref"] = json!(name);
}
