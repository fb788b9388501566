//! TikTok, tried on the stage.

mod harness;

use domain::Platform;
use harness::{Outcome, Sample, Stage, Trial, conformance, jpeg, mp4};
use platforms::Content;
use serde_json::{Value, json};
use simulator::{Fault, FaultScript};
use time::Duration;

const STUDIO: &str = "_000fQ1sampleStudioBq7Zk3nYt0wHd";
const PRIVATE: &str = "_000fQ1privateStudioC8mXr4pLs2vJe";
const QUIET: &str = "_000fQ1quietStudioD5nWt6qMk9uGf00";
const UPLOAD: (&str, &str) = ("open-upload.tiktokapis.com", "PUT /video/");
const STATUS: &str = "POST /v2/post/publish/status/fetch/";
const API: &str = "open.tiktokapis.com";

#[tokio::test]
async fn a_consent_becomes_a_connection() {
    let stage = Stage::new();
    let (grant, transcript) = stage.try_connect(Platform::Tiktok, &[STUDIO]).await;
    let grant = grant.expect("a grant");
    assert_eq!(grant.subject, STUDIO);
    let account = &grant.accounts[0];
    assert_eq!(account.display_name, "Sample Studio");
    assert_eq!(account.username.as_deref(), Some("sample_studio"));
    insta::assert_snapshot!(transcript);
}

#[tokio::test]
async fn fields_whose_scope_was_declined_are_not_asked_for() {
    let stage = Stage::new();
    deny(&stage, "user.info.profile");
    let grant = stage.connect(Platform::Tiktok, &[STUDIO]).await;
    assert_eq!(grant.accounts[0].username, None);
}

#[tokio::test]
async fn a_consent_without_posting_is_refused_with_the_way_out() {
    let stage = Stage::new();
    deny(&stage, "video.publish");
    let (result, _) = stage.try_connect(Platform::Tiktok, &[STUDIO]).await;
    assert_eq!(result.expect_err("no grant").code, "scope_missing");
}

#[tokio::test]
async fn a_denial_brings_the_browser_back_with_the_reason() {
    let parameters = Stage::new().deny(Platform::Tiktok).await;
    assert!(parameters.contains(&("error".to_owned(), "access_denied".to_owned())));
}

#[tokio::test]
async fn refreshing_rotates_and_the_old_refresh_token_is_dead() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Tiktok, STUDIO).await;
    let mut earlier = connection.clone();
    stage
        .refresh(&mut connection)
        .await
        .expect("a refresh")
        .expect("new tokens");
    let fault = stage
        .refresh(&mut earlier)
        .await
        .expect("a refresh")
        .expect_err("the old token is dead");
    assert_eq!(fault.code, "grant_ended");
    stage
        .refresh(&mut connection)
        .await
        .expect("a refresh")
        .expect("newer tokens");
}

#[tokio::test]
async fn revoking_twice_is_as_good_as_once() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Tiktok, STUDIO).await;
    assert_eq!(stage.revoke(&connection).await, Some(Ok(())));
    assert_eq!(stage.revoke(&connection).await, Some(Ok(())));
    let run = stage
        .publish(&mut connection, &video(&stage, 600_000))
        .await;
    assert!(
        matches!(run.outcome, Outcome::Published(_)),
        "after connecting again"
    );
}

