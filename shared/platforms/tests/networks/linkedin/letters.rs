//! What simulated LinkedIn tells on its own, read by us; and how it checks our address.

use domain::Platform;
use http::{HeaderMap, HeaderName};
use platforms::{Incoming, Received, WebhookError, receive};
use simulator::networks::linkedin::{Letter, letters};
use time::Duration;

use crate::harness::Stage;

/// Signs where no secret of its own is set; the stage sets one.
const SECRET: &str = "linkedin-webhook-secret";

fn incoming<'a>(
    stage: &'a Stage,
    query: Option<&'a [(String, String)]>,
    headers: &'a HeaderMap,
    body: &'a [u8],
) -> Incoming<'a> {
    Incoming {
        is_get: query.is_some(),
        query: query.unwrap_or_default(),
        headers,
        body,
        now: stage.now(),
        app: stage.app(Platform::Linkedin),
    }
}

fn read(stage: &Stage, letter: &Letter) -> Result<Received, WebhookError> {
    let mut headers = HeaderMap::new();
    for (name, value) in &letter.headers {
        let name = HeaderName::from_static(name);
        headers.insert(name, value.parse().expect("a header"));
    }
    receive(
        Platform::Linkedin,
        &incoming(stage, None, &headers, &letter.body),
    )
}

fn told(stage: &Stage, count: usize) -> Vec<Letter> {
    let world = stage.simulator.world();
    for _ in 0..count {
        letters::happened(world, "2414183", "COMMENT", "urn:li:share:7");
    }
    letters::collect(world, SECRET)
}

#[test]
fn every_check_of_our_address_is_passed() {
    let stage = Stage::new();
    let world = stage.simulator.world();
    for _ in 0..5 {
        let challenge = letters::check(world, "linkedin-client").expect("a check");
        let none = HeaderMap::new();
        let asked = incoming(&stage, Some(&challenge.query), &none, b"");
        let Ok(Received::Handshake { content_type, body }) = receive(Platform::Linkedin, &asked)
        else {
            panic!("no handshake");
        };
        let said = (200, content_type, body.as_bytes());
        assert!(letters::checked(
            world,
            (&challenge, SECRET),
            said,
            Duration::SECOND
        ));
        stage.clock.advance(Duration::hours(2));
    }
    assert!(!world.states().linkedin().mail.is_blocked());
}

#[test]
fn what_happens_to_posts_of_pages_is_taken_and_left() {
    let stage = Stage::new();
    let letters = told(&stage, 12);
    assert_eq!(letters.len(), 2, "ten at a time");
    for letter in &letters {
        assert_eq!(read(&stage, letter), Ok(Received::News(vec![])));
    }
    let world = stage.simulator.world();
    world.states().linkedin().mail.has_prefix = true;
    for letter in letters::collect(world, SECRET) {
        assert!(letter.headers[1].1.starts_with("hmacsha256="));
        assert_eq!(read(&stage, &letter), Ok(Received::News(vec![])));
    }
}

#[test]
fn the_same_letter_again_is_taken_again() {
    let stage = Stage::new();
    let world = stage.simulator.world();
    let first = told(&stage, 1).remove(0);
    letters::answered(world, &first, 500);
    stage.clock.advance(Duration::minutes(5));
    let again = letters::collect(world, SECRET).remove(0);
    assert_eq!(again.notifications, first.notifications);
    assert_eq!(read(&stage, &again), Ok(Received::News(vec![])));
}

#[test]
fn a_letter_of_a_stranger_or_with_a_changed_byte_is_refused() {
    let stage = Stage::new();
    let letter = told(&stage, 1).remove(0);
    let world = stage.simulator.world();
    let strange = letters::collect(world, "linkedin-client-secret").remove(0);
    assert_eq!(read(&stage, &strange), Err(WebhookError::Unsigned));
    for place in 0..letter.body.len() {
        let mut changed = letter.clone();
        changed.body[place] ^= 1;
        assert_eq!(
            read(&stage, &changed),
            Err(WebhookError::Unsigned),
            "{place}"
        );
    }
    for place in 0..letter.headers[1].1.len() {
        let mut bytes = letter.headers[1].1.clone().into_bytes();
        bytes[place] ^= 1;
        let mut forged = letter.clone();
        forged.headers[1].1 = String::from_utf8(bytes).expect("a text");
        assert_eq!(
            read(&stage, &forged),
            Err(WebhookError::Unsigned),
            "{place}"
        );
    }
}
