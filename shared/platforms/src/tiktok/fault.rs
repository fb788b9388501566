//! TikTok's errors as ours.

use serde::de::DeserializeOwned;
use time::{Duration, OffsetDateTime};

use super::wire::{ApiError, Envelope, FlatError, Outcome};
use crate::{Answer, Fault, FaultKind};

/// The data of a success.
///
/// # Errors
/// The fault that the answer tells of. Only for calls that may be sent twice.
pub(super) fn data<T: DeserializeOwned>(
    answer: &Answer,
    what: &str,
    now: OffsetDateTime,
) -> Result<T, Fault> {
    if is_ok(answer) {
        return answer
            .parse::<Envelope<T>>(what)
            .map(|envelope| envelope.data);
    }
    Err(read(answer, now))
}

/// Whether an enveloped answer tells of success; the HTTP status does not.
pub(super) fn is_ok(answer: &Answer) -> bool {
    answer.is_success()
        && answer
            .json::<Outcome>()
            .is_some_and(|outcome| outcome.error.code == "ok")
}

/// What an enveloped error to a call that may be sent twice means.
pub(super) fn read(answer: &Answer, now: OffsetDateTime) -> Fault {
    refused(answer, now).unwrap_or_else(|| unwell(answer))
}

/// What an error means that is listed as refused before any effect; `None` for all else
/// (`internal_error`, 5xx, unlisted codes, bodies that cannot be read).
pub(super) fn refused(answer: &Answer, now: OffsetDateTime) -> Option<Fault> {
    if answer.is_server_error() {
        return None;
    }
    let error = answer.json::<Outcome>().map(|outcome| outcome.error);
    match (error, answer.status) {
        (Some(error), _) => coded(&error, answer, now).map(|fault| fault.seen(told(&error))),
        (None, 401) => Some(Fault::unauthorized()),
        (None, 429) => Some(too_fast(answer)),
        (None, _) => None,
    }
}

fn coded(error: &ApiError, answer: &Answer, now: OffsetDateTime) -> Option<Fault> {
    let tomorrow = Some(now + Duration::hours(24));
    Some(match error.code.as_str() {
        "access_token_invalid" => Fault::unauthorized(),
        "scope_not_authorized" => Fault::reconnect(
            "scope_missing",
            "TikTok says that posting is not allowed; connect TikTok again and allow posting.",
        ),
        "scope_permission_missed" => Fault::reconnect(
            "scope_missing",
            "TikTok says that a permission is missing; connect TikTok again and allow what it asks for.",
        ),
        "invalid_param" | "invalid_params" => Fault::content(
            "post_refused",
            format!(
                "TikTok refused the post's settings: {}",
                plain(&error.message)
            ),
        ),
        "invalid_file_upload" => Fault::content(
            "file_refused",
            "The file does not meet TikTok's rules; use an MP4 with H.264, or a JPEG.",
        ),
        "app_version_check_failed" => Fault::content(
            "app_too_old",
            "The TikTok app on the account's device is too old; update it to 31.8 or newer.",
        ),
        "privacy_level_option_mismatch" => privacy_gone(),
        "unaudited_client_can_only_post_to_private_accounts" => Fault::content(
            "app_not_audited",
            "TikTok has not reviewed this app yet: set the TikTok account to private and choose SELF_ONLY.",
        ),
        "url_ownership_unverified" => Fault::operator(
            "media_domain_unverified",
            "TikTok does not know the server's media domain; it must be verified in TikTok's developer portal.",
        ),
        "spam_risk_too_many_posts" => Fault::quota(
            tomorrow,
            "daily_post_limit",
            "TikTok takes no more posts from this account today.",
        ),
        "spam_risk_too_many_pending_share" => Fault::quota(
            tomorrow,
            "pending_drafts_limit",
            "Too many drafts wait in the TikTok inbox; finish or delete some.",
        ),
        "spam_risk_user_banned_from_posting" => banned(),
        "reached_active_user_cap" => Fault::quota(
            tomorrow,
            "app_user_limit",
            "This app has reached TikTok's limit of active users for today.",
        ),
        "invalid_publish_id" => Fault::content(
            "publish_id_unknown",
            "TikTok does not know this upload any more.",
        ),
        "token_not_authorized_for_specified_publish_id" => Fault::content(
            "publish_id_foreign",
            "TikTok says that this upload belongs to another account.",
        ),
        "publish_not_cancellable" => Fault::content(
            "not_cancellable",
            "It is too late to cancel the post at TikTok.",
        ),
        "rate_limit_exceeded" => too_fast(answer),
        _ => return None,
    })
}

