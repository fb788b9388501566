//! What each refusal means, row by row.

use http::HeaderValue;
use serde_json::{Value, json};
use time::macros::datetime;

use super::*;
use crate::FaultKind;
use crate::testing::{answer, kind_of};

fn app() -> App {
    on_trial(false)
}

fn on_trial(is: bool) -> App {
    let setting = ("access".to_owned(), "trial".to_owned());
    App {
        client_id: "1".to_owned(),
        client_secret: "s".into(),
        redirect_uri: "https://app.example/back".parse().unwrap(),
        version: String::new(),
        webhook_secret: None,
        webhook_verify_token: None,
        settings: is.then_some(setting).into_iter().collect(),
    }
}

const NOW: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);

#[test]
#[expect(clippy::too_many_lines, reason = "a table: one entry a row")]
fn each_listed_refusal_has_its_meaning() {
    let trial = "Apps with Trial access may not create Pins in production https://api.pinterest.com - use API Sandbox https://api-sandbox.pinterest.com instead.";
    for (status, code, message, kind, name) in [
        (
            400,
            1,
            "Invalid request: {...} ('abc' does not match '^\\d+$')",
            "content",
            "pin_refused",
        ),
        (400, 400, "Whoops! invalid URL", "content", "pin_refused"),
        (
            400,
            1,
            "The site does not allow saves to Pinterest",
            "content",
            "link_refused",
        ),
        (
            400,
            1,
            "Unable to reach the URL",
            "content",
            IMAGE_UNREACHABLE,
        ),
        (
            400,
            235,
            "Unable to reach the URL. Please check",
            "content",
            IMAGE_UNREACHABLE,
        ),
        (
            400,
            1,
            "'cover_image_url' is a required property",
            "operator",
            "cover_missing",
        ),
        (
            400,
            1104,
            "Token is not valid or expired",
            "unauthorized",
            "token_refused",
        ),
        (
            401,
            2,
            "Authentication failed.",
            "unauthorized",
            "token_refused",
        ),
        (
            401,
            3,
            "Your token does not have sufficient permissions",
            "reconnect",
            "scope_missing",
        ),
        (
            403,
            3,
            "Your token does not have sufficient permissions",
            "reconnect",
            "scope_missing",
        ),
        (
            401,
            7,
            "Not authorized to access board or Pin.",
            "content",
            "board_forbidden",
        ),
        (
            403,
            7,
            "Not authorized to access board or Pin.",
            "content",
            "board_forbidden",
        ),
        (
            403,
            29,
            "You are not permitted to access that resource.",
            "content",
            "board_forbidden",
        ),
        (403, 29, trial, "operator", "app_on_trial"),
        (403, 2625, "disapproved", "content", "account_restricted"),
        (403, 2626, "under review", "content", "account_restricted"),
        (404, 40, "Board not found.", "content", "board_gone"),
        (404, 404, "Board not found.", "content", "board_gone"),
        (
            404,
            2031,
            "Board section not found.",
            "content",
            "section_gone",
        ),
        (404, 50, "Pin not found.", "content", "pin_gone"),
        (404, 404, "Pin not found.", "content", "pin_gone"),
        (404, 404, "Media not found.", "content", "media_gone"),
        (
            429,
            8,
            "You have exceeded your rate limit. Try again later.",
            "quota",
            "rate_limited",
        ),
        (429, 30, "Too many", "quota", "rate_limited"),
    ] {
        let body = json!({"code": code, "message": message});
        let fault =
            refused(&answer(status, &body), NOW, &app()).unwrap_or_else(|| panic!("{body}"));
        assert_eq!(
            (kind_of(&fault), fault.code.as_str()),
            (kind, name),
            "{status} {body}"
        );
    }
}

