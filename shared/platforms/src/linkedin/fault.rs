//! What LinkedIn's refusals mean (API documentation, error tables, read 2026-11).

use time::{Duration, OffsetDateTime, Time};

use super::wire::Problem;
use crate::{Answer, Fault};

/// The fault for an answer that is listed as refused before any effect; `None` for all others.
pub(super) fn refused(answer: &Answer, now: OffsetDateTime) -> Option<Fault> {
    let problem: Problem = answer.json()?;
    let code = code(&problem);
    let fault = match (answer.status, code) {
        (400, "FIELD_LENGTH_TOO_LONG") => Fault::content(
            "caption_too_long",
            "The caption is too long for LinkedIn; shorten it.",
        ),
        (400, "INVALID_IMAGE_ID" | "INVALID_VIDEO_ID") => Fault::content(
            "media_refused",
            "LinkedIn refused a file of the post; add it again.",
        ),
        (400, "MEDIA_ASSET_WAITING_UPLOAD") => {
            Fault::retry("media_processing", "LinkedIn is still working on the file.")
        }
        (400, "MEDIA_ASSET_PROCESSING_FAILED" | "UPDATING_ASSET_FAILED") => Fault::content(
            "processing_failed",
            "LinkedIn could not read the file; convert it or use another.",
        ),
        (
            400,
            "MISSING_FIELD" | "INVALID_VALUE_FOR_FIELD" | "INVALID_URN_TYPE" | "INVALID_URN_ID",
        ) => Fault::content(
            "post_refused",
            format!("LinkedIn refused the post: {}", sentence(&problem)),
        ),
        (401, _) if problem.service_error_code == Some(65602) || code == "EXPIRED_ACCESS_TOKEN" => {
            Fault::unauthorized()
        }
        (401, _) => Fault::unauthorized(),
        (403, "EXPIRED_UPLOAD_URL") => Fault::retry(
            "upload_expired",
            "The upload to LinkedIn is being repeated.",
        ),
        (403, _) => Fault::reconnect(
            "access_denied",
            "LinkedIn does not allow posting to this profile; connect the account again.",
        ),
        (404, _) => Fault::content("gone", "LinkedIn no longer has what the post refers to."),
        (409, _) => Fault::retry(
            "conflict",
            "LinkedIn is busy with another change; trying again.",
        ),
        (413 | 415, _) => Fault::content(
            "file_refused",
            "LinkedIn did not accept the file; use a smaller one of another kind.",
        ),
        (422, "DUPLICATE_POST") => Fault::content(
            "duplicate",
            "LinkedIn has this very text already; change it to post again.",
        ),
        (422, _) => Fault::content(
            "post_refused",
            format!("LinkedIn refused the post: {}", sentence(&problem)),
        ),
        (426, _) => Fault::operator(
            "version_ended",
            "The connection to LinkedIn needs an update; set LINKEDIN_VERSION to a version that is served.",
        ),
        (429, _) => Fault::quota(
            Some(next_probe(now)),
            "rate_limited",
            "LinkedIn's limit of the day is reached; the post goes out when it is over.",
        ),
        _ => return None,
    };
    Some(fault.seen(format!("{} {code}: {}", answer.status, problem.message)))
}