#[tokio::test]
async fn a_video_goes_live_by_its_last_chunk() {
    let stage = Stage::new().with_setting(Platform::Tiktok, "chunk_bytes", "5000000");
    stage
        .simulator
        .world()
        .set_processing("tiktok", Duration::seconds(12));
    let mut connection = stage.connection(Platform::Tiktok, STUDIO).await;
    let content = stage.content(
        "Morning in the studio #making",
        json!({
            "privacyLevel": "PUBLIC_TO_EVERYONE", "disableComment": false, "brandOrganic": true,
            "aiGenerated": true, "coverTimestampMs": 1500,
        }),
        vec![(mp4(11_000_001), None)],
    );
    let run = stage.publish(&mut connection, &content).await;
    let live = stage.simulator.ledger().posts()[0].clone();
    assert_eq!(live.text, "Morning in the studio #making");
    assert_eq!(live.media[0].bytes, 11_000_001);
    assert_eq!(live.details["is_aigc"], true);
    assert_eq!(live.details["disable_comment"], false);
    assert_eq!(live.details["disable_duet"], true);
    let receipt = run.receipt();
    assert_eq!(receipt.external_id.as_deref(), Some(live.post_id.as_str()));
    assert_eq!(receipt.url.as_deref(), Some(live.url.as_str()));
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn pictures_go_live_by_their_order() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Tiktok, STUDIO).await;
    let run = stage.publish(&mut connection, &picture(&stage)).await;
    assert!(matches!(run.outcome, Outcome::Published(_)));
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn whatever_breaks_a_video_is_posted_once_or_not_at_all() {
    for processing in [0, 40] {
        let cases = conformance(
            Trial::new(Platform::Tiktok, STUDIO, |stage| video(stage, 600_000))
                .processing(Duration::seconds(processing))
                .limited(429, error("rate_limit_exceeded"))
                .broken(500, error("internal_error")),
        )
        .await;
        assert!(cases >= 50, "{cases}");
    }
}

#[tokio::test]
async fn whatever_breaks_a_chunked_video_is_posted_once_or_not_at_all() {
    let cases = conformance(
        Trial::new(Platform::Tiktok, PRIVATE, |stage| {
            stage.content(
                "Two chunks",
                json!({"privacyLevel": "SELF_ONLY"}),
                vec![(mp4(10_000_007), None)],
            )
        })
        .arranged(|stage| stage.with_setting(Platform::Tiktok, "chunk_bytes", "5000000"))
        .limited(429, error("rate_limit_exceeded")),
    )
    .await;
    assert!(cases >= 50, "{cases}");
}

#[tokio::test]
async fn whatever_breaks_pictures_are_posted_once_or_not_at_all() {
    let cases = conformance(
        Trial::new(Platform::Tiktok, STUDIO, picture)
            .limited(429, error("rate_limit_exceeded"))
            .broken(500, error("internal_error")),
    )
    .await;
    assert!(cases >= 40, "{cases}");
}

#[tokio::test]
async fn a_lost_init_leaves_at_most_one_post() {
    let stage = Stage::new();
    stage.simulator.script(
        FaultScript::first(API, "POST /v2/post/publish/video/init/", Fault::LoseAnswer).times(3),
    );
    let mut connection = stage.connection(Platform::Tiktok, STUDIO).await;
    let run = stage
        .publish(&mut connection, &video(&stage, 600_000))
        .await;
    run.receipt();
    assert_eq!(stage.simulator.ledger().posts().len(), 1);
}

#[tokio::test]
async fn a_last_chunk_that_never_arrives_fails_after_three_sends() {
    let stage = Stage::new();
    stage
        .simulator
        .script(FaultScript::first(UPLOAD.0, UPLOAD.1, Fault::LoseRequest).times(100));
    let mut connection = stage.connection(Platform::Tiktok, STUDIO).await;
    let run = stage
        .publish(&mut connection, &video(&stage, 600_000))
        .await;
    assert!(
        matches!(&run.outcome, Outcome::Failed(fault) if fault.code == "upload_incomplete"),
        "{}",
        run.transcript
    );
    assert_eq!(
        run.calls
            .iter()
            .filter(|(name, _)| *name == "upload_chunk")
            .count(),
        3
    );
}

#[tokio::test]
async fn an_upload_address_that_ended_is_replaced_before_the_last_chunk() {
    for status in [403, 404] {
        let stage = Stage::new();
        stage.simulator.script(FaultScript::first(
            UPLOAD.0,
            UPLOAD.1,
            Fault::Answer {
                status,
                headers: Vec::new(),
                body: Value::Null,
            },
        ));
        let mut connection = stage.connection(Platform::Tiktok, STUDIO).await;
        let run = stage
            .publish(&mut connection, &video(&stage, 600_000))
            .await;
        run.receipt();
        assert_eq!(stage.simulator.ledger().posts().len(), 1);
    }
}

