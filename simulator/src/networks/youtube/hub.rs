//! The hub of the channels' feeds (`WebSub`). Nothing here sends anything: whoever holds a letter delivers
//! it to the callback as it stands, to the byte.

use axum::{
    body::Bytes,
    extract::State as Shared,
    response::{IntoResponse as _, Response},
};
use hmac::{Hmac, Mac as _};
use http::{HeaderMap, StatusCode, header};
use sha1::Sha1;
use time::{Duration, OffsetDateTime};
use url::Url;

use super::{State, channel, videos::Video, wire::value};
use crate::World;

/// How long a subscription lives.
const LEASE: Duration = Duration::days(5);
/// A secret is shorter than this, in bytes.
const MAX_SECRET: usize = 200;

/// Somebody who wants to hear of a channel.
#[derive(Debug, Clone)]
pub(super) struct Subscription {
    callback: String,
    topic: String,
    channel: String,
    secret: Option<String>,
    /// What the callback has to repeat; `None` once it did.
    question: Option<Question>,
    /// When it ends; `None` while it is not confirmed.
    ends_at: Option<OffsetDateTime>,
}

#[derive(Debug, Clone)]
struct Question {
    mode: &'static str,
    challenge: String,
    lease: Duration,
}

/// A request to a subscriber's address: a GET that asks whether it subscribed, where it has a query of the
/// hub's; else a POST of news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Where it goes.
    pub callback: String,
    /// What the hub adds to the query.
    pub query: Vec<(String, String)>,
    /// The headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Takes an order and asks its callback later.
pub(super) async fn subscribe(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let is_form = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(&body).into_owned().collect();
    let bad =
        |name: &str| (StatusCode::BAD_REQUEST, format!("Invalid value for {name}")).into_response();
    if !is_form {
        return bad("content-type");
    }
    let mode = match value(&pairs, "hub.mode") {
        "subscribe" => "subscribe",
        "unsubscribe" => "unsubscribe",
        _ => return bad("hub.mode"),
    };
    let topic = value(&pairs, "hub.topic");
    let Some(channel) = channel_of(topic) else {
        return bad("hub.topic");
    };
    let callback = value(&pairs, "hub.callback");
    if !Url::parse(callback).is_ok_and(|url| url.scheme() == "https" && url.fragment().is_none()) {
        return bad("hub.callback");
    }
    if value(&pairs, "hub.verify") != "async" {
        return bad("hub.verify");
    }
    let secret = value(&pairs, "hub.secret");
    if secret.len() >= MAX_SECRET {
        return bad("hub.secret");
    }
    let lease = match value(&pairs, "hub.lease_seconds") {
        "" => LEASE,
        text => match text.parse::<i64>() {
            Ok(seconds) if seconds > 0 => Duration::seconds(seconds).min(LEASE),
            Ok(_) | Err(_) => return bad("hub.lease_seconds"),
        },
    };
    let question = Question {
        mode,
        challenge: world.secret(""),
        lease,
    };
    let mut state = world.states().youtube();
    let known = state
        .subscriptions
        .iter_mut()
        .find(|known| known.callback == callback && known.channel == channel);
    let secret = (!secret.is_empty()).then(|| secret.to_owned());
    match known {
        Some(known) => {
            known.question = Some(question);
            topic.clone_into(&mut known.topic);
            if mode == "subscribe" {
                known.secret = secret;
            }
        }
        None => state.subscriptions.push(Subscription {
            callback: callback.to_owned(),
            topic: topic.to_owned(),
            channel,
            secret,
            question: Some(question),
            ends_at: None,
        }),
    }
    StatusCode::ACCEPTED.into_response()
}

/// The channel of a feed, in either spelling of the documentation.
fn channel_of(topic: &str) -> Option<String> {
    let id = [
        "https://www.youtube.com/xml/feeds/videos.xml?channel_id=",
        "https://www.youtube.com/feeds/videos.xml?channel_id=",
    ]
    .into_iter()
    .find_map(|feed| topic.strip_prefix(feed))?;
    (id.starts_with("UC") && id.len() == 24).then(|| id.to_owned())
}

impl State {
    /// What the hub still has to ask its subscribers.
    pub fn questions(&self) -> Vec<Letter> {
        let pending = self.subscriptions.iter();
        pending
            .filter_map(|known| Some((known, known.question.as_ref()?)))
            .map(|(known, question)| {
                let mut query = vec![
                    ("hub.mode".to_owned(), question.mode.to_owned()),
                    ("hub.topic".to_owned(), known.topic.clone()),
                    ("hub.challenge".to_owned(), question.challenge.clone()),
                ];
                if question.mode == "subscribe" {
                    let seconds = question.lease.whole_seconds().to_string();
                    query.push(("hub.lease_seconds".to_owned(), seconds));
                }
                Letter {
                    callback: known.callback.clone(),
                    query,
                    headers: Vec::new(),
                    body: Vec::new(),
                }
            })
            .collect()
    }

