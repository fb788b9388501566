//! Faults on order: which network, which route, which call, what goes wrong.

use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use futures_util::StreamExt as _;
use http::{HeaderName, HeaderValue, StatusCode, header};
use http_body_util::BodyExt as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::World;

/// Marks an answer that never reaches the caller: the server closes the connection instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LostAnswer;

/// The mark itself, to look for among a response's extensions.
pub const LOST_ANSWER: LostAnswer = LostAnswer;

/// One order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaultScript {
    /// The host whose calls are counted, as `graph.facebook.com`; any when absent.
    #[serde(default)]
    pub host: Option<String>,
    /// `METHOD /path/template` behind the host, as `POST /{version}/{id}/media_publish`; any when absent.
    #[serde(default)]
    pub route: Option<String>,
    /// Which of the calls that fit is the first to go wrong, from 1.
    #[serde(default = "one")]
    pub nth: u32,
    /// How many go wrong from there on.
    #[serde(default = "one")]
    pub times: u32,
    /// What goes wrong.
    pub fault: Fault,
    #[serde(skip)]
    seen: u32,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Fault {
    /// This answer is given and nothing is done.
    Answer {
        /// The HTTP status.
        status: u16,
        /// Headers of the answer.
        #[serde(default)]
        headers: Vec<(String, String)>,
        /// The body; a text is sent as it is, anything else as JSON.
        #[serde(default)]
        body: Value,
    },
    /// It is done, and this answer is given instead of the true one.
    AnswerAfterEffect {
        /// The HTTP status.
        status: u16,
        /// The body; a text is sent as it is, anything else as JSON.
        #[serde(default)]
        body: Value,
    },
    /// It is done as usual, but the answer comes this much later.
    Delay {
        /// How much later.
        milliseconds: u64,
    },
    /// It is done, but the connection breaks before the answer.
    LoseAnswer,
    /// The connection breaks before anything is done.
    LoseRequest,
    /// The connection breaks when so many bytes of the request's body have arrived; what the network keeps of them
    /// is its own affair.
    CutRequest {
        /// How many.
        bytes: u64,
    },
    /// From this call on the network works so long on each file.
    SlowProcessing {
        /// The network's name, as in our URLs.
        network: String,
        /// How long.
        seconds: u32,
    },
    /// Every access token of the network ends just before the call, as a password change would end
    /// them; refresh tokens stay.
    TokensEnd {
        /// The network's name, as in our URLs.
        network: String,
    },
    /// It is done, but only the first half of the answer's body arrives.
    Truncate,
}

impl FaultScript {
    /// An order for the first call to any network.
    pub fn any(fault: Fault) -> Self {
        Self {
            host: None,
            route: None,
            nth: 1,
            times: 1,
            fault,
            seen: 0,
        }
    }

    /// An order for the first call that fits.
    pub fn first(host: &str, route: &str, fault: Fault) -> Self {
        Self {
            host: Some(host.to_owned()),
            route: Some(route.to_owned()),
            ..Self::any(fault)
        }
    }

    /// The same order for the `nth` call that fits, from 1.
    #[must_use]
    pub fn nth(self, nth: u32) -> Self {
        Self { nth, ..self }
    }

    /// The same order for this many calls on end.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }

    fn fits(&self, host: &str, route: &str) -> bool {
        self.host.as_deref().is_none_or(|wanted| wanted == host)
            && self.route.as_deref().is_none_or(|wanted| wanted == route)
    }
}

const fn one() -> u32 {
    1
}

/// Takes the fault, if any, that is ordered for this call, counting it with every order that fits.
pub(crate) fn due(scripts: &mut [FaultScript], host: &str, route: &str) -> Option<Fault> {
    let mut fault = None;
    for script in scripts.iter_mut().filter(|script| script.fits(host, route)) {
        script.seen += 1;
        let ordered = script.nth..script.nth.saturating_add(script.times);
        if fault.is_none() && ordered.contains(&script.seen) {
            fault = Some(script.fault.clone());
        }
    }
    fault
}

/// The middleware that carries the orders out.
pub(crate) async fn carry_out(
    State(world): State<World>,
    request: Request,
    next: Next,
) -> Response {
    let template = request.extensions().get::<MatchedPath>().map_or_else(
        || request.uri().path().to_owned(),
        |path| path.as_str().to_owned(),
    );
    let (host, path) = template
        .trim_start_matches('/')
        .split_once('/')
        .unwrap_or((&template, ""));
    let route = format!("{} /{path}", request.method());
    world.note_call(host, &route);
    let Some(fault) = world.fault_for(host, &route) else {
        return next.run(request).await;
    };
    tracing::debug!(host, route, ?fault, "a scripted fault");
    match fault {
        Fault::Answer {
            status,
            headers,
            body,
        } => {
            let mut response = answer(status, &body);
            for (name, value) in headers {
                if let (Ok(name), Ok(value)) =
                    (HeaderName::try_from(name), HeaderValue::try_from(value))
                {
                    response.headers_mut().insert(name, value);
                }
            }
            response
        }
        Fault::AnswerAfterEffect { status, body } => {
            next.run(request).await;
            answer(status, &body)
        }
        Fault::Delay { milliseconds } => {
            let response = next.run(request).await;
            wait(milliseconds).await;
            response
        }
        Fault::LoseAnswer => {
            next.run(request).await;
            lost()
        }
        Fault::LoseRequest => lost(),
        Fault::CutRequest { bytes } => {
            next.run(request.map(|body| cut(body, bytes))).await;
            lost()
        }
        Fault::SlowProcessing { network, seconds } => {
            world.set_processing(&network, time::Duration::seconds(seconds.into()));
            next.run(request).await
        }
        Fault::TokensEnd { network } => {
            world.end_tokens(&network);
            next.run(request).await
        }
        Fault::Truncate => truncated(next.run(request).await).await,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a slow network is what was ordered"
)]
async fn wait(milliseconds: u64) {
    tokio::time::sleep(std::time::Duration::from_millis(milliseconds)).await;
}

fn answer(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match body.as_str() {
        Some(text) => (status, text.to_owned()).into_response(),
        None if body.is_null() => status.into_response(),
        None => (status, axum::Json(body.clone())).into_response(),
    }
}

fn lost() -> Response {
    let mut response = StatusCode::BAD_GATEWAY.into_response();
    response.extensions_mut().insert(LOST_ANSWER);
    response
}

/// A body that breaks after so many bytes.
fn cut(body: Body, bytes: u64) -> Body {
    let mut left = usize::try_from(bytes).unwrap_or(usize::MAX);
    let pieces = body.into_data_stream().map(move |piece| {
        let piece = piece.map_err(std::io::Error::other)?;
        if left == 0 {
            return Err(broken_off());
        }
        let kept = piece.slice(..piece.len().min(left));
        left -= kept.len();
        Ok(kept)
    });
    Body::from_stream(pieces.chain(futures_util::stream::iter([Err(broken_off())])))
}

fn broken_off() -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::ConnectionReset, "cut on order")
}

/// Promises the whole body and sends half of it; a body too short to halve is lost altogether.
async fn truncated(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(whole) = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
    else {
        return lost();
    };
    if whole.len() < 2 {
        return lost();
    }
    parts
        .headers
        .insert(header::CONTENT_LENGTH, HeaderValue::from(whole.len()));
    let half = whole.slice(..whole.len() / 2);
    let broken = futures_util::stream::iter([Ok(half), Err(broken_off())]);
    Response::from_parts(parts, Body::from_stream(broken))
}
