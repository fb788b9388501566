//! Google's errors as ours.

use time::{Duration, OffsetDateTime};

use super::{
    pacific::next_midnight,
    wire::{ApiError, ErrorAnswer, FlatError, Video},
};
use crate::{Answer, Fault};

/// What an error to a call that may be sent twice means.
pub(super) fn read(answer: &Answer, now: OffsetDateTime) -> Fault {
    refused(answer, now).unwrap_or_else(|| unwell(answer))
}

/// What an error to the start of a session means. Nothing was made, and each start may cost one of the
/// day's uploads: what nobody knows is not tried again and again.
pub(super) fn of_the_start(answer: &Answer, now: OffsetDateTime) -> Fault {
    if let Some(fault) = refused(answer, now) {
        return fault;
    }
    let is_unwell = told_by(answer).is_none_or(|error| {
        let reason = reason_of(&error);
        matches!(reason, "" | "backendError" | "internalError")
    });
    if is_unwell || !(400..500).contains(&answer.status) {
        return unwell(answer);
    }
    upload_refused(&words(answer))
}

/// What an error says: its reason and its message, without HTML.
pub(super) fn words(answer: &Answer) -> String {
    told_by(answer).map_or_else(
        || format!("status {}", answer.status),
        |error| format!("{}: {}", reason_of(&error), plain(&error.message)),
    )
}

/// An upload that was refused in words that nobody knows.
pub(super) fn upload_refused(words: &str) -> Fault {
    let sentence = "YouTube refused the video; nothing was published. It said";
    Fault::content("upload_refused", format!("{sentence} \"{words}\".")).seen(words)
}

fn told_by(answer: &Answer) -> Option<ApiError> {
    answer.json().map(|ErrorAnswer { error }| error)
}

/// Why a playlist did not take a video, in a sentence.
pub(super) fn of_the_playlist(answer: &Answer, now: OffsetDateTime) -> String {
    let reason = told_by(answer);
    let sentence = match reason.as_ref().map(reason_of).unwrap_or_default() {
        "playlistNotFound" | "playlistIdRequired" => "The channel has no such playlist.",
        "playlistContainsMaximumNumberOfVideos" => "The playlist is full.",
        "playlistItemsNotAccessible" | "playlistOperationUnsupported" | "forbidden" => {
            "The playlist is not the channel's to fill."
        }
        "manualSortRequired" => "The playlist is sorted by YouTube.",
        "insufficientPermissions" | "ACCESS_TOKEN_SCOPE_INSUFFICIENT" => {
            "The account was connected without the permission to manage playlists."
        }
        _ => {
            return refused(answer, now)
                .map_or_else(|| "YouTube refused it.".to_owned(), |fault| fault.message);
        }
    };
    sentence.to_owned()
}

/// What an error means that is listed as refused before any effect; `None` for all else: 5xx,
/// unlisted reasons, bodies that cannot be read.
pub(super) fn refused(answer: &Answer, now: OffsetDateTime) -> Option<Fault> {
    if answer.is_success() || answer.is_server_error() || answer.status < 400 {
        return None;
    }
    let Some(ErrorAnswer { error }) = answer.json() else {
        return match answer.status {
            401 => Some(Fault::unauthorized()),
            429 => Some(too_fast(answer)),
            _ => None,
        };
    };
    let reason = reason_of(&error);
    coded(reason, &error, answer, now)
        .or_else(|| match (answer.status, error.status.as_str()) {
            (401, _) | (_, "UNAUTHENTICATED") => Some(Fault::unauthorized()),
            (429, _) | (_, "RESOURCE_EXHAUSTED") => Some(too_fast(answer)),
            _ => None,
        })
        .map(|fault| fault.seen(format!("{reason}: {}", plain(&error.message))))
}

/// Which reason decides: the first of `errors`, else the first of `details`.
fn reason_of(error: &ApiError) -> &str {
    error
        .errors
        .first()
        .map(|first| first.reason.as_str())
        .filter(|reason| !reason.is_empty())
        .or_else(|| error.details.first().map(|first| first.reason.as_str()))
        .unwrap_or_default()
}