#[tokio::test]
async fn each_fail_reason_has_its_sentence_and_nothing_is_live() {
    for (reason, code) in [
        ("file_format_check_failed", "format_refused"),
        ("duration_check_failed", "duration_refused"),
        ("frame_rate_check_failed", "frame_rate_refused"),
        ("picture_size_check_failed", "picture_size_refused"),
        ("publish_cancelled", "cancelled_at_tiktok"),
        ("spam_risk_too_many_posts", "daily_post_limit"),
        ("spam_risk_user_banned_from_posting", "account_banned"),
        ("spam_risk_text", "caption_refused"),
        ("spam_risk", "spam_risk"),
        ("something_new", "refused_by_network"),
    ] {
        let stage = Stage::new();
        fail(&stage, &[reason]);
        let mut connection = stage.connection(Platform::Tiktok, STUDIO).await;
        let run = stage
            .publish(&mut connection, &video(&stage, 600_000))
            .await;
        let Outcome::Failed(fault) = &run.outcome else {
            panic!("{reason}: {}", run.transcript)
        };
        assert_eq!(fault.code, code);
        assert!(stage.simulator.ledger().posts().is_empty());
    }
}

#[tokio::test]
async fn access_that_was_removed_asks_to_connect_again() {
    let stage = Stage::new();
    fail(&stage, &["auth_removed"]);
    let mut connection = stage.connection(Platform::Tiktok, STUDIO).await;
    let run = stage
        .publish(&mut connection, &video(&stage, 600_000))
        .await;
    assert!(matches!(&run.outcome, Outcome::Waiting(fault) if fault.code == "access_removed"));
}

#[tokio::test]
async fn what_failed_at_tiktok_itself_is_started_anew_three_times_at_most() {
    let stage = Stage::new();
    fail(&stage, &["internal", "video_pull_failed"]);
    let mut connection = stage.connection(Platform::Tiktok, STUDIO).await;
    let run = stage
        .publish(&mut connection, &video(&stage, 600_000))
        .await;
    run.receipt();
    assert_eq!(stage.simulator.ledger().posts().len(), 1);

    fail(&stage, &["internal", "internal", "internal"]);
    let run = stage
        .publish(&mut connection, &video(&stage, 600_000))
        .await;
    assert!(matches!(&run.outcome, Outcome::Failed(fault) if fault.code == "network_failed"));
}

#[tokio::test]
async fn a_post_that_never_leaves_processing_ends_undecided() {
    let stage = Stage::new();
    stage.simulator.world().states().tiktok().is_stuck = true;
    let mut connection = stage.connection(Platform::Tiktok, STUDIO).await;
    let run = stage
        .publish(&mut connection, &video(&stage, 600_000))
        .await;
    assert_eq!(run.outcome, Outcome::Unconfirmed(Vec::new()));
}

#[tokio::test]
async fn the_accounts_rules_come_before_the_upload() {
    for (account, options, code) in [
        (
            PRIVATE,
            json!({"privacyLevel": "PUBLIC_TO_EVERYONE"}),
            "privacy_level_unavailable",
        ),
        (
            STUDIO,
            json!({"privacyLevel": "FOLLOWER_OF_CREATOR"}),
            "privacy_level_unavailable",
        ),
        (STUDIO, json!({}), "invalid_options"),
    ] {
        let stage = Stage::new();
        let mut connection = stage.connection(Platform::Tiktok, account).await;
        let content = stage.content("", options, vec![(mp4(1_000), None)]);
        let run = stage.publish(&mut connection, &content).await;
        let fault = run.failure();
        assert_eq!(fault.code, code);
        assert_eq!(run.calls.len(), 1, "{}", run.transcript);
    }
}

#[tokio::test]
async fn a_video_longer_than_the_account_may_post_is_not_uploaded() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Tiktok, QUIET).await;
    let mut sample = mp4(1_000);
    if let domain::MediaFacts::Video { duration_ms, .. } = &mut sample.facts {
        *duration_ms = 180_001;
    }
    let content = self_only(&stage, sample);
    let run = stage.publish(&mut connection, &content).await;
    assert!(
        matches!(&run.outcome, Outcome::Failed(fault) if fault.code == "duration_refused" && fault.message.contains("180")),
        "{}",
        run.transcript
    );
}

