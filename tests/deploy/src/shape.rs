//! What must fit together in the template itself.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{Code, Template, code::literals, rights};

/// How many times its reader's timeout a queue hides a message.
const HIDDEN: u64 = 6;
/// 14 days, the longest that SQS keeps a message.
const LONGEST: u64 = 1_209_600;
/// Days that a post may still be worked on after it was prepared: one of lateness, one of doubt, and some.
const MADE: u64 = 7;
/// Days that a post may be scheduled ahead, and 30 more.
const GIVEN: u64 = 396;
/// What an access log may hold; paths, queries, headers, bodies and addresses of people are not in it.
const LOGGED: [&str; 7] = [
    "integrationLatency",
    "requestId",
    "requestTimeEpoch",
    "responseLatency",
    "responseLength",
    "routeKey",
    "status",
];

/// Everything that does not fit together.
pub fn problems(template: &Template, code: &Code) -> Vec<String> {
    let mut problems = queues(template);
    problems.extend(order(template));
    problems.extend(metrics(template, code));
    problems.extend(alarms(template));
    problems.extend(logs(template));
    problems.extend(files(template, code));
    problems
}

/// A message that fails comes back, and at last is kept aside.
fn queues(template: &Template) -> Vec<String> {
    let mut problems = Vec::new();
    let queues = template.resources("AWS::SQS::Queue");
    let functions = template.resources("AWS::Lambda::Function");
    for (name, mapping) in template.resources("AWS::Lambda::EventSourceMapping") {
        let queue = queues[mapping["EventSourceArn"]["Fn::GetAtt"][0].as_str().unwrap()];
        let function = functions[mapping["FunctionName"]["Ref"].as_str().unwrap()];
        let timeout = function["Timeout"].as_u64().unwrap();
        if queue["VisibilityTimeout"].as_u64() < Some(HIDDEN * timeout) {
            problems.push(format!(
                "{name}: a message is shown again before {HIDDEN} times {timeout} s"
            ));
        }
        if mapping["FunctionResponseTypes"] != serde_json::json!(["ReportBatchItemFailures"]) {
            problems.push(format!(
                "{name}: one bad message brings back its whole batch"
            ));
        }
        if mapping["ScalingConfig"]["MaximumConcurrency"].is_null() {
            problems.push(format!("{name}: nothing limits how many run at once"));
        }
        let redrive = &queue["RedrivePolicy"];
        if redrive["maxReceiveCount"] != 5 {
            problems.push(format!(
                "{name}: a message is not kept aside after five receives"
            ));
        }
        let aside = redrive["deadLetterTargetArn"]["Fn::GetAtt"][0].as_str();
        let kept = aside.and_then(|aside| queues[aside]["MessageRetentionPeriod"].as_u64());
        if kept != Some(LONGEST) {
            problems.push(format!(
                "{name}: what is kept aside is not kept for 14 days"
            ));
        }
    }
    for (name, queue) in queues {
        if queue["SqsManagedSseEnabled"] != true {
            problems.push(format!("{name} is not encrypted"));
        }
    }
    problems
}

/// New code waits for the schema.
fn order(template: &Template) -> Vec<String> {
    template
        .all()
        .filter(|(_, resource)| resource["Type"] == "AWS::Lambda::Function")
        .filter(|(name, resource)| *name != "MigrateFunction" && resource["DependsOn"] != "Schema")
        .map(|(name, _)| format!("{name} does not wait for the schema"))
        .chain(
            (template.resources("Custom::Schema").is_empty())
                .then(|| "nothing migrates".to_owned()),
        )
        .collect()
}

/// What is counted in the log is what the code writes there.
fn metrics(template: &Template, code: &Code) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, filter) in template.resources("AWS::Logs::MetricFilter") {
        let pattern = filter["FilterPattern"].as_str().unwrap();
        let log = filter["LogGroupName"]["Ref"].as_str().unwrap();
        let function = log.trim_end_matches("Log").to_lowercase();
        let mut words: BTreeSet<String> = pattern
            .split("$.")
            .skip(1)
            .filter_map(|rest| {
                rest.split(|c: char| !c.is_alphanumeric() && c != '_')
                    .next()
            })
            .filter(|field| !matches!(*field, "level" | "message"))
            .map(str::to_owned)
            .collect();
        if pattern.contains("$.message") {
            words.extend(
                pattern
                    .split('"')
                    .nth(1)
                    .map(|message| format!("\"{message}\"")),
            );
        }
        let value = filter["MetricTransformations"][0]["MetricValue"]
            .as_str()
            .unwrap();
        if let Some(field) = value.strip_prefix("$.") {
            words.insert(field.to_owned());
        }
        let written = code.written_by(&function);
        for word in words {
            if !written.iter().any(|line| line.contains(&word)) {
                problems.push(format!(
                    "{name} looks for {word}, which {function} does not log"
                ));
            }
        }
    }
    problems
}

