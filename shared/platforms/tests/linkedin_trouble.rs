//! LinkedIn, when something goes wrong: what is lost, what breaks off, what is refused as a copy.

mod flows;
mod harness;

use domain::Platform;
use flows::{Make, linkedin::*};
use harness::{Connection, Driver, Outcome, Run, Stage, mp4};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use simulator::{Fault, FaultScript};
use time::{Duration, macros::date};

#[tokio::test]
async fn a_lost_answer_is_never_sent_again_and_a_person_decides() {
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
async fn a_lost_post_of_a_page_is_found_whatever_it_shows_and_however_late_it_is_listed() {
    for content in [
        text as Make,
        picture,
        pictures,
        titled_video,
        article,
        article_with_picture,
    ] {
        for delay in [0, 9] {
            let stage = page(Stage::new());
            stage.simulator.world().states().linkedin().listing_delay = Duration::minutes(delay);
            let lost = FaultScript::first(API, POST, Fault::LoseAnswer);
            stage.simulator.script(lost);
            let run = publish(&stage, &content(&stage)).await;
            published(&stage, &run);
            assert_eq!(count(&run, "create_post"), 1);
        }
    }
}

#[tokio::test]
async fn a_lost_post_is_told_from_others_of_the_page() {
    for (other, is_ours) in [
        (
            json!({"commentary": "Fresh bread \\(daily\\) #bakery"}),
            false,
        ),
        (
            json!({"commentary": "{hashtag|\\#|bakery} Fresh bread \\(daily\\)"}),
            false,
        ),
        (
            json!({"content": {"article": {"source": "https://example.com"}}}),
            false,
        ),
        (
            json!({"content": {"media": {"id": "urn:li:image:1"}}}),
            false,
        ),
        (json!({"lifecycleState": "DRAFT"}), false),
        (json!({"createdAt": 1}), false),
        (json!({}), true),
        (
            json!({"commentary": "Fresh bread \\(daily\\) {hashtag|\\#|bakery}"}),
            true,
        ),
    ] {
        let stage = page(Stage::new());
        let mut post = json!({
            "id": "urn:li:share:1",
            "commentary": "Fresh bread (daily) #bakery",
            "createdAt": stage.now().unix_timestamp() * 1000,
            "lifecycleState": "PUBLISHED",
        });
        for (name, value) in other.as_object().expect("fields") {
            post[name] = value.clone();
        }
        // The first of the two rows is the lookalike that is not ours because it is claimed.
        let is_claimed = other["commentary"] == "Fresh bread \\(daily\\) #bakery";
        let lost = FaultScript::first(API, POST, Fault::LoseRequest);
        stage.simulator.script(lost);
        let listed = answer(200, json!({"elements": [post]}));
        stage
            .simulator
            .script(FaultScript::first(API, LOOK, listed).times(9));
        let mut connection = connected(&stage).await;
        let content = text(&stage);
        let mut driver = Driver::new(&stage, &mut connection, &content);
        if is_claimed {
            driver = driver.knowing(vec!["urn:li:share:1".to_owned()]);
        }
        let run = driver.run().await;
        let found = matches!(run.outcome, Outcome::Published(_));
        assert_eq!(found, is_ours, "{other}\n{}", run.transcript);
    }
}

#[tokio::test]
async fn a_page_that_may_not_be_read_leaves_a_lost_answer_open() {
    let scopes = "r_basicprofile w_organization_social rw_organization_admin";
    let stage = Stage::new().with_setting(Platform::Linkedin, "scopes", scopes);
    let lost = FaultScript::first(API, POST, Fault::LoseAnswer);
    stage.simulator.script(lost);
    let run = publish(&stage, &text(&stage)).await;
    assert_eq!(run.outcome, Outcome::Unconfirmed(vec![]));
    assert_eq!(count(&run, "look_for_post"), 1);
}

/// Publishes the same again, where the first of the two is known as ours or not.
async fn twice(stage: &Stage, content: Make, knowing: bool) -> (String, Run) {
    let mut connection = connected(stage).await;
    let content = content(stage);
    let first = stage.publish(&mut connection, &content).await;
    let urn = published(stage, &first).post_id;
    let mut driver = Driver::new(stage, &mut connection, &content);
    if knowing {
        driver = driver.knowing(vec![urn.clone()]);
    }
    let second = driver.run().await;
    (urn, second)
}

#[tokio::test]
async fn a_copy_of_another_post_of_ours_is_refused_naming_that_one() {
    for arranged in [member, page] {
        let stage = arranged(Stage::new());
        let (urn, second) = twice(&stage, text, true).await;
        let fault = second.failure();
        assert_eq!(fault.code, "duplicate");
        assert!(fault.message.contains(&urn), "{}", fault.message);
        assert_eq!(count(&second, "read_original"), 0);
        stage.clock.advance(Duration::minutes(11));
        let third = publish(&stage, &text(&stage)).await;
        assert!(matches!(third.outcome, Outcome::Published(_)));
    }
}

#[tokio::test]
async fn the_original_of_a_copy_is_ours_if_it_can_be_read_and_is_nobody_elses() {
    for content in [text as Make, pictures, titled_video, article_with_picture] {
        let stage = page(Stage::new());
        let (urn, second) = twice(&stage, content, false).await;
        assert_eq!(second.receipt().external_id.as_deref(), Some(urn.as_str()));
        published(&stage, &second);
    }
}

#[tokio::test]
async fn an_original_that_is_read_is_what_it_must_be() {
    let page_urn = PAGE;
    for (post, code) in [
        (json!({"author": "urn:li:organization:5"}), "duplicate"),
        (
            json!({"commentary": "Something else"}),
            "duplicate_unproven",
        ),
        (json!({"lifecycleState": "DRAFT"}), "duplicate_unproven"),
        (
            json!({"content": {"media": {"id": "urn:li:image:1"}}}),
            "duplicate_unproven",
        ),
        (
            json!({"content": {"article": {"source": "https://example.com"}}}),
            "duplicate_unproven",
        ),
    ] {
        let stage = page(Stage::new());
        let mut told = json!({
            "id": "urn:li:share:1", "author": page_urn, "lifecycleState": "PUBLISHED",
            "commentary": "Fresh bread \\(daily\\) #bakery",
        });
        for (name, value) in post.as_object().expect("fields") {
            told[name] = value.clone();
        }
        let read = FaultScript::first(API, ORIGINAL, answer(200, told));
        stage.simulator.script(read);
        let (_, second) = twice(&stage, text, false).await;
        assert!(
            second
                .transcript
                .to_string()
                .contains(&format!("fault {code}\n")),
            "{post}\n{}",
            second.transcript
        );
        assert!(!matches!(second.outcome, Outcome::Published(_)));
    }
}

#[tokio::test]
async fn a_member_is_shown_the_original_that_may_be_ours() {
    let stage = Stage::new();
    let (urn, second) = twice(&stage, text, false).await;
    let Outcome::Unconfirmed(candidates) = &second.outcome else {
        panic!("{}", second.transcript)
    };
    assert_eq!(candidates[0].external_id, urn);
    assert_eq!(count(&second, "read_original"), 1);
    insta::assert_snapshot!(second.transcript);
}

#[tokio::test]
async fn an_original_that_does_not_exist_is_asked_for_three_times_and_then_a_person() {
    let stage = page(Stage::new());
    stage
        .simulator
        .world()
        .states()
        .linkedin()
        .names_no_originals = true;
    let (_, second) = twice(&stage, text, false).await;
    assert_eq!(second.outcome, Outcome::Unconfirmed(vec![]));
    assert_eq!(count(&second, "read_original"), 3);
    assert_eq!(count(&second, "create_post"), 1);
    insta::assert_snapshot!(second.transcript);
}

#[tokio::test]
async fn a_copy_of_nothing_that_is_named_is_left_to_a_person() {
    let stage = Stage::new();
    let copy = answer(422, bad_input(422, "DUPLICATE_POST"));
    stage.simulator.script(FaultScript::first(API, POST, copy));
    let run = publish(&stage, &text(&stage)).await;
    assert_eq!(run.outcome, Outcome::Unconfirmed(vec![]));
    assert_eq!(count(&run, "create_post"), 1);
}

#[tokio::test]
async fn an_original_is_asked_for_again_where_the_answer_breaks() {
    for (fault, calls) in [
        (answer(503, Value::Null), 2),
        (answer(429, limited()), 2),
        (answer(404, refused(404, "NOT_FOUND")), 2),
        (Fault::LoseAnswer, 2),
    ] {
        let stage = page(Stage::new());
        stage
            .simulator
            .script(FaultScript::first(API, ORIGINAL, fault));
        let (urn, second) = twice(&stage, text, false).await;
        assert_eq!(second.receipt().external_id.as_deref(), Some(urn.as_str()));
        assert_eq!(count(&second, "read_original"), calls);
    }
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
        assert!(fault.message.contains("LINKEDIN_VERSION"));
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
        count(&run, "ask_status") < 60,
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

#[tokio::test]
async fn a_video_that_takes_half_an_hour_is_kept_and_waited_for() {
    let stage = Stage::new();
    slow(&stage, Duration::minutes(30));
    let run = publish(&stage, &titled_video(&stage)).await;
    published(&stage, &run);
    assert_eq!(count(&run, "initialize_video"), 1);
    assert!(count(&run, "ask_status") < 50);
}

#[tokio::test]
async fn a_part_that_breaks_off_is_sent_again_whole() {
    let stage = Stage::new();
    let cut = Fault::CutRequest { bytes: 1_000_000 };
    stage.simulator.script(FaultScript::first(WWW, UPLOAD, cut));
    let run = publish(&stage, &video(&stage)).await;
    let live = published(&stage, &run);
    assert_eq!(live.media[0].bytes, 4_200_000);
    assert_eq!(count(&run, "upload_part"), 3);
    assert_eq!(count(&run, "initialize_video"), 1);
}

#[tokio::test]
async fn a_picture_that_breaks_off_is_sent_again_whole() {
    let stage = Stage::new();
    let cut = Fault::CutRequest { bytes: 100 };
    stage.simulator.script(FaultScript::first(WWW, UPLOAD, cut));
    let run = publish(&stage, &picture(&stage)).await;
    assert_eq!(published(&stage, &run).media[0].bytes, 60_000);
    assert_eq!(count(&run, "upload_image"), 2);
}

#[tokio::test]
async fn a_part_without_a_tag_is_sent_again() {
    let stage = Stage::new();
    let bare = FaultScript::first(WWW, UPLOAD, answer(200, Value::Null));
    stage.simulator.script(bare);
    let run = publish(&stage, &titled_video(&stage)).await;
    published(&stage, &run);
    assert_eq!(count(&run, "upload_part"), 2);
}

#[tokio::test]
async fn a_page_waits_for_its_pictures_but_not_for_ever() {
    for (seconds, asked) in [(0, 3), (12, 6), (300, 7)] {
        let stage = page(Stage::new());
        slow(&stage, Duration::seconds(seconds));
        let run = publish(&stage, &pictures(&stage)).await;
        published(&stage, &run);
        assert_eq!(count(&run, "ask_image_status"), asked, "{}", run.transcript);
    }
}

#[tokio::test]
async fn a_picture_of_a_page_that_cannot_be_processed_fails_before_the_post() {
    let stage = page(Stage::new());
    let failed = answer(200, json!({"status": "PROCESSING_FAILED"}));
    stage
        .simulator
        .script(FaultScript::first(API, IMAGE, failed));
    let run = publish(&stage, &picture(&stage)).await;
    assert_eq!(run.failure().code, "media_unusable");
    assert_eq!(count(&run, "create_post"), 0);
}

#[tokio::test]
async fn a_page_whose_pictures_may_not_be_read_is_posted_all_the_same() {
    for status in [403, 404] {
        let stage = page(Stage::new());
        let denied = answer(status, refused(status, "ACCESS_DENIED"));
        stage
            .simulator
            .script(FaultScript::first(API, IMAGE, denied));
        let run = publish(&stage, &picture(&stage)).await;
        published(&stage, &run);
    }
}

#[tokio::test]
async fn a_role_that_may_not_post_videos_is_told_to_the_person() {
    let stage = page(Stage::new());
    stage.simulator.world().states().linkedin().roles[0].role = "CONTENT_ADMIN";
    let run = publish(&stage, &titled_video(&stage)).await;
    let Outcome::Waiting(fault) = &run.outcome else {
        panic!("{}", run.transcript)
    };
    assert_eq!(fault.code, "access_denied");
    assert!(fault.message.contains("role"), "{}", fault.message);
    assert!(stage.simulator.ledger().posts().is_empty());
    let run = publish(&stage, &picture(&stage)).await;
    published(&stage, &run);
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
