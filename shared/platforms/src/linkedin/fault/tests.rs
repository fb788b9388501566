use http::HeaderValue;
use serde_json::{Value, json};
use time::macros::datetime;

use super::*;
use crate::FaultKind;
use crate::testing::{answer, kind_of};

const NOW: OffsetDateTime = datetime!(2026-11-23 21:30 UTC);

fn input(status: u16, code: &str) -> Value {
    json!({"status": status, "message": "m", "errorDetails": {"inputErrors": [{"description": "d", "input": {}, "code": code}]}})
}

fn top(status: u16, code: &str, service: Option<i64>) -> Value {
    json!({"status": status, "message": "m", "code": code, "serviceErrorCode": service})
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table: one entry a row")]
fn each_listed_refusal_has_its_meaning() {
    for (status, body, kind, code) in [
        (400, input(400, "MISSING_FIELD"), "content", "post_refused"),
        (
            400,
            input(400, "INVALID_VALUE_FOR_FIELD"),
            "content",
            "post_refused",
        ),
        (
            400,
            input(400, "INVALID_URN_TYPE"),
            "content",
            "post_refused",
        ),
        (
            400,
            top(400, "INVALID_URN_ID", None),
            "content",
            "post_refused",
        ),
        (
            400,
            input(400, "FIELD_LENGTH_TOO_LONG"),
            "content",
            "caption_too_long",
        ),
        (
            400,
            input(400, "INVALID_IMAGE_ID"),
            "content",
            MEDIA_UNKNOWN,
        ),
        (
            400,
            input(400, "INVALID_VIDEO_ID"),
            "content",
            MEDIA_UNKNOWN,
        ),
        (
            400,
            input(400, "MEDIA_ASSET_WAITING_UPLOAD"),
            "retry",
            "media_not_ready",
        ),
        (
            400,
            input(400, "MEDIA_ASSET_PROCESSING_FAILED"),
            "content",
            "media_unusable",
        ),
        (
            400,
            input(400, "UPDATING_ASSET_FAILED"),
            "content",
            "media_unusable",
        ),
        (
            400,
            top(400, "EXPIRED_UPLOAD_URL", None),
            "retry",
            "upload_ended",
        ),
        (
            403,
            top(403, "EXPIRED_UPLOAD_URL", None),
            "retry",
            "upload_ended",
        ),
        (
            400,
            top(400, "VERSION_MISSING", None),
            "operator",
            "version_missing",
        ),
        (
            401,
            top(401, "INVALID_ACCESS_TOKEN", Some(65600)),
            "unauthorized",
            "token_refused",
        ),
        (
            401,
            top(401, "REVOKED_ACCESS_TOKEN", Some(65601)),
            "unauthorized",
            "token_refused",
        ),
        (
            401,
            top(401, "EXPIRED_ACCESS_TOKEN", Some(65602)),
            "unauthorized",
            "token_refused",
        ),
        (
            403,
            top(403, "ACCESS_DENIED", Some(100)),
            "reconnect",
            "access_denied",
        ),
        (
            403,
            json!({"status": 403, "message": "Accessing this document resource is forbidden. Please check your permissions for this resource"}),
            "reconnect",
            "access_denied",
        ),
        (404, top(404, "NOT_FOUND", None), "content", "not_found"),
        (413, top(413, "", None), "content", "file_refused"),
        (415, top(415, "", None), "content", "file_refused"),
        (422, input(422, "DUPLICATE_POST"), "content", "duplicate"),
        (422, input(422, "ANYTHING"), "content", "post_refused"),
        (
            426,
            top(426, "NONEXISTENT_VERSION", None),
            "operator",
            "version_retired",
        ),
        (429, top(429, "", Some(101)), "quota", "daily_limit"),
    ] {
        let fault = refused(&answer(status, &body), NOW).unwrap_or_else(|| panic!("{body}"));
        assert_eq!(
            (kind_of(&fault), fault.code.as_str()),
            (kind, code),
            "{body}"
        );
    }
}

#[test]
fn what_is_not_listed_is_never_called_refused() {
    for (status, body) in [
        (400, input(400, "SOMETHING_NEW")),
        (400, json!({})),
        (401, Value::Null),
        (403, top(403, "SOMETHING_NEW", None)),
        (409, top(409, "CONFLICT", None)),
        (422, json!({"status": 500})),
        (429, json!("slow down")),
        (500, top(500, "", None)),
        (503, top(503, "DUPLICATE_POST", None)),
        (504, Value::Null),
        (302, top(302, "", None)),
    ] {
        assert_eq!(
            refused(&answer(status, &body), NOW),
            None,
            "{status} {body}"
        );
    }
}

#[test]
fn repeatable_calls_wait_where_linkedin_is_broken() {
    for (status, body, kind) in [
        (409, top(409, "CONFLICT", None), "retry"),
        (500, Value::Null, "retry"),
        (503, json!({"status": 503}), "retry"),
        (504, Value::Null, "retry"),
        (401, Value::Null, "unauthorized"),
        (426, Value::Null, "operator"),
        (429, Value::Null, "quota"),
        (418, Value::Null, "content"),
    ] {
        assert_eq!(
            kind_of(&read(&answer(status, &body), NOW)),
            kind,
            "{status}"
        );
    }
}

#[test]
fn a_used_up_day_is_probed_each_hour_and_at_midnight() {
    let until = |body: &Value, now, wait: Option<&'static str>| {
        let mut answer = answer(429, body);
        if let Some(wait) = wait {
            answer
                .headers
                .insert("retry-after", HeaderValue::from_static(wait));
        }
        let fault = refused(&answer, now).unwrap();
        let FaultKind::Quota { until: Some(until) } = fault.kind else {
            panic!("{fault}")
        };
        (fault.code, until)
    };
    let member = json!({"status": 429, "serviceErrorCode": 101, "message": "Resource level throttle limit for calls to this resource is reached."});
    let app = json!({"status": 429, "serviceErrorCode": 101, "message": "Resource level throttle APPLICATION DAY limit for calls to this resource is reached."});
    assert_eq!(
        until(&member, NOW, None),
        ("daily_limit".to_owned(), datetime!(2026-11-23 22:30 UTC))
    );
    assert_eq!(
        until(&app, datetime!(2026-11-23 23:59 UTC), None),
        (
            "app_daily_limit".to_owned(),
            datetime!(2026-11-24 00:00 UTC)
        )
    );
    assert_eq!(
        until(&member, NOW, Some("45")).1,
        NOW + Duration::seconds(45)
    );
}

