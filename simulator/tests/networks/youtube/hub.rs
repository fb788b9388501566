//! The hub of the channels' feeds.

use hmac::{Hmac, Mac as _};
use serde_json::json;
use sha1::Sha1;
use simulator::networks::youtube::Letter;
use time::Duration;

use crate::{
    rig::Rig,
    youtube::api::{CHANNEL, SECOND, access, mp4, put, rig, session, start},
};

const HUB: &str = "pubsubhubbub.appspot.com/subscribe";
const TOPIC: &str =
    "https://www.youtube.com/xml/feeds/videos.xml?channel_id=UCsampleStudio7Qk2Wm9Zt1";
const CALLBACK: &str = "https://app.example/hub?a=b";

#[tokio::test]
async fn an_order_is_taken_and_asked_for_later() {
    let rig = rig();
    for (name, value) in [
        ("hub.mode", "publish"),
        ("hub.topic", "https://example.com/feed"),
        (
            "hub.topic",
            "https://www.youtube.com/feeds/videos.xml?channel_id=UC1",
        ),
        ("hub.callback", "http://app.example/hub"),
        ("hub.callback", "here"),
        ("hub.verify", "sync"),
        ("hub.secret", &"x".repeat(200)),
        ("hub.lease_seconds", "0"),
        ("hub.lease_seconds", "soon"),
    ] {
        assert_eq!(order(&rig, &[(name, value)]).await, 400, "{name}={value}");
    }
    assert!(questions(&rig).is_empty());
    assert_eq!(order(&rig, &[("hub.secret", &"x".repeat(199))]).await, 202);
    let questions = questions(&rig);
    let [question] = questions.as_slice() else {
        panic!("{questions:?}")
    };
    assert_eq!(question.callback, CALLBACK);
    let named = |name: &str| {
        question
            .query
            .iter()
            .find(|(it, _)| it == name)
            .map(|(_, value)| value.as_str())
    };
    assert_eq!(
        (named("hub.mode"), named("hub.topic")),
        (Some("subscribe"), Some(TOPIC))
    );
    assert_eq!(named("hub.lease_seconds"), Some("432000"));
}

#[tokio::test]
async fn only_the_challenge_itself_confirms() {
    let rig = rig();
    for (status, bent) in [(200, " "), (404, ""), (500, ""), (302, "")] {
        order(&rig, &[]).await;
        let question = questions(&rig).remove(0);
        let body = format!("{}{bent}", challenge(&question));
        assert!(!answer(&rig, &question, status, &body), "{status}");
        assert!(
            !answer(&rig, &question, 200, &challenge(&question)),
            "asked once only"
        );
    }
    let id = video(&rig, "public").await;
    assert!(news(&rig, &id).is_empty());
    confirm(&rig, &[]).await;
    assert_eq!(news(&rig, &id).len(), 1);
}

#[tokio::test]
async fn news_are_signed_and_of_public_videos_of_the_channel() {
    let rig = rig();
    confirm(&rig, &[]).await;
    let other = TOPIC.replace(CHANNEL, SECOND);
    confirm(
        &rig,
        &[
            ("hub.topic", &other),
            ("hub.callback", "https://app.example/other"),
        ],
    )
    .await;
    for privacy in ["private", "unlisted"] {
        let id = video(&rig, privacy).await;
        assert!(news(&rig, &id).is_empty(), "{privacy}");
    }
    let id = video(&rig, "public").await;
    let letters = news(&rig, &id);
    let [letter] = letters.as_slice() else {
        panic!("{letters:?}")
    };
    assert_eq!(letter.callback, CALLBACK);
    let mac = Hmac::<Sha1>::new_from_slice(b"hub_secret").expect("a key");
    let digest = hex::encode(mac.chain_update(&letter.body).finalize().into_bytes());
    let signature = ("x-hub-signature", format!("sha1={digest}"));
    assert!(letter.headers.contains(&signature));
    let text = String::from_utf8(letter.body.clone()).expect("text");
    assert!(
        text.contains(&format!("<yt:videoId>{id}</yt:videoId>")),
        "{text}"
    );
    assert!(text.contains("<title>A &amp; B</title>"), "{text}");
    assert_eq!(news(&rig, &id), letters, "told twice, the same");
    let state = rig
        .simulator
        .world()
        .states()
        .youtube()
        .farewell(CHANNEL, &id, rig.clock.now());
    assert!(String::from_utf8_lossy(&state[0].body).contains("at:deleted-entry"));
}

