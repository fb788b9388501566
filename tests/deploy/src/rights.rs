//! What each function may do, against what its code does.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{Code, Template, code::literals};

/// Without its address in this variable the client of a service is never made.
const ADDRESSES: [(&str, &str); 5] = [
    ("kms", "KMS_KEY_ID"),
    ("s3", "MEDIA_BUCKET"),
    ("scheduler", "SCHEDULE_GROUP"),
    ("secretsmanager", "SECRETS"),
    ("sqs", "QUEUE_URL"),
];
/// Operations that are allowed by another name, or need more than their own.
const NAMES: [(&str, &str, &[&str]); 11] = [
    ("s3", "complete_multipart_upload", &["s3:PutObject"]),
    ("s3", "copy_object", &["s3:GetObject", "s3:PutObject"]),
    ("s3", "create_multipart_upload", &["s3:PutObject"]),
    ("s3", "delete_objects", &["s3:DeleteObject"]),
    ("s3", "head_bucket", &["s3:ListBucket"]),
    ("s3", "head_object", &["s3:GetObject"]),
    ("s3", "list_objects_v2", &["s3:ListBucket"]),
    ("s3", "upload_part", &["s3:PutObject"]),
    (
        "scheduler",
        "create_schedule",
        &["iam:PassRole", "scheduler:CreateSchedule"],
    ),
    (
        "scheduler",
        "update_schedule",
        &["iam:PassRole", "scheduler:UpdateSchedule"],
    ),
    ("sqs", "send_message_batch", &["sqs:SendMessage"]),
];
/// What a function is built with and never does, and why.
const NEVER: [(&str, &str, &str); 7] = [
    (
        "connections",
        "kms:Decrypt",
        "it holds a sealer, which cannot open",
    ),
    (
        "posts",
        "s3:DeleteObject",
        "files are deleted by the sweeper",
    ),
    (
        "publisher",
        "s3:DeleteObject",
        "files are deleted by the sweeper",
    ),
    (
        "sweeper",
        "s3:AbortMultipartUpload",
        "it deletes files and keeps none",
    ),
    ("sweeper", "s3:GetObject", "it deletes files and reads none"),
    ("sweeper", "s3:PutObject", "it deletes files and keeps none"),
    (
        "webhooks",
        "kms:Decrypt",
        "it holds a sealer, which cannot open",
    ),
];
/// What Lambda asks of the role of a function that reads from a queue.
const FROM_QUEUE: [&str; 3] = [
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
];
/// What every function writes its log with.
const LOG: [&str; 2] = ["logs:CreateLogStream", "logs:PutLogEvents"];
/// Actions that AWS lets nobody allow for less than everything (read 2026-11-24):
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html>,
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions>
const FOR_EVERYTHING: [&str; 8] = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
];
/// Things of ours that are named while we run.
const FAMILIES: [&str; 2] = ["${MediaBucket.Arn}/*", ":schedule/${Timers}/*"];

/// A statement that allows or denies.
#[derive(Debug, Clone, PartialEq)]
struct Statement {
    allows: bool,
    actions: BTreeSet<String>,
    resources: Vec<Value>,
    condition: Value,
    whole: Value,
}

/// Everything that is wrong with the rights that a template gives.
pub fn problems(template: &Template, code: &Code) -> Vec<String> {
    let mut problems = stars(template, code);
    let roles = template.resources("AWS::IAM::Role");
    let mut taken = BTreeMap::new();
    for (name, function) in functions(template) {
        let Some(role) = function["Role"]["Fn::GetAtt"][0].as_str() else {
            problems.push(format!("{name} has no role of its own"));
            continue;
        };
        if let Some(other) = taken.insert(role, name.clone()) {
            problems.push(format!("{name} and {other} share {role}"));
        }
        let statements = of_role(template, roles[role], &mut problems);
        problems.extend(of_function(template, code, &name, function, &statements));
    }
    for (name, role) in &roles {
        let trust = statements(&role["AssumeRolePolicyDocument"]);
        for statement in trust {
            let service = statement.whole["Principal"]["Service"]
                .as_str()
                .unwrap_or_default();
            let confined = statement.condition["StringEquals"]["aws:SourceAccount"]
                == json!({ "Ref": "AWS::AccountId" });
            match service {
                "lambda.amazonaws.com" if taken.contains_key(name) => {}
                "scheduler.amazonaws.com" if confined => {}
                _ => problems.push(format!("{name} trusts {}", statement.whole)),
            }
        }
    }
    problems.extend(timers(template));
    problems
}