    /// Takes the answer to a question: only a success with exactly the challenge confirms. Tells whether it did.
    pub fn answered(
        &mut self,
        question: &Letter,
        status: u16,
        body: &[u8],
        now: OffsetDateTime,
    ) -> bool {
        let challenge = value(&question.query, "hub.challenge");
        let asked = |known: &Subscription| {
            let asked = known.question.as_ref();
            asked.is_some_and(|asked| asked.challenge == challenge)
        };
        let Some(place) = self.subscriptions.iter().position(asked) else {
            return false;
        };
        let known = &mut self.subscriptions[place];
        let Some(question) = known.question.take() else {
            return false;
        };
        let is_confirmed = (200..300).contains(&status) && body == question.challenge.as_bytes();
        if is_confirmed {
            known.ends_at = (question.mode == "subscribe").then(|| now + question.lease);
        }
        if known.ends_at.is_none() {
            self.subscriptions.remove(place);
        }
        is_confirmed
    }

    /// What the hub tells of a video, if everyone may see it, to all who want to hear of its channel.
    pub fn news(&self, video_id: &str, now: OffsetDateTime) -> Vec<Letter> {
        let Some(video) = self.videos.iter().find(|video| video.id == video_id) else {
            return Vec::new();
        };
        if video.privacy(now) != "public" {
            return Vec::new();
        }
        self.letters(&video.channel, &entry(video), now)
    }

    /// What the hub tells of a video that was deleted.
    pub fn farewell(&self, channel: &str, video_id: &str, now: OffsetDateTime) -> Vec<Letter> {
        let when = super::videos::instant(now);
        let entry = format!(
            " <at:deleted-entry ref=\"yt:video:{video_id}\" when=\"{when}\">\n  <link href=\"https://www.youtube.com/watch?v={video_id}\"/>\n </at:deleted-entry>"
        );
        self.letters(channel, &entry, now)
    }

    fn letters(&self, channel: &str, entry: &str, now: OffsetDateTime) -> Vec<Letter> {
        let wanted = self.subscriptions.iter();
        wanted
            .filter(|known| known.channel == channel && known.ends_at.is_some_and(|end| now < end))
            .map(|known| {
                let body = feed(&known.topic, entry, now).into_bytes();
                let mut headers = vec![("content-type", "application/atom+xml".to_owned())];
                if let Some(secret) = &known.secret {
                    headers.push(("x-hub-signature", signature(secret, &body)));
                }
                Letter {
                    callback: known.callback.clone(),
                    query: Vec::new(),
                    headers,
                    body,
                }
            })
            .collect()
    }
}

fn feed(topic: &str, entry: &str, now: OffsetDateTime) -> String {
    let now = super::videos::instant(now);
    format!(
        "<feed xmlns:yt=\"http://www.youtube.com/xml/schemas/2015\" xmlns:at=\"http://purl.org/atompub/tombstones/1.0\" xmlns=\"http://www.w3.org/2005/Atom\">\n \
         <link rel=\"hub\" href=\"https://pubsubhubbub.appspot.com\"/>\n \
         <link rel=\"self\" href=\"{}\"/>\n \
         <title>YouTube video feed</title><updated>{now}</updated>\n{entry}</feed>\n",
        escaped(topic)
    )
}

fn entry(video: &Video) -> String {
    let (id, channel_id) = (&video.id, &video.channel);
    let name = channel(channel_id).map_or_else(String::new, |known| escaped(&known.account.name));
    let title = escaped(video.snippet["title"].as_str().unwrap_or_default());
    let at = super::videos::instant(video.created_at);
    format!(
        " <entry><id>yt:video:{id}</id><yt:videoId>{id}</yt:videoId><yt:channelId>{channel_id}</yt:channelId>\n  \
         <title>{title}</title><link rel=\"alternate\" href=\"http://www.youtube.com/watch?v={id}\"/>\n  \
         <author><name>{name}</name><uri>http://www.youtube.com/channel/{channel_id}</uri></author>\n  \
         <published>{at}</published><updated>{at}</updated></entry>"
    )
}

fn signature(secret: &str, body: &[u8]) -> String {
    let mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes());
    let digest = mac.map(|mac| mac.chain_update(body).finalize().into_bytes().to_vec());
    format!("sha1={}", hex::encode(digest.unwrap_or_default()))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
