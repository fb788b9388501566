//! Guarded fetch of addresses that users give us. Each redirect is checked anew.

use std::time::Duration;

use futures_util::StreamExt as _;
use guard::{Guard, Refusal};
use reqwest::{StatusCode, header};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use url::Url;

const REDIRECTS: usize = 3;
const CONNECT: Duration = Duration::from_secs(5);
const IDLE: Duration = Duration::from_secs(10);

/// Fetches addresses that users give us.
#[derive(Debug, Clone)]
pub struct Fetcher(Guard);

/// What was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// How many bytes were written.
    pub bytes: u64,
    /// SHA-256 of them.
    pub sha256: [u8; 32],
    /// Whether that was the whole file.
    pub complete: bool,
    /// How large the server says the file is.
    pub total_bytes: Option<u64>,
}

/// How much of a file is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// At most this many bytes; a longer file is cut there.
    Prefix(u64),
    /// All of it; a file longer than this many bytes is an error.
    Whole(u64),
}

/// Why nothing was fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The address is not one we fetch; says why.
    #[error("{0}")]
    BadUrl(&'static str),
    /// It leads to an address that is not public.
    #[error("leads to an address that is not on the public internet")]
    Forbidden,
    /// What was fetched could not be kept.
    #[error("could not be kept")]
    Sink(#[source] std::io::Error),
    /// The server answered with this status.
    #[error("answered with status {0}")]
    Status(u16),
    /// It took too long.
    #[error("did not arrive in time")]
    TimedOut,
    /// It is larger than this many bytes.
    #[error("is larger than {0} bytes")]
    TooLarge(u64),
    /// It was redirected more than three times.
    #[error("was redirected more than {REDIRECTS} times")]
    TooManyRedirects,
    /// No name, no connection, or a broken one.
    #[error("could not be reached")]
    Unreachable,
}

impl From<Refusal> for FetchError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::BadUrl(why) => Self::BadUrl(why),
            Refusal::Forbidden => Self::Forbidden,
            Refusal::Unreachable => Self::Unreachable,
        }
    }
}

impl Fetcher {
    /// A fetcher behind a guard.
    pub const fn new(guard: Guard) -> Self {
        Self(guard)
    }

    /// Fetches `address` into `sink` within `budget`.
    ///
    /// # Errors
    /// [`FetchError`]; something may have been written by then.
    pub async fn fetch(
        &self,
        address: &str,
        want: Want,
        budget: Duration,
        sink: &mut (impl AsyncWrite + Unpin + Send),
    ) -> Result<Fetched, FetchError> {
        tokio::time::timeout(budget, self.follow(address, want, sink))
            .await
            .map_err(|_| FetchError::TimedOut)?
    }

    async fn follow(
        &self,
        address: &str,
        want: Want,
        sink: &mut (impl AsyncWrite + Unpin + Send),
    ) -> Result<Fetched, FetchError> {
        let mut url = Url::parse(address).map_err(|_| FetchError::BadUrl("is not an address"))?;
        for _ in 0..=REDIRECTS {
            let response = self.ask(&url).await?;
            let Some(next) = redirect(&url, &response) else {
                return receive(response, want, sink).await;
            };
            url = next?;
        }
        Err(FetchError::TooManyRedirects)
    }

    async fn ask(&self, url: &Url) -> Result<reqwest::Response, FetchError> {
        let client = self
            .0
            .client(url)
            .await?
            .connect_timeout(CONNECT)
            .read_timeout(IDLE)
            .build()
            .map_err(|_| FetchError::Unreachable)?;
        // Bytes as they are: an encoded body could unfold to any size.
        client
            .get(url.clone())
            .header(header::ACCEPT_ENCODING, "identity")
            .send()
            .await
            .map_err(|error| {
                if error.is_timeout() {
                    FetchError::TimedOut
                } else {
                    FetchError::Unreachable
                }
            })
    }
}

fn redirect(from: &Url, response: &reqwest::Response) -> Option<Result<Url, FetchError>> {
    let moved = matches!(
        response.status(),
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    );
    moved.then(|| {
        response
            .headers()
            .get(header::LOCATION)
            .and_then(|location| location.to_str().ok())
            .and_then(|location| from.join(location).ok())
            .ok_or(FetchError::BadUrl("is redirected to no address"))
    })
}

async fn receive(
    response: reqwest::Response,
    want: Want,
    sink: &mut (impl AsyncWrite + Unpin + Send),
) -> Result<Fetched, FetchError> {
    if !response.status().is_success() {
        return Err(FetchError::Status(response.status().as_u16()));
    }
    if response.headers().contains_key(header::CONTENT_ENCODING) {
        return Err(FetchError::BadUrl(
            "is sent in an encoding that was not asked for",
        ));
    }
    let total_bytes = response.content_length();
    let (Want::Prefix(limit) | Want::Whole(limit)) = want;
    if let (Want::Whole(_), Some(total)) = (want, total_bytes)
        && total > limit
    {
        return Err(FetchError::TooLarge(limit));
    }
    let mut hash = Sha256::new();
    let mut bytes = 0_u64;
    let mut body = response.bytes_stream();
    let mut complete = true;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| {
            if error.is_timeout() {
                FetchError::TimedOut
            } else {
                FetchError::Unreachable
            }
        })?;
        let room = usize::try_from(limit - bytes).unwrap_or(usize::MAX);
        let fits = chunk.len().min(room);
        if fits < chunk.len() && matches!(want, Want::Whole(_)) {
            return Err(FetchError::TooLarge(limit));
        }
        sink.write_all(&chunk[..fits])
            .await
            .map_err(FetchError::Sink)?;
        hash.update(&chunk[..fits]);
        bytes += fits as u64;
        if fits < chunk.len() {
            complete = false;
            break;
        }
    }
    sink.flush().await.map_err(FetchError::Sink)?;
    Ok(Fetched {
        bytes,
        sha256: hash.finalize().into(),
        complete,
        total_bytes,
    })
}
