//! A user's own server, which is told of events.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Router, body::Bytes, extract::State, routing::any};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use http::{HeaderMap, StatusCode, Uri};
use serde_json::Value;
use sha2::Sha256;
use tests::world;
use tokio::sync::{Notify, Semaphore};

/// A server on a socket that answers as it was told to, and 200 otherwise.
#[derive(Debug, Clone)]
pub struct Receiver {
    base: String,
    inside: Arc<Inside>,
}

#[derive(Debug)]
struct Inside {
    heard: Mutex<Vec<Told>>,
    answers: Mutex<VecDeque<(u16, &'static str)>>,
    came: Notify,
    doors: Semaphore,
}

/// What the server was told.
#[derive(Debug, Clone)]
pub struct Told {
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Receiver {
    pub async fn open() -> Self {
        Self::with_doors(Semaphore::MAX_PERMITS).await
    }

    /// One that answers nobody until it is let.
    pub async fn silent() -> Self {
        Self::with_doors(0).await
    }

    async fn with_doors(open: usize) -> Self {
        let (listener, base) = world::listen().await;
        let inside = Arc::new(Inside {
            heard: Mutex::default(),
            answers: Mutex::default(),
            came: Notify::new(),
            doors: Semaphore::new(open),
        });
        let router = Router::new()
            .fallback(any(hear))
            .with_state(Arc::clone(&inside));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base, inside }
    }

    /// Its address, at a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// What the next requests are answered, in their order.
    pub fn answers(&self, answers: &[(u16, &'static str)]) {
        lock(&self.inside.answers).extend(answers);
    }

    /// Answers everybody from now on.
    pub fn speak(&self) {
        self.inside.doors.add_permits(1_000);
    }

    /// Waits until it was told so much.
    pub async fn heard_at_least(&self, count: usize) {
        loop {
            let came = self.inside.came.notified();
            if self.heard().len() >= count {
                return;
            }
            came.await;
        }
    }

    /// All that it was told so far.
    pub fn heard(&self) -> Vec<Told> {
        lock(&self.inside.heard).clone()
    }

    /// The same, and from here on it was told nothing.
    pub fn take(&self) -> Vec<Told> {
        std::mem::take(&mut lock(&self.inside.heard))
    }
}

impl Told {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }

    /// How many of the signatures were made with this secret, as a receiver finds out by the specification.
    pub fn signed_by(&self, secret: &str) -> usize {
        let key = STANDARD
            .decode(secret.strip_prefix("whsec_").unwrap())
            .unwrap();
        let signed = format!(
            "{}.{}.{}",
            self.header("webhook-id"),
            self.header("webhook-timestamp"),
            self.body
        );
        let mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        let mac = mac.chain_update(signed).finalize().into_bytes();
        let expected = format!("v1,{}", STANDARD.encode(mac));
        let signatures = self.header("webhook-signature").split(' ');
        signatures.filter(|it| *it == expected).count()
    }

    pub fn signatures(&self) -> usize {
        self.header("webhook-signature").split(' ').count()
    }
}

async fn hear(
    State(inside): State<Arc<Inside>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, HeaderMap, &'static str) {
    lock(&inside.heard).push(Told {
        path: uri.path().to_owned(),
        headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    });
    inside.came.notify_waiters();
    let door = inside.doors.acquire().await.unwrap();
    drop(door);
    let (status, text) = lock(&inside.answers).pop_front().unwrap_or((200, ""));
    let mut headers = HeaderMap::new();
    if (300..400).contains(&status) {
        headers.insert("location", text.parse().unwrap());
    }
    (StatusCode::from_u16(status).unwrap(), headers, text)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
