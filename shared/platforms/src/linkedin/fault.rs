//! What LinkedIn's refusals mean (learn.microsoft.com, error handling and the posts, images,
//! videos and documents interfaces, read 2026-08-13; codes marked "reported" come from public issue trackers).

use time::{Duration, OffsetDateTime};

use super::{
    promise::day_of,
    wire::{OauthProblem, Problem},
};
use crate::{Answer, Fault, Usage, UsageOf};

/// The code of the fault for files that LinkedIn does not know.
pub(super) const MEDIA_UNKNOWN: &str = "media_unknown";
/// The code of the fault for a post that LinkedIn has already.
pub(super) const DUPLICATE: &str = "duplicate";
/// How long to wait for a file that LinkedIn still works on.
const SETTLE: Duration = Duration::seconds(10);
/// A used-up daily limit is tried again each hour at the latest.
const PROBE: Duration = Duration::hours(1);

/// The fault for an answer that is listed as refused before any effect; `None` for all others.
///
/// 409 is not listed: what conflicts with a post that is being made could be that very post.
pub(super) fn refused(answer: &Answer, now: OffsetDateTime) -> Option<Fault> {
    let problem: Problem = answer.json()?;
    if problem.status != answer.status {
        return None;
    }
    let fault = match answer.status {
        400 => bad_request(&problem),
        401 => Some(Fault::unauthorized()),
        403 => forbidden(&problem),
        404 => Some(Fault::content(
            "not_found",
            "LinkedIn no longer has what this post refers to; change the post.",
        )),
        413 | 415 => Some(Fault::content(
            "file_refused",
            "LinkedIn does not take the file; use a smaller one or another format.",
        )),
        422 => Some(unprocessable(&problem)),
        426 => Some(version_retired()),
        429 => Some(limited(answer, &problem, now)),
        _ => None,
    }?;
    Some(fault.seen(format!(
        "{}: {}{}",
        answer.status,
        said(&problem),
        traced(answer)
    )))
}

/// The fault for an answer to a call that may be repeated.
pub(super) fn read(answer: &Answer, now: OffsetDateTime) -> Fault {
    if let Some(fault) = refused(answer, now) {
        return fault;
    }
    let fault = match answer.status {
        401 => Fault::unauthorized(),
        409 => Fault::retry(
            "conflict",
            "LinkedIn is busy with the same thing; trying again.",
        ),
        426 => version_retired(),
        429 => limited(answer, &Problem::default(), now),
        400..=499 => Fault::content(
            "refused",
            "LinkedIn refused this post and did not say why in words we know.",
        ),
        _ => Fault::retry("unavailable", "LinkedIn is not available; trying again.")
            .after(answer.retry_after()),
    };
    let start: String = String::from_utf8_lossy(&answer.body)
        .chars()
        .take(200)
        .collect();
    fault.seen(format!("{}: {start}{}", answer.status, traced(answer)))
}

/// The fault for an answer of the token endpoint.
pub(super) fn read_token(answer: &Answer, now: OffsetDateTime) -> Fault {
    let problem: OauthProblem = answer.json().unwrap_or_default();
    let said = format!(
        "{}: {}: {}",
        answer.status, problem.error, problem.error_description
    );
    let is_ours = matches!(
        problem.error.as_str(),
        "invalid_client" | "unauthorized_client"
    ) || has(&problem.error_description, "client_secret")
        || has(&problem.error_description, "client_id");
    match answer.status {
        400 | 401 if is_ours => Fault::operator(
            "app_refused",
            "LinkedIn does not accept the app's credentials; its settings are wrong.",
        )
        .seen(said),
        400 if !problem.error.is_empty() => Fault::reconnect(
            "grant_ended",
            "LinkedIn no longer accepts the connection; connect the account again.",
        )
        .seen(said),
        _ => read(answer, now),
    }
}

/// Whether the answer to a revocation says that the token is dead already.
pub(super) fn is_dead_token(answer: &Answer) -> bool {
    let problem: OauthProblem = answer.json().unwrap_or_default();
    answer.status == 400
        && matches!(
            problem.error.as_str(),
            "invalid_grant" | "invalid_request" | "invalid_token"
        )
        && !has(&problem.error_description, "client_")
}