/// The fault for an answer to a call that may be repeated.
pub(super) fn read(answer: &Answer, now: OffsetDateTime) -> Fault {
    if let Some(fault) = refused(answer, now) {
        return fault;
    }
    let fault = match answer.status {
        401 => Fault::unauthorized(),
        426 => Fault::operator(
            "version_ended",
            "The connection to LinkedIn needs an update.",
        ),
        429 => Fault::quota(
            Some(next_probe(now)),
            "rate_limited",
            "LinkedIn's limit of the day is reached.",
        ),
        400..=499 => Fault::content(
            "refused",
            "LinkedIn refused the post and did not say why in words we know.",
        ),
        _ => Fault::retry(
            "linkedin_unavailable",
            "LinkedIn is not available; trying again.",
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
    let problem: Problem = answer.json().unwrap_or_default();
    match (answer.status, problem.error.as_str()) {
        (_, "invalid_client" | "unauthorized_client") => Fault::operator(
            "app_refused",
            "LinkedIn does not accept the app's credentials; its settings are wrong.",
        ),
        (400 | 401, _) => Fault::reconnect(
            "grant_ended",
            "LinkedIn no longer accepts the connection; connect the account again.",
        )
        .seen(format!("{}: {}", answer.status, problem.error)),
        _ => read(answer, now),
    }
}

/// Whether a token is so new that LinkedIn does not know it everywhere yet (reported: some seconds).
pub(super) fn is_too_new(answer: &Answer) -> bool {
    answer.status == 401
        && answer
            .json::<Problem>()
            .is_some_and(|problem| problem.service_error_code == Some(65601))
}

/// Limits are whole again at midnight UTC, and sometimes before: it is asked once an hour.
fn next_probe(now: OffsetDateTime) -> OffsetDateTime {
    let midnight = now
        .to_offset(time::UtcOffset::UTC)
        .replace_time(Time::MIDNIGHT)
        + Duration::days(1);
    midnight.min(now + Duration::hours(1))
}

/// The most telling of the codes.
fn code(problem: &Problem) -> &str {
    problem
        .error_details
        .input_errors
        .first()
        .map(|error| error.code.as_str())
        .filter(|code| !code.is_empty())
        .unwrap_or(&problem.code)
}

fn sentence(problem: &Problem) -> String {
    let text = problem
        .error_details
        .input_errors
        .first()
        .map(|error| error.description.as_str())
        .filter(|text| !text.is_empty())
        .unwrap_or(&problem.message);
    text.chars()
        .filter(|c| !c.is_control() && !matches!(c, '<' | '>'))
        .take(200)
        .collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use serde_json::{Value, json};
    use time::macros::datetime;

    use super::*;
    use crate::FaultKind;

    const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

    fn answer(status: u16, body: &Value) -> Answer {
        Answer {
            status,
            headers: HeaderMap::new(),
            body: body.to_string().into_bytes(),
        }
    }

    #[test]
    fn every_listed_refusal_has_its_fault() {
        let coded = |code: &str| json!({"message": "m", "code": code});
        for (status, body, expected) in [
            (400, coded("MISSING_FIELD"), "post_refused"),
            (400, coded("INVALID_VALUE_FOR_FIELD"), "post_refused"),
            (400, coded("INVALID_URN_TYPE"), "post_refused"),
            (400, coded("INVALID_URN_ID"), "post_refused"),
            (400, coded("FIELD_LENGTH_TOO_LONG"), "caption_too_long"),
            (400, coded("INVALID_IMAGE_ID"), "media_refused"),
            (400, coded("INVALID_VIDEO_ID"), "media_refused"),
            (400, coded("MEDIA_ASSET_WAITING_UPLOAD"), "media_processing"),
            (
                400,
                coded("MEDIA_ASSET_PROCESSING_FAILED"),
                "processing_failed",
            ),
            (400, coded("UPDATING_ASSET_FAILED"), "processing_failed"),
            (403, coded("EXPIRED_UPLOAD_URL"), "upload_expired"),
            (
                401,
                json!({"serviceErrorCode": 65600, "code": "INVALID_ACCESS_TOKEN"}),
                "token_refused",
            ),
            (
                401,
                json!({"serviceErrorCode": 65601, "code": "REVOKED_ACCESS_TOKEN"}),
                "token_refused",
            ),
            (
                401,
                json!({"serviceErrorCode": 65602, "code": "EXPIRED_ACCESS_TOKEN"}),
                "token_refused",
            ),
            (
                403,
                json!({"serviceErrorCode": 100, "code": "ACCESS_DENIED"}),
                "access_denied",
            ),
            (404, json!({"message": "Not Found"}), "gone"),
            (409, coded("CONFLICT"), "conflict"),
            (413, json!({"message": "large"}), "file_refused"),
            (415, json!({"message": "kind"}), "file_refused"),
            (
                422,
                json!({"message": "x", "errorDetails": {"inputErrors": [{"code": "DUPLICATE_POST", "description": "Duplicate post is detected"}]}}),
                "duplicate",
            ),
            (422, json!({"message": "other"}), "post_refused"),
            (426, coded("NONEXISTENT_VERSION"), "version_ended"),
            (
                429,
                json!({"serviceErrorCode": 101, "message": "throttle"}),
                "rate_limited",
            ),
        ] {
            assert_eq!(
                refused(&answer(status, &body), NOW).unwrap().code,
                expected,
                "{status} {body}"
            );
        }
    }

    #[test]
    fn the_limit_of_the_day_is_probed_hourly_and_a_broken_server_has_refused_nothing() {
        let limited = refused(&answer(429, &json!({"message": "throttle"})), NOW).unwrap();
        assert_eq!(
            limited.kind,
            FaultKind::Quota {
                until: Some(datetime!(2026-01-01 13:00 UTC))
            }
        );
        for status in [500, 502, 503, 504] {
            assert_eq!(
                refused(&answer(status, &json!({"message": "m"})), NOW),
                None
            );
        }
    }
}