/// The functions, by their crate's name.
pub(crate) fn functions(template: &Template) -> BTreeMap<String, &Value> {
    template
        .all()
        .filter(|(_, resource)| resource["Type"] == "AWS::Lambda::Function")
        .map(|(name, resource)| {
            let binary = resource["Metadata"]["BuildProperties"]["Binary"].as_str();
            let binary = binary.unwrap_or(name).to_owned();
            (binary, &resource["Properties"])
        })
        .collect()
}

fn of_function(
    template: &Template,
    code: &Code,
    name: &str,
    function: &Value,
    statements: &[Statement],
) -> Vec<String> {
    let variables = &function["Environment"]["Variables"];
    let resource = template
        .all()
        .find(|(_, resource)| &resource["Properties"] == function)
        .map(|(resource, _)| resource)
        .unwrap_or_default();
    let queues: BTreeSet<String> = template
        .resources("AWS::Lambda::EventSourceMapping")
        .values()
        .filter(|mapping| mapping["FunctionName"]["Ref"] == resource)
        .map(|mapping| mapping["EventSourceArn"].to_string())
        .collect();
    let mut needed: BTreeSet<String> = code
        .reach(name)
        .into_iter()
        .filter(|call| {
            let address = ADDRESSES
                .iter()
                .find(|(service, _)| *service == call.service);
            let (_, variable) = address.expect("every client's address is known here");
            !variables[*variable].is_null()
        })
        .flat_map(|call| actions(&call.service, &call.operation))
        .collect();
    let mut problems = Vec::new();
    for (_, never, why) in NEVER.iter().filter(|(function, ..)| *function == name) {
        if !needed.remove(*never) {
            problems.push(format!(
                "{name} does not come to {never}, so nothing need be said of it: {why}"
            ));
        }
    }
    if !queues.is_empty() {
        needed.extend(FROM_QUEUE.map(str::to_owned));
    }
    needed.extend(LOG.map(str::to_owned));
    let allowed: BTreeSet<String> = statements
        .iter()
        .filter(|statement| statement.allows)
        .flat_map(|statement| statement.actions.clone())
        .filter(|action| !FOR_EVERYTHING.contains(&action.as_str()))
        .collect();
    for action in needed.difference(&allowed) {
        problems.push(format!("{name} may not do {action}, which its code does"));
    }
    for action in allowed.difference(&needed) {
        problems.push(format!("{name} may do {action}, which its code does not"));
    }
    for statement in statements.iter().filter(|statement| statement.allows) {
        for action in &statement.actions {
            if FOR_EVERYTHING.contains(&action.as_str()) {
                continue;
            }
            let expected = expected(action, function, &queues);
            let found: BTreeSet<String> =
                statement.resources.iter().map(Value::to_string).collect();
            if found != expected {
                problems.push(format!(
                    "{name} may do {action} to {found:?}; its variables name {expected:?}"
                ));
            }
            let condition = match action.as_str() {
                "iam:PassRole" => {
                    json!({ "StringEquals": { "iam:PassedToService": "scheduler.amazonaws.com" } })
                }
                "kms:Decrypt" | "kms:GenerateDataKey" => bound(code),
                _ => Value::Null,
            };
            if statement.condition != condition {
                problems.push(format!(
                    "{name} may do {action} if {}, not if {condition}",
                    statement.condition
                ));
            }
        }
    }
    problems
}

