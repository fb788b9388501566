//! LinkedIn, when something goes wrong: what is lost, what is refused as a copy, what is used up.

use domain::Platform;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use simulator::{Fault, FaultScript};
use time::{Duration, macros::date};

use crate::{
    flows::{Make, linkedin::*},
    harness::{Connection, Driver, Outcome, Run, Stage},
};

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
        document,
        article,
        article_with_picture,
    ] {
        for delay in [0, 9] {
            let stage = page(Stage::new());
            let world = stage.simulator.world();
            world.set_listing_lag("linkedin", Duration::minutes(delay));
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

/// A token of the connection's account that may read posts, as old apps have.
fn may_read(stage: &Stage, connection: &Connection) -> String {
    let world = stage.simulator.world();
    let text = connection.credentials.tokens.access.expose_secret();
    let mut token = world.oauth().token(text).expect("a token").clone();
    token.grant.scopes.push("r_member_social".to_owned());
    world.oauth().give_token("a-token-that-may-read", token);
    "a-token-that-may-read".to_owned()
}
