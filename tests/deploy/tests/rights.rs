//! The narrowest rights with which the code works.

use deploy::{Code, Template, rights::problems, routes};
use serde_json::{Value, json};

#[test]
fn each_function_may_do_what_its_code_does_where_it_does_it_and_nothing_else() {
    let found = problems(&Template::of_project(), &Code::of_project());
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn who_answers_the_app_cannot_open_tokens() {
    let template = Template::of_project();
    let routes = routes::of_template(&template);
    let roles = template.resources("AWS::IAM::Role");
    assert_eq!(routes::asked(&routes).len(), 5);
    for function in routes::asked(&routes) {
        let role = format!("{}{}Role", function[..1].to_uppercase(), &function[1..]);
        assert!(
            !roles[role.as_str()].to_string().contains("kms:Decrypt"),
            "{function}"
        );
    }
    for function in ["PublisherRole", "SweeperRole"] {
        assert!(
            roles[function].to_string().contains("kms:Decrypt"),
            "{function}"
        );
    }
}

#[test]
fn every_way_to_give_too_much_or_too_little_is_found() {
    let (template, code) = (Template::of_project(), Code::of_project());
    let before = problems(&template, &code);
    for (what, resource, spoil) in SPOILT {
        let mut spoilt = template.clone();
        spoil(spoilt.spoil(resource));
        let found = problems(&spoilt, &code);
        let new = found.iter().filter(|problem| !before.contains(problem));
        assert!(new.count() > 0, "{what}");
    }
}

#[test]
fn a_call_that_nobody_allowed_is_found() {
    let (template, mut code) = (Template::of_project(), Code::of_project());
    code.spoil("doorbell", "sqs", "purge_queue");
    let found = problems(&template, &code);
    for function in [
        "connections",
        "ops",
        "posts",
        "publisher",
        "sweeper",
        "webhooks",
    ] {
        let missing = format!("{function} may not do sqs:PurgeQueue, which its code does");
        assert!(found.contains(&missing), "{found:#?}");
    }
    assert!(
        !found
            .iter()
            .any(|problem| problem.starts_with("auth may not")),
        "{found:#?}"
    );
}

type Spoil = fn(&mut Value);
const SPOILT: [(&str, &str, Spoil); 16] = [
    ("any action", "OpsRole", |it| action(it, 2, json!("sqs:*"))),
    ("any resource", "OpsRole", |it| {
        of(it, 2)["Resource"] = json!("*");
    }),
    ("an action that is not used", "OpsRole", |it| {
        action(it, 2, json!(["sqs:PurgeQueue", "sqs:SendMessage"]));
    }),
    ("another queue", "OpsRole", |it| {
        of(it, 2)["Resource"][0] = json!({ "Fn::GetAtt": ["DeadLetterQueue", "Arn"] });
    }),
    ("no right to a call", "OpsRole", |it| {
        action(it, 2, json!([]));
    }),
    ("another's secret", "OpsRole", |it| {
        of(it, 1)["Resource"][0] = json!({ "Ref": "NetworksSecret" });
    }),
    ("a policy of AWS's", "OpsRole", |it| {
        it["Properties"]["ManagedPolicyArns"][0] =
            json!("arn:aws:iam::aws:policy/AdministratorAccess");
    }),
    ("all but one action", "OpsRole", |it| {
        of(it, 2)["NotAction"] = json!("sqs:PurgeQueue");
    }),
    ("anybody's trust", "OpsRole", |it| {
        it["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] = json!("*");
    }),
    ("the role of another", "OpsFunction", |it| {
        it["Properties"]["Role"]["Fn::GetAtt"][0] = json!("AuthRole");
    }),
    ("another account's schedules", "TimerRole", |it| {
        it["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Condition"] = json!(null);
    }),
    ("schedules that do more", "TimerRole", |it| {
        action(it, 0, json!(["sqs:SendMessage", "sqs:DeleteMessage"]));
    }),
    ("roles passed to anybody", "PostsRole", |it| {
        of(it, 4)["Condition"] = json!(null);
    }),
    ("keys for any purpose", "PublisherRole", |it| {
        of(it, 6)["Condition"] = json!({ "Null": { "kms:EncryptionContextKeys": "false" } });
    }),
    ("keys for another purpose", "TokenKey", |it| {
        it["Properties"]["KeyPolicy"]["Statement"][1]["Condition"] =
            json!({ "StringEquals": { "kms:EncryptionContext:purpose": "another" } });
    }),
    ("keys for nothing in particular", "TokenKey", |it| {
        it["Properties"]["KeyPolicy"]["Statement"][1]["Condition"] = json!(null);
    }),
];

fn of(role: &mut Value, statement: usize) -> &mut Value {
    &mut role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][statement]
}

fn action(role: &mut Value, statement: usize, action: Value) {
    of(role, statement)["Action"] = action;
}
