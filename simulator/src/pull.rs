//! How a network fetches a file by its address.

use bytes::Bytes;
use futures_util::future::BoxFuture;

/// A file as a network fetched it.
#[derive(Debug, Clone)]
pub struct Pulled {
    /// The HTTP status; 200 and 206 are good.
    pub status: u16,
    /// The content type it came under.
    pub content_type: String,
    /// The bytes.
    pub bytes: Bytes,
}

/// Fetches files for the networks; the error says why nothing came.
pub trait Pull: Send + Sync {
    /// Fetches `url`, which is exactly what the network was given.
    fn pull(&self, url: String) -> BoxFuture<'static, Result<Pulled, String>>;

    /// Fetches that `range` of `url`, as `bytes=0-`; where ranges are not known, the whole comes.
    fn pull_range(
        &self,
        url: String,
        range: &'static str,
    ) -> BoxFuture<'static, Result<Pulled, String>> {
        let _ = range;
        self.pull(url)
    }
}

impl<F> Pull for F
where
    F: Fn(String) -> BoxFuture<'static, Result<Pulled, String>> + Send + Sync,
{
    fn pull(&self, url: String) -> BoxFuture<'static, Result<Pulled, String>> {
        self(url)
    }
}
