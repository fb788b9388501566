//! What a network answered.

use http::HeaderMap;
use serde::de::DeserializeOwned;

use crate::Fault;

/// A whole answer: it arrived complete, whatever it says.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: HeaderMap,
    /// The body, at most 1 MiB of it.
    pub body: Vec<u8>,
}

impl Answer {
    /// Whether the status is 2xx.
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// Whether the network itself broke down, which says nothing of what it did before.
    pub const fn is_server_error(&self) -> bool {
        matches!(self.status, 500..=599)
    }

    /// The body as JSON of the shape `T`; `None` when it is anything else.
    pub fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The body of a success as `T`.
    ///
    /// # Errors
    /// A fault to try again: a success that cannot be read says nothing that could be acted on.
    /// Never use it on the answer to a call that may be sent only once.
    pub fn parse<T: DeserializeOwned>(&self, what: &str) -> Result<T, Fault> {
        serde_json::from_slice(&self.body).map_err(|error| {
            Fault::retry(
                "unreadable_answer",
                "The network's answer could not be read; trying again.",
            )
            .seen(format!("{what}: {error}; status {}", self.status))
        })
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// `Retry-After` in seconds, where it is given as a number.
    pub fn retry_after(&self) -> Option<time::Duration> {
        self.header("retry-after")
            .and_then(|value| value.trim().parse::<i64>().ok())
            .filter(|seconds| *seconds >= 0)
            .map(time::Duration::seconds)
    }
}