fn coded(reason: &str, error: &ApiError, answer: &Answer, now: OffsetDateTime) -> Option<Fault> {
    Some(match reason {
        "authError" | "UNAUTHENTICATED" | "ACCESS_TOKEN_EXPIRED" | "CREDENTIALS_MISSING" => {
            Fault::unauthorized()
        }
        "youtubeSignupRequired" => no_channel(),
        "insufficientPermissions" | "ACCESS_TOKEN_SCOPE_INSUFFICIENT" => Fault::reconnect(
            "scope_missing",
            "A YouTube permission is missing; connect YouTube again and tick the permission to upload.",
        ),
        "forbidden"
            if error
                .errors
                .first()
                .is_some_and(|first| first.domain == "youtube.thumbnail") =>
        {
            Fault::content(
                "thumbnail_forbidden",
                "The video is up; verify the channel by phone to set thumbnails.",
            )
        }
        "forbidden" => Fault::content("forbidden", "YouTube refused this for the channel."),
        "accessNotConfigured" | "SERVICE_DISABLED" => Fault::operator(
            "app_misconfigured",
            "The YouTube Data API is not enabled for this app; the operator must enable it.",
        ),
        "quotaExceeded" | "dailyLimitExceeded" => Fault::quota(
            Some(next_midnight(now)),
            "daily_quota",
            "This app's daily YouTube quota is used up.",
        ),
        "rateLimitExceeded" | "RATE_LIMIT_EXCEEDED"
            if error.message.contains("Video Uploads per day") =>
        {
            Fault::quota(
                Some(next_midnight(now)),
                "daily_uploads",
                "This app's daily YouTube uploads are used up.",
            )
        }
        "rateLimitExceeded" | "RATE_LIMIT_EXCEEDED" | "userRateLimitExceeded" => too_fast(answer),
        "uploadRateLimitExceeded" => Fault::retry(
            "thumbnail_rate",
            "YouTube takes no more thumbnails just now.",
        )
        .after(Some(answer.retry_after().unwrap_or(Duration::hours(1)))),
        "uploadLimitExceeded" => Fault::quota(
            Some(now + Duration::hours(24)),
            "channel_upload_limit",
            "The channel has reached YouTube's daily limit of uploads.",
        ),
        _ => return of_the_video(reason, error),
    })
}

/// What is wrong with the video or its channel.
fn of_the_video(reason: &str, error: &ApiError) -> Option<Fault> {
    Some(match reason {
        "invalidTitle" => Fault::content(
            "title_refused",
            "YouTube refused the title: it is empty, over 100 characters, or holds < or >.",
        ),
        "invalidDescription" => Fault::content(
            "description_refused",
            "YouTube refused the description: it is over 5,000 bytes, or holds < or >.",
        ),
        "invalidTags" => Fault::content(
            "tags_refused",
            "YouTube refused the tags: they are over 500 characters, or one is invalid.",
        ),
        "invalidCategoryId" => Fault::content(
            "category_refused",
            "YouTube does not take this category; choose another one.",
        ),
        "invalidPublishAt" => Fault::content(
            "publish_time_refused",
            "YouTube takes a publishing time only in the future, for a private video.",
        ),
        "invalidVideoMetadata"
        | "invalidFilename"
        | "invalidRecordingDetails"
        | "invalidVideoGameRating"
        | "defaultLanguageNotSet" => Fault::content(
            "details_refused",
            format!(
                "YouTube refused the video's details: {}",
                plain(&error.message)
            ),
        ),
        "mediaBodyRequired" => {
            Fault::content("file_missing", "YouTube says that the file is missing.")
        }
        "invalidImage" => Fault::content("thumbnail_refused", "Use a JPEG or PNG thumbnail."),
        "forbiddenPrivacySetting" => Fault::content(
            "privacy_refused",
            "This visibility is not allowed for the channel.",
        ),
        "forbiddenLicenseSetting" => Fault::content(
            "license_refused",
            "This licence is not allowed for the channel.",
        ),
        "authenticatedUserAccountClosed" => {
            Fault::content("channel_closed", "The YouTube account is closed.")
        }
        "authenticatedUserAccountSuspended" => {
            Fault::content("channel_suspended", "The YouTube account is suspended.")
        }
        "accountDelegationForbidden" => Fault::content(
            "channel_foreign",
            "The YouTube channel is not this account's.",
        ),
        "videoNotFound" => Fault::content("video_deleted", "The video was deleted at YouTube."),
        // `backendError`, `internalError` and whatever the page does not list.
        _ => return None,
    })
}

