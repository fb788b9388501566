//! Where wrapped data keys rest.

use std::{error::Error, pin::Pin};

use domain::DataKeyId;
use time::OffsetDateTime;

/// Why a shelf could not be read or written; worth another try later.
pub type ShelfError = Box<dyn Error + Send + Sync>;

/// What a shelf promises: an answer later, from any thread.
pub type ShelfFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, ShelfError>> + Send + 'a>>;

/// A data key as it rests: useless without the wrapper that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// Names the key in the header of every blob sealed under it.
    pub id: DataKeyId,
    /// The key, encrypted by the wrapper.
    pub wrapped: Vec<u8>,
    /// When the key was made, in whole microseconds; always later than the key it replaces.
    pub created_at: OffsetDateTime,
}

/// Keeps wrapped data keys; nothing on it is secret, and nothing on it may be lost.
pub trait KeyShelf: Send + Sync {
    /// The key that whoever can open seals new secrets under: of those that were added the one created last.
    fn current(&self) -> ShelfFuture<'_, Option<WrappedKey>>;

    /// The key of that id.
    fn find(&self, id: DataKeyId) -> ShelfFuture<'_, Option<WrappedKey>>;

    /// Makes `key` the current one if `replaces` still is (`None`: if the shelf is empty).
    ///
    /// Of several callers that replace the same key the first wins; the others are answered
    /// `false` and their key is not kept. A unique index over `replaces` that takes nulls as equal is enough.
    fn add(&self, key: WrappedKey, replaces: Option<DataKeyId>) -> ShelfFuture<'_, bool>;

    /// Keeps `key` without making it the current one; only [`KeyShelf::find`] gives it out.
    fn keep(&self, key: WrappedKey) -> ShelfFuture<'_, ()>;
}