/// The fault of an answer that tells of nothing but TikTok's own trouble.
pub(super) fn breakdown(answer: &Answer) -> Option<Fault> {
    let says_so = || {
        let told = answer.json::<Outcome>();
        told.is_some_and(|outcome| outcome.error.code == "internal_error")
    };
    (answer.is_server_error() || says_so()).then(|| unwell(answer))
}

/// Whether a fault keeps us from asking at all, as opposed to saying something about what was asked.
pub(super) fn is_about_access(fault: &Fault) -> bool {
    match fault.kind {
        FaultKind::Reconnect | FaultKind::Retry { .. } | FaultKind::Unauthorized => true,
        FaultKind::Content
        | FaultKind::Operator
        | FaultKind::Quota { .. }
        | FaultKind::Unconfirmed { .. } => false,
    }
}

/// What `fail_reason` of a failed post means; the post is proven not to be live.
pub(super) fn failed(reason: &str) -> Failure {
    let fault = match reason {
        "internal" | "video_pull_failed" | "photo_pull_failed" => return Failure::Transient,
        "file_format_check_failed" => Fault::content(
            "format_refused",
            "TikTok could not read the file; use an MP4 with H.264, or a JPEG or WebP picture.",
        ),
        "duration_check_failed" => Fault::content(
            "duration_refused",
            "The video is too long or too short for this TikTok account.",
        ),
        "frame_rate_check_failed" => Fault::content(
            "frame_rate_refused",
            "TikTok takes videos of 23 to 60 frames a second.",
        ),
        "picture_size_check_failed" => Fault::content(
            "picture_size_refused",
            "The resolution is out of TikTok's range.",
        ),
        "publish_cancelled" => {
            Fault::content("cancelled_at_tiktok", "The post was cancelled at TikTok.")
        }
        // The task is dead, and a new connection does not wake it.
        "auth_removed" => Fault::content(
            "access_removed",
            "Access was removed in TikTok while the post was processed; connect TikTok again, then post it again.",
        ),
        // The task is dead, so waiting would ask about it for ever: the post has failed.
        "spam_risk_too_many_posts" => Fault::content(
            "daily_post_limit",
            "TikTok takes no more posts from this account today; post it tomorrow, or from the TikTok app.",
        ),
        "spam_risk_user_banned_from_posting" => banned(),
        "spam_risk_text" => Fault::content(
            "caption_refused",
            "TikTok takes the caption for spam; change it.",
        ),
        "spam_risk" => Fault::content("spam_risk", "TikTok takes the post for spam."),
        _ => Fault::content("refused_by_network", "TikTok could not publish the post."),
    };
    Failure::Final(fault.seen(format!("fail_reason {reason}")))
}

/// Whether a failed post may be started anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// It must not; the fault says why.
    Final(Fault),
    /// It may.
    Transient,
}

/// What the answer to a chunk that is not the last means, beside 206.
pub(super) fn chunk(answer: &Answer) -> Fault {
    match answer.status {
        400 => Fault::content(
            "upload_refused",
            "TikTok refused the bytes of the video; upload the file again.",
        ),
        429 => too_fast(answer),
        _ => unwell(answer),
    }
    .seen(format!("upload answered {}", answer.status))
}

/// The audience that was chosen is not offered any more.
pub(super) fn privacy_gone() -> Fault {
    Fault::content(
        "privacy_level_unavailable",
        "TikTok does not offer the chosen audience for this account; choose privacyLevel again.",
    )
}