/// A data key is always bound to what the vault makes it for. The condition is known for each action that
/// sends a context, in a key's policy and in a role's (read 2026-11-28):
/// <https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-encryption-context>
fn bound(code: &Code) -> Value {
    let vault = code.text("vault");
    let purposes: Vec<_> = literals(vault, "const PURPOSE: &str = \"").collect();
    let names: Vec<_> = vault
        .split_once("\".to_owned(), PURPOSE.to_owned())")
        .and_then(|(before, _)| before.rsplit('"').next())
        .into_iter()
        .collect();
    let ([purpose], [name]) = (&purposes[..], &names[..]) else {
        panic!("say here what the vault binds a data key to");
    };
    json!({ "StringEquals": { format!("kms:EncryptionContext:{name}"): purpose } })
}

fn actions(service: &str, operation: &str) -> Vec<String> {
    let named = NAMES
        .iter()
        .find(|(s, o, _)| *s == service && *o == operation);
    if let Some((_, _, actions)) = named {
        return actions.iter().map(|action| (*action).to_owned()).collect();
    }
    let words = operation.split('_').map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    vec![format!("{service}:{}", words.collect::<String>())]
}

/// What an action must be allowed for, by the variables that lead the code there.
fn expected(action: &str, function: &Value, queues: &BTreeSet<String>) -> BTreeSet<String> {
    let variables = &function["Environment"]["Variables"];
    let name = |variable: &str| variables[variable]["Ref"].as_str().unwrap_or_default();
    let arn = |resource: &str| json!({ "Fn::GetAtt": [resource, "Arn"] }).to_string();
    let one = |value: Value| BTreeSet::from([value.to_string()]);
    let schedule = "arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule";
    let service = action.split(':').next().unwrap_or_default();
    match (service, action) {
        (_, action) if FROM_QUEUE.contains(&action) => queues.clone(),
        ("iam", _) => one(variables["SCHEDULE_ROLE_ARN"].clone()),
        ("kms", _) => one(variables["KMS_KEY_ID"].clone()),
        ("logs", _) => {
            let log = function["LoggingConfig"]["LogGroup"]["Ref"].as_str();
            BTreeSet::from([arn(log.unwrap_or_default())])
        }
        ("s3", _) => one(json!({ "Fn::Sub": format!("${{{}.Arn}}/*", name("MEDIA_BUCKET")) })),
        ("scheduler", _) => {
            one(json!({ "Fn::Sub": format!("{schedule}/${{{}}}/*", name("SCHEDULE_GROUP")) }))
        }
        ("secretsmanager", _) => {
            let secrets = variables["SECRETS"]["Fn::Join"][1].as_array();
            secrets
                .into_iter()
                .flatten()
                .map(Value::to_string)
                .collect()
        }
        ("sqs", _) => ["QUEUE_URL", "IMMEDIATE_QUEUE_URL", "DELIVERY_QUEUE_URL"]
            .map(|variable| arn(name(variable)))
            .into(),
        _ => BTreeSet::new(),
    }
}

/// The role with which schedules ring may send to where they ring, and nothing else.
fn timers(template: &Template) -> Vec<String> {
    let mut problems = Vec::new();
    let roles = template.resources("AWS::IAM::Role");
    for (name, function) in functions(template) {
        let variables = &function["Environment"]["Variables"];
        let Some(role) = variables["SCHEDULE_ROLE_ARN"]["Fn::GetAtt"][0].as_str() else {
            continue;
        };
        let statements = of_role(template, roles[role], &mut problems);
        let target: BTreeSet<String> = ["SCHEDULE_QUEUE_ARN", "SCHEDULE_DEAD_LETTER_ARN"]
            .map(|variable| variables[variable].to_string())
            .into();
        let may: Vec<_> = statements
            .iter()
            .map(|statement| {
                let resources = statement.resources.iter().map(Value::to_string);
                (
                    statement.actions.clone(),
                    resources.collect::<BTreeSet<_>>(),
                )
            })
            .collect();
        if may != [(BTreeSet::from(["sqs:SendMessage".to_owned()]), target)] {
            problems.push(format!("the schedules of {name} may do {may:?}"));
        }
    }
    problems
}

