//! LinkedIn, tried on the stage.

mod harness;

use domain::Platform;
use harness::{Connection, Outcome, Run, Sample, Stage, Trial, conformance, jpeg, mp4, png};
use platforms::Content;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use simulator::{Fault, FaultScript, LivePost};
use time::{Duration, macros::date};

const STUDIO: &str = "8sTd1oQx2z";
const API: &str = "api.linkedin.com";
const WWW: &str = "www.linkedin.com";
const UPLOAD: &str = "PUT /dms-uploads/{id}";
const POST: &str = "POST /rest/posts";

#[tokio::test]
async fn a_consent_becomes_a_connection() {
    let stage = Stage::new();
    let (grant, transcript) = stage.try_connect(Platform::Linkedin, &[STUDIO]).await;
    let grant = grant.expect("a grant");
    assert_eq!(grant.subject, STUDIO);
    let account = &grant.accounts[0];
    assert_eq!(account.external_id, format!("urn:li:person:{STUDIO}"));
    assert_eq!(account.display_name, "Sample Studio");
    assert!(account.tokens.refresh.is_none());
    let life = account.tokens.access_expires_at.expect("an end") - stage.now();
    assert!((Duration::days(59)..=Duration::days(60)).contains(&life));
    insta::assert_snapshot!(transcript);
}

#[tokio::test]
async fn a_token_that_is_called_revoked_at_first_is_tried_again() {
    for (trouble, connects) in [(1, true), (3, true), (60, false)] {
        let stage = Stage::new();
        stage
            .simulator
            .world()
            .states()
            .linkedin()
            .fresh_token_trouble = Duration::seconds(trouble);
        let (grant, transcript) = stage.try_connect(Platform::Linkedin, &[STUDIO]).await;
        assert_eq!(grant.is_ok(), connects, "{trouble} s\n{transcript}");
    }
}

#[tokio::test]
async fn a_consent_without_posting_is_refused_with_the_way_out() {
    let stage = Stage::new();
    stage.simulator.world().states().linkedin().withheld_scopes =
        vec!["w_member_social".to_owned()];
    let (result, _) = stage.try_connect(Platform::Linkedin, &[STUDIO]).await;
    assert_eq!(result.expect_err("no grant").code, "scope_missing");
}

#[tokio::test]
async fn a_denial_brings_the_browser_back_with_the_reason() {
    let parameters = Stage::new().deny(Platform::Linkedin).await;
    let reason = ("error".to_owned(), "user_cancelled_authorize".to_owned());
    assert!(parameters.contains(&reason));
}

#[tokio::test]
async fn there_is_no_refresh_without_a_refresh_token() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    assert!(stage.refresh(&mut connection).await.is_none());
}

#[tokio::test]
async fn a_refresh_keeps_the_refresh_token_and_its_end() {
    let stage = Stage::new();
    stage
        .simulator
        .world()
        .states()
        .linkedin()
        .gives_refresh_tokens = true;
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    let before = connection.credentials.tokens.clone();
    stage.clock.advance(Duration::days(340));
    refreshed(&stage, &mut connection)
        .await
        .expect("new tokens");
    let after = &connection.credentials.tokens;
    let text = |token: &Option<secrecy::SecretString>| {
        token.as_ref().map(|token| token.expose_secret().to_owned())
    };
    assert_eq!(text(&after.refresh), text(&before.refresh));
    let moved = after.refresh_expires_at.expect("an end") - before.refresh_expires_at.expect("one");
    assert!(moved.abs() < Duration::minutes(1));
    assert!(
        after.access_expires_at <= after.refresh_expires_at,
        "the last access token ends with the refresh token"
    );
    stage.clock.advance(Duration::days(26));
    let fault = refreshed(&stage, &mut connection).await.expect_err("ended");
    assert_eq!(fault.code, "grant_ended");
}

#[tokio::test]
async fn revoking_twice_is_as_good_as_once() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    assert_eq!(stage.revoke(&connection).await, Some(Ok(())));
    assert_eq!(stage.revoke(&connection).await, Some(Ok(())));
    let run = stage.publish(&mut connection, &text(&stage)).await;
    assert!(run.transcript.to_string().contains("connected again"));
    published(&stage, &run);
}