#[tokio::test]
async fn a_subscription_ends_with_its_lease_or_when_it_is_given_up() {
    let rig = rig();
    confirm(&rig, &[("hub.lease_seconds", "3600")]).await;
    let id = video(&rig, "public").await;
    rig.clock.advance(Duration::seconds(3_599));
    assert_eq!(news(&rig, &id).len(), 1);
    rig.clock.advance(Duration::seconds(1));
    assert!(news(&rig, &id).is_empty());

    confirm(&rig, &[("hub.lease_seconds", "99999999")]).await;
    rig.clock.advance(Duration::days(5) - Duration::seconds(1));
    assert_eq!(news(&rig, &id).len(), 1, "five days at most");
    rig.clock.advance(Duration::seconds(1));
    assert!(news(&rig, &id).is_empty());

    confirm(&rig, &[]).await;
    order(&rig, &[("hub.mode", "unsubscribe")]).await;
    let question = questions(&rig).remove(0);
    assert_eq!(news(&rig, &id).len(), 1, "not before it is confirmed");
    assert!(answer(&rig, &question, 200, &challenge(&question)));
    assert!(news(&rig, &id).is_empty());
}

#[tokio::test]
async fn a_stranger_cannot_end_a_subscription() {
    let rig = rig();
    confirm(&rig, &[]).await;
    order(&rig, &[("hub.mode", "unsubscribe")]).await;
    let question = questions(&rig).remove(0);
    assert!(!answer(&rig, &question, 404, ""));
    let id = video(&rig, "public").await;
    assert_eq!(news(&rig, &id).len(), 1);
}

async fn order(rig: &Rig, changed: &[(&str, &str)]) -> u16 {
    let mut fields = vec![
        ("hub.mode", "subscribe"),
        ("hub.topic", TOPIC),
        ("hub.callback", CALLBACK),
        ("hub.verify", "async"),
        ("hub.secret", "hub_secret"),
    ];
    for (name, value) in changed {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    rig.form(HUB, &fields).await.status
}

async fn confirm(rig: &Rig, changed: &[(&str, &str)]) {
    assert_eq!(order(rig, changed).await, 202);
    let question = questions(rig).remove(0);
    assert!(answer(rig, &question, 200, &challenge(&question)));
}

fn questions(rig: &Rig) -> Vec<Letter> {
    rig.simulator.world().states().youtube().questions()
}

fn answer(rig: &Rig, question: &Letter, status: u16, body: &str) -> bool {
    let mut youtube = rig.simulator.world().states().youtube();
    youtube.answered(question, status, body.as_bytes(), rig.clock.now())
}

fn challenge(question: &Letter) -> String {
    let challenge = question
        .query
        .iter()
        .find(|(name, _)| name == "hub.challenge");
    challenge.expect("a challenge").1.clone()
}

fn news(rig: &Rig, id: &str) -> Vec<Letter> {
    rig.simulator
        .world()
        .states()
        .youtube()
        .news(id, rig.clock.now())
}

async fn video(rig: &Rig, privacy: &str) -> String {
    let access = access(rig, CHANNEL).await;
    let resource = json!({
        "snippet": {"title": "A & B", "description": "D"}, "status": {"privacyStatus": privacy},
    });
    let session = session(&start(rig, &access, &resource, 1_000).await);
    let said = put(rig, &access, &session, "bytes 0-999/1000", &mp4(1_000)).await;
    said.json()["id"].as_str().expect("an id").to_owned()
}