/// What an error of the consent calls means; `None` for a success. The HTTP status is not documented, so it is not asked.
pub(super) fn flat(answer: &Answer) -> Option<Fault> {
    let Some(error) = answer
        .json::<FlatError>()
        .filter(|error| !error.error.is_empty())
    else {
        let enveloped = answer.json::<Outcome>().map(|outcome| outcome.error.code);
        return match enveloped.as_deref() {
            Some("access_token_invalid") => Some(Fault::unauthorized()),
            Some(_) | None => (!answer.is_success()).then(|| unwell(answer)),
        };
    };
    let fault = match error.error.as_str() {
        "access_denied" => Fault::reconnect(
            "access_denied",
            "Access was declined at TikTok; connect again and approve.",
        ),
        "invalid_grant" => Fault::reconnect(
            "grant_ended",
            "TikTok no longer accepts the connection; connect TikTok again.",
        ),
        "invalid_client"
        | "invalid_request"
        | "invalid_scope"
        | "unauthorized_client"
        | "unsupported_grant_type"
        | "unsupported_response_type" => Fault::operator(
            "app_misconfigured",
            "TikTok does not accept this app's registration; the operator must check it.",
        ),
        _ => unwell(answer),
    };
    Some(fault.seen(format!(
        "{}: {} (log {})",
        error.error, error.error_description, error.log_id
    )))
}

/// Whether a fault of [`flat`] says that the token is dead already.
pub(super) fn is_dead_token(fault: &Fault) -> bool {
    matches!(fault.code.as_str(), "grant_ended" | "token_refused")
}

fn banned() -> Fault {
    Fault::content("account_banned", "TikTok does not let this account post.")
}

/// The window slides over a minute, so a shorter wait is a wasted call.
fn too_fast(answer: &Answer) -> Fault {
    let minute = Duration::minutes(1);
    Fault::retry("rate_limited", "TikTok asks to slow down; trying again.").after(Some(
        answer.retry_after().map_or(minute, |wait| wait.max(minute)),
    ))
}

fn unwell(answer: &Answer) -> Fault {
    Fault::retry("network_unwell", "TikTok is having problems; trying again.")
        .after(answer.retry_after())
        .seen(answer.json::<Outcome>().map_or_else(
            || format!("status {}", answer.status),
            |outcome| told(&outcome.error),
        ))
}

fn told(error: &ApiError) -> String {
    format!("{}: {} (log {})", error.code, error.message, error.log_id)
}