#[test]
fn what_is_not_listed_is_never_called_refused() {
    for (status, body) in [
        (400, json!({"code": 77, "message": "new"})),
        (400, json!({"message": "no code"})),
        (401, json!({"code": 99, "message": "new"})),
        (401, Value::Null),
        (403, json!({"code": 99, "message": "new"})),
        (404, json!({"code": 99, "message": "new"})),
        (409, json!({"code": 409, "message": "busy"})),
        (429, json!("wait")),
        (500, json!({"code": 1, "message": "x"})),
        (502, Value::Null),
        (503, json!({"code": 4197, "message": "off"})),
        (504, Value::Null),
    ] {
        assert_eq!(
            refused(&answer(status, &body), NOW, &app()),
            None,
            "{status} {body}"
        );
    }
}

#[test]
fn repeatable_calls_wait_where_pinterest_is_broken() {
    for (status, body, kind) in [
        (409, json!({"code": 409, "message": "busy"}), "retry"),
        (500, Value::Null, "retry"),
        (503, json!({"code": 4197, "message": "off"}), "retry"),
        (401, Value::Null, "unauthorized"),
        (429, Value::Null, "quota"),
        (418, Value::Null, "content"),
    ] {
        assert_eq!(
            kind_of(&read(&answer(status, &body), NOW, &app())),
            kind,
            "{status}"
        );
    }
}

#[test]
fn a_limit_lasts_as_long_as_any_header_says() {
    let until = |name: Option<&'static str>, value: &'static str| {
        let mut answer = answer(429, &json!({"code": 8, "message": ""}));
        if let Some(name) = name {
            answer.headers.insert(name, HeaderValue::from_static(value));
        }
        let fault = refused(&answer, NOW, &app()).unwrap();
        let FaultKind::Quota { until: Some(until) } = fault.kind else {
            panic!("{fault}")
        };
        (until - NOW).whole_seconds()
    };
    assert_eq!(until(None, ""), 60);
    assert_eq!(until(Some("retry-after"), "7"), 7);
    assert_eq!(until(Some("x-ratelimit-reset"), "45"), 45);
    assert_eq!(until(Some("x-ratelimit-reset"), "45, 45;w=60"), 45);
    assert_eq!(until(Some("x-ratelimit-reset"), "soon"), 60);
    assert_eq!(until(Some("x-ratelimit-reset"), "99999999"), 86_400);
}

#[test]
fn a_limit_on_trial_lasts_until_the_next_day_where_no_header_says() {
    let until = |is_on_trial, headers: &[(&'static str, &'static str)]| {
        let mut answer = answer(429, &json!({"code": 8, "message": ""}));
        for (name, value) in headers {
            answer
                .headers
                .insert(*name, HeaderValue::from_static(value));
        }
        let fault = refused(&answer, NOW, &on_trial(is_on_trial)).unwrap();
        let FaultKind::Quota { until } = fault.kind else {
            panic!("{fault}")
        };
        until.unwrap()
    };
    assert_eq!(until(true, &[]), datetime!(2026-11-24 00:00 UTC));
    assert_eq!(until(false, &[]), datetime!(2026-11-23 12:01 UTC));
    let told = [("x-ratelimit-reset", "90")];
    assert_eq!(until(true, &told), datetime!(2026-11-23 12:01:30 UTC));
}

#[test]
fn the_token_endpoint_tells_ended_grants_from_wrong_settings() {
    let authentication = json!({"code": 2, "message": "Authentication failed."});
    let invalid = json!({"code": 1, "message": "Invalid code"});
    assert_eq!(
        read_exchange(&answer(401, &authentication), NOW, &app()).code,
        "app_refused"
    );
    assert_eq!(
        read_exchange(&answer(400, &invalid), NOW, &app()).code,
        "grant_ended"
    );
    assert_eq!(
        read_refresh(&answer(400, &invalid), NOW, &app()).code,
        "grant_ended"
    );
    for (status, code) in [
        (200, "grant_ended"),
        (400, "grant_ended"),
        (401, "app_refused"),
        (403, "grant_ended"),
        (429, "rate_limited"),
        (500, "unavailable"),
    ] {
        let answer = answer(status, &authentication);
        assert_eq!(
            read_refusal_of_refresh(&answer, NOW, &app()).code,
            code,
            "{status}"
        );
    }
    assert_eq!(
        kind_of(&read_refresh(&answer(503, &Value::Null), NOW, &app())),
        "retry"
    );
}