/// Each alarm reads a metric that there is and tells somebody.
fn alarms(template: &Template) -> Vec<String> {
    let counted: BTreeSet<&str> = template
        .resources("AWS::Logs::MetricFilter")
        .values()
        .filter_map(|filter| filter["MetricTransformations"][0]["MetricName"].as_str())
        .collect();
    let mut problems = Vec::new();
    for (name, alarm) in template.resources("AWS::CloudWatch::Alarm") {
        let watched = watched(alarm);
        if watched.is_empty() {
            problems.push(format!("{name} watches nothing"));
        }
        for (_, metric) in watched {
            let is_ours = metric["Namespace"].is_object();
            let metric = metric["MetricName"].as_str().unwrap();
            if is_ours && !counted.contains(metric) {
                problems.push(format!("{name} watches {metric}, which nothing counts"));
            }
        }
        problems.extend(age(name, alarm));
        problems.extend(standing(name, alarm, template));
        if alarm["AlarmActions"].is_null() {
            problems.push(format!("{name} tells nobody"));
        }
        let says_silence = alarm["ComparisonOperator"] == "LessThanThreshold";
        let missing = if says_silence {
            "breaching"
        } else {
            "notBreaching"
        };
        if alarm["TreatMissingData"] != missing {
            problems.push(format!(
                "{name} takes silence for the opposite of what it is"
            ));
        }
    }
    problems
}

/// The metrics that an alarm is made of, with their names in its expression.
fn watched(alarm: &Value) -> Vec<(&str, &Value)> {
    let Some(metrics) = alarm["Metrics"].as_array() else {
        return vec![("", alarm)];
    };
    metrics
        .iter()
        .map(|it| (it["Id"].as_str().unwrap(), &it["MetricStat"]["Metric"]))
        .filter(|(_, metric)| metric.is_object())
        .collect()
}

/// What stands is written down each minute until a person has settled it; an alarm is about what happens.
fn standing(name: &str, alarm: &Value, template: &Template) -> Option<String> {
    let is_level = template
        .resources("AWS::Logs::MetricFilter")
        .values()
        .map(|filter| &filter["MetricTransformations"][0])
        .filter(|counted| counted["MetricName"] == alarm["MetricName"])
        .any(|counted| counted["MetricValue"] != "1" && counted["Unit"] == "Count");
    is_level.then(|| format!("{name} rings until somebody has settled what stands"))
}

/// What failed is hidden, and ages; an age that counts is that of a queue from which something can be taken.
fn age(name: &str, alarm: &Value) -> Option<String> {
    let watched = watched(alarm);
    let of = |wanted: &str| {
        let found = watched.iter().find(|(_, it)| it["MetricName"] == wanted);
        found.map(|(id, metric)| (*id, &metric["Dimensions"]))
    };
    let (age, queue) = of("ApproximateAgeOfOldestMessage")?;
    let counts = of("ApproximateNumberOfMessagesVisible").is_some_and(|(visible, of)| {
        let expression = format!("IF({visible} > 0, {age}, 0)");
        let metrics = alarm["Metrics"].as_array().into_iter().flatten();
        let mut shown = metrics.filter(|it| it["ReturnData"] != false);
        of == queue && shown.all(|it| it["Expression"] == expression.as_str())
    });
    (!counts).then(|| format!("{name} rings for a message that failed and is hidden"))
}

/// What no row tells of is deleted by the bucket, and not while a post may need it.
fn files(template: &Template, code: &Code) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, bucket) in template.resources("AWS::S3::Bucket") {
        let rules = bucket["LifecycleConfiguration"]["Rules"].as_array();
        let rules: Vec<_> = rules.into_iter().flatten().collect();
        let ends = |prefix: Option<&str>| {
            let mut rules = rules.iter().filter(|it| it["Prefix"].as_str() == prefix);
            rules.find_map(|it| it["ExpirationInDays"].as_u64())
        };
        let made: BTreeSet<&str> = literals(code.text("publishing"), "let key = format!(\"")
            .filter_map(|key| key.split_inclusive('/').next())
            .collect();
        if made.is_empty() {
            problems.push("nothing tells what the publisher keeps".to_owned());
        }
        for prefix in &made {
            if ends(Some(prefix)).is_none_or(|days| !(MADE..=60).contains(&days)) {
                problems.push(format!(
                    "{name} does not keep {prefix} as long as it may be needed"
                ));
            }
        }
        for prefix in rules.iter().filter_map(|it| it["Prefix"].as_str()) {
            if !made.contains(prefix) {
                problems.push(format!("{name} deletes {prefix}, which nobody makes"));
            }
        }
        if ends(None).is_none_or(|days| days < GIVEN) {
            problems.push(format!(
                "{name} does not keep what a post a year ahead needs"
            ));
        }
    }
    problems
}

/// Logs end some day, and that of the API holds no secrets.
fn logs(template: &Template) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, log) in template.resources("AWS::Logs::LogGroup") {
        if log["RetentionInDays"].is_null() {
            problems.push(format!("{name} is kept for ever"));
        }
    }
    for (name, function) in rights::functions(template) {
        if function["LoggingConfig"]["LogGroup"].is_null() {
            problems.push(format!("{name} has no log of its own"));
        }
        if function["TracingConfig"]["Mode"] != "Active" {
            problems.push(format!("{name} is not traced"));
        }
    }
    for (name, stage) in template.resources("AWS::ApiGatewayV2::Stage") {
        let format = &stage["AccessLogSettings"]["Format"];
        let format: Value = serde_json::from_str(format.as_str().unwrap()).unwrap();
        for value in format.as_object().unwrap().values() {
            let known = value
                .as_str()
                .and_then(|value| value.strip_prefix("$context."));
            if !known.is_some_and(|known| LOGGED.contains(&known)) {
                problems.push(format!("{name} logs {value}"));
            }
        }
        if stage["DefaultRouteSettings"]["ThrottlingRateLimit"].is_null() {
            problems.push(format!("{name} takes any number of requests"));
        }
    }
    problems
}