fn plain(message: &str) -> String {
    message
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '<' | '>'))
        .take(200)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::datetime;

    use super::*;
    use crate::testing::answer;

    const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

    /// Asserts the fault of `code`, with `data` in the envelope and without.
    fn assert_refused(status: u16, code: &str, kind: &FaultKind, name: &str) {
        for body in [
            json!({"error": {"code": code, "message": "m", "log_id": "l"}}),
            json!({"data": {}, "error": {"code": code, "message": "m", "logid": "l"}}),
        ] {
            let fault = refused(&answer(status, &body), NOW).expect(code);
            assert_eq!((&fault.kind, fault.code.as_str()), (kind, name), "{code}");
            assert_eq!(fault.evidence, Some(format!("{code}: m (log l)")));
        }
    }

    #[test]
    fn each_refusal_of_the_post_is_final_and_has_its_name() {
        for (status, code, name) in [
            (400, "invalid_param", "post_refused"),
            (400, "invalid_params", "post_refused"),
            (400, "invalid_file_upload", "file_refused"),
            (400, "app_version_check_failed", "app_too_old"),
            (
                403,
                "privacy_level_option_mismatch",
                "privacy_level_unavailable",
            ),
            (
                403,
                "unaudited_client_can_only_post_to_private_accounts",
                "app_not_audited",
            ),
            (403, "spam_risk_user_banned_from_posting", "account_banned"),
            (200, "spam_risk_user_banned_from_posting", "account_banned"),
            (400, "invalid_publish_id", "publish_id_unknown"),
            (
                400,
                "token_not_authorized_for_specified_publish_id",
                "publish_id_foreign",
            ),
            (400, "publish_not_cancellable", "not_cancellable"),
        ] {
            assert_refused(status, code, &FaultKind::Content, name);
        }
    }

    #[test]
    fn each_refusal_that_passes_or_can_be_mended_says_how() {
        let tomorrow = FaultKind::Quota {
            until: Some(NOW + Duration::hours(24)),
        };
        let minute = FaultKind::Retry {
            after: Some(Duration::minutes(1)),
        };
        for (status, code, kind, name) in [
            (
                401,
                "access_token_invalid",
                &FaultKind::Unauthorized,
                "token_refused",
            ),
            (
                401,
                "scope_not_authorized",
                &FaultKind::Reconnect,
                "scope_missing",
            ),
            (
                400,
                "scope_permission_missed",
                &FaultKind::Reconnect,
                "scope_missing",
            ),
            (
                403,
                "url_ownership_unverified",
                &FaultKind::Operator,
                "media_domain_unverified",
            ),
            (
                403,
                "spam_risk_too_many_posts",
                &tomorrow,
                "daily_post_limit",
            ),
            (
                200,
                "spam_risk_too_many_posts",
                &tomorrow,
                "daily_post_limit",
            ),
            (
                403,
                "spam_risk_too_many_pending_share",
                &tomorrow,
                "pending_drafts_limit",
            ),
            (403, "reached_active_user_cap", &tomorrow, "app_user_limit"),
            (200, "reached_active_user_cap", &tomorrow, "app_user_limit"),
            (429, "rate_limit_exceeded", &minute, "rate_limited"),
        ] {
            assert_refused(status, code, kind, name);
        }
    }

    #[test]
    fn what_is_not_listed_is_never_taken_for_a_refusal() {
        for (status, body) in [
            (500, json!({"error": {"code": "internal_error"}})),
            (500, json!({"error": {"code": "invalid_params"}})),
            (503, json!({"error": {"code": "rate_limit_exceeded"}})),
            (400, json!({"error": {"code": "internal_error"}})),
            (400, json!({"error": {"code": "something_new"}})),
            (403, json!("<html>")),
            (200, json!({})),
        ] {
            let answer = answer(status, &body);
            assert_eq!(refused(&answer, NOW), None, "{status} {body}");
            assert!(matches!(read(&answer, NOW).kind, FaultKind::Retry { .. }));
        }
    }

    #[test]
    fn each_error_of_the_consent_calls_is_told_apart_whatever_its_status() {
        for (error, kind) in [
            ("access_denied", FaultKind::Reconnect),
            ("invalid_grant", FaultKind::Reconnect),
            ("invalid_client", FaultKind::Operator),
            ("invalid_request", FaultKind::Operator),
            ("invalid_scope", FaultKind::Operator),
            ("unauthorized_client", FaultKind::Operator),
            ("unsupported_grant_type", FaultKind::Operator),
            ("unsupported_response_type", FaultKind::Operator),
            ("server_error", FaultKind::Retry { after: None }),
            ("temporarily_unavailable", FaultKind::Retry { after: None }),
        ] {
            for status in [200, 400] {
                let body = json!({"error": error, "error_description": "d", "log_id": "l"});
                let fault = flat(&answer(status, &body)).expect(error);
                assert_eq!(fault.kind, kind, "{error}");
            }
        }
        assert_eq!(flat(&answer(200, &json!({}))), None);
        assert_eq!(flat(&answer(200, &json!({"error": ""}))), None);
        assert!(flat(&answer(502, &json!("<html>"))).is_some());
    }

    #[test]
    fn a_wait_that_is_asked_for_is_kept_but_never_under_a_minute() {
        for (asked, seconds) in [("5", 60), ("600", 600)] {
            let mut answer = answer(429, &json!({"error": {"code": "rate_limit_exceeded"}}));
            answer.headers.insert("retry-after", asked.parse().unwrap());
            let after = Some(Duration::seconds(seconds));
            assert_eq!(read(&answer, NOW).kind, FaultKind::Retry { after });
        }
    }
}
