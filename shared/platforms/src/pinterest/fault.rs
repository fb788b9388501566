//! What Pinterest's refusals mean (API description 5.23.0 and developers.pinterest.com, read
//! 2026-11-20; rows marked "reported" come from public issue trackers).

use time::{Duration, OffsetDateTime};

use super::wire::Problem;
use crate::{Answer, Fault};

/// The code of the fault for a picture that Pinterest could not fetch.
pub(super) const IMAGE_UNREACHABLE: &str = "image_unreachable";
/// How long a used-up limit lasts where Pinterest does not say.
const MINUTE: Duration = Duration::seconds(60);
/// No limit of Pinterest's lasts longer.
const DAY: Duration = Duration::days(1);

/// The fault for an answer that is listed as refused before any effect; `None` for all others.
///
/// 409 is not listed: it is known from sections only, where a board is busy.
pub(super) fn refused(answer: &Answer, now: OffsetDateTime) -> Option<Fault> {
    let problem: Problem = answer.json()?;
    let code = problem.code?;
    let fault = match (answer.status, code) {
        (400, 1104) | (401, 2) => Some(Fault::unauthorized()),
        (400, _) => bad_request(code, &problem.message),
        (401 | 403, 3) => Some(Fault::reconnect(
            "scope_missing",
            "Pinterest was not allowed to let us pin; connect the account again and allow all permissions.",
        )),
        (403, 29) if has(&problem.message, "trial access") => Some(Fault::operator(
            "app_on_trial",
            "Pinterest has not yet approved this app for publishing.",
        )),
        (401 | 403, 7) | (403, 29) => Some(board_forbidden()),
        (403, 2625 | 2626) => Some(Fault::content(
            "account_restricted",
            "Pinterest has restricted this account; check it at Pinterest.",
        )),
        (404, _) => gone(code, &problem.message),
        (429, _) => Some(limited(answer, now)),
        _ => None,
    }?;
    Some(fault.seen(said(answer, &problem)))
}

/// The fault for an answer to a call that may be repeated.
pub(super) fn read(answer: &Answer, now: OffsetDateTime) -> Fault {
    if let Some(fault) = refused(answer, now) {
        return fault;
    }
    let fault = match answer.status {
        401 => Fault::unauthorized(),
        408 | 409 => Fault::retry("busy", "Pinterest is busy; trying again."),
        429 => limited(answer, now),
        400..=499 => Fault::content(
            "refused",
            "Pinterest refused this and did not say why in words we know.",
        ),
        _ => Fault::retry("unavailable", "Pinterest is not available; trying again.")
            .after(answer.retry_after()),
    };
    let start: String = String::from_utf8_lossy(&answer.body)
        .chars()
        .take(200)
        .collect();
    fault.seen(format!("{}: {start}", answer.status))
}

/// The fault for a refused code: a bad code is refused with 400, wrong credentials of ours with 401.
pub(super) fn read_exchange(answer: &Answer, now: OffsetDateTime) -> Fault {
    match answer.status {
        400 => ended().seen(said_by(answer)),
        401 => app_refused().seen(said_by(answer)),
        _ => read(answer, now),
    }
}

/// The fault for a refused refresh token. The words for a dead one are not published; 401 is settled by
/// [`read_refusal_of_refresh`].
pub(super) fn read_refresh(answer: &Answer, now: OffsetDateTime) -> Fault {
    match answer.status {
        400 => ended().seen(said_by(answer)),
        _ => read(answer, now),
    }
}

/// What a refresh token was refused for, by what our secret alone is answered: it is wrong, or it is right and
/// the refresh token is dead. Whatever else is answered settles nothing.
pub(super) fn read_refusal_of_refresh(answer: &Answer, now: OffsetDateTime) -> Fault {
    match answer.status {
        200..=299 => ended().seen("the refresh token is refused, our secret is not"),
        400 | 403 => ended().seen(said_by(answer)),
        401 => app_refused().seen(said_by(answer)),
        _ => read(answer, now),
    }
}

/// The fault for a refused board.
pub(super) fn read_board(answer: &Answer, now: OffsetDateTime) -> Fault {
    let fault = read(answer, now);
    match answer.status {
        400 if fault.code == "pin_refused" => {
            let problem: Problem = answer.json().unwrap_or_default();
            let told = sentence(&problem.message);
            Fault::content(
                "board_refused",
                format!("Pinterest refused the board: {told}"),
            )
            .seen(said(answer, &problem))
        }
        _ => fault,
    }
}

fn app_refused() -> Fault {
    Fault::operator(
        "app_refused",
        "Pinterest does not accept the app's credentials; its settings are wrong.",
    )
}

fn ended() -> Fault {
    Fault::reconnect(
        "grant_ended",
        "Pinterest no longer accepts the connection; connect the account again.",
    )
}

