//! What it tells on its own, and how it checks an address.

use serde_json::{Value, json};
use simulator::networks::linkedin::{Challenge, letters};
use time::Duration;

use crate::{linkedin::bench::rig, rig::Rig};

fn check(rig: &Rig) -> Option<Challenge> {
    letters::check(rig.simulator.world(), "client")
}

/// The right answer, made by another implementation: `printf CODE | openssl dgst -sha256 -hmac secret`.
fn right(challenge: &Challenge) -> String {
    use hmac::Mac as _;
    let (_, code) = &challenge.query[0];
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(b"secret").expect("a key");
    mac.update(code.as_bytes());
    let response = hex::encode(mac.finalize().into_bytes());
    json!({"challengeCode": code, "challengeResponse": response}).to_string()
}

fn checked(rig: &Rig, challenge: &Challenge, said: (u16, &str, &str), took: Duration) -> bool {
    let (status, content_type, body) = said;
    letters::checked(
        rig.simulator.world(),
        (challenge, "secret"),
        (status, content_type, body.as_bytes()),
        took,
    )
}

#[test]
fn an_address_is_checked_every_two_hours() {
    let rig = rig();
    let first = check(&rig).expect("a check");
    assert_eq!(
        first.query[1],
        ("applicationId".to_owned(), "client".to_owned())
    );
    assert_eq!(check(&rig), None);
    rig.clock.advance(Duration::hours(2));
    assert_ne!(check(&rig), Some(first));
}

#[test]
fn only_the_right_answer_in_time_passes() {
    let kind = "application/json";
    for (status, content_type, took, is_passed) in [
        (200, kind, 3, true),
        (200, kind, 4, false),
        (201, kind, 1, false),
        (200, "text/plain", 1, false),
    ] {
        let rig = rig();
        let challenge = check(&rig).expect("a check");
        let body = right(&challenge);
        let passed = checked(
            &rig,
            &challenge,
            (status, content_type, &body),
            Duration::seconds(took),
        );
        assert_eq!(passed, is_passed, "{status} {content_type} {took}");
    }
    let rig = rig();
    let challenge = check(&rig).expect("a check");
    assert!(!checked(
        &rig,
        &challenge,
        (200, kind, "{}"),
        Duration::SECOND
    ));
}

#[test]
fn three_failures_on_end_block_an_address() {
    let rig = rig();
    let world = rig.simulator.world();
    letters::happened(world, "2414183", "LIKE", "urn:li:share:1");
    for fails in [true, true, false, true, true, true] {
        let challenge = check(&rig).expect("a check");
        let body = if fails {
            String::new()
        } else {
            right(&challenge)
        };
        checked(
            &rig,
            &challenge,
            (200, "application/json", &body),
            Duration::SECOND,
        );
        if !fails {
            assert_eq!(letters::collect(world, "secret").len(), 1);
            letters::happened(world, "2414183", "LIKE", "urn:li:share:1");
        }
        rig.clock.advance(Duration::hours(2));
    }
    letters::happened(world, "2414183", "LIKE", "urn:li:share:1");
    assert!(world.states().linkedin().mail.is_blocked());
    assert_eq!(letters::collect(world, "secret"), []);
    assert_eq!(check(&rig), None);
}

#[test]
fn ten_notifications_are_told_at_a_time() {
    let rig = rig();
    let world = rig.simulator.world();
    for _ in 0..21 {
        letters::happened(world, "2414183", "COMMENT", "urn:li:share:1");
    }
    let letters = letters::collect(world, "secret");
    let sizes: Vec<usize> = letters
        .iter()
        .map(|letter| letter.notifications.len())
        .collect();
    assert_eq!(sizes, [10, 10, 1]);
    let body: Value = serde_json::from_slice(&letters[2].body).expect("JSON");
    let told = &body["notifications"][0];
    assert_eq!(body["type"], "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS");
    assert_eq!(told["notificationId"], letters[2].notifications[0]);
    assert_eq!(told["organizationalEntity"], "urn:li:organization:2414183");
    assert_eq!(
        (&told["action"], &told["sourcePost"]),
        (&json!("COMMENT"), &json!("urn:li:share:1"))
    );
}

#[test]
fn a_letter_is_signed_over_a_prefix_and_its_body() {
    use hmac::Mac as _;
    let rig = rig();
    let world = rig.simulator.world();
    letters::happened(world, "2414183", "SHARE", "urn:li:share:1");
    let letter = letters::collect(world, "secret").remove(0);
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(b"secret").expect("a key");
    mac.update(b"hmacsha256=");
    mac.update(&letter.body);
    let right = hex::encode(mac.finalize().into_bytes());
    assert_eq!(letter.headers[1], ("x-li-signature", right.clone()));
    world.states().linkedin().mail.has_prefix = true;
    let letter = letters::collect(world, "secret").remove(0);
    assert_eq!(letter.headers[1].1, format!("hmacsha256={right}"));
}

#[test]
fn what_was_not_taken_comes_again_every_five_minutes_for_eight_hours() {
    let rig = rig();
    let world = rig.simulator.world();
    letters::happened(world, "2414183", "LIKE", "urn:li:share:1");
    let first = letters::collect(world, "secret").remove(0);
    for status in [500, 302] {
        letters::answered(world, &first, status);
        assert_eq!(letters::collect(world, "secret"), []);
        rig.clock.advance(Duration::minutes(5));
        let again = letters::collect(world, "secret").remove(0);
        assert_eq!(again.notifications, first.notifications);
    }
    rig.clock.advance(Duration::hours(8));
    assert_eq!(letters::collect(world, "secret"), []);
    letters::happened(world, "2414183", "LIKE", "urn:li:share:1");
    let taken = letters::collect(world, "secret").remove(0);
    letters::answered(world, &taken, 204);
    rig.clock.advance(Duration::minutes(5));
    assert_eq!(letters::collect(world, "secret"), []);
}
