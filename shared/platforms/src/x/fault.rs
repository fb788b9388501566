//! What X's refusals mean (docs.x.com, response codes and errors, read 2026-08-22; the rows marked
//! "reported" come from public issue trackers).

use time::{Duration, OffsetDateTime};

use super::{usage, wire::Problem};
use crate::{Answer, Fault};

/// How long a used-up limit lasts where X does not say.
const QUARTER: Duration = Duration::minutes(15);
/// The code of the fault for files that X does not find fit to be posted.
pub(super) const MEDIA_REFUSED: &str = "media_refused";
/// The code of the fault for a text that X says was posted before.
pub(super) const DUPLICATE: &str = "duplicate_text";
/// The code of the fault for a post that is answered, or quoted, and is not there.
pub(super) const POST_GONE: &str = "post_gone";

/// The fault for an answer that is listed as refused before any effect; `None` for all others.
pub(super) fn refused(answer: &Answer, now: OffsetDateTime) -> Option<Fault> {
    let problem: Problem = answer.json()?;
    let said = said(&problem);
    let fault = match answer.status {
        400 => bad_request(&problem, &said),
        401 => unauthorized(&problem),
        402 => {
            (kind_is(&problem, "credits") || problem.title == "CreditsDepleted").then(no_credits)
        }
        403 => forbidden(&problem, &said),
        404 => kind_is(&problem, "resource-not-found").then(|| {
            Fault::content(
                POST_GONE,
                "X no longer has what this post refers to; change the post.",
            )
        }),
        429 => limited(answer, &problem, &said, now),
        _ => None,
    }?;
    Some(fault.seen(format!("{}: {said}", answer.status)))
}

