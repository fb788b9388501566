//! What a channel's feed tells us (`WebSub`, read 2026-11-23).

use hmac::{Hmac, Mac as _};
use quick_xml::{
    NsReader,
    events::Event,
    name::{Namespace, ResolveResult},
};
use secrecy::{ExposeSecret as _, SecretString};
use sha1::Sha1;
use time::Duration;
use url::Url;

use crate::{Happening, Incoming, Received, Subscription, WebhookError, What, same};

const YT: &[u8] = b"http://www.youtube.com/xml/schemas/2015";
const ATOM: &[u8] = b"http://www.w3.org/2005/Atom";
/// No notice names more videos than this; the rest of a longer one is left.
const MAX_ENTRIES: usize = 50;

/// Reads a request to our webhook address: the hub's question whether we subscribed, or a notice.
///
/// A notice with a wrong signature is no news; the hub is not told so (`WebSub` 7.1.2).
///
/// # Errors
/// [`WebhookError`] when it asks for something that is no channel's feed, when we have no secret to
/// check it with, or when it is no feed.
pub fn receive(incoming: &Incoming<'_>) -> Result<Received, WebhookError> {
    if incoming.is_get {
        return handshake(incoming);
    }
    let secret = incoming.app.webhook_secret.as_ref();
    if !is_signed(incoming, secret.ok_or(WebhookError::Unsigned)?) {
        return Ok(Received::News(Vec::new()));
    }
    entries(incoming.body)
        .map(Received::News)
        .ok_or(WebhookError::Malformed)
}

fn handshake(incoming: &Incoming<'_>) -> Result<Received, WebhookError> {
    let wanted = match incoming.parameter("hub.mode") {
        Some("subscribe") => true,
        Some("unsubscribe") => false,
        Some(_) | None => return Err(WebhookError::Malformed),
    };
    let challenge = incoming
        .parameter("hub.challenge")
        .filter(|challenge| !challenge.is_empty());
    let account = incoming.parameter("hub.topic").and_then(channel_of);
    match (account, challenge) {
        (Some(account), Some(challenge)) => Ok(Received::Subscription(Subscription {
            account,
            wanted,
            lease: incoming
                .parameter("hub.lease_seconds")
                .and_then(|seconds| seconds.parse::<u32>().ok())
                .map(|seconds| Duration::seconds(seconds.into())),
            challenge: challenge.to_owned(),
        })),
        (Some(_) | None, Some(_) | None) => Err(WebhookError::Malformed),
    }
}

/// The channel whose feed a topic is, in either spelling of the documentation.
fn channel_of(topic: &str) -> Option<String> {
    let url = Url::parse(topic).ok()?;
    let is_path = matches!(url.path(), "/xml/feeds/videos.xml" | "/feeds/videos.xml");
    let is_feed = url.scheme() == "https"
        && url.host_str() == Some("www.youtube.com")
        && url.port().is_none()
        && is_path;
    let mut pairs = url.query_pairs();
    let (name, id) = pairs.next()?;
    let is_channel = name == "channel_id" && id.starts_with("UC") && id.len() == 24;
    (is_feed && is_channel && pairs.next().is_none()).then(|| id.into_owned())
}

fn is_signed(incoming: &Incoming<'_>, secret: &SecretString) -> bool {
    let signature = incoming
        .header("x-hub-signature")
        .and_then(|header| header.strip_prefix("sha1="))
        .and_then(|digits| hex::decode(digits).ok());
    let mac = Hmac::<Sha1>::new_from_slice(secret.expose_secret().as_bytes());
    match (signature, mac) {
        (Some(signature), Ok(mac)) => {
            let digest = mac.chain_update(incoming.body).finalize().into_bytes();
            same(&signature, &digest)
        }
        (Some(_) | None, Ok(_) | Err(_)) => false,
    }
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
mod tests;