#[tokio::test]
async fn a_text_goes_out_whole() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    let caption = "Launch (part 1) [draft] {x} <y> *bold* _it_ ~ | \\ @home 100% #done\nhttps://a.example/b_c?utm_source=x (and https://a.example/d)";
    let content = stage.content(caption, json!({ "visibility": "CONNECTIONS" }), vec![]);
    let run = stage.publish(&mut connection, &content).await;
    let live = published(&stage, &run);
    assert_eq!(live.text, caption);
    assert_eq!(live.details["visibility"], "CONNECTIONS");
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn no_caption_is_cut_off() {
    for caption in [
        r"\|{}@[]()<>#*_~",
        "#a #b_c ##d a#e # f #café_culture",
        "(https://example.com/x_y~z#w@v) [https://example.com/]. <http://e.example>",
        "{hashtag|\\#|tag} @[Name](https://e.example) @[Name",
        "https:// http://_ ¯\\_(ツ)_/¯ 🍟",
    ] {
        let stage = Stage::new();
        let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
        let content = stage.content(caption, Value::Null, vec![]);
        let run = stage.publish(&mut connection, &content).await;
        assert_eq!(published(&stage, &run).text, caption);
    }
}

#[tokio::test]
async fn a_picture_goes_out_with_its_description() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    let run = stage.publish(&mut connection, &picture(&stage)).await;
    let live = published(&stage, &run);
    assert_eq!(live.kind, "image");
    assert_eq!(live.details["visibility"], "PUBLIC");
    assert_eq!(
        live.details["content"]["media"]["altText"],
        "A loaf (sliced)"
    );
    assert_eq!(live.media[0].content_type, "image/jpeg");
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn several_pictures_keep_their_order() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    let samples = [jpeg(100, 100, 900), png(100, 200, 700), jpeg(300, 100, 800)];
    let content = stage.content(
        "Three",
        Value::Null,
        samples
            .iter()
            .zip([Some("one"), None, Some("three")])
            .map(|(sample, alt)| (sample.clone(), alt))
            .collect(),
    );
    let run = stage.publish(&mut connection, &content).await;
    let live = published(&stage, &run);
    let arrived: Vec<String> = live.media.iter().map(|file| file.digest.clone()).collect();
    assert_eq!(arrived, samples.iter().map(digest).collect::<Vec<_>>());
    let images = &live.details["content"]["multiImage"]["images"];
    assert_eq!(images[0]["altText"], "one");
    assert_eq!(images[1]["altText"], Value::Null);
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn twenty_pictures_go_out_in_one_post() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    let samples = (0..20)
        .map(|place| (jpeg(64, 64, 500 + place), None))
        .collect();
    let content = stage.content("", Value::Null, samples);
    let run = stage.publish(&mut connection, &content).await;
    let sizes: Vec<u64> = published(&stage, &run)
        .media
        .iter()
        .map(|file| file.bytes)
        .collect();
    assert_eq!(sizes, (500..520).collect::<Vec<u64>>());
}

