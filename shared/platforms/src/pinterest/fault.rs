//! What Pinterest's refusals mean (description of API version 5 and error tables, read 2026-11).
//!
//! The HTTP status decides first; the number in the body is Pinterest's own on some endpoints and
//! the status again on others.

use time::{Duration, OffsetDateTime, Time};

use super::wire::Problem;
use crate::{Answer, Fault};

/// The fault for an answer that is listed as refused before any effect; `None` for all others.
pub(super) fn refused(answer: &Answer, now: OffsetDateTime) -> Option<Fault> {
    let problem: Problem = answer.json()?;
    let text = problem.message.to_lowercase();
    let fault = match (answer.status, problem.code) {
        (400, 1104) => Fault::unauthorized(),
        (400, _) if text.contains("unable to reach the url") => Fault::retry(
            "image_unreachable",
            "Pinterest could not load the picture; trying again.",
        ),
        (400, _) if text.contains("cover_image") => Fault::operator(
            "call_refused",
            "The video Pin was sent without a cover; this is our fault.",
        ),
        (400, _) if text.contains("save") && text.contains("site") => Fault::content(
            "link_refused",
            "Pinterest does not take this content or link; change the link.",
        ),
        (400, _) => Fault::content(
            "pin_refused",
            format!("Pinterest refused the Pin: {}", sentence(&problem)),
        ),
        (401 | 403, 3) => Fault::reconnect(
            "scope_missing",
            "Pinterest was not allowed everything that a Pin needs; connect the account again and allow it all.",
        ),
        (401 | 403, 7) => Fault::content(
            "board_not_yours",
            "The account may not save to this board; choose another.",
        ),
        (401, _) => Fault::unauthorized(),
        (403, _) if text.contains("trial access") => Fault::operator(
            "app_on_trial",
            "Pinterest has not approved the app yet; Pins can be made in its sandbox only.",
        ),
        (403, 29) => Fault::content(
            "board_not_yours",
            "The account may not save to this board; choose another.",
        ),
        (403, 2625 | 2626) => Fault::content(
            "account_restricted",
            "Pinterest has restricted the account; look at it on Pinterest.",
        ),
        (404, 2031) => Fault::content(
            "section_gone",
            "The section of the board is gone; choose another.",
        ),
        (404, 50) => Fault::content("pin_gone", "The Pin is gone."),
        (404, _) => Fault::content("board_gone", "The board is gone; choose another."),
        (409, _) => Fault::retry("board_busy", "The board is busy; trying again."),
        (429, _) => Fault::quota(
            Some(until(answer, now)),
            "rate_limited",
            "Pinterest asks us to wait; the Pin is made as soon as Pinterest allows.",
        ),
        _ => return None,
    };
    Some(fault.seen(format!(
        "{} {}: {}",
        answer.status, problem.code, problem.message
    )))
}

/// The fault for an answer to a call that may be repeated.
pub(super) fn read(answer: &Answer, now: OffsetDateTime) -> Fault {
    if let Some(fault) = refused(answer, now) {
        return fault;
    }
    let fault = match answer.status {
        401 => Fault::unauthorized(),
        429 => Fault::quota(
            Some(until(answer, now)),
            "rate_limited",
            "Pinterest asks us to wait.",
        ),
        400..=499 => Fault::content(
            "refused",
            "Pinterest refused the Pin and did not say why in words we know.",
        ),
        _ => Fault::retry(
            "pinterest_unavailable",
            "Pinterest is not available; trying again.",
        )
        .after(answer.retry_after()),
    };
    let start: String = String::from_utf8_lossy(&answer.body)
        .chars()
        .take(200)
        .collect();
    fault.seen(format!("{}: {start}", answer.status))
}

/// The fault for an answer of the token endpoint.
pub(super) fn read_token(answer: &Answer, now: OffsetDateTime) -> Fault {
    match answer.status {
        400 | 401 => {
            let problem: Problem = answer.json().unwrap_or_default();
            Fault::reconnect(
                "grant_ended",
                "Pinterest no longer accepts the connection; connect the account again.",
            )
            .seen(format!(
                "{} {}: {}",
                answer.status, problem.code, problem.message
            ))
        }
        _ => read(answer, now),
    }
}

/// When to ask again: as the headers say, else in a minute; on trial the limit is the day's.
fn until(answer: &Answer, now: OffsetDateTime) -> OffsetDateTime {
    let told = answer
        .header("x-ratelimit-reset")
        .and_then(|value| value.split([',', ';']).next())
        .and_then(|value| value.trim().parse::<i64>().ok())
        .filter(|seconds| (0..=86_400).contains(seconds))
        .map(Duration::seconds)
        .or_else(|| answer.retry_after());
    match told {
        Some(wait) => now + wait,
        None if String::from_utf8_lossy(&answer.body)
            .to_lowercase()
            .contains("trial") =>
        {
            now.replace_time(Time::MIDNIGHT) + Duration::days(1)
        }
        None => now + Duration::minutes(1),
    }
}

fn sentence(problem: &Problem) -> String {
    problem
        .message
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '<' | '>'))
        .take(200)
        .collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use serde_json::json;
    use time::macros::datetime;

    use super::*;
    use crate::FaultKind;

    const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

    fn answer(status: u16, code: i64, message: &str) -> Answer {
        Answer {
            status,
            headers: HeaderMap::new(),
            body: json!({"code": code, "message": message})
                .to_string()
                .into_bytes(),
        }
    }

    #[test]
    fn every_listed_refusal_has_its_fault() {
        for (status, code, message, expected) in [
            (
                400,
                1,
                "Invalid request: 'abc' does not match",
                "pin_refused",
            ),
            (
                400,
                1,
                "Sorry! This site doesn't allow you to save Pins.",
                "link_refused",
            ),
            (
                400,
                235,
                "Unable to reach the URL. Please check",
                "image_unreachable",
            ),
            (
                400,
                1,
                "cover_image_url or cover_image_content_type is required",
                "call_refused",
            ),
            (400, 1104, "token", "token_refused"),
            (401, 2, "Authentication failed.", "token_refused"),
            (
                401,
                3,
                "Your token does not have sufficient permissions",
                "scope_missing",
            ),
            (
                403,
                3,
                "Your token does not have sufficient permissions",
                "scope_missing",
            ),
            (401, 7, "You are not authorized", "board_not_yours"),
            (
                403,
                29,
                "You are not permitted to access that resource.",
                "board_not_yours",
            ),
            (
                403,
                29,
                "Apps with Trial access may not create Pins in production",
                "app_on_trial",
            ),
            (403, 2625, "disapproved", "account_restricted"),
            (403, 2626, "under review", "account_restricted"),
            (404, 40, "Board not found.", "board_gone"),
            (404, 404, "Board not found.", "board_gone"),
            (404, 2031, "Section not found", "section_gone"),
            (404, 50, "Pin not found", "pin_gone"),
            (409, 409, "busy", "board_busy"),
            (
                429,
                8,
                "You have exceeded your rate limit. Try again later.",
                "rate_limited",
            ),
        ] {
            let fault = refused(&answer(status, code, message), NOW).unwrap();
            assert_eq!(fault.code, expected, "{status} {code} {message}");
        }
    }

    #[test]
    fn a_broken_server_has_refused_nothing() {
        for status in [500, 502, 503, 504] {
            assert_eq!(refused(&answer(status, 4197, "switched off"), NOW), None);
            assert!(matches!(
                read(&answer(status, 4197, ""), NOW).kind,
                FaultKind::Retry { .. }
            ));
        }
    }
}