/// The fault for an answer to a call that may be repeated.
pub(super) fn read(answer: &Answer, now: OffsetDateTime) -> Fault {
    if let Some(fault) = refused(answer, now) {
        return fault;
    }
    let fault = match answer.status {
        401 => Fault::unauthorized(),
        413 => Fault::content(
            "file_too_large",
            "X found the file too large; use a smaller one.",
        ),
        429 => Fault::quota(
            Some(now + answer.retry_after().unwrap_or(QUARTER)),
            "rate_limited",
            "X asks us to wait; the post goes out as soon as X allows.",
        ),
        400..=499 => Fault::content(
            "refused",
            "X refused this post and did not say why in words we know.",
        ),
        _ => Fault::retry("x_unavailable", "X is not available; trying again.")
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
    let refused = answer.status == 400
        && matches!(
            problem.error.as_str(),
            "access_denied" | "invalid_grant" | "invalid_request"
        );
    if refused {
        return Fault::reconnect(
            "grant_ended",
            "X no longer accepts the connection; connect the account again.",
        )
        .seen(said(&problem));
    }
    read(answer, now)
}

/// The fault for a text that was posted before.
pub(super) fn duplicate() -> Fault {
    Fault::content(DUPLICATE, "This text was already posted on X; change it.")
}

fn bad_request(problem: &Problem, said: &str) -> Option<Fault> {
    if has(said, "media ids are invalid") {
        return Some(Fault::content(
            MEDIA_REFUSED,
            "X refused a file of this post; convert it or use another.",
        ));
    }
    if has(said, "must be a json object") {
        return Some(Fault::operator(
            "call_refused",
            "The upload to X failed on our side.",
        ));
    }
    kind_is(problem, "invalid-request").then(|| {
        Fault::content(
            "post_refused",
            format!("X refused this post: {}", sentence(problem)),
        )
    })
}

fn unauthorized(problem: &Problem) -> Option<Fault> {
    if problem.error == "unauthorized_client" {
        return Some(Fault::operator(
            "app_refused",
            "X does not accept the app's credentials; its settings are wrong.",
        ));
    }
    (problem.title == "Unauthorized").then(Fault::unauthorized)
}

fn no_credits() -> Fault {
    Fault::operator(
        "credits_depleted",
        "Posting to X is paused: the app has no credits left.",
    )
}

fn forbidden(problem: &Problem, said: &str) -> Option<Fault> {
    if has(said, "duplicate content") {
        return Some(duplicate());
    }
    // Reported, 2026: self-serve apps may answer and quote only those who mentioned the account.
    if has(said, "not been mentioned") || has(said, "where you are mentioned") {
        return Some(Fault::content(
            "reply_not_allowed",
            "X allows replies and quotes only to those who mentioned the account.",
        ));
    }
    if has(said, "video longer than") {
        return Some(Fault::content(
            "video_too_long",
            "The video is too long for this account; shorten it.",
        ));
    }
    if has(said, "not permitted to access this feature")
        || has(said, "suspended")
        || has(said, "temporarily locked")
    {
        return Some(Fault::content(
            "account_restricted",
            "X has restricted this account; sign in at X to see why.",
        ));
    }
    if has(said, "not permitted to perform this action") {
        return Some(Fault::content(
            "post_refused",
            "X refused this post; it may be too long for the account, or look like spam.",
        ));
    }
    if problem.title == "SpendCapReached" {
        return Some(Fault::operator(
            "spend_cap_reached",
            "Posting to X is paused: the app's spending limit is reached.",
        ));
    }
    if kind_is(problem, "unsupported-authentication") {
        return Some(Fault::operator(
            "call_refused",
            "Posting to X failed on our side.",
        ));
    }
    if kind_is(problem, "client-forbidden") {
        return Some(Fault::operator(
            "app_refused",
            "X does not let the app in; its settings are wrong.",
        ));
    }
    if kind_is(problem, "oauth1-permissions") {
        return Some(Fault::operator(
            "app_read_only",
            "The app may not write at X; after its permissions are mended, connect again.",
        ));
    }
    (problem.title == "Forbidden" && problem.kind == "about:blank" && problem.detail == "Forbidden")
        .then(|| {
            Fault::reconnect(
                "scope_missing",
                "X was not allowed to let us post media; connect the account again and allow it.",
            )
        })
}

fn limited(answer: &Answer, problem: &Problem, said: &str, now: OffsetDateTime) -> Option<Fault> {
    let reset = usage::limits(answer)
        .filter(|limit| limit.is_used_up())
        .filter_map(|limit| limit.reset)
        .max();
    if kind_is(problem, "usage-capped") || problem.title == "UsageCapExceeded" {
        return Some(Fault::quota(
            reset,
            "usage_capped",
            "Posting to X is paused until X's cap for the app is over.",
        ));
    }
    let is_limit = reset.is_some()
        || has(said, "too many requests")
        || kind_is(problem, "rate-limit-exceeded")
        || problem.errors.iter().any(|part| part.code == Some(88));
    let until = reset.unwrap_or_else(|| now + answer.retry_after().unwrap_or(QUARTER));
    is_limit.then(|| {
        Fault::quota(
            Some(until),
            "rate_limited",
            "X asks us to wait; the post goes out as soon as X allows.",
        )
    })
}

/// Everything that the problem says, in one line.
fn said(problem: &Problem) -> String {
    let parts = problem.errors.iter().map(|part| part.message.as_str());
    [
        problem.title.as_str(),
        &problem.detail,
        &problem.error,
        &problem.error_description,
        &problem.message,
    ]
    .into_iter()
    .chain(parts)
    .filter(|text| !text.is_empty())
    .collect::<Vec<_>>()
    .join("; ")
}

/// What the problem says to a person.
fn sentence(problem: &Problem) -> String {
    problem
        .errors
        .iter()
        .map(|part| part.message.as_str())
        .find(|message| !message.is_empty())
        .unwrap_or(&problem.detail)
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '<' | '>'))
        .take(200)
        .collect()
}

/// X's wording drifts in case and in what stands around; short pieces of it do not.
fn has(said: &str, piece: &str) -> bool {
    said.to_lowercase().contains(piece)
}

/// The host of a problem's type differs between the live interface and its description.
fn kind_is(problem: &Problem, name: &str) -> bool {
    problem.kind.rsplit('/').next() == Some(name)
}

#[cfg(test)]
mod tests;