#[tokio::test]
async fn a_video_arrives_part_by_part_and_in_order() {
    let stage = Stage::new();
    stage
        .simulator
        .world()
        .set_processing("linkedin", Duration::seconds(20));
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    let sample = mp4(9_000_000);
    let content = stage.content("Moving", Value::Null, vec![(sample.clone(), None)]);
    let run = stage.publish(&mut connection, &content).await;
    let live = published(&stage, &run);
    assert_eq!(live.kind, "video");
    assert_eq!(live.media[0].digest, digest(&sample));
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn whatever_breaks_a_text_is_posted_once_or_not_at_all() {
    tried(Trial::new(Platform::Linkedin, STUDIO, text), 10).await;
}

#[tokio::test]
async fn whatever_breaks_a_text_with_a_renewable_token_is_posted_once_or_not_at_all() {
    let trial = Trial::new(Platform::Linkedin, STUDIO, text).arranged(|stage| {
        stage
            .simulator
            .world()
            .states()
            .linkedin()
            .gives_refresh_tokens = true;
        stage
    });
    tried(trial, 10).await;
}

#[tokio::test]
async fn whatever_breaks_a_picture_is_posted_once_or_not_at_all() {
    tried(Trial::new(Platform::Linkedin, STUDIO, picture), 30).await;
}

#[tokio::test]
async fn whatever_breaks_several_pictures_are_posted_once_or_not_at_all() {
    let trial = Trial::new(Platform::Linkedin, STUDIO, |stage| {
        let samples = vec![(jpeg(10, 10, 100), None), (png(10, 10, 100), None)];
        stage.content("Two", Value::Null, samples)
    });
    tried(trial, 50).await;
}

#[tokio::test]
async fn whatever_breaks_a_video_is_posted_once_or_not_at_all() {
    for processing in [0, 30] {
        let sample = mp4(4_200_000);
        let trial = Trial::new(Platform::Linkedin, STUDIO, move |stage| {
            stage.content("Moving", Value::Null, vec![(sample.clone(), None)])
        })
        .processing(Duration::seconds(processing));
        tried(trial, 60).await;
    }
}

#[tokio::test]
async fn a_lost_answer_is_never_sent_again_and_a_person_decides() {
    let answer = |status, body| Fault::Answer {
        status,
        headers: Vec::new(),
        body,
    };
    for fault in [
        Fault::LoseAnswer,
        Fault::LoseRequest,
        answer(503, Value::Null),
        answer(
            409,
            json!({"status": 409, "code": "CONFLICT", "message": "m"}),
        ),
        answer(
            400,
            json!({"status": 400, "code": "NEVER_SEEN", "message": "m"}),
        ),
        answer(302, Value::Null),
        answer(200, json!({})),
    ] {
        let stage = Stage::new();
        let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
        stage.simulator.script(FaultScript::first(API, POST, fault));
        let run = stage.publish(&mut connection, &text(&stage)).await;
        assert_eq!(
            run.outcome,
            Outcome::Unconfirmed(vec![]),
            "{}",
            run.transcript
        );
        assert_eq!(count(&run, "create_post"), 1);
        assert_eq!(
            count(&run, "look_for_post"),
            1,
            "a member may not read posts"
        );
    }
}

#[tokio::test]
async fn a_token_that_may_read_posts_finds_the_lost_one() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    let token = may_read(&stage, &connection);
    connection.credentials.tokens.access = token.into();
    stage
        .simulator
        .script(FaultScript::first(API, POST, Fault::LoseAnswer));
    let run = stage.publish(&mut connection, &picture(&stage)).await;
    published(&stage, &run);
    assert_eq!(count(&run, "create_post"), 1);
}

#[tokio::test]
async fn a_token_that_may_read_posts_does_not_take_absence_for_proof() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    let token = may_read(&stage, &connection);
    connection.credentials.tokens.access = token.into();
    stage
        .simulator
        .script(FaultScript::first(API, POST, Fault::LoseRequest));
    let run = stage.publish(&mut connection, &text(&stage)).await;
    assert_eq!(
        run.outcome,
        Outcome::Unconfirmed(vec![]),
        "{}",
        run.transcript
    );
    assert_eq!(count(&run, "look_for_post"), 6);
}

#[tokio::test]
async fn a_post_without_an_id_is_published_all_the_same() {
    let stage = Stage::new();
    stage.simulator.world().states().linkedin().hides_post_ids = true;
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    let run = stage.publish(&mut connection, &text(&stage)).await;
    let receipt = run.receipt();
    assert_eq!((&receipt.external_id, &receipt.url), (&None, &None));
    assert_eq!(stage.simulator.ledger().posts().len(), 1);
}

#[tokio::test]
async fn the_same_text_again_is_refused_naming_the_first() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    let first = stage.publish(&mut connection, &text(&stage)).await;
    let first = published(&stage, &first);
    let second = stage.publish(&mut connection, &text(&stage)).await;
    let fault = second.failure();
    assert_eq!(fault.code, "duplicate");
    assert!(fault.message.contains(&first.post_id), "{}", fault.message);
    stage.clock.advance(Duration::minutes(11));
    let third = stage.publish(&mut connection, &text(&stage)).await;
    assert!(matches!(third.outcome, Outcome::Published(_)));
}

#[tokio::test]
async fn a_retired_version_is_the_operators_business() {
    let stage = Stage::new();
    stage.simulator.world().states().linkedin().versions_as_of = date!(2027 - 07 - 16);
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    for content in [text(&stage), picture(&stage)] {
        let run = stage.publish(&mut connection, &content).await;
        let Outcome::Waiting(fault) = &run.outcome else {
            panic!("{}", run.transcript)
        };
        assert_eq!(fault.code, "version_retired");
    }
}