#[test]
fn a_duplicate_names_the_first_post() {
    let body = json!({"status": 422, "message": "x: Content is a duplicate of urn:li:share:7141138937766391808", "errorDetails": {"inputErrors": [{"code": "DUPLICATE_POST"}]}});
    let fault = refused(&answer(422, &body), NOW).unwrap();
    assert!(
        fault
            .message
            .contains("/feed/update/urn:li:share:7141138937766391808/")
    );
    assert_eq!(
        urn_in("of urn:li:ugcPost:12, again"),
        Some("urn:li:ugcPost:12")
    );
    assert_eq!(urn_in("of urn:li:share:x"), None);
}

#[test]
fn the_token_endpoint_tells_ended_grants_from_wrong_settings() {
    let code = |status, error: &str, description: &str| {
        let body = json!({"error": error, "error_description": description});
        let fault = read_token(&answer(status, &body), NOW);
        (kind_of(&fault), fault.code)
    };
    let ended = ("reconnect", "grant_ended".to_owned());
    let ours = ("operator", "app_refused".to_owned());
    assert_eq!(
        code(
            400,
            "invalid_request",
            "Unable to retrieve access token: appId or redirect uri does not match authorization code or authorization code expired"
        ),
        ended
    );
    assert_eq!(
        code(
            400,
            "invalid_grant",
            "The provided refresh token is expired"
        ),
        ended
    );
    assert_eq!(
        code(
            400,
            "invalid_request",
            "A required parameter \"client_secret\" is missing"
        ),
        ours
    );
    assert_eq!(
        code(401, "invalid_client", "Client authentication failed"),
        ours
    );
    assert_eq!(code(503, "", "").0, "retry");
}

#[test]
fn an_ended_upload_address_is_told_from_an_ended_token() {
    assert!(is_ended_address(&answer(403, &Value::Null)));
    assert!(is_ended_address(&answer(401, &Value::Null)));
    assert!(is_ended_address(&answer(
        400,
        &top(400, "EXPIRED_UPLOAD_URL", None)
    )));
    assert!(!is_ended_address(&answer(
        401,
        &top(401, "EXPIRED_ACCESS_TOKEN", Some(65602))
    )));
    assert!(!is_ended_address(&answer(400, &Value::Null)));
}

#[test]
fn a_dead_token_is_as_good_as_revoked() {
    let dead = |body: &Value| is_dead_token(&answer(400, body));
    assert!(dead(
        &json!({"error": "invalid_request", "error_description": "token not found"})
    ));
    assert!(!dead(
        &json!({"error": "invalid_request", "error_description": "A required parameter \"client_id\" is missing"})
    ));
    assert!(!dead(&json!({"error": "invalid_client"})));
}

#[test]
fn the_evidence_holds_what_support_asks_for() {
    let mut answer = answer(500, &json!({"status": 500}));
    for (name, value) in [("x-li-uuid", "AAY="), ("x-li-fabric", "prod-lva1")] {
        answer.headers.insert(name, HeaderValue::from_static(value));
    }
    let evidence = read(&answer, NOW).evidence.unwrap();
    assert!(
        evidence.ends_with("; x-li-uuid AAY=; x-li-fabric prod-lva1"),
        "{evidence}"
    );
    answer.status = 404;
    answer.body = json!({"status": 404, "message": "gone"})
        .to_string()
        .into_bytes();
    let evidence = refused(&answer, NOW).unwrap().evidence.unwrap();
    assert_eq!(evidence, "404: gone; x-li-uuid AAY=; x-li-fabric prod-lva1");
}
