//! The simulated networks without sockets, and what can go wrong on the way to them.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Router, body::Body};
use bytes::Bytes;
use domain::Platform;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Request, header};
use http_body_util::BodyExt as _;
use platforms::Answer;
use serde_json::Value;
use time::{Duration, OffsetDateTime};
use tokio::time::Instant;
use tower::ServiceExt as _;
use wire::{Carrier, SendError};

use crate::{
    gate::{Fault, Gates, Point},
    planted::Flaw,
};

/// How long after it was given up a late request has its effect: within the two minutes after which a
/// network that says "not published" is believed.
const LATE: std::time::Duration = std::time::Duration::from_secs(100);
/// How late lists are: within the ten minutes that networks take for it, and so long that of the looks after a
/// commit those at 30 seconds, 2 and 5 minutes see nothing, the one at 10 minutes what took effect at once, and
/// the one at 20 minutes what took effect late.
const LAG: Duration = Duration::minutes(9);
/// What another app's post says beside our words.
const OTHER_WORDS: &str = ", as somebody else has it";
/// No host and no part of a path that a network wrote itself is longer.
const LONGEST_WORD: usize = 32;
/// What the client gives a call in all; it looks at its watch before it does anything else.
const TIMEOUT: std::time::Duration = std::time::Duration::from_mins(1);

/// Carries requests to the simulated networks.
pub(crate) struct Network {
    pub(crate) router: Router,
    pub(crate) world: simulator::World,
    pub(crate) gates: Gates,
    pub(crate) late: Late,
    pub(crate) strangers: Strangers,
    pub(crate) flaw: Option<Flaw>,
}

/// Requests that were given up and will still arrive. Copies are the same.
#[derive(Clone, Default)]
pub(crate) struct Late(Arc<Mutex<Vec<(Instant, Whole)>>>);

/// Posts of other apps, by their ids. Copies are the same.
#[derive(Clone, Default)]
pub(crate) struct Strangers(Arc<Mutex<BTreeSet<String>>>);

impl Strangers {
    /// Whether another app published what has this id.
    pub(crate) fn published(&self, id: &str) -> bool {
        let ids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ids.contains(id)
    }
}

/// A request with all of its body.
#[derive(Clone)]
struct Whole {
    parts: Arc<http::request::Parts>,
    body: Bytes,
}

impl Late {
    /// When the first of them arrives, whatever the clock was made to show since it was sent.
    pub(crate) fn next(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let late = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = late.iter().map(|(at, _)| *at).min()?;
        Some(now + first.saturating_duration_since(Instant::now()))
    }

    /// Lets those arrive whose time has come.
    pub(crate) async fn arrive(&self, router: &Router) {
        let now = Instant::now();
        let due: Vec<_> = {
            let mut late = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            late.extract_if(.., |(at, _)| *at <= now).collect()
        };
        for (_, whole) in due {
            drop(ask(router, whole).await);
        }
    }
}

impl Carrier for Network {
    fn carry(&self, request: reqwest::Request) -> BoxFuture<'_, Result<Answer, SendError>> {
        Box::pin(async move {
            let name = format!("{} {}", request.method(), shown(request.url().path()));
            let begun = Instant::now();
            let fault = self.gates.pass(Point::Network(name)).await;
            if begun.elapsed() > TIMEOUT {
                return Err(SendError::Lost("it took too long".to_owned()));
            }
            if fault == Some(Fault::NotSent) {
                return Err(SendError::NotSent("nobody is there".to_owned()));
            }
            let whole = whole(request).await?;
            match fault {
                Some(Fault::AnswerLost) => {
                    drop(ask(&self.router, whole.clone()).await);
                    self.lost(whole).await
                }
                Some(Fault::RequestLost) => self.lost(whole).await,
                Some(Fault::EffectLate) => {
                    let at = Instant::now() + LATE;
                    let mut late = self.late.0.lock().unwrap_or_else(PoisonError::into_inner);
                    late.push((at, whole));
                    Err(SendError::Lost("it took too long".to_owned()))
                }
                Some(Fault::Breaks) => Ok(answer(503, None)),
                Some(Fault::BreaksAfter) => {
                    drop(ask(&self.router, whole).await);
                    Ok(answer(500, None))
                }
                Some(Fault::Busy) => Ok(answer(429, Some("7"))),
                Some(Fault::ListsLate) => {
                    lists_late(&self.world);
                    self.heard(whole).await
                }
                Some(Fault::Copied) => {
                    self.others_publish_after(whole.clone(), "").await;
                    self.lost(whole).await
                }
                Some(Fault::Followed) => {
                    self.others_publish_after(whole.clone(), OTHER_WORDS).await;
                    self.lost(whole).await
                }
                Some(Fault::TokensEnd) => {
                    let host = whole.parts.uri.path().to_owned();
                    for network in of_path(&host) {
                        self.world.end_tokens(network);
                    }
                    self.heard(whole).await
                }
                _ => self.heard(whole).await,
            }
        })
    }
}

