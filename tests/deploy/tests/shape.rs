//! What must fit together in the template itself.

use deploy::{Code, Template, shape::problems};
use serde_json::{Value, json};

#[test]
fn everything_fits_together() {
    let found = problems(&Template::of_project(), &Code::of_project());
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn what_does_not_fit_is_found() {
    let (template, code) = (Template::of_project(), Code::of_project());
    for (resource, path, value, expected) in spoilt() {
        let mut spoilt = template.clone();
        *spoilt.spoil(resource).pointer_mut(path).unwrap() = value;
        let found = problems(&spoilt, &code);
        assert!(
            found.iter().any(|problem| problem.contains(expected)),
            "{expected}: {found:#?}"
        );
    }
}

type Slip = (&'static str, &'static str, Value, &'static str);

fn spoilt() -> Vec<Slip> {
    [of_queues(), of_what_is_watched(), of_what_is_kept()].concat()
}

fn of_queues() -> Vec<Slip> {
    vec![
        (
            "ScheduledQueue",
            "/Properties/VisibilityTimeout",
            json!(1799),
            "shown again",
        ),
        (
            "PublisherFunction",
            "/Properties/Timeout",
            json!(301),
            "shown again",
        ),
        (
            "PublisherFunctionImmediate",
            "/Properties/FunctionResponseTypes",
            json!([]),
            "whole batch",
        ),
        (
            "PublisherFunctionScheduled",
            "/Properties/ScalingConfig",
            json!({}),
            "at once",
        ),
        (
            "ImmediateQueue",
            "/Properties/RedrivePolicy/maxReceiveCount",
            json!(50),
            "five receives",
        ),
        (
            "DeadLetterQueue",
            "/Properties/MessageRetentionPeriod",
            json!(345_600),
            "14 days",
        ),
        (
            "TimerDeadLetterQueue",
            "/Properties/SqsManagedSseEnabled",
            json!(false),
            "not encrypted",
        ),
        (
            "SweeperFunction",
            "/DependsOn",
            json!("SweeperLog"),
            "does not wait for the schema",
        ),
    ]
}

fn of_what_is_watched() -> Vec<Slip> {
    vec![
        (
            "LatenessMetric",
            "/Properties/FilterPattern",
            json!("{ $.lateness >= 0 }"),
            "looks for lateness",
        ),
        (
            "SweepsMetric",
            "/Properties/FilterPattern",
            json!("{ $.message = \"cleaned\" }"),
            "looks for \"cleaned\"",
        ),
        (
            "LatenessAlarm",
            "/Properties/MetricName",
            json!("Late"),
            "nothing counts",
        ),
        (
            "UnconfirmedAlarm",
            "/Properties/MetricName",
            json!("Unconfirmed"),
            "until somebody has settled",
        ),
        (
            "ScheduledAgeAlarm",
            "/Properties/Metrics/0/Expression",
            json!("age"),
            "failed and is hidden",
        ),
        (
            "ImmediateAgeAlarm",
            "/Properties/Metrics/2/MetricStat/Metric/Dimensions/0/Value",
            json!({ "Fn::GetAtt": ["ScheduledQueue", "QueueName"] }),
            "failed and is hidden",
        ),
        (
            "SweeperSilentAlarm",
            "/Properties/TreatMissingData",
            json!("notBreaching"),
            "takes silence",
        ),
        (
            "ApiErrorsAlarm",
            "/Properties/AlarmActions",
            Value::Null,
            "tells nobody",
        ),
    ]
}

fn of_what_is_kept() -> Vec<Slip> {
    vec![
        (
            "MediaBucket",
            "/Properties/LifecycleConfiguration/Rules/1/ExpirationInDays",
            json!(2),
            "renditions/ as long as",
        ),
        (
            "MediaBucket",
            "/Properties/LifecycleConfiguration/Rules/1/Prefix",
            json!("rendition/"),
            "which nobody makes",
        ),
        (
            "MediaBucket",
            "/Properties/LifecycleConfiguration/Rules/2/ExpirationInDays",
            json!(366),
            "a year ahead",
        ),
        (
            "AuthLog",
            "/Properties/RetentionInDays",
            Value::Null,
            "kept for ever",
        ),
        (
            "ApiStage",
            "/Properties/AccessLogSettings/Format",
            json!("{\"path\":\"$context.path\"}"),
            "logs",
        ),
    ]
}