/// Nobody to publish as.
pub(super) fn no_channel() -> Fault {
    Fault::content(
        "no_account",
        "This Google account has no YouTube channel; create one, then connect again.",
    )
}

/// Why a video that arrived whole did not become visible; `None` while it may.
pub(super) fn ended(video: &Video) -> Option<Fault> {
    let status = video.status.as_ref()?;
    let why = |reason: &Option<String>| reason.clone().unwrap_or_default();
    let fault = match status.upload_status.as_str() {
        "failed" => failed(&why(&status.failure_reason)),
        "rejected" => rejected(&why(&status.rejection_reason)),
        "deleted" => Fault::content("video_deleted", "The video was deleted at YouTube."),
        // Processing that ended without success while the upload still counts as uploaded.
        "uploaded" => {
            let processing = video.processing_details.as_ref()?;
            match processing.processing_status.as_deref() {
                Some("failed" | "terminated") => {
                    unprocessed(&why(&processing.processing_failure_reason))
                }
                Some(_) | None => return None,
            }
        }
        _ => return None,
    };
    Some(fault)
}

fn failed(reason: &str) -> Fault {
    match reason {
        "codec" => Fault::content("codec_refused", "YouTube cannot read the video's codec."),
        "conversion" => Fault::content("conversion_failed", "YouTube could not convert the video."),
        "emptyFile" => Fault::content("file_empty", "YouTube says that the file is empty."),
        "invalidFile" => Fault::content("file_invalid", "YouTube cannot read the file."),
        "tooSmall" => Fault::content("file_too_small", "YouTube says that the file is too small."),
        "uploadAborted" => {
            Fault::content("upload_aborted", "YouTube says that the upload broke off.")
        }
        _ => Fault::content("processing_failed", "YouTube could not process the video."),
    }
    .seen(format!("failureReason {reason}"))
}

fn rejected(reason: &str) -> Fault {
    match reason {
        "claim" => Fault::content("rejected_claim", "YouTube rejected the video: somebody claims its content."),
        "copyright" => Fault::content("rejected_copyright", "YouTube rejected the video for copyright."),
        "duplicate" => Fault::content("rejected_duplicate", "YouTube rejected the video: the channel has the same one already."),
        "inappropriate" => Fault::content("rejected_inappropriate", "YouTube rejected the video as inappropriate."),
        "legal" => Fault::content("rejected_legal", "YouTube rejected the video for legal reasons."),
        "length" => Fault::content("rejected_length", "YouTube rejected the video as too long; verify the channel by phone for more than 15 minutes."),
        "termsOfUse" => Fault::content("rejected_terms", "YouTube rejected the video for its terms of use."),
        "trademark" => Fault::content("rejected_trademark", "YouTube rejected the video for a trademark."),
        "uploaderAccountClosed" => Fault::content("channel_closed", "The YouTube account is closed."),
        "uploaderAccountSuspended" => Fault::content("channel_suspended", "The YouTube account is suspended."),
        _ => Fault::content("rejected", "YouTube rejected the video."),
    }
    .seen(format!("rejectionReason {reason}"))
}

fn unprocessed(reason: &str) -> Fault {
    match reason {
        "uploadFailed" => {
            Fault::content("upload_aborted", "YouTube says that the upload broke off.")
        }
        // The same file may well pass a second time, but the first video stays on the channel, and what we
        // ask for does not allow to delete it: a second one beside it would be a double.
        "transcodeFailed" => Fault::content(
            "conversion_failed",
            "YouTube could not convert the video. Delete it in YouTube Studio, then post it again.",
        ),
        "streamingFailed" => Fault::content(
            "streaming_failed",
            "YouTube could not make the video ready to stream.",
        ),
        _ => Fault::content("processing_failed", "YouTube could not process the video."),
    }
    .seen(format!("processingFailureReason {reason}"))
}

