//! YouTube's errors, one row each.

use domain::Platform;
use serde_json::json;
use time::Duration;

use crate::{
    flows::youtube::{CHANNEL, applied, fault_of, publish, refusal, video},
    harness::{Outcome, Stage},
};

#[tokio::test]
async fn each_way_a_video_can_end_has_its_sentence() {
    for (word, reason, code) in [
        ("failed", "codec", "codec_refused"),
        ("failed", "conversion", "conversion_failed"),
        ("failed", "emptyFile", "file_empty"),
        ("failed", "invalidFile", "file_invalid"),
        ("failed", "tooSmall", "file_too_small"),
        ("failed", "uploadAborted", "upload_aborted"),
        ("failed", "somethingNew", "processing_failed"),
        ("rejected", "claim", "rejected_claim"),
        ("rejected", "copyright", "rejected_copyright"),
        ("rejected", "duplicate", "rejected_duplicate"),
        ("rejected", "inappropriate", "rejected_inappropriate"),
        ("rejected", "legal", "rejected_legal"),
        ("rejected", "length", "rejected_length"),
        ("rejected", "termsOfUse", "rejected_terms"),
        ("rejected", "trademark", "rejected_trademark"),
        ("rejected", "uploaderAccountClosed", "channel_closed"),
        ("rejected", "uploaderAccountSuspended", "channel_suspended"),
        ("rejected", "somethingNew", "rejected"),
        ("deleted", "", "video_deleted"),
    ] {
        let stage = Stage::new();
        let ending = (word.to_owned(), reason.to_owned());
        stage
            .simulator
            .world()
            .states()
            .youtube()
            .endings
            .push_back(ending);
        let run = publish(&stage, &video(&stage)).await;
        let Outcome::Failed(fault) = &run.outcome else {
            panic!("{word} {reason}: {}", run.transcript)
        };
        assert_eq!(fault.code, code, "{word} {reason}");
    }
}

#[tokio::test]
async fn processing_that_failed_while_uploaded_has_its_sentence() {
    for (status, reason, code) in [
        ("failed", "uploadFailed", "upload_aborted"),
        ("failed", "transcodeFailed", "conversion_failed"),
        ("failed", "streamingFailed", "streaming_failed"),
        ("terminated", "other", "processing_failed"),
    ] {
        let stage = Stage::new();
        let connection = stage.connection(Platform::Youtube, CHANNEL).await;
        let machine = serde_json::from_value(json!({"network": "youtube", "state": {
            "step": "process", "video_id": "AAAAAAAAAAA", "since": "2026-01-01T12:00:00Z",
            "ask_at": "2026-01-01T12:00:15Z", "asked": 0,
        }}))
        .expect("a state");
        let body = json!({"items": [{
            "id": "AAAAAAAAAAA",
            "status": {"uploadStatus": "uploaded"},
            "processingDetails": {"processingStatus": status, "processingFailureReason": reason},
        }]});
        let fault = applied(&stage, &connection, machine, 200, &body).expect_err("a fault");
        assert_eq!(fault.code, code);
    }
}

#[tokio::test]
async fn a_breakdown_of_youtube_ends_no_wait_for_what_became_of_a_post() {
    let stage = Stage::new();
    let connection = stage.connection(Platform::Youtube, CHANNEL).await;
    let armed_at = "2026-01-01T12:00:00Z";
    let session = json!({"url": "https://www.googleapis.com/upload?upload_id=1", "tries": 0});
    for state in [
        json!({"step": "confirm", "session": session, "armed_at": armed_at, "looks": 5}),
        json!({"step": "list", "armed_at": armed_at, "looks": 5}),
        json!({"step": "compare", "armed_at": armed_at, "looks": 5, "video_ids": ["AAAAAAAAAAA"]}),
        json!({
            "step": "process", "video_id": "AAAAAAAAAAA", "since": "2020-01-01T12:00:00Z",
            "ask_at": armed_at, "asked": 9,
        }),
    ] {
        let machine = json!({"network": "youtube", "state": state});
        let machine = serde_json::from_value(machine).expect("a state");
        let told = applied(&stage, &connection, machine, 503, &json!({}));
        let fault = told.expect_err("asked again");
        assert!(
            matches!(fault.kind, platforms::FaultKind::Retry { .. }),
            "{state}: {fault:?}"
        );
    }
}