/// Everything in the whole template that is allowed for more than it names.
fn stars(template: &Template, code: &Code) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, resource) in template.all() {
        for document in documents(&resource["Properties"]) {
            for statement in statements(document) {
                if !statement.allows {
                    continue;
                }
                let whole = &statement.whole;
                let is_key = resource["Type"] == "AWS::KMS::Key";
                let is_everything = statement
                    .actions
                    .iter()
                    .all(|a| FOR_EVERYTHING.contains(&a.as_str()));
                if statement.actions.iter().any(|action| action.contains('*')) {
                    problems.push(format!("{name} allows any action: {whole}"));
                }
                for wrong in ["NotAction", "NotResource", "NotPrincipal"] {
                    if !whole[wrong].is_null() {
                        problems.push(format!("{name} allows by what it does not name: {whole}"));
                    }
                }
                if whole["Principal"].to_string().contains('*') {
                    problems.push(format!("{name} allows anybody: {whole}"));
                }
                for resource in &statement.resources {
                    let text = resource.to_string();
                    let is_family = FAMILIES
                        .iter()
                        .any(|family| text.contains(family) && text.matches('*').count() == 1);
                    if text.contains('*')
                        && !is_family
                        && !(resource == "*" && (is_key || is_everything))
                    {
                        problems.push(format!("{name} allows any resource: {whole}"));
                    }
                }
                if is_key
                    && statement
                        .actions
                        .iter()
                        .any(|a| matches!(a.as_str(), "kms:Decrypt" | "kms:GenerateDataKey"))
                    && statement.condition != bound(code)
                {
                    problems.push(format!(
                        "{name} lets a data key be made for nothing in particular: {whole}"
                    ));
                }
            }
        }
    }
    problems
}

/// Every policy in the properties of a resource.
fn documents(value: &Value) -> Vec<&Value> {
    match value {
        Value::Object(fields) if fields.contains_key("Statement") => vec![value],
        Value::Object(fields) => fields.values().flat_map(documents).collect(),
        Value::Array(items) => items.iter().flat_map(documents).collect(),
        Value::Bool(_) | Value::Null | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

fn of_role(template: &Template, role: &Value, problems: &mut Vec<String>) -> Vec<Statement> {
    let managed = template.resources("AWS::IAM::ManagedPolicy");
    let mut all: Vec<Statement> = role["Policies"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|policy| statements(&policy["PolicyDocument"]))
        .collect();
    for policy in role["ManagedPolicyArns"].as_array().into_iter().flatten() {
        match policy["Ref"].as_str().and_then(|name| managed.get(name)) {
            Some(policy) => all.extend(statements(&policy["PolicyDocument"])),
            None => problems.push(format!("a role has a policy that is not ours: {policy}")),
        }
    }
    all
}

/// The statements of a policy, those of both branches of a condition included.
fn statements(document: &Value) -> Vec<Statement> {
    let list = document["Statement"].as_array();
    list.into_iter()
        .flatten()
        .flat_map(|statement| match statement["Fn::If"].as_array() {
            Some(branches) => branches[1..].iter().collect(),
            None => vec![statement],
        })
        .filter(|statement| statement.get("Effect").is_some())
        .map(|statement| Statement {
            allows: statement["Effect"] == "Allow",
            actions: listed(&statement["Action"])
                .into_iter()
                .map(|action| action.as_str().unwrap_or("*").to_owned())
                .collect(),
            resources: listed(&statement["Resource"]),
            condition: statement["Condition"].clone(),
            whole: statement.clone(),
        })
        .collect()
}

/// One or many.
fn listed(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        Value::Null => Vec::new(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) | Value::String(_) => {
            vec![value.clone()]
        }
    }
}