/// What an error of the token endpoints means; `None` for a success.
pub(super) fn flat(answer: &Answer) -> Option<Fault> {
    if answer.is_success() {
        return None;
    }
    let Some(error) = answer.json::<FlatError>() else {
        return Some(unwell(answer));
    };
    let fault = match error.error.as_str() {
        "access_denied" | "invalid_grant" => Fault::reconnect(
            "grant_ended",
            "Google no longer accepts the connection; connect YouTube again.",
        ),
        "invalid_token" => Fault::reconnect("token_unknown", "Google does not know the token."),
        "admin_policy_enforced" | "org_internal" => Fault::reconnect(
            "blocked_by_administrator",
            "The administrator of this Google account does not allow the app; use another account.",
        ),
        "deleted_client"
        | "invalid_client"
        | "invalid_request"
        | "invalid_scope"
        | "redirect_uri_mismatch"
        | "unauthorized_client"
        | "unsupported_grant_type" => Fault::operator(
            "app_misconfigured",
            "Google does not accept this app's registration; the operator must check it.",
        ),
        _ => unwell(answer),
    };
    Some(fault.seen(format!("{}: {}", error.error, error.error_description)))
}

/// An answer of the upload that is neither progress nor a listed refusal.
pub(super) fn unwell(answer: &Answer) -> Fault {
    Fault::retry(
        "network_unwell",
        "YouTube is having problems; trying again.",
    )
    .after(answer.retry_after())
    .seen(format!("status {}", answer.status))
}

fn too_fast(answer: &Answer) -> Fault {
    Fault::retry("rate_limited", "YouTube asks to slow down; trying again.")
        .after(Some(answer.retry_after().unwrap_or(Duration::minutes(1))))
}

/// A message without its HTML.
fn plain(message: &str) -> String {
    let mut text = String::new();
    let mut is_tag = false;
    for c in message.chars().filter(|c| !c.is_control()) {
        match c {
            '<' => is_tag = true,
            '>' => is_tag = false,
            c if !is_tag => text.push(c),
            _ => {}
        }
    }
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::FaultKind;
    use crate::testing::answer;

    #[test]
    fn each_error_of_the_token_endpoints_is_told_apart() {
        for (status, error, kind) in [
            (400, "invalid_grant", FaultKind::Reconnect),
            (400, "access_denied", FaultKind::Reconnect),
            (400, "invalid_token", FaultKind::Reconnect),
            (403, "org_internal", FaultKind::Reconnect),
            (400, "admin_policy_enforced", FaultKind::Reconnect),
            (401, "invalid_client", FaultKind::Operator),
            (400, "redirect_uri_mismatch", FaultKind::Operator),
            (400, "invalid_request", FaultKind::Operator),
            (400, "invalid_scope", FaultKind::Operator),
            (400, "unauthorized_client", FaultKind::Operator),
            (400, "unsupported_grant_type", FaultKind::Operator),
            (503, "backend_error", FaultKind::Retry { after: None }),
        ] {
            let fault = flat(&answer(status, &json!({"error": error}))).expect(error);
            assert_eq!(fault.kind, kind, "{error}");
        }
        assert_eq!(flat(&answer(200, &json!({}))), None);
        assert!(flat(&answer(502, &json!("<html>"))).is_some());
    }

    #[test]
    fn what_is_not_listed_is_never_taken_for_a_refusal() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let reason = |reason| json!({"error": {"errors": [{"reason": reason}]}});
        for (status, body) in [
            (500, reason("invalidTitle")),
            (503, reason("quotaExceeded")),
            (400, reason("backendError")),
            (400, reason("somethingNew")),
            (403, json!("<html>")),
            (308, reason("invalidTitle")),
            (200, reason("invalidTitle")),
        ] {
            assert_eq!(
                refused(&answer(status, &body), now),
                None,
                "{status} {body}"
            );
        }
    }

    #[test]
    fn messages_lose_their_html() {
        assert_eq!(
            plain("exceeded your <a href=\"/youtube#quota\">quota</a>.\n"),
            "exceeded your quota."
        );
    }
}