#[tokio::test]
async fn comments_that_the_account_forbids_stay_off() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Tiktok, QUIET).await;
    let content = stage.content(
        "",
        json!({"privacyLevel": "SELF_ONLY", "disableComment": false}),
        vec![(mp4(1_000), None)],
    );
    stage.publish(&mut connection, &content).await;
    let live = stage.simulator.ledger().posts()[0].clone();
    assert_eq!(live.details["disable_comment"], true);
}

#[tokio::test]
async fn a_ban_is_final_although_it_comes_with_status_200() {
    let stage = Stage::new();
    cap(&stage, "spam_risk_user_banned_from_posting");
    let mut connection = stage.connection(Platform::Tiktok, STUDIO).await;
    let run = stage
        .publish(&mut connection, &video(&stage, 600_000))
        .await;
    assert!(matches!(&run.outcome, Outcome::Failed(fault) if fault.code == "account_banned"));
    assert_eq!(run.calls.len(), 1);
}

/// Every trouble with the last chunk, joined with every trouble with the questions after it.
#[tokio::test]
async fn troubles_in_pairs_never_double_nor_misreport() {
    let (host, route) = (UPLOAD.0, UPLOAD.1);
    let (ask_host, ask_route) = (API, STATUS);
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
                    stage.simulator.script(order.nth(asked).times(times));
                    let mut connection = stage.connection(Platform::Tiktok, STUDIO).await;
                    let run = stage
                        .publish(&mut connection, &video(&stage, 600_000))
                        .await;
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
    let stored = include_str!("../src/tiktok/fixtures/states.json");
    let states: Vec<Value> = serde_json::from_str(stored).expect("samples");
    for state in states {
        let read: platforms::tiktok::Publish = serde_json::from_value(state.clone())
            .unwrap_or_else(|error| panic!("{state}: {error}"));
        assert_eq!(serde_json::to_value(read).expect("storable"), state);
    }
}

#[tokio::test]
async fn a_poll_that_is_refused_for_its_token_asks_on_for_the_same_post() {
    let stage = Stage::new();
    stage.simulator.script(FaultScript::first(
        API,
        STATUS,
        Fault::Answer {
            status: 401,
            headers: Vec::new(),
            body: error("access_token_invalid"),
        },
    ));
    let mut connection = stage.connection(Platform::Tiktok, STUDIO).await;
    let run = stage
        .publish(&mut connection, &video(&stage, 600_000))
        .await;
    assert!(matches!(run.outcome, Outcome::Published(_)));
    assert_eq!(stage.simulator.ledger().posts().len(), 1);
}

fn video(stage: &Stage, bytes: usize) -> Content {
    stage.content(
        "A day at work",
        json!({"privacyLevel": "PUBLIC_TO_EVERYONE"}),
        vec![(mp4(bytes), None)],
    )
}

fn self_only(stage: &Stage, sample: Sample) -> Content {
    stage.content(
        "",
        json!({"privacyLevel": "SELF_ONLY"}),
        vec![(sample, None)],
    )
}

fn picture(stage: &Stage) -> Content {
    stage.content(
        "Two views of it",
        json!({"privacyLevel": "PUBLIC_TO_EVERYONE"}),
        vec![
            (jpeg(1080, 1350, 4_000), None),
            (jpeg(1080, 1920, 5_000), None),
        ],
    )
}

fn error(code: &str) -> Value {
    json!({"error": {"code": code, "message": "", "log_id": "1"}})
}

fn deny(stage: &Stage, scope: &str) {
    let world = stage.simulator.world();
    world
        .states()
        .tiktok()
        .denied_scopes
        .insert(scope.to_owned());
}

fn fail(stage: &Stage, reasons: &[&str]) {
    let world = stage.simulator.world();
    let reasons = reasons.iter().map(|reason| (*reason).to_owned());
    world.states().tiktok().failures.extend(reasons);
}

fn cap(stage: &Stage, code: &str) {
    let world = stage.simulator.world();
    let caps = &mut world.states().tiktok().caps;
    caps.insert(STUDIO.to_owned(), code.to_owned());
}
