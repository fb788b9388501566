//! What a channel's feed tells, and what is no feed.

use http::HeaderMap;
use time::OffsetDateTime;

use super::*;
use crate::App;

const TOPIC: &str =
    "https://www.youtube.com/xml/feeds/videos.xml?channel_id=UCsampleStudio7Qk2Wm9Zt1";

fn app(secret: Option<&str>) -> App {
    App {
        client_id: "id".to_owned(),
        client_secret: "secret".into(),
        redirect_uri: "https://app.example/api/callback/youtube".parse().unwrap(),
        version: String::new(),
        webhook_secret: secret.map(Into::into),
        webhook_verify_token: None,
        settings: std::collections::BTreeMap::new(),
    }
}

fn told(header: Option<&str>, body: &str, secret: Option<&str>) -> Result<Received, WebhookError> {
    let mut headers = HeaderMap::new();
    if let Some(header) = header {
        headers.insert("x-hub-signature", header.parse().unwrap());
    }
    receive(&Incoming {
        is_get: false,
        query: &[],
        headers: &headers,
        body: body.as_bytes(),
        now: OffsetDateTime::UNIX_EPOCH,
        app: &app(secret),
    })
}

fn signed(body: &str) -> Result<Received, WebhookError> {
    let mut mac = Hmac::<Sha1>::new_from_slice(b"hub_secret").unwrap();
    mac.update(body.as_bytes());
    let header = format!("sha1={}", hex::encode(mac.finalize().into_bytes()));
    told(Some(&header), body, Some("hub_secret"))
}

fn asked(pairs: &[(&str, &str)]) -> Result<Received, WebhookError> {
    let query: Vec<(String, String)> = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    receive(&Incoming {
        is_get: true,
        query: &query,
        headers: &HeaderMap::new(),
        body: b"",
        now: OffsetDateTime::UNIX_EPOCH,
        app: &app(None),
    })
}

#[test]
fn a_handshake_for_a_channels_feed_tells_what_it_asks() {
    let other = TOPIC.replace("/xml/feeds", "/feeds");
    for (mode, topic, seconds, wanted, lease) in [
        ("subscribe", TOPIC, "432000", true, Some(Duration::days(5))),
        ("unsubscribe", &other, "", false, None),
        ("subscribe", &other, "-1", true, None),
    ] {
        assert_eq!(
            asked(&[
                ("hub.mode", mode),
                ("hub.topic", topic),
                ("hub.challenge", "c-1"),
                ("hub.lease_seconds", seconds),
            ]),
            Ok(Received::Subscription(Subscription {
                account: "UCsampleStudio7Qk2Wm9Zt1".to_owned(),
                wanted,
                lease,
                challenge: "c-1".to_owned(),
            }))
        );
    }
}

#[test]
fn a_handshake_for_anything_else_is_refused() {
    for (mode, topic, challenge) in [
        ("subscribe", TOPIC.replace("https", "http"), "c"),
        (
            "subscribe",
            TOPIC.replace("www.youtube.com", "www.youtube.com.example"),
            "c",
        ),
        ("subscribe", TOPIC.replace("videos.xml", "other.xml"), "c"),
        ("subscribe", TOPIC.replace("channel_id", "user"), "c"),
        ("subscribe", format!("{TOPIC}0"), "c"),
        ("subscribe", format!("{TOPIC}&a=b"), "c"),
        ("subscribe", TOPIC.to_owned(), ""),
        ("denied", TOPIC.to_owned(), "c"),
    ] {
        let pairs = [
            ("hub.mode", mode),
            ("hub.topic", topic.as_str()),
            ("hub.challenge", challenge),
        ];
        assert_eq!(
            asked(&pairs),
            Err(WebhookError::Malformed),
            "{mode} {topic}"
        );
    }
    assert_eq!(asked(&[]), Err(WebhookError::Malformed));
}

#[test]
fn a_notice_names_its_videos() {
    let feed = include_str!("../fixtures/feed.xml");
    assert_eq!(
        signed(feed),
        Ok(Received::News(vec![Happening {
            key: "ADxlaPEugAQ/2026-11-23T10:00:00+00:00".to_owned(),
            what: What::PostMoved {
                handle: "ADxlaPEugAQ".to_owned()
            },
        }]))
    );
    let other_prefix = feed
        .replace("yt:videoId", "v:videoId")
        .replace("xmlns:yt", "xmlns:v");
    assert_eq!(signed(&other_prefix), signed(feed));
    let deleted = r#"<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0"><at:deleted-entry ref="yt:video:x" when="2026"/></feed>"#;
    assert_eq!(signed(deleted), Ok(Received::News(Vec::new())));
}

#[test]
fn the_documented_vector_is_signed() {
    let header = "sha1=aa36cfb482c1cf260c96ec682de0bc8842d1cdd6";
    assert_eq!(
        told(Some(header), "<feed/>", Some("hub_secret")),
        Err(WebhookError::Malformed),
        "signed, but no feed"
    );
    for (header, body, secret) in [
        (None, "<feed/>", Some("hub_secret")),
        (
            Some("aa36cfb482c1cf260c96ec682de0bc8842d1cdd6"),
            "<feed/>",
            Some("hub_secret"),
        ),
        (Some("sha1="), "<feed/>", Some("hub_secret")),
        (Some("sha1=aa36"), "<feed/>", Some("hub_secret")),
        (
            Some("sha256=aa36cfb482c1cf260c96ec682de0bc8842d1cdd6"),
            "<feed/>",
            Some("hub_secret"),
        ),
        (Some(header), "<feed />", Some("hub_secret")),
        (Some(header), "<feed/>", Some("other")),
    ] {
        assert_eq!(
            told(header, body, secret),
            Ok(Received::News(Vec::new())),
            "{header:?}"
        );
    }
    assert_eq!(
        told(Some(header), "<feed/>", None),
        Err(WebhookError::Unsigned)
    );
}

#[test]
fn hostile_documents_are_refused_or_name_nothing() {
    let atom = "xmlns=\"http://www.w3.org/2005/Atom\" xmlns:yt=\"http://www.youtube.com/xml/schemas/2015\"";
    for body in [
        "",
        "not xml",
        "{}",
        "<feed>",
        "<feed></other>",
        "<feed xmlns=\"urn:other\"/>",
        &format!(
            "<!DOCTYPE feed [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><feed {atom}>&e;</feed>"
        ),
    ] {
        assert_eq!(signed(body), Err(WebhookError::Malformed), "{body}");
    }
    for entry in [
        "<yt:videoId></yt:videoId>",
        "<yt:videoId>../../x</yt:videoId>",
        "<videoId>AAAAAAAAAAA</videoId>",
        "<yt:videoId>&e;</yt:videoId>",
    ] {
        let body = format!("<feed {atom}><entry>{entry}</entry></feed>");
        assert_eq!(signed(&body), Ok(Received::News(Vec::new())), "{body}");
    }
}