impl Network {
    async fn heard(&self, whole: Whole) -> Result<Answer, SendError> {
        let answer = ask(&self.router, whole).await?;
        Ok(match self.flaw {
            Some(Flaw::TakesTheNewest) => newest(answer),
            _ => answer,
        })
    }

    /// Does it; of all that it makes visible another app publishes the like, with these words behind ours.
    async fn others_publish_after(&self, whole: Whole, words: &str) {
        let before = self.world.ledger().posts().len();
        drop(ask(&self.router, whole).await);
        for post in self.world.ledger().posts().iter().skip(before) {
            let text = format!("{}{words}", post.text);
            let theirs = self.world.post_by_another_app(post, &text);
            let mut ids = self
                .strangers
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            ids.insert(theirs.post_id);
        }
    }

    async fn lost(&self, whole: Whole) -> Result<Answer, SendError> {
        match self.flaw {
            Some(Flaw::LossIsNotSent) => Err(SendError::NotSent("the connection broke".to_owned())),
            Some(Flaw::LossIsRefusal) => Ok(answer(429, None)),
            Some(Flaw::ClientSendsAgain) => ask(&self.router, whole).await,
            _ => Err(SendError::Lost("the connection broke".to_owned())),
        }
    }
}

/// From here on the lists of all networks show what is new only after minutes.
pub(crate) fn lists_late(networks: &simulator::World) {
    for network in simulator::networks::NAMES {
        networks.set_listing_lag(network, LAG);
    }
}

/// A list as it is read by who takes what is newest for his own, whatever it says.
fn newest(answer: Answer) -> Answer {
    let body = String::from_utf8_lossy(&answer.body);
    if !body.contains(OTHER_WORDS) {
        return answer;
    }
    let Ok(mut told) = serde_json::from_str::<Value>(&body.replace(OTHER_WORDS, "")) else {
        return answer;
    };
    for list in ["data", "elements", "items"] {
        if let Some(list) = told.get_mut(list).and_then(Value::as_array_mut) {
            list.truncate(1);
        }
    }
    Answer {
        body: told.to_string().into_bytes(),
        ..answer
    }
}

/// A path without what a network minted at random, so that a day can be told twice in the same words.
fn shown(path: &str) -> String {
    let segments = path.split('/').map(|segment| {
        let is_minted = segment.len() > LONGEST_WORD;
        if is_minted { "…" } else { segment }
    });
    segments.collect::<Vec<_>>().join("/")
}

/// Whether a request, by its method and path, goes to that network.
pub(crate) fn path_is_of(request: &str, platform: Platform) -> bool {
    let (_, path) = request.split_once(' ').unwrap_or_default();
    of_path(path).contains(&platform.as_str())
}

/// The networks that a path of the simulator belongs to.
fn of_path(path: &str) -> &'static [&'static str] {
    let hosts: [(&str, &[&str]); 7] = [
        ("facebook.com", &["facebook", "instagram"]),
        ("instagram.com", &["instagram_login"]),
        ("linkedin.com", &["linkedin"]),
        ("pinterest.com", &["pinterest"]),
        ("tiktokapis.com", &["tiktok"]),
        ("x.com", &["x"]),
        ("googleapis.com", &["youtube"]),
    ];
    let host = path.split('/').nth(1).unwrap_or_default();
    hosts
        .into_iter()
        .find(|(end, _)| host.ends_with(end))
        .map_or(&[], |(_, networks)| networks)
}

async fn whole(request: reqwest::Request) -> Result<Whole, SendError> {
    let request: Request<reqwest::Body> = request
        .try_into()
        .map_err(|error: reqwest::Error| SendError::NotSent(error.to_string()))?;
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().cloned();
    let host = path.as_ref().and_then(|path| {
        let host = path.path().split('/').nth(1)?;
        HeaderValue::from_str(host).ok()
    });
    if let Some(host) = host {
        parts.headers.insert(header::HOST, host);
    }
    parts.uri = path.map(Into::into).unwrap_or_default();
    let body = body.collect().await;
    let body = body.map_err(|error| SendError::Lost(error.to_string()))?;
    Ok(Whole {
        parts: Arc::new(parts),
        body: body.to_bytes(),
    })
}

async fn ask(router: &Router, whole: Whole) -> Result<Answer, SendError> {
    let request = Request::from_parts((*whole.parts).clone(), Body::from(whole.body));
    let response = router
        .clone()
        .oneshot(request)
        .await
        .unwrap_or_else(|never| match never {});
    let (parts, body) = response.into_parts();
    if parts.extensions.get::<simulator::LostAnswer>().is_some() {
        return Err(SendError::Lost("the connection broke".to_owned()));
    }
    let body = body.collect().await;
    let body = body.map_err(|error| SendError::Lost(error.to_string()))?;
    Ok(Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: body.to_bytes().to_vec(),
    })
}

fn answer(status: u16, retry_after: Option<&'static str>) -> Answer {
    let mut headers = HeaderMap::new();
    if let Some(seconds) = retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static(seconds));
    }
    Answer {
        status,
        headers,
        body: Vec::new(),
    }
}