#[tokio::test]
async fn the_projects_and_the_channels_quotas_say_when_they_are_free_again() {
    let uploads = "Quota exceeded for quota metric 'Video Uploads' and limit 'Video Uploads per day' of service 'youtube.googleapis.com' for consumer 'project_number:N'.";
    for (status, body, code, at_most) in [
        (
            429,
            refusal(429, "rateLimitExceeded", uploads),
            "daily_uploads",
            25,
        ),
        (403, refusal(403, "quotaExceeded", "No"), "daily_quota", 25),
        (
            400,
            refusal(400, "uploadLimitExceeded", "No"),
            "channel_upload_limit",
            24,
        ),
    ] {
        let stage = Stage::new();
        let connection = stage.connection(Platform::Youtube, CHANNEL).await;
        let fault = fault_of(&stage, &connection, status, &body);
        assert_eq!(fault.code, code);
        let platforms::FaultKind::Quota { until: Some(until) } = fault.kind else {
            panic!("{fault:?}")
        };
        let wait = until - stage.now();
        assert!(
            wait > Duration::ZERO && wait <= Duration::hours(at_most),
            "{wait}"
        );
    }
}

#[tokio::test]
async fn each_refusal_has_its_sentence() {
    for (status, reason, code) in [
        (401, "authError", "token_refused"),
        (401, "youtubeSignupRequired", "no_account"),
        (403, "insufficientPermissions", "scope_missing"),
        (403, "forbidden", "forbidden"),
        (403, "accessNotConfigured", "app_misconfigured"),
        (403, "quotaExceeded", "daily_quota"),
        (403, "dailyLimitExceeded", "daily_quota"),
        (403, "rateLimitExceeded", "rate_limited"),
        (403, "userRateLimitExceeded", "rate_limited"),
        (429, "uploadRateLimitExceeded", "thumbnail_rate"),
        (429, "anything", "rate_limited"),
        (400, "uploadLimitExceeded", "channel_upload_limit"),
        (400, "invalidTitle", "title_refused"),
        (400, "invalidDescription", "description_refused"),
        (400, "invalidTags", "tags_refused"),
        (400, "invalidCategoryId", "category_refused"),
        (400, "invalidPublishAt", "publish_time_refused"),
        (400, "invalidVideoMetadata", "details_refused"),
        (400, "invalidFilename", "details_refused"),
        (400, "invalidRecordingDetails", "details_refused"),
        (400, "invalidVideoGameRating", "details_refused"),
        (400, "defaultLanguageNotSet", "details_refused"),
        (400, "mediaBodyRequired", "file_missing"),
        (400, "invalidImage", "thumbnail_refused"),
        (403, "forbiddenPrivacySetting", "privacy_refused"),
        (403, "forbiddenLicenseSetting", "license_refused"),
        (403, "authenticatedUserAccountClosed", "channel_closed"),
        (
            403,
            "authenticatedUserAccountSuspended",
            "channel_suspended",
        ),
        (403, "accountDelegationForbidden", "channel_foreign"),
        (404, "videoNotFound", "video_deleted"),
        (500, "backendError", "network_unwell"),
        (500, "internalError", "network_unwell"),
        (400, "somethingNew", "upload_refused"),
    ] {
        let stage = Stage::new();
        let connection = stage.connection(Platform::Youtube, CHANNEL).await;
        let body = refusal(status, reason, "No");
        let fault = fault_of(&stage, &connection, status, &body);
        assert_eq!(fault.code, code, "{status} {reason}");
    }
}

#[tokio::test]
async fn newer_front_ends_are_understood_and_html_is_dropped() {
    for (status, body, code) in [
        (
            401,
            json!({"error": {"code": 401, "message": "No", "status": "UNAUTHENTICATED"}}),
            "token_refused",
        ),
        (
            403,
            json!({"error": {"code": 403, "message": "No", "status": "PERMISSION_DENIED", "details": [
                {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"},
            ]}}),
            "scope_missing",
        ),
        (
            403,
            json!({"error": {"code": 403, "message": "No", "details": [{"reason": "SERVICE_DISABLED"}]}}),
            "app_misconfigured",
        ),
        (
            403,
            json!({"error": {"code": 403, "message": "No", "status": "RESOURCE_EXHAUSTED"}}),
            "rate_limited",
        ),
        (
            403,
            refusal(
                403,
                "quotaExceeded",
                "exceeded your <a href=\"/x\">quota</a>.",
            ),
            "daily_quota",
        ),
    ] {
        let stage = Stage::new();
        let connection = stage.connection(Platform::Youtube, CHANNEL).await;
        let fault = fault_of(&stage, &connection, status, &body);
        assert_eq!(fault.code, code);
        assert!(!fault.evidence.unwrap_or_default().contains("href"));
    }
}
