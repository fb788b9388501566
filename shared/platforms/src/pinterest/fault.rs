//! What Pinterest's refusals mean (API description 5.23.0 and developers.pinterest.com, read
//! 2026-11-20; rows marked "reported" come from public issue trackers).

use time::{Duration, OffsetDateTime, UtcOffset};

use super::{profile::is_on_trial, wire::Problem};
use crate::{Answer, App, Fault};

/// The code of the fault for a picture that Pinterest could not fetch.
pub(super) const IMAGE_UNREACHABLE: &str = "image_unreachable";
/// The code of the fault for a Pin that Pinterest refused in words of its own.
pub(super) const PIN_REFUSED: &str = "pin_refused";
/// No limit of Pinterest's lasts longer.
const DAY: Duration = Duration::days(1);

/// The fault for an answer that is listed as refused before any effect; `None` for all others.
///
/// 409 is not listed: it is known from sections only, where a board is busy.
pub(super) fn refused(answer: &Answer, now: OffsetDateTime, app: &App) -> Option<Fault> {
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
        (429, _) => Some(limited(answer, now, app)),
        _ => None,
    }?;
    Some(fault.seen(said(answer, &problem)))
}

/// The fault for an answer to a call that may be repeated.
pub(super) fn read(answer: &Answer, now: OffsetDateTime, app: &App) -> Fault {
    if let Some(fault) = refused(answer, now, app) {
        return fault;
    }
    let fault = match answer.status {
        401 => Fault::unauthorized(),
        408 | 409 => Fault::retry("busy", "Pinterest is busy; trying again."),
        429 => limited(answer, now, app),
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
pub(super) fn read_exchange(answer: &Answer, now: OffsetDateTime, app: &App) -> Fault {
    match answer.status {
        400 => ended().seen(said_by(answer)),
        401 => app_refused().seen(said_by(answer)),
        _ => read(answer, now, app),
    }
}

/// The fault for a refused refresh token. The words for a dead one are not published; 401 is settled by
/// [`read_refusal_of_refresh`].
pub(super) fn read_refresh(answer: &Answer, now: OffsetDateTime, app: &App) -> Fault {
    match answer.status {
        400 => ended().seen(said_by(answer)),
        _ => read(answer, now, app),
    }
}

/// What a refresh token was refused for, by what our secret alone is answered: it is wrong, or it is right and
/// the refresh token is dead. Whatever else is answered settles nothing.
pub(super) fn read_refusal_of_refresh(answer: &Answer, now: OffsetDateTime, app: &App) -> Fault {
    match answer.status {
        200..=299 => ended().seen("the refresh token is refused, our secret is not"),
        400 | 403 => ended().seen(said_by(answer)),
        401 => app_refused().seen(said_by(answer)),
        _ => read(answer, now, app),
    }
}

/// The fault for a refused board.
pub(super) fn read_board(answer: &Answer, now: OffsetDateTime, app: &App) -> Fault {
    let fault = read(answer, now, app);
    match answer.status {
        400 if fault.code == PIN_REFUSED => {
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
            PIN_REFUSED,
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
    // The video of a Pin; its words are reported.
    if is_about("media") {
        return Some(Fault::content(
            "media_gone",
            "Pinterest no longer knows the video; publish the post again.",
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

fn limited(answer: &Answer, now: OffsetDateTime, app: &App) -> Fault {
    let reset = answer.header("x-ratelimit-reset").and_then(leading_number);
    let wait = answer
        .retry_after()
        .or_else(|| reset.map(Duration::seconds))
        .unwrap_or_else(|| lasts(now, app))
        .clamp(Duration::seconds(1), DAY);
    Fault::quota(
        Some(now + wait),
        "rate_limited",
        "Pinterest asks us to wait; the Pin goes out as soon as Pinterest allows.",
    )
}

/// How long a used-up limit lasts where Pinterest does not say: that of trial access is of a day, all others are
/// of a minute.
fn lasts(now: OffsetDateTime, app: &App) -> Duration {
    let tomorrow = now.to_offset(UtcOffset::UTC).date().next_day();
    match tomorrow {
        Some(day) if is_on_trial(app) => day.midnight().assume_utc() - now,
        Some(_) | None => Duration::MINUTE,
    }
}

/// The first number of a header whose form is not published: `45`, `45.5`, `45, 45;w=60`.
pub(super) fn leading_number(text: &str) -> Option<i64> {
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
mod tests;