/// Whether the answer calls the token revoked, as it may do in a token's first seconds.
pub(super) fn is_called_revoked(answer: &Answer) -> bool {
    answer.status == 401
        && answer
            .json::<Problem>()
            .is_some_and(|problem| problem.service_error_code == Some(65601))
}

/// Whether the answer to an upload says that its address has ended.
pub(super) fn is_ended_address(answer: &Answer) -> bool {
    let problem: Problem = answer.json().unwrap_or_default();
    let is_about_token = problem
        .service_error_code
        .is_some_and(|code| (65600..=65602).contains(&code));
    match answer.status {
        400 => is(&problem, "EXPIRED_UPLOAD_URL"),
        401 | 403 => !is_about_token,
        _ => false,
    }
}

fn bad_request(problem: &Problem) -> Option<Fault> {
    let any = |codes: &[&str]| codes.iter().any(|code| is(problem, code));
    if any(&["INVALID_IMAGE_ID", "INVALID_VIDEO_ID"]) {
        return Some(Fault::content(
            MEDIA_UNKNOWN,
            "LinkedIn refused the media of this post; try again or use other files.",
        ));
    }
    if any(&["MEDIA_ASSET_WAITING_UPLOAD"]) {
        return Some(
            Fault::retry(
                "media_not_ready",
                "Waiting for LinkedIn to process the file.",
            )
            .after(Some(SETTLE)),
        );
    }
    if any(&["MEDIA_ASSET_PROCESSING_FAILED", "UPDATING_ASSET_FAILED"]) {
        return Some(unusable());
    }
    if any(&["FIELD_LENGTH_TOO_LONG"]) {
        return Some(Fault::content(
            "caption_too_long",
            "The caption is too long for LinkedIn; shorten it.",
        ));
    }
    if any(&["EXPIRED_UPLOAD_URL"]) {
        return Some(upload_again());
    }
    if any(&["VERSION_MISSING"]) {
        return Some(Fault::operator(
            "version_missing",
            "The connection to LinkedIn is set up without a version; set LINKEDIN_VERSION.",
        ));
    }
    any(&[
        "INVALID_URN_ID",
        "INVALID_URN_TYPE",
        "INVALID_VALUE_FOR_FIELD",
        "MISSING_FIELD",
    ])
    .then(|| post_refused(problem))
}

fn forbidden(problem: &Problem) -> Option<Fault> {
    if is(problem, "EXPIRED_UPLOAD_URL") {
        return Some(upload_again());
    }
    // The documents interface says it in words alone.
    let is_denied = is(problem, "ACCESS_DENIED")
        || problem.service_error_code == Some(100)
        || has(&problem.message, "resource is forbidden");
    is_denied.then(|| {
        Fault::reconnect(
            "access_denied",
            "LinkedIn does not allow posting to this profile or Page; connect the account again and allow everything, and for a Page ask its administrator for a role that may post.",
        )
    })
}

fn unprocessable(problem: &Problem) -> Fault {
    if !is(problem, "DUPLICATE_POST") {
        return post_refused(problem);
    }
    match urn_in(&problem.message) {
        Some(urn) => copy_of(urn),
        None => Fault::content(
            DUPLICATE,
            "LinkedIn already has this very post; change the text to post it again.",
        ),
    }
}

/// The fault for a post that LinkedIn has already, as another one.
pub(super) fn copy_of(urn: &str) -> Fault {
    Fault::content(
        DUPLICATE,
        format!(
            "LinkedIn already has this very post (https://www.linkedin.com/feed/update/{urn}/); change the text to post it again."
        ),
    )
}

/// The post that a refused copy is a copy of.
pub(super) fn original(answer: &Answer) -> Option<String> {
    let problem: Problem = answer.json()?;
    urn_in(&problem.message).map(str::to_owned)
}

fn version_retired() -> Fault {
    Fault::operator(
        "version_retired",
        "LinkedIn no longer serves the version of its interface that is asked for; set LINKEDIN_VERSION to one that it serves, as 202607.",
    )
}