#[tokio::test]
async fn a_used_up_day_ends_at_midnight() {
    let stage = Stage::new();
    stage
        .simulator
        .world()
        .states()
        .linkedin()
        .member_calls_a_day = 1;
    // From ten minutes before midnight, so that midnight and not the hourly probe frees the post.
    let into_day = stage.now() - stage.now().replace_time(time::Time::MIDNIGHT);
    stage
        .clock
        .advance(Duration::hours(47) + Duration::minutes(50) - into_day);
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    let first = stage.publish(&mut connection, &text(&stage)).await;
    published(&stage, &first);
    let began_at = stage.now();
    let other = stage.content("Other", Value::Null, vec![]);
    let second = stage.publish(&mut connection, &other).await;
    assert!(second.transcript.to_string().contains("daily_limit"));
    assert!(matches!(second.outcome, Outcome::Published(_)));
    assert_eq!(
        stage.now().date(),
        began_at.date().next_day().expect("a day")
    );
}

#[tokio::test]
async fn an_ended_upload_address_is_replaced() {
    let ended = |status, body: Value| Fault::Answer {
        status,
        headers: Vec::new(),
        body,
    };
    let expired = json!({"status": 400, "code": "EXPIRED_UPLOAD_URL", "message": "expired"});
    for fault in [
        ended(403, Value::Null),
        ended(401, Value::Null),
        ended(400, expired),
    ] {
        for is_video in [false, true] {
            let stage = Stage::new();
            let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
            stage
                .simulator
                .script(FaultScript::first(WWW, UPLOAD, fault.clone()));
            let content = if is_video {
                stage.content("Moving", Value::Null, vec![(mp4(80_000), None)])
            } else {
                picture(&stage)
            };
            let run = stage.publish(&mut connection, &content).await;
            published(&stage, &run);
        }
    }
}

#[tokio::test]
async fn an_upload_that_never_lasts_fails_after_three() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    let gone = Fault::Answer {
        status: 403,
        headers: Vec::new(),
        body: Value::Null,
    };
    stage
        .simulator
        .script(FaultScript::first(WWW, UPLOAD, gone).times(100));
    let run = stage.publish(&mut connection, &picture(&stage)).await;
    assert!(matches!(&run.outcome, Outcome::Failed(fault) if fault.code == "upload_refused"));
    assert_eq!(count(&run, "upload_image"), 3);
}

#[tokio::test]
async fn files_that_linkedin_forgot_are_uploaded_anew() {
    for (code, is_video) in [("INVALID_IMAGE_ID", false), ("INVALID_VIDEO_ID", true)] {
        let stage = Stage::new();
        let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
        let body = json!({"status": 400, "message": "m", "errorDetails": {"inputErrors": [{"code": code}]}});
        let unknown = Fault::Answer {
            status: 400,
            headers: Vec::new(),
            body,
        };
        stage
            .simulator
            .script(FaultScript::first(API, POST, unknown));
        let content = if is_video {
            stage.content("Moving", Value::Null, vec![(mp4(80_000), None)])
        } else {
            picture(&stage)
        };
        let run = stage.publish(&mut connection, &content).await;
        published(&stage, &run);
        assert_eq!(count(&run, "create_post"), 2);
    }
}

#[tokio::test]
async fn files_that_linkedin_always_forgets_fail_after_three_uploads() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    let unknown = Fault::Answer {
        status: 400,
        headers: Vec::new(),
        body: json!({"status": 400, "code": "INVALID_IMAGE_ID", "message": "unknown"}),
    };
    stage
        .simulator
        .script(FaultScript::first(API, POST, unknown).times(9));
    let run = stage.publish(&mut connection, &picture(&stage)).await;
    assert!(matches!(&run.outcome, Outcome::Failed(fault) if fault.code == "media_unknown"));
    assert_eq!(count(&run, "upload_image"), 3);
}

#[tokio::test]
async fn a_video_that_turns_out_unready_is_waited_for_and_not_sent_again() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    let waiting = Fault::Answer {
        status: 400,
        headers: Vec::new(),
        body: json!({"status": 400, "code": "MEDIA_ASSET_WAITING_UPLOAD", "message": "wait"}),
    };
    stage
        .simulator
        .script(FaultScript::first(API, POST, waiting));
    let content = stage.content("Moving", Value::Null, vec![(mp4(80_000), None)]);
    let run = stage.publish(&mut connection, &content).await;
    published(&stage, &run);
    assert_eq!(count(&run, "initialize_video"), 1);
}

