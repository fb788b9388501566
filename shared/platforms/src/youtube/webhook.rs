//! What a channel's feed tells us (WebSub, read 2026-11-23).

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
