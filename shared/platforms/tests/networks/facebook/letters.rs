//! What Facebook tells us on its own.

use domain::Platform;
use http::{HeaderMap, HeaderValue};
use platforms::{Incoming, Received, WebhookError, What, receive};
use simulator::networks::meta::Letter;
use time::Duration;

use crate::{
    flows::facebook::{STUDIO, text, video},
    harness::Stage,
};

const SECRET: &str = "facebook-client-secret";

fn read(stage: &Stage, letter: &Letter) -> Result<Received, WebhookError> {
    let mut headers = HeaderMap::new();
    for (name, value) in &letter.headers {
        headers.insert(*name, HeaderValue::from_str(value).expect("a header"));
    }
    let incoming = Incoming {
        is_get: !letter.query.is_empty(),
        query: &letter.query,
        headers: &headers,
        body: &letter.body,
        now: stage.now(),
        app: stage.app(Platform::Facebook),
    };
    receive(Platform::Facebook, &incoming)
}

/// The handles that a letter names.
fn handles(stage: &Stage, letter: &Letter) -> Vec<String> {
    let Ok(Received::News(news)) = read(stage, letter) else {
        panic!("no news: {letter:?}");
    };
    let handle = |what| match what {
        What::PostMoved { handle } => handle,
        What::AccessWithdrawn { subject, .. } => panic!("{subject} withdrew"),
    };
    news.into_iter().map(|it| handle(it.what)).collect()
}

#[tokio::test]
async fn news_of_a_live_post_name_it_as_we_know_it() {
    for content in [text, video] {
        let stage = Stage::new();
        let mut connection = stage.connection(Platform::Facebook, STUDIO).await;
        let content = content(&stage);
        let run = stage.publish(&mut connection, &content).await;
        let post = stage.simulator.ledger().posts()[0].clone();
        let letter = Letter::news(SECRET, &post);
        assert!(letter.body.is_ascii(), "signed as it is escaped");
        let told = handles(&stage, &letter);
        let known = run.receipt().external_id.clone().expect("an id");
        assert!(told.contains(&known), "{told:?}");
        if let Some(video) = post.details["video"].as_str() {
            assert!(told.iter().any(|handle| handle == video), "{told:?}");
        }
    }
}

#[tokio::test]
async fn what_is_not_signed_by_our_app_to_the_byte_is_refused() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Facebook, STUDIO).await;
    stage
        .publish(&mut connection, &text(&stage))
        .await
        .receipt();
    let post = stage.simulator.ledger().posts()[0].clone();
    let mut changed = Letter::news(SECRET, &post);
    changed.body.push(b' ');
    let mut unsigned = Letter::news(SECRET, &post);
    unsigned.headers.truncate(1);
    for letter in [
        changed,
        unsigned,
        Letter::news("guessed", &post),
        Letter::withdrawal("guessed", stage.now()),
    ] {
        assert_eq!(read(&stage, &letter), Err(WebhookError::Unsigned));
    }
}

#[tokio::test]
async fn a_question_for_our_address_is_answered_with_its_challenge() {
    let stage = Stage::new();
    let good = Letter::question("facebook-verify-token", "115820");
    let answer = read(&stage, &good);
    assert!(
        matches!(&answer, Ok(Received::Handshake { body, .. }) if body == "115820"),
        "{answer:?}"
    );
    let wrong = Letter::question("guessed", "115820");
    assert!(read(&stage, &wrong).is_err());
}

#[tokio::test]
async fn a_withdrawn_grant_is_told_by_the_person_who_gave_it() {
    let stage = Stage::new();
    let connection = stage.connection(Platform::Facebook, STUDIO).await;
    let meta = stage.simulator.world().states();
    assert!(meta.meta().take_letters().is_empty());
    stage.clock.advance(Duration::hours(1));
    stage
        .revoke(&connection)
        .await
        .expect("a revocation")
        .expect("withdrawn");
    let letters = meta.meta().take_letters();
    assert_eq!(letters.len(), 1);
    let Ok(Received::News(news)) = read(&stage, &letters[0]) else {
        panic!("no news");
    };
    assert_eq!(
        news[0].what,
        What::AccessWithdrawn {
            subject: connection.credentials.subject.clone(),
            at: Some(stage.now()),
        }
    );
}