#[tokio::test]
async fn a_video_whose_parts_never_arrived_is_uploaded_anew() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    let waiting = Fault::Answer {
        status: 200,
        headers: Vec::new(),
        body: json!({"status": "WAITING_UPLOAD"}),
    };
    stage
        .simulator
        .script(FaultScript::first(API, "GET /rest/videos/{urn}", waiting).times(8));
    let content = stage.content("Moving", Value::Null, vec![(mp4(80_000), None)]);
    let run = stage.publish(&mut connection, &content).await;
    published(&stage, &run);
    assert_eq!(count(&run, "initialize_video"), 2);
}

#[tokio::test]
async fn a_video_that_cannot_be_processed_fails_with_the_reason() {
    let stage = Stage::new();
    stage.simulator.world().states().linkedin().video_failures =
        vec!["RESOLUTION_TOO_LOW".to_owned()];
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    let content = stage.content("Moving", Value::Null, vec![(mp4(80_000), None)]);
    let run = stage.publish(&mut connection, &content).await;
    let fault = run.failure();
    assert_eq!(fault.code, "media_unusable");
    assert_eq!(fault.evidence.as_deref(), Some("RESOLUTION_TOO_LOW"));
}

#[tokio::test]
async fn a_video_that_is_never_ready_fails_in_the_end() {
    let stage = Stage::new();
    stage
        .simulator
        .world()
        .set_processing("linkedin", Duration::days(1));
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    let content = stage.content("Moving", Value::Null, vec![(mp4(80_000), None)]);
    let run = stage.publish(&mut connection, &content).await;
    assert!(matches!(&run.outcome, Outcome::Failed(fault) if fault.code == "processing_too_long"));
    assert!(
        count(&run, "ask_status") < 50,
        "a member has 150 calls a day"
    );
    assert!(stage.simulator.ledger().posts().is_empty());
}

#[tokio::test]
async fn a_video_that_may_not_be_asked_after_is_posted_when_linkedin_takes_it() {
    let stage = Stage::new();
    stage.simulator.world().states().linkedin().hides_videos = true;
    stage
        .simulator
        .world()
        .set_processing("linkedin", Duration::seconds(90));
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    let content = stage.content("Moving", Value::Null, vec![(mp4(80_000), None)]);
    let run = stage.publish(&mut connection, &content).await;
    assert!(run.transcript.to_string().contains("media_not_ready"));
    published(&stage, &run);
}

async fn tried(trial: Trial, least: usize) {
    let limited = json!({"serviceErrorCode": 101, "status": 429, "message": "Resource level throttle limit for calls to this resource is reached."});
    let broken = json!({"status": 503, "message": "Service Unavailable"});
    let cases = conformance(trial.limited(429, limited).broken(503, broken)).await;
    assert!(cases >= least, "{cases}");
}

async fn refreshed(stage: &Stage, connection: &mut Connection) -> Result<(), platforms::Fault> {
    stage.refresh(connection).await.expect("a refresh")
}

/// A token of the connection's account that may read posts, as old apps have.
fn may_read(stage: &Stage, connection: &Connection) -> String {
    let world = stage.simulator.world();
    let text = connection.credentials.tokens.access.expose_secret();
    let mut token = world.oauth().token(text).expect("a token").clone();
    token.grant.scopes.push("r_member_social".to_owned());
    world.oauth().give_token("a-token-that-may-read", token);
    "a-token-that-may-read".to_owned()
}

fn text(stage: &Stage) -> Content {
    stage.content("Fresh bread (daily)", Value::Null, vec![])
}

fn picture(stage: &Stage) -> Content {
    let samples = vec![(jpeg(1200, 900, 60_000), Some("A loaf (sliced)"))];
    stage.content("Fresh bread #bakery", json!({}), samples)
}

/// The one live post, which must be the one that was reported.
fn published(stage: &Stage, run: &Run) -> LivePost {
    let receipt = run.receipt();
    let ledger = stage.simulator.ledger();
    assert_eq!(ledger.posts().len(), 1, "{}", run.transcript);
    let live = ledger.posts()[0].clone();
    assert_eq!(receipt.external_id.as_deref(), Some(live.post_id.as_str()));
    assert_eq!(receipt.url.as_deref(), Some(live.url.as_str()));
    live
}

fn count(run: &Run, name: &str) -> usize {
    run.calls.iter().filter(|(call, _)| *call == name).count()
}

fn digest(sample: &Sample) -> String {
    hex::encode(Sha256::digest(&sample.bytes))
}
