use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use time::macros::datetime;

use super::*;
use crate::FaultKind;

const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

fn answer(status: u16, headers: &[(&'static str, String)], body: &Value) -> Answer {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            )
        })
        .collect();
    Answer {
        status,
        headers,
        body: body.to_string().into_bytes(),
    }
}

fn blank(status: u16, title: &str, detail: &str) -> Value {
    json!({ "title": title, "detail": detail, "type": "about:blank", "status": status })
}

fn typed(title: &str, kind: &str) -> Value {
    json!({ "title": title, "type": format!("https://api.twitter.com/2/problems/{kind}") })
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table, one line a refusal")]
fn every_listed_refusal_has_its_fault() {
    let invalid = "https://api.x.com/2/problems/invalid-request";
    let content = FaultKind::Content;
    let operator = FaultKind::Operator;
    let quarter = FaultKind::Quota {
        until: Some(NOW + QUARTER),
    };
    let rows = [
        (
            400,
            json!({ "errors": [{ "message": "Your media IDs are invalid." }], "type": invalid }),
            content.clone(),
            "media_refused",
        ),
        (
            400,
            json!({ "errors": [{ "message": "text is missing" }], "title": "Invalid Request", "type": invalid }),
            content.clone(),
            "post_refused",
        ),
        (
            400,
            json!({ "errors": [{ "message": "Request body must be a JSON object." }] }),
            operator.clone(),
            "call_refused",
        ),
        (
            401,
            blank(401, "Unauthorized", "Unauthorized"),
            FaultKind::Unauthorized,
            "token_refused",
        ),
        (
            401,
            json!({ "error": "unauthorized_client", "error_description": "Missing valid authorization header" }),
            operator.clone(),
            "app_refused",
        ),
        (
            402,
            json!({ "title": "CreditsDepleted" }),
            operator.clone(),
            "credits_depleted",
        ),
        (
            402,
            typed("CreditsDepleted", "credits"),
            operator.clone(),
            "credits_depleted",
        ),
        (
            403,
            blank(
                403,
                "Forbidden",
                "You are not allowed to create a Tweet with duplicate content.",
            ),
            content.clone(),
            "duplicate_text",
        ),
        (
            403,
            blank(
                403,
                "Forbidden",
                "You are not permitted to perform this action.",
            ),
            content.clone(),
            "post_refused",
        ),
        (
            403,
            blank(403, "Forbidden", "Forbidden"),
            FaultKind::Reconnect,
            "scope_missing",
        ),
        (
            403,
            typed("Unsupported Authentication", "unsupported-authentication"),
            operator.clone(),
            "call_refused",
        ),
        (
            403,
            typed("Client Forbidden", "client-forbidden"),
            operator.clone(),
            "app_refused",
        ),
        (
            403,
            typed("Forbidden", "oauth1-permissions"),
            operator.clone(),
            "app_read_only",
        ),
        (
            403,
            blank(
                403,
                "Forbidden",
                "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged.",
            ),
            content.clone(),
            "reply_not_allowed",
        ),
        (
            403,
            blank(
                403,
                "Forbidden",
                "You can only reply to or quote posts where you are mentioned or are the author.",
            ),
            content.clone(),
            "reply_not_allowed",
        ),
        (
            403,
            blank(
                403,
                "Forbidden",
                "Quoting this post is not allowed because you have not been mentioned.",
            ),
            content.clone(),
            "reply_not_allowed",
        ),
        (
            403,
            blank(
                403,
                "Forbidden",
                "Your account is suspended and is not permitted to access this feature.",
            ),
            content.clone(),
            "account_restricted",
        ),
        (
            403,
            blank(
                403,
                "Forbidden",
                "To protect our users, this account is temporarily locked.",
            ),
            content.clone(),
            "account_restricted",
        ),
        (
            403,
            json!({ "title": "SpendCapReached" }),
            operator,
            "spend_cap_reached",
        ),
        (
            403,
            blank(
                403,
                "Forbidden",
                "This user is not allowed to post a video longer than 2 minutes.",
            ),
            content.clone(),
            "video_too_long",
        ),
        (
            404,
            typed("Not Found Error", "resource-not-found"),
            content,
            "post_gone",
        ),
        (
            429,
            blank(429, "Too Many Requests", "Too Many Requests"),
            quarter.clone(),
            "rate_limited",
        ),
        (
            429,
            json!({ "errors": [{ "code": 88, "message": "Rate limit exceeded" }] }),
            quarter,
            "rate_limited",
        ),
        (
            429,
            typed("UsageCapExceeded", "usage-capped"),
            FaultKind::Quota { until: None },
            "usage_capped",
        ),
    ];
    for (status, body, kind, code) in rows {
        let fault = refused(&answer(status, &[], &body), NOW).expect(code);
        assert_eq!((fault.kind, fault.code.as_str()), (kind, code), "{body}");
    }
}

#[test]
fn what_is_not_listed_is_never_a_refusal() {
    let unlisted = [
        (400, json!({ "message": "odd" })),
        (401, json!({})),
        (403, blank(403, "Forbidden", "Something new.")),
        (404, json!({})),
        (413, Value::Null),
        (418, json!({})),
        (429, json!({})),
        (500, blank(500, "Internal Error", "duplicate content")),
        (503, json!({})),
    ];
    for (status, body) in unlisted {
        let fault = refused(&answer(status, &[], &body), NOW);
        assert_eq!(fault, None, "{status} {body}");
    }
    let page = Answer {
        body: b"<html>Too Many Requests</html>".to_vec(),
        ..answer(429, &[], &Value::Null)
    };
    assert_eq!(refused(&page, NOW), None);
}

#[test]
fn a_limit_lasts_until_the_latest_reset_of_those_used_up() {
    let at = |minutes: i64| {
        (NOW + Duration::minutes(minutes))
            .unix_timestamp()
            .to_string()
    };
    let headers = [
        ("x-rate-limit-remaining", "0".to_owned()),
        ("x-rate-limit-reset", at(7)),
        ("x-user-limit-24hour-remaining", "0".to_owned()),
        ("x-user-limit-24hour-reset", at(90)),
        ("x-app-limit-24hour-remaining", "12".to_owned()),
        ("x-app-limit-24hour-reset", at(500)),
    ];
    let fault = refused(&answer(429, &headers, &json!({})), NOW).unwrap();
    let until = Some(NOW + Duration::minutes(90));
    assert_eq!(fault.kind, FaultKind::Quota { until });
}

#[test]
fn a_breakdown_is_worth_another_try() {
    let fault = read(&answer(503, &[], &Value::Null), NOW);
    assert_eq!(fault.kind, FaultKind::Retry { after: None });
}

#[test]
fn a_dead_refresh_token_asks_for_a_new_connection() {
    let body = json!({ "error": "invalid_request", "error_description": "Value passed for the token was invalid." });
    assert_eq!(
        read_token(&answer(400, &[], &body), NOW).kind,
        FaultKind::Reconnect
    );
}
