//! Somebody who uses the app.

use std::sync::{Mutex, MutexGuard, PoisonError};

use http::Method;
use serde_json::{Value, json};
use time::OffsetDateTime;

/// Somebody who uses the app, from an address of their own.
#[derive(Debug)]
pub struct Person {
    email: String,
    address: String,
    sign_in: Mutex<Option<SignIn>>,
}

#[derive(Debug, Clone)]
struct SignIn {
    token: String,
    refresh: String,
    at: OffsetDateTime,
}

impl Person {
    pub fn new(number: u16, address: String) -> Self {
        Self {
            email: format!("person-{number}@picscripter.example"),
            address,
            sign_in: Mutex::default(),
        }
    }

    pub fn credentials(&self) -> Value {
        json!({"email": self.email, "password": "quartz lantern over the harbour 47"})
    }

    /// A request from this person's machine.
    pub fn request(&self, method: Method, path: &str) -> http::request::Builder {
        http::Request::builder()
            .method(method)
            .uri(path)
            .header("x-forwarded-for", &self.address)
    }

    /// Keeps what signing in or refreshing answered.
    pub fn signs_in(&self, told: &Value, at: OffsetDateTime) {
        *self.lock() = Some(SignIn {
            token: told["token"].as_str().unwrap().to_owned(),
            refresh: told["refreshToken"].as_str().unwrap().to_owned(),
            at,
        });
    }

    pub fn bearer(&self) -> String {
        format!("Bearer {}", self.signed_in().token)
    }

    pub fn refresh_token(&self) -> String {
        self.signed_in().refresh
    }

    pub fn signed_in_at(&self) -> OffsetDateTime {
        self.signed_in().at
    }

    fn signed_in(&self) -> SignIn {
        self.lock().clone().expect("somebody who signed in")
    }

    fn lock(&self) -> MutexGuard<'_, Option<SignIn>> {
        self.sign_in.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
