//! YouTube, tried on the stage.

mod harness;

use domain::Platform;
use harness::{Connection, Outcome, Run, Stage, Trial, conformance, mp4};
use platforms::Content;
use serde_json::{Value, json};
use simulator::{Fault, FaultScript};
use time::Duration;

const CHANNEL: &str = "UCsampleStudio7Qk2Wm9Zt1";
const SECOND: &str = "UCsecondStage4Rv8Xn3Ly6P";
const HOST: &str = "www.googleapis.com";
const PUT: &str = "PUT /upload/youtube/v3/videos";

#[tokio::test]
async fn a_consent_becomes_a_connection() {
    let stage = Stage::new();
    let (grant, transcript) = stage.try_connect(Platform::Youtube, &[CHANNEL]).await;
    let grant = grant.expect("a grant");
    let account = &grant.accounts[0];
    assert_eq!(
        (grant.subject.as_str(), account.external_id.as_str()),
        (CHANNEL, CHANNEL)
    );
    assert_eq!(account.display_name, "Sample Studio");
    assert_eq!(account.facts["uploads"], "UUsampleStudio7Qk2Wm9Zt1");
    assert!(account.tokens.refresh.is_some());
    insta::assert_snapshot!(transcript);
}

#[tokio::test]
async fn an_account_without_a_channel_and_an_unticked_scope_say_what_to_do() {
    let stage = Stage::new();
    let (result, _) = stage
        .try_connect(Platform::Youtube, &["google-without-a-channel"])
        .await;
    assert_eq!(result.expect_err("no grant").code, "no_account");
    for scope in ["youtube.upload", "youtube.readonly"] {
        let stage = Stage::new();
        let scope = format!("https://www.googleapis.com/auth/{scope}");
        stage
            .simulator
            .world()
            .states()
            .youtube()
            .denied_scopes
            .insert(scope);
        let (result, _) = stage.try_connect(Platform::Youtube, &[CHANNEL]).await;
        assert_eq!(result.expect_err("no grant").code, "scope_missing");
    }
}

#[tokio::test]
async fn refreshing_keeps_the_refresh_token() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Youtube, CHANNEL).await;
    for _ in 0..3 {
        stage.clock.advance(Duration::hours(2));
        stage
            .refresh(&mut connection)
            .await
            .expect("a refresh")
            .expect("tokens");
        assert!(connection.credentials.tokens.refresh.is_some());
    }
}

#[tokio::test]
async fn revoking_ends_the_other_channels_of_the_google_account_too() {
    let stage = Stage::new();
    let first = stage.connection(Platform::Youtube, CHANNEL).await;
    let mut second = stage.connection(Platform::Youtube, SECOND).await;
    assert_eq!(stage.revoke(&first).await, Some(Ok(())));
    assert_eq!(stage.revoke(&first).await, Some(Ok(())));
    let fault = stage
        .refresh(&mut second)
        .await
        .expect("a refresh")
        .expect_err("dead");
    assert_eq!(fault.code, "grant_ended");
}

