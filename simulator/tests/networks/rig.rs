//! The simulated networks without a socket: requests in, answers out, consent given by hand.

use std::collections::BTreeMap;

use axum::body::{Body, Bytes};
use futures_util::{FutureExt as _, future::ready};
use http::{HeaderMap, Method, Request};
use http_body_util::BodyExt as _;
use serde_json::Value;
use simulator::{Clock, Pulled, Registration, Settings, Simulator};
use time::macros::datetime;
use tower::ServiceExt as _;
use url::Url;

/// Where our app comes back to.
pub const BACK: &str = "https://app.example/back";

/// One network, a clock and some files to pull.
pub struct Rig {
    pub simulator: Simulator,
    pub clock: Clock,
}

/// An answer.
#[derive(Debug)]
pub struct Said {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Said {
    /// The body as JSON; null when it is anything else.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// A header as text; empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("text"))
    }
}

impl Rig {
    /// The networks, our app at `network`, and files by their address.
    pub fn new(network: &str, files: BTreeMap<String, Vec<u8>>) -> Self {
        Self::pulling(network, move |url| {
            let bytes = files.get(url)?.clone();
            Some(Pulled {
                status: 200,
                content_type: "application/octet-stream".to_owned(),
                bytes: Bytes::from(bytes),
            })
        })
    }

    /// The networks, our app at `network`, and what they are answered where they fetch something.
    pub fn pulling(
        network: &str,
        answer: impl Fn(&str) -> Option<Pulled> + Send + Sync + 'static,
    ) -> Self {
        let clock = Clock::standing_at(datetime!(2026-03-04 05:06:07 UTC));
        let simulator = Simulator::new(Settings {
            clock: clock.clone(),
            pull: Box::new(move |url: String| {
                let answer = answer(&url);
                ready(answer.ok_or_else(|| format!("nothing at {url}"))).boxed()
            }),
            registrations: vec![Registration {
                network: network.to_owned(),
                client_id: "client".to_owned(),
                client_secret: "secret".to_owned(),
                redirect_uris: vec![BACK.to_owned()],
            }],
            base_url: "https://simulator.example".to_owned(),
        });
        Self { simulator, clock }
    }

    /// Sends a request; `path` is `HOST/PATH?QUERY`.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Said {
        let mut request = Request::builder().method(method).uri(format!("/{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).expect("a request");
        let Ok(response) = self.simulator.router().oneshot(request).await;
        let (parts, body) = response.into_parts();
        Said {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.collect().await.expect("a body").to_bytes().to_vec(),
        }
    }

    /// Posts a form.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Said {
        self.form_with(path, &[], fields).await
    }

    /// Posts a form with more headers.
    pub async fn form_with(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        fields: &[(&str, &str)],
    ) -> Said {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let headers = [headers, &[kind]].concat();
        self.send(Method::POST, path, &headers, body).await
    }

    /// Opens the consent page at `page`, approves for `account`, and gives the parameters that the
    /// browser comes back with.
    pub async fn approve(&self, page: &str, account: &str) -> BTreeMap<String, String> {
        self.approve_all(page, &[account]).await
    }

    /// As [`Rig::approve`], for several accounts at once.
    pub async fn approve_all(&self, page: &str, accounts: &[&str]) -> BTreeMap<String, String> {
        self.decide(page, "approve", accounts).await
    }

    /// As [`Rig::approve_all`], for any decision.
    pub async fn decide(
        &self,
        page: &str,
        decision: &str,
        accounts: &[&str],
    ) -> BTreeMap<String, String> {
        let back = self.way_back(page, decision, accounts).await;
        back.query_pairs().into_owned().collect()
    }

    /// As [`Rig::decide`]: the whole address that the browser is sent back to.
    pub async fn way_back(&self, page: &str, decision: &str, accounts: &[&str]) -> Url {
        let shown = self.send(Method::GET, page, &[], Body::empty()).await;
        let html = String::from_utf8(shown.body).expect("text");
        let (_, rest) = html
            .split_once("name=\"visit\" value=\"")
            .unwrap_or_else(|| panic!("no consent page: {html}"));
        let (visit, _) = rest.split_once('"').expect("a visit");
        let mut fields = vec![("visit", visit), ("decision", decision)];
        fields.extend(accounts.iter().map(|account| ("account", *account)));
        let back = self.form("_simulator/consent", &fields).await;
        back.header("location").parse().expect("a way back")
    }
}

/// `path` with a query.
pub fn with_query(path: &str, pairs: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    format!("{path}?{query}")
}

/// Parameters, some of them changed or added.
pub fn changed<'a>(
    pairs: &[(&'a str, &'a str)],
    changes: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let is_kept = |name: &str| changes.iter().all(|(changed, _)| *changed != name);
    let kept = pairs.iter().filter(|(name, _)| is_kept(name));
    kept.chain(changes).copied().collect()
}
