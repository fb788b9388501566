//! Where files are kept, and the addresses under which networks fetch them.

mod folder;
mod s3;

use std::{error::Error, io, ops::Range, path::Path};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use time::OffsetDateTime;
use url::Url;

pub use folder::{Denied, Folder};
pub use s3::Bucket;

/// Where files are kept. Keys are of our making: lower-case words, digits and slashes.
#[derive(Debug, Clone)]
pub enum ObjectStore {
    /// A bucket of S3.
    Bucket(Bucket),
    /// A folder of this machine.
    Folder(Folder),
}

/// Why a file could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// The bucket could not be reached, or refused.
    #[error("the object store failed")]
    Bucket(#[source] Box<dyn Error + Send + Sync>),
    /// The disk failed, or the file is not there.
    #[error("the object store failed")]
    Io(#[from] io::Error),
    /// A key is not of our making.
    #[error("`{0}` is no key")]
    Key(String),
}

// What the clients of AWS wait in is deep, so it is boxed.
impl ObjectStore {
    /// Keeps the file at `path`, which is gone afterwards.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub async fn put_file(&self, key: &str, path: &Path) -> Result<(), ObjectError> {
        match self {
            Self::Bucket(bucket) => Box::pin(bucket.put_file(key, path)).await,
            Self::Folder(folder) => folder.put_file(key, path).await,
        }
    }

    /// Keeps `bytes`.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), ObjectError> {
        match self {
            Self::Bucket(bucket) => Box::pin(bucket.put(key, bytes)).await,
            Self::Folder(folder) => folder.put(key, &bytes).await,
        }
    }

    /// A whole file.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub async fn read(&self, key: &str) -> Result<Vec<u8>, ObjectError> {
        match self {
            Self::Bucket(bucket) => Box::pin(bucket.read(key)).await,
            Self::Folder(folder) => folder.read(key).await,
        }
    }

    /// Some bytes of a file, piece by piece; the end is not included. A file that ends before is an error.
    pub fn stream(&self, key: &str, range: Range<u64>) -> BoxStream<'static, io::Result<Bytes>> {
        match self {
            Self::Bucket(bucket) => bucket.stream(key, range),
            Self::Folder(folder) => folder.stream(key, range),
        }
    }

    /// Deletes a file; one that is not there is deleted already.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub async fn delete(&self, key: &str) -> Result<(), ObjectError> {
        match self {
            Self::Bucket(bucket) => Box::pin(bucket.delete(key)).await,
            Self::Folder(folder) => folder.delete(key).await,
        }
    }

    /// An address under which anybody can fetch a file until `ends_at`. A bucket's may end sooner: with
    /// the credentials of the function that signed it.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub async fn public_url(
        &self,
        key: &str,
        now: OffsetDateTime,
        ends_at: OffsetDateTime,
    ) -> Result<Url, ObjectError> {
        match self {
            Self::Bucket(bucket) => Box::pin(bucket.public_url(key, ends_at - now)).await,
            Self::Folder(folder) => folder.public_url(key, ends_at),
        }
    }
}
