//! What TikTok tells an app on its own.

use serde_json::{Value, json};
use simulator::networks::tiktok::{Letter, letters};
use time::Duration;

use crate::{rig::Rig, tiktok::bench::*};

#[tokio::test]
async fn a_public_post_is_told_of_twice_and_its_content_is_a_text() {
    let rig = rig();
    let id = posted(&rig, "PUBLIC_TO_EVERYONE").await;
    let first = collected(&rig);
    assert_eq!(events(&first), ["post.publish.complete"]);
    assert_eq!(first[0]["user_openid"], STUDIO);
    assert_eq!(first[0]["client_key"], "client");
    assert_eq!(
        content(&first[0]),
        json!({"publish_id": id, "publish_type": "DIRECT_PUBLISH"})
    );
    rig.clock.advance(Duration::seconds(20));
    let second = collected(&rig);
    assert_eq!(
        events(&second),
        ["post.publish.complete", "post.publish.publicly_available"]
    );
    let post_id = rig.simulator.ledger().posts()[0].post_id.clone();
    assert_eq!(content(&second[1])["post_id"], json!(post_id));
}

#[tokio::test]
async fn a_letter_comes_until_the_answer_is_200_later_each_time_and_not_for_ever() {
    let rig = rig();
    let world = rig.simulator.world();
    posted(&rig, "SELF_ONLY").await;
    for wait in [1, 2, 4, 8] {
        let letters = letters::collect(world);
        assert_eq!(letters.len(), 1);
        letters::answered(world, &letters[0], 500);
        rig.clock
            .advance(Duration::minutes(wait) - Duration::seconds(1));
        assert!(letters::collect(world).is_empty(), "{wait}");
        rig.clock.advance(Duration::seconds(1));
    }
    let letters = letters::collect(world);
    letters::answered(world, &letters[0], 200);
    rig.clock.advance(Duration::hours(1));
    assert!(letters::collect(world).is_empty());

    posted(&rig, "SELF_ONLY").await;
    rig.clock
        .advance(Duration::hours(72) - Duration::seconds(1));
    assert_eq!(letters::collect(world).len(), 1);
    rig.clock.advance(Duration::seconds(1));
    assert!(letters::collect(world).is_empty());
}

#[tokio::test]
async fn letters_can_be_late_doubled_reversed_and_badly_signed() {
    let rig = rig();
    let world = rig.simulator.world();
    posted(&rig, "PUBLIC_TO_EVERYONE").await;
    rig.clock.advance(Duration::seconds(20));
    let usual = letters::collect(world);

    world.states().tiktok().mail.has_wrong_key = true;
    let forged = letters::collect(world);
    assert_eq!(forged[0].body, usual[0].body);
    assert_ne!(forged[0].headers, usual[0].headers);
    world.states().tiktok().mail.has_wrong_key = false;

    world.states().tiktok().mail.is_doubled = true;
    let doubled = letters::collect(world);
    assert_eq!(doubled.len(), 4);
    assert_eq!(doubled[0], doubled[1]);
    world.states().tiktok().mail.is_doubled = false;

    world.states().tiktok().mail.is_reversed = true;
    let mut reversed = letters::collect(world);
    reversed.reverse();
    assert_eq!(reversed, usual);

    world.states().tiktok().mail.delay = Duration::hours(1);
    assert!(letters::collect(world).is_empty());
    rig.clock.advance(Duration::hours(1));
    assert_eq!(letters::collect(world).len(), 2);
}

#[tokio::test]
async fn failures_drafts_and_removed_access_are_told() {
    let rig = rig();
    let world = rig.simulator.world();
    let access = access(&rig, STUDIO).await;
    world
        .states()
        .tiktok()
        .failures
        .push_back("spam_risk".to_owned());
    let order = pull_order(MP4, "SELF_ONLY");
    ordered(&rig, VIDEO, &access, &order).await;
    ordered(&rig, INBOX, &access, &order).await;
    let fields = [
        ("client_key", "client"),
        ("client_secret", "secret"),
        ("token", access.as_str()),
    ];
    rig.form(REVOKE, &fields).await;
    let told = collected(&rig);
    assert_eq!(
        events(&told),
        [
            "post.publish.failed",
            "post.publish.inbox_delivered",
            "authorization.removed"
        ]
    );
    assert_eq!(content(&told[0])["reason"], "spam_risk");
    assert_eq!(content(&told[1])["publish_type"], "INBOX_SHARE");
    assert_eq!(content(&told[2]), json!({"reason": 5}));
}

async fn posted(rig: &Rig, privacy: &str) -> String {
    let access = access(rig, STUDIO).await;
    let (id, url) = open(rig, &access, 1_000, privacy).await;
    put(rig, &url, "bytes 0-999/1000", &mp4(1_000)).await;
    id
}

fn collected(rig: &Rig) -> Vec<Value> {
    let read = |letter: Letter| serde_json::from_slice(&letter.body).expect("JSON");
    letters::collect(rig.simulator.world())
        .into_iter()
        .map(read)
        .collect()
}

fn events(told: &[Value]) -> Vec<&str> {
    told.iter()
        .map(|letter| letter["event"].as_str().expect("a text"))
        .collect()
}

fn content(letter: &Value) -> Value {
    let text = letter["content"].as_str().expect("a text");
    serde_json::from_str(text).expect("JSON in a text")
}
