//! The simulated networks without sockets, and what can go wrong on the way to them.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{Router, body::Body};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Request, header};
use http_body_util::BodyExt as _;
use platforms::Answer;
use time::{Duration, OffsetDateTime};
use tokio::time::Instant;
use tower::ServiceExt as _;
use wire::{Carrier, SendError};

use crate::{
    Clock,
    gate::{Fault, Gates, Point},
    planted::Flaw,
};

/// How long after it was given up a late request has its effect: within the two minutes after which a
/// network that says "not published" is believed.
const LATE: Duration = Duration::seconds(100);
/// No host and no part of a path that a network wrote itself is longer.
const LONGEST_WORD: usize = 32;
/// What the client gives a call in all; it looks at its watch before it does anything else.
const TIMEOUT: std::time::Duration = std::time::Duration::from_mins(1);

/// Carries requests to the simulated networks.
pub(crate) struct Network {
    pub(crate) router: Router,
    pub(crate) world: simulator::World,
    pub(crate) gates: Gates,
    pub(crate) clock: Clock,
    pub(crate) late: Late,
    pub(crate) flaw: Option<Flaw>,
}

/// Requests that were given up and will still arrive. Copies are the same.
#[derive(Clone, Default)]
pub(crate) struct Late(Arc<Mutex<Vec<(OffsetDateTime, Whole)>>>);

/// A request with all of its body.
#[derive(Clone)]
struct Whole {
    parts: Arc<http::request::Parts>,
    body: Bytes,
}

impl Late {
    /// When the first of them arrives.
    pub(crate) fn next(&self) -> Option<OffsetDateTime> {
        let late = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        late.iter().map(|(at, _)| *at).min()
    }

    /// Lets those arrive whose time has come.
    pub(crate) async fn arrive(&self, router: &Router, now: OffsetDateTime) {
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
                    let at = self.clock.now() + LATE;
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
                Some(Fault::TokensEnd) => {
                    let host = whole.parts.uri.path().to_owned();
                    for network in of_path(&host) {
                        self.world.end_tokens(network);
                    }
                    ask(&self.router, whole).await
                }
                _ => ask(&self.router, whole).await,
            }
        })
    }
}

impl Network {
    async fn lost(&self, whole: Whole) -> Result<Answer, SendError> {
        match self.flaw {
            Some(Flaw::LossIsNotSent) => Err(SendError::NotSent("the connection broke".to_owned())),
            Some(Flaw::LossIsRefusal) => Ok(answer(429, None)),
            Some(Flaw::ClientSendsAgain) => ask(&self.router, whole).await,
            _ => Err(SendError::Lost("the connection broke".to_owned())),
        }
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
