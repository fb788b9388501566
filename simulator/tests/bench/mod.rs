//! An app and a person before the simulated networks, without a socket.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Request, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use simulator::{Clock, Pulled, Registration, Settings, Simulator};
use tower::ServiceExt as _;
use url::{Url, form_urlencoded};

pub const CLIENT: &str = "client";
pub const SECRET: &str = "client-secret";
pub const BACK: &str = "https://app.example/back";

/// Content types and bytes by address.
type Files = Arc<Mutex<HashMap<String, (String, Vec<u8>)>>>;

/// Everything a test needs.
pub struct Bench {
    pub simulator: Simulator,
    pub clock: Clock,
    pub files: Files,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().expect("a text"))
    }
}

impl Bench {
    pub fn new(network: &str) -> Self {
        let clock = Clock::standing_at(time::macros::datetime!(2026-03-04 05:06:07 UTC));
        let files = Files::default();
        let served = files.clone();
        let pull = move |url: String| -> std::pin::Pin<
            Box<dyn Future<Output = Result<Pulled, String>> + Send>,
        > {
            let file = served.lock().expect("no panic").get(&url).cloned();
            Box::pin(async move {
                let (content_type, bytes) = file.ok_or("nothing is there")?;
                Ok(Pulled {
                    status: 200,
                    content_type,
                    bytes: Bytes::from(bytes),
                })
            })
        };
        let simulator = Simulator::new(Settings {
            clock: clock.clone(),
            pull: Box::new(pull),
            registrations: vec![Registration {
                network: network.to_owned(),
                client_id: CLIENT.to_owned(),
                client_secret: SECRET.to_owned(),
                redirect_uris: vec![BACK.to_owned()],
            }],
            base_url: "https://simulator.example".to_owned(),
        });
        Self {
            simulator,
            clock,
            files,
        }
    }

    /// Serves a file to the networks.
    pub fn serve(&self, url: &str, content_type: &str, bytes: &[u8]) {
        let file = (content_type.to_owned(), bytes.to_vec());
        let mut files = self.files.lock().expect("no panic");
        files.insert(url.to_owned(), file);
    }

    pub async fn send(&self, request: Request<Body>) -> Reply {
        let Ok(response) = self.simulator.router().oneshot(request).await;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    pub async fn get(&self, path: &str, token: &str) -> Reply {
        self.send(request("GET", path, &bearer(token), Vec::new()))
            .await
    }

    pub async fn post_json(&self, path: &str, token: &str, body: &Value) -> Reply {
        let mut headers = bearer(token);
        headers.push(("content-type", "application/json".to_owned()));
        self.send(request("POST", path, &headers, body.to_string().into()))
            .await
    }

    pub async fn post_form(
        &self,
        path: &str,
        headers: &[(&'static str, String)],
        pairs: &[(&str, &str)],
    ) -> Reply {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        let mut headers = headers.to_vec();
        headers.push((
            "content-type",
            "application/x-www-form-urlencoded".to_owned(),
        ));
        self.send(request("POST", path, &headers, body.into()))
            .await
    }

    /// The person decides at the page that `path` shows; the parameters that the browser comes back with.
    pub async fn decide(
        &self,
        path: &str,
        decision: &str,
        account: &str,
    ) -> HashMap<String, String> {
        let page = self.get(path, "").await;
        assert_eq!(page.status, 200, "{}", page.text);
        let (_, rest) = page
            .text
            .split_once("name=\"visit\" value=\"")
            .expect("a page");
        let (visit, _) = rest.split_once('"').expect("a visit");
        let back = self
            .post_form(
                "/_simulator/consent",
                &[],
                &[
                    ("visit", visit),
                    ("decision", decision),
                    ("account", account),
                ],
            )
            .await;
        let url: Url = back.header("location").parse().expect("an address");
        url.query_pairs().into_owned().collect()
    }
}

pub fn bearer(token: &str) -> Vec<(&'static str, String)> {
    if token.is_empty() {
        return Vec::new();
    }
    vec![("authorization", format!("Bearer {token}"))]
}

pub fn request(
    method: &str,
    path: &str,
    headers: &[(&'static str, String)],
    body: Vec<u8>,
) -> Request<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_LENGTH, body.len());
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    request.body(Body::from(body)).expect("a request")
}

/// An address with its parameters.
pub fn with_query(path: &str, pairs: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    format!("{path}?{query}")
}

/// A JPEG of that many pixels, as far as networks look.
pub fn jpeg(width: u16, height: u16) -> Vec<u8> {
    let mut file = vec![0xFF, 0xD8, 0xFF, 0xE0, 0, 16];
    file.extend(b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
    file.extend([0xFF, 0xC0, 0, 17, 8]);
    file.extend(height.to_be_bytes());
    file.extend(width.to_be_bytes());
    file.extend([3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1]);
    file.resize(200, 0);
    file
}

/// An MP4 of that many bytes, as far as networks look; each byte depends on its place.
pub fn mp4(bytes: usize) -> Vec<u8> {
    let mut file = b"\0\0\0\x18ftypisom\0\0\x02\0isommp42".to_vec();
    let mut noise: u32 = 1;
    file.resize_with(bytes, || {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        noise.to_be_bytes()[0]
    });
    file
}