fn bad_request(code: i64, message: &str) -> Option<Fault> {
    if has(message, "unable to reach the url") {
        return Some(Fault::content(
            IMAGE_UNREACHABLE,
            "Pinterest could not load the image; try again later.",
        ));
    }
    if has(message, "cover_image_") {
        return Some(Fault::operator(
            "cover_missing",
            "The video was sent without a cover; this is a fault of the app.",
        ));
    }
    // Reported, 2026: sites can forbid that their pages are pinned.
    if has(message, "saves") || has(message, "saving") {
        return Some(Fault::content(
            "link_refused",
            "Pinterest does not accept this content or link.",
        ));
    }
    matches!(code, 1 | 400).then(|| {
        Fault::content(
            "pin_refused",
            format!("Pinterest refused the Pin: {}", sentence(message)),
        )
    })
}

fn gone(code: i64, message: &str) -> Option<Fault> {
    let is_about = |word| code == 404 && has(message, word);
    if code == 2031 || is_about("section") {
        return Some(Fault::content(
            "section_gone",
            "The section no longer exists at Pinterest; choose another.",
        ));
    }
    if code == 50 || is_about("pin not found") {
        return Some(Fault::content(
            "pin_gone",
            "The Pin no longer exists at Pinterest.",
        ));
    }
    matches!(code, 40 | 404).then(|| {
        Fault::content(
            "board_gone",
            "The board no longer exists at Pinterest; choose another.",
        )
    })
}

fn board_forbidden() -> Fault {
    Fault::content(
        "board_forbidden",
        "This account may not pin to that board; choose another.",
    )
}

fn limited(answer: &Answer, now: OffsetDateTime) -> Fault {
    let reset = answer.header("x-ratelimit-reset").and_then(leading_number);
    let wait = answer
        .retry_after()
        .or_else(|| reset.map(Duration::seconds))
        .unwrap_or(MINUTE)
        .clamp(Duration::seconds(1), DAY);
    Fault::quota(
        Some(now + wait),
        "rate_limited",
        "Pinterest asks us to wait; the Pin goes out as soon as Pinterest allows.",
    )
}

/// The first number of a header whose form is not published: `45`, `45.5`, `45, 45;w=60`.
fn leading_number(text: &str) -> Option<i64> {
    let text = text.trim_start();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text[..digits].parse().ok()
}

fn has(text: &str, part: &str) -> bool {
    text.to_ascii_lowercase().contains(part)
}

/// What the message says to a person.
fn sentence(message: &str) -> String {
    message
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '<' | '>'))
        .take(200)
        .collect()
}

fn said_by(answer: &Answer) -> String {
    said(answer, &answer.json().unwrap_or_default())
}

fn said(answer: &Answer, problem: &Problem) -> String {
    format!(
        "{} {}: {} ({})",
        answer.status,
        problem.code.unwrap_or_default(),
        problem.message,
        answer.header("x-pinterest-rid").unwrap_or("no request id")
    )
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};
    use serde_json::{Value, json};
    use time::macros::datetime;

    use super::*;
    use crate::FaultKind;

    const NOW: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);

    fn answer(status: u16, body: &Value) -> Answer {
        Answer {
            status,
            headers: HeaderMap::new(),
            body: body.to_string().into_bytes(),
        }
    }

    fn kind_of(fault: &Fault) -> &'static str {
        match fault.kind {
            FaultKind::Content => "content",
            FaultKind::Operator => "operator",
            FaultKind::Quota { .. } => "quota",
            FaultKind::Reconnect => "reconnect",
            FaultKind::Retry { .. } => "retry",
            FaultKind::Unauthorized => "unauthorized",
            FaultKind::Unconfirmed { .. } => "unconfirmed",
        }
    }

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
            let fault = refused(&answer(status, &body), NOW).unwrap_or_else(|| panic!("{body}"));
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
                refused(&answer(status, &body), NOW),
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
                kind_of(&read(&answer(status, &body), NOW)),
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
            let fault = refused(&answer, NOW).unwrap();
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
    fn the_token_endpoint_tells_ended_grants_from_wrong_settings() {
        let authentication = json!({"code": 2, "message": "Authentication failed."});
        let invalid = json!({"code": 1, "message": "Invalid code"});
        assert_eq!(
            read_exchange(&answer(401, &authentication), NOW).code,
            "app_refused"
        );
        assert_eq!(
            read_exchange(&answer(400, &invalid), NOW).code,
            "grant_ended"
        );
        assert_eq!(
            read_refresh(&answer(400, &invalid), NOW).code,
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
            assert_eq!(read_refusal_of_refresh(&answer, NOW).code, code, "{status}");
        }
        assert_eq!(
            kind_of(&read_refresh(&answer(503, &Value::Null), NOW)),
            "retry"
        );
    }
}