#[tokio::test]
async fn a_video_goes_up_in_chunks_and_is_live_when_processed() {
    let stage = small_chunks(Stage::new());
    stage
        .simulator
        .world()
        .set_processing("youtube", Duration::seconds(100));
    stage
        .simulator
        .world()
        .states()
        .youtube()
        .partial
        .push_back(262_144);
    let content = stage.content(
        "Ein Tag im Studio\nmit allem, was dazugehört 🎬",
        json!({
            "tags": ["studio", "behind the scenes"], "categoryId": "26", "privacy": "unlisted",
            "madeForKids": true, "notifySubscribers": false,
        }),
        vec![(mp4(1_200_000), None)],
    );
    let run = publish(&stage, &content).await;
    let live = stage.simulator.ledger().posts()[0].clone();
    assert_eq!(live.media[0].bytes, 1_200_000);
    assert_eq!(live.text, content.caption);
    assert_eq!(
        live.details["title"],
        "Ein Tag im Studio mit allem, was dazugehört 🎬"
    );
    assert_eq!(live.details["privacyStatus"], "unlisted");
    assert_eq!(live.details["selfDeclaredMadeForKids"], true);
    assert_eq!(live.details["notifySubscribers"], false);
    let kept = stage
        .simulator
        .world()
        .kept(&live.media[0].digest)
        .expect("the file");
    assert_eq!(kept.1.to_vec(), stage.files_of(&content)[0]);
    let receipt = run.receipt();
    assert_eq!(receipt.external_id.as_deref(), Some(live.post_id.as_str()));
    assert_eq!(receipt.url.as_deref(), Some(live.url.as_str()));
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn whatever_breaks_a_video_is_published_once_or_not_at_all() {
    for processing in [0, 80] {
        let cases = conformance(
            Trial::new(Platform::Youtube, CHANNEL, |stage| video(stage, 4_000))
                .processing(Duration::seconds(processing))
                .limited(429, limited())
                .broken(503, Value::String("<html>Backend error</html>".to_owned())),
        )
        .await;
        assert!(cases >= 33, "{cases}");
    }
}

#[tokio::test]
async fn whatever_breaks_a_chunked_video_is_published_once_or_not_at_all() {
    let cases = conformance(
        Trial::new(Platform::Youtube, CHANNEL, |stage| video(stage, 1_200_000))
            .arranged(small_chunks)
            .limited(429, limited()),
    )
    .await;
    assert!(cases >= 55, "{cases}");
}

#[tokio::test]
async fn a_lost_last_chunk_is_found_by_asking_the_session() {
    let stage = Stage::new();
    stage
        .simulator
        .script(FaultScript::first(HOST, PUT, Fault::LoseAnswer));
    let run = publish(&stage, &video(&stage, 4_000)).await;
    run.receipt();
    assert_eq!(stage.simulator.ledger().posts().len(), 1);
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_last_chunk_that_never_arrives_fails_after_three_sends() {
    let stage = Stage::new();
    for nth in [1, 4, 7] {
        // Each lost chunk is followed by two questions: one too early to decide, one that decides.
        stage
            .simulator
            .script(FaultScript::first(HOST, PUT, Fault::LoseRequest).nth(nth));
    }
    let run = publish(&stage, &video(&stage, 4_000)).await;
    assert!(
        matches!(&run.outcome, Outcome::Failed(fault) if fault.code == "upload_incomplete"),
        "{}",
        run.transcript
    );
    assert!(stage.simulator.ledger().posts().is_empty());
}

#[tokio::test]
async fn a_lost_last_chunk_whose_session_is_gone_is_found_among_the_uploads() {
    for lag in [Duration::ZERO, Duration::minutes(4)] {
        let stage = Stage::new();
        stage.simulator.world().states().youtube().listing_lag = lag;
        gone_after_a_lost_answer(&stage);
        let run = publish(&stage, &video(&stage, 4_000)).await;
        run.receipt();
        assert_eq!(stage.simulator.ledger().posts().len(), 1);
    }
}

#[tokio::test]
async fn a_lost_last_chunk_that_nobody_can_find_is_left_to_a_person() {
    let stage = Stage::new();
    stage.simulator.world().states().youtube().listing_lag = Duration::hours(9);
    gone_after_a_lost_answer(&stage);
    let run = publish(&stage, &video(&stage, 4_000)).await;
    assert_eq!(
        run.outcome,
        Outcome::Unconfirmed(Vec::new()),
        "{}",
        run.transcript
    );
}

#[tokio::test]
async fn two_uploads_alike_are_nobodys() {
    let stage = Stage::new();
    let content = video(&stage, 4_000);
    publish(&stage, &content).await;
    // The first one stays within the window of the second one's arm, as an upload by hand would.
    gone_after_a_lost_answer(&stage);
    let mut connection = stage.connection(Platform::Youtube, CHANNEL).await;
    let run = stage.publish(&mut connection, &content).await;
    let Outcome::Unconfirmed(candidates) = &run.outcome else {
        panic!("{}", run.transcript)
    };
    assert_eq!(candidates.len(), 2);
}

#[tokio::test]
async fn a_session_that_is_gone_before_the_last_chunk_is_opened_anew_three_times_at_most() {
    for (times, is_published) in [(2, true), (3, false)] {
        let stage = small_chunks(Stage::new());
        stage
            .simulator
            .script(answering(PUT, 404, Value::Null).times(times));
        let run = publish(&stage, &video(&stage, 1_000_000)).await;
        assert_eq!(
            matches!(run.outcome, Outcome::Published(_)),
            is_published,
            "{}",
            run.transcript
        );
        assert_eq!(
            stage.simulator.ledger().posts().len(),
            usize::from(is_published)
        );
    }
}

#[tokio::test]
async fn chunks_that_make_no_progress_end() {
    let stage = small_chunks(Stage::new());
    stage
        .simulator
        .script(answering(PUT, 308, Value::Null).times(100));
    let run = publish(&stage, &video(&stage, 1_000_000)).await;
    assert!(
        matches!(&run.outcome, Outcome::Failed(fault) if fault.code == "upload_refused"),
        "{}",
        run.transcript
    );
}

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
        let run = publish(&stage, &video(&stage, 4_000)).await;
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
        (400, "somethingNew", "network_unwell"),
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

/// Every trouble with the last chunk, joined with every trouble with the questions after it.
#[tokio::test]
async fn troubles_in_pairs_never_double_nor_misreport() {
    let (host, route) = (HOST, PUT);
    let (ask_host, ask_route) = (HOST, PUT);
    let answer = |status| Fault::Answer {
        status,
        headers: Vec::new(),
        body: Value::Null,
    };
    let after = |status| Fault::AnswerAfterEffect {
        status,
        body: Value::Null,
    };
    let mut cases = 0;
    for fire in [
        Fault::LoseAnswer,
        Fault::LoseRequest,
        after(500),
        after(503),
        answer(502),
    ] {
        for trouble in [
            Fault::LoseAnswer,
            Fault::LoseRequest,
            Fault::Truncate,
            answer(401),
            answer(404),
            answer(429),
            answer(500),
        ] {
            for asked in 1..=3 {
                for times in [1, 2, 100] {
                    let stage = Stage::new();
                    let order = FaultScript::first(host, route, fire.clone());
                    stage.simulator.script(order);
                    let order = FaultScript::first(ask_host, ask_route, trouble.clone());
                    stage.simulator.script(order.nth(asked + 1).times(times));
                    let mut connection = stage.connection(Platform::Youtube, CHANNEL).await;
                    let run = stage.publish(&mut connection, &video(&stage, 4_000)).await;
                    let live = stage.simulator.ledger().posts().len();
                    let is_right = match &run.outcome {
                        Outcome::Published(_) => live == 1,
                        Outcome::Failed(_) => live == 0,
                        Outcome::Unconfirmed(_) | Outcome::Waiting(_) => live <= 1,
                        Outcome::Stuck(_) => live <= 1 && times == 100,
                    };
                    assert!(
                        is_right,
                        "{fire:?} {trouble:?} {asked} {times}, {live} live\n{}",
                        run.transcript
                    );
                    cases += 1;
                }
            }
        }
    }
    assert_eq!(cases, 5 * 7 * 3 * 3);
}

#[tokio::test]
async fn a_stored_state_of_any_step_can_be_read() {
    let stored = include_str!("../src/youtube/fixtures/states.json");
    let states: Vec<Value> = serde_json::from_str(stored).expect("samples");
    for state in states {
        let read: platforms::youtube::Publish = serde_json::from_value(state.clone())
            .unwrap_or_else(|error| panic!("{state}: {error}"));
        assert_eq!(serde_json::to_value(read).expect("storable"), state);
    }
}

/// What the machine says of this answer to its first call.
fn fault_of(stage: &Stage, connection: &Connection, status: u16, body: &Value) -> platforms::Fault {
    let machine = platforms::start(Platform::Youtube, &video(stage, 4_000));
    applied(stage, connection, machine, status, body).expect_err("a fault")
}

fn applied(
    stage: &Stage,
    connection: &Connection,
    machine: platforms::Publish,
    status: u16,
    body: &Value,
) -> Result<platforms::Publish, platforms::Fault> {
    let content = video(stage, 4_000);
    let cx = platforms::PublishContext {
        now: stage.now(),
        app: stage.app(Platform::Youtube),
        account: &connection.account,
        content: &content,
        armed_at: None,
        claimed: &[],
    };
    let answer = platforms::Answer {
        status,
        headers: http::HeaderMap::new(),
        body: body.to_string().into_bytes(),
    };
    platforms::Machine::apply(machine, platforms::Event::Answer(answer), &cx)
}

async fn publish(stage: &Stage, content: &Content) -> Run {
    let mut connection = stage.connection(Platform::Youtube, CHANNEL).await;
    stage.publish(&mut connection, content).await
}

fn small_chunks(stage: Stage) -> Stage {
    stage.with_setting(Platform::Youtube, "chunk_bytes", "524288")
}

fn video(stage: &Stage, bytes: usize) -> Content {
    stage.content("A day at work", json!({}), vec![(mp4(bytes), None)])
}

/// The video arrives, its answer is lost, and the session forgets.
fn gone_after_a_lost_answer(stage: &Stage) {
    let put = |fault| FaultScript::first(HOST, PUT, fault);
    stage.simulator.script(put(Fault::LoseAnswer));
    let gone = Fault::Answer {
        status: 404,
        headers: Vec::new(),
        body: Value::Null,
    };
    stage.simulator.script(put(gone).nth(2).times(100));
}

fn answering(route: &str, status: u16, body: Value) -> FaultScript {
    let headers = Vec::new();
    FaultScript::first(
        HOST,
        route,
        Fault::Answer {
            status,
            headers,
            body,
        },
    )
}

fn refusal(status: u16, reason: &str, message: &str) -> Value {
    json!({"error": {
        "code": status, "message": message,
        "errors": [{"message": message, "domain": "youtube.video", "reason": reason}],
    }})
}

fn limited() -> Value {
    refusal(429, "rateLimitExceeded", "Too many requests")
}
