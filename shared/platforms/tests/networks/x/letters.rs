//! What X tells us on its own, and how it checks our address.

use domain::Platform;
use http::{HeaderMap, HeaderValue};
use platforms::{Happening, Incoming, Received, WebhookError, What, receive};
use serde_json::{Value, json};
use simulator::networks::x::Letter;

use crate::{flows::x::STUDIO, harness::Stage};

/// Of the API key, which is not the client secret.
const SECRET: &str = "x-webhook-secret";

fn read(stage: &Stage, letter: &Letter) -> Result<Received, WebhookError> {
    let mut headers = HeaderMap::new();
    for (name, value) in &letter.headers {
        headers.insert(*name, HeaderValue::from_str(value).expect("a header"));
    }
    let incoming = Incoming {
        is_get: false,
        query: &[],
        headers: &headers,
        body: &letter.body,
        now: stage.now(),
        app: stage.app(Platform::X),
    };
    receive(Platform::X, &incoming)
}

fn tell(stage: &Stage, secret: &str, event: &str) -> (String, Letter) {
    let payload = json!({ "date_time": "2026-03-04T05:06:07Z", "user_id": STUDIO, "app_id": "1" });
    let mut network = stage.simulator.world().states().x();
    network.tell(secret, STUDIO, event, &payload)
}

#[test]
fn a_check_of_our_address_is_answered_as_x_wants_it() {
    let stage = Stage::new();
    let query = [("crc_token".to_owned(), "a-token".to_owned())];
    let incoming = Incoming {
        is_get: true,
        query: &query,
        headers: &HeaderMap::new(),
        body: b"",
        now: stage.now(),
        app: stage.app(Platform::X),
    };
    let Ok(Received::Handshake { content_type, body }) = receive(Platform::X, &incoming) else {
        panic!("no answer");
    };
    let body: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(content_type, "application/json");
    assert_eq!(
        body["response_token"],
        Letter::right_answer(SECRET, "a-token")
    );
    let without = Incoming {
        query: &[],
        ..incoming
    };
    assert_eq!(receive(Platform::X, &without), Err(WebhookError::Malformed));
}

#[test]
fn withdrawn_access_is_news_and_the_same_news_when_told_again() {
    let stage = Stage::new();
    let (uuid, letter) = tell(&stage, SECRET, "oauth.revoke");
    let told = Received::News(vec![Happening {
        key: uuid.clone(),
        what: What::AccessWithdrawn {
            subject: STUDIO.to_owned(),
            at: None,
        },
    }]);
    assert_eq!(read(&stage, &letter), Ok(told.clone()));
    let again = stage.simulator.world().states().x().tell_again(&uuid);
    assert_eq!(read(&stage, &again.expect("the letter")), Ok(told));
}

#[test]
fn what_we_have_no_use_for_is_taken_and_left() {
    let stage = Stage::new();
    for event in [
        "post.create",
        "post.delete",
        "profile.update.bio",
        "new.one",
    ] {
        let (_, letter) = tell(&stage, SECRET, event);
        assert_eq!(read(&stage, &letter), Ok(Received::News(vec![])), "{event}");
    }
}

#[test]
fn a_letter_of_a_stranger_or_with_a_changed_byte_is_refused() {
    let stage = Stage::new();
    let (_, strange) = tell(&stage, "x-client-secret", "oauth.revoke");
    assert_eq!(read(&stage, &strange), Err(WebhookError::Unsigned));
    let (_, letter) = tell(&stage, SECRET, "oauth.revoke");
    for place in 0..letter.body.len() {
        let mut changed = letter.clone();
        changed.body[place] ^= 1;
        assert_eq!(
            read(&stage, &changed),
            Err(WebhookError::Unsigned),
            "{place}"
        );
    }
    let mut unsigned = letter.clone();
    unsigned.headers.clear();
    assert_eq!(read(&stage, &unsigned), Err(WebhookError::Unsigned));
    let (_, signature) = &letter.headers[0];
    for place in 0..signature.len() {
        let mut bytes = signature.clone().into_bytes();
        bytes[place] ^= 1;
        let mut forged = letter.clone();
        forged.headers[0].1 = String::from_utf8(bytes).expect("a text");
        assert_eq!(
            read(&stage, &forged),
            Err(WebhookError::Unsigned),
            "{place}"
        );
    }
}