/// What a refusal tells of the day's calls: nothing is sent until they may be free again, for the member or, where
/// LinkedIn says that it is the app's limit, for anybody.
pub(crate) fn usage(answer: &Answer, now: OffsetDateTime) -> Option<Usage> {
    if answer.status != 429 {
        return None;
    }
    let problem: Problem = answer.json().unwrap_or_default();
    Some(Usage {
        of: if is_of_app(&problem) {
            UsageOf::App
        } else {
            UsageOf::Account
        },
        percent: 100,
        free_in: Some(free_at(answer, now) - now),
    })
}

fn is_of_app(problem: &Problem) -> bool {
    has(&problem.message, "application")
}

/// When calls are tried again: each hour at the latest, for the day may be told by another clock.
fn free_at(answer: &Answer, now: OffsetDateTime) -> OffsetDateTime {
    answer
        .retry_after()
        .map_or_else(|| (now + PROBE).min(next_midnight(now)), |wait| now + wait)
}

fn limited(answer: &Answer, problem: &Problem, now: OffsetDateTime) -> Fault {
    let until = free_at(answer, now);
    if is_of_app(problem) {
        return Fault::quota(
            Some(until),
            "app_daily_limit",
            "The app has reached LinkedIn's daily limit; the post goes out as soon as LinkedIn allows.",
        );
    }
    Fault::quota(
        Some(until),
        "daily_limit",
        "LinkedIn's daily limit is reached; the post goes out as soon as LinkedIn allows.",
    )
}

fn next_midnight(now: OffsetDateTime) -> OffsetDateTime {
    day_of(now).end
}

fn post_refused(problem: &Problem) -> Fault {
    Fault::content(
        "post_refused",
        format!("LinkedIn refused the post: {}", sentence(problem)),
    )
}

/// The fault for a file that LinkedIn could not process.
pub(super) fn unusable() -> Fault {
    Fault::content(
        "media_unusable",
        "LinkedIn could not process the file; convert it or use another.",
    )
}

fn upload_again() -> Fault {
    Fault::retry("upload_ended", "The upload to LinkedIn is being repeated.")
}

fn is(problem: &Problem, code: &str) -> bool {
    problem.code == code
        || problem
            .error_details
            .input_errors
            .iter()
            .any(|part| part.code == code)
}

fn has(text: &str, part: &str) -> bool {
    text.to_ascii_lowercase().contains(part)
}

/// The post that a message names.
fn urn_in(message: &str) -> Option<&str> {
    let start = ["urn:li:share:", "urn:li:ugcPost:"]
        .into_iter()
        .find_map(|kind| message.find(kind).map(|start| (start, kind.len())));
    let (start, length) = start?;
    let digits = message[start + length..]
        .bytes()
        .take_while(u8::is_ascii_digit)
        .count();
    (digits > 0).then(|| &message[start..start + length + digits])
}

/// What the problem says to a person.
fn sentence(problem: &Problem) -> String {
    problem
        .error_details
        .input_errors
        .iter()
        .map(|part| part.description.as_str())
        .find(|text| !text.is_empty())
        .unwrap_or(&problem.message)
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '<' | '>'))
        .take(200)
        .collect()
}

/// What LinkedIn's support finds the call by.
fn traced(answer: &Answer) -> String {
    ["x-li-uuid", "x-li-fabric", "x-li-request-id"]
        .into_iter()
        .filter_map(|name| Some(format!("; {name} {}", answer.header(name)?)))
        .collect()
}

/// Everything that the problem says, in one line.
fn said(problem: &Problem) -> String {
    let code = problem
        .service_error_code
        .map_or_else(String::new, |code| code.to_string());
    let mut parts = vec![code.as_str(), &problem.code, &problem.message];
    for part in &problem.error_details.input_errors {
        parts.extend([part.code.as_str(), &part.description]);
    }
    parts.retain(|text| !text.is_empty());
    parts.join("; ")
}

#[cfg(test)]
mod tests;
