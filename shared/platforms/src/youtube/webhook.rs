//! What a channel's feed tells us (`WebSub`, read 2026-11-23).

use hmac::{Hmac, Mac as _};
use quick_xml::{
    NsReader,
    events::Event,
    name::{Namespace, ResolveResult},
};
use secrecy::ExposeSecret as _;
use sha1::Sha1;
use url::Url;

use crate::{Happening, Incoming, Received, WebhookError, What, same};

const YT: &[u8] = b"http://www.youtube.com/xml/schemas/2015";
const ATOM: &[u8] = b"http://www.w3.org/2005/Atom";
/// No notice names more videos than this; the rest of a longer one is left.
const MAX_ENTRIES: usize = 50;

/// Reads a request to our webhook address: the hub's question whether we subscribed, or a notice.
///
/// # Errors
/// [`WebhookError`] when it asks for something that is no channel's feed, is not signed with our
/// secret, or is no feed.
pub fn receive(incoming: &Incoming<'_>) -> Result<Received, WebhookError> {
    if incoming.is_get {
        return handshake(incoming);
    }
    verify(incoming).ok_or(WebhookError::Unsigned)?;
    entries(incoming.body)
        .map(Received::News)
        .ok_or(WebhookError::Malformed)
}

fn handshake(incoming: &Incoming<'_>) -> Result<Received, WebhookError> {
    let mode = incoming.parameter("hub.mode");
    let challenge = incoming
        .parameter("hub.challenge")
        .filter(|challenge| !challenge.is_empty());
    let is_ours = incoming.parameter("hub.topic").is_some_and(is_feed);
    match (mode, challenge) {
        (Some("subscribe" | "unsubscribe"), Some(challenge)) if is_ours => {
            Ok(Received::Handshake {
                content_type: "text/plain",
                body: challenge.to_owned(),
            })
        }
        (Some(_) | None, Some(_) | None) => Err(WebhookError::Malformed),
    }
}

/// Whether a topic is the feed of a channel, in either spelling of the documentation.
fn is_feed(topic: &str) -> bool {
    let Ok(url) = Url::parse(topic) else {
        return false;
    };
    let is_path = matches!(url.path(), "/xml/feeds/videos.xml" | "/feeds/videos.xml");
    let mut pairs = url.query_pairs();
    let is_channel = pairs
        .next()
        .is_some_and(|(name, id)| name == "channel_id" && id.starts_with("UC") && id.len() == 24);
    url.scheme() == "https"
        && url.host_str() == Some("www.youtube.com")
        && url.port().is_none()
        && is_path
        && is_channel
        && pairs.next().is_none()
}

fn verify(incoming: &Incoming<'_>) -> Option<()> {
    let secret = incoming.app.webhook_secret.as_ref()?;
    let signature = incoming
        .header("x-hub-signature")
        .and_then(|header| header.strip_prefix("sha1="))
        .and_then(|digits| hex::decode(digits).ok())?;
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.expose_secret().as_bytes()).ok()?;
    mac.update(incoming.body);
    same(&signature, &mac.finalize().into_bytes()).then_some(())
}

/// Where in the feed the reader is.
#[derive(Clone, Copy, PartialEq)]
enum At {
    Elsewhere,
    Updated,
    VideoId,
}

/// The videos that a feed names; `None` when it is no feed. Documents with a type declaration are
/// refused, so that no entity is ever resolved.
fn entries(body: &[u8]) -> Option<Vec<Happening>> {
    let mut reader = NsReader::from_reader(body);
    let mut buffer = Vec::new();
    let (mut is_feed, mut at) = (false, At::Elsewhere);
    let (mut video, mut updated) = (String::new(), String::new());
    let mut found = Vec::new();
    loop {
        let (space, event) = reader.read_resolved_event_into(&mut buffer).ok()?;
        match event {
            Event::Start(element) => {
                let name = element.local_name();
                at = match (bound(&space), name.as_ref()) {
                    (Some(ATOM), b"feed") => {
                        is_feed = true;
                        At::Elsewhere
                    }
                    (Some(ATOM), b"entry") => {
                        video.clear();
                        updated.clear();
                        At::Elsewhere
                    }
                    (Some(ATOM), b"updated") => At::Updated,
                    (Some(YT), b"videoId") => At::VideoId,
                    _ => At::Elsewhere,
                };
            }
            Event::Text(text) => {
                let text = text.decode().ok()?;
                match at {
                    At::Elsewhere => {}
                    At::Updated => updated.push_str(text.trim()),
                    At::VideoId => video.push_str(text.trim()),
                }
            }
            Event::End(element) => {
                let is_entry =
                    bound(&space) == Some(ATOM) && element.local_name().as_ref() == b"entry";
                if is_entry && is_id(&video) && found.len() < MAX_ENTRIES {
                    found.push(Happening {
                        key: format!("{video}/{updated}"),
                        what: What::PostMoved {
                            handle: video.clone(),
                        },
                    });
                }
                at = At::Elsewhere;
            }
            Event::DocType(_) => return None,
            Event::Eof => return is_feed.then_some(found),
            Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::Empty(_)
            | Event::GeneralRef(_)
            | Event::PI(_) => {}
        }
        buffer.clear();
    }
}

fn bound<'a>(space: &ResolveResult<'a>) -> Option<&'a [u8]> {
    match space {
        ResolveResult::Bound(Namespace(space)) => Some(space),
        ResolveResult::Unbound | ResolveResult::Unknown(_) => None,
    }
}

fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 32
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
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

    fn told(
        header: Option<&str>,
        body: &str,
        secret: Option<&str>,
    ) -> Result<Received, WebhookError> {
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
    fn a_handshake_for_a_channels_feed_is_answered_with_its_challenge() {
        for (mode, topic) in [
            ("subscribe", TOPIC.to_owned()),
            ("unsubscribe", TOPIC.replace("/xml/feeds", "/feeds")),
        ] {
            assert_eq!(
                asked(&[
                    ("hub.mode", mode),
                    ("hub.topic", &topic),
                    ("hub.challenge", "c-1")
                ]),
                Ok(Received::Handshake {
                    content_type: "text/plain",
                    body: "c-1".to_owned()
                })
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
        let feed = include_str!("fixtures/feed.xml");
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
            (Some(header), "<feed/>", None),
        ] {
            assert_eq!(
                told(header, body, secret),
                Err(WebhookError::Unsigned),
                "{header:?}"
            );
        }
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
}
