//! Fetches, probes, converts and keeps pictures, videos and documents.
//!
//! [`Library`] is what everybody else uses; the rest are its parts. Probing and converting block a
//! thread; the library sends them to the blocking pool.

mod fetch;
mod fit;
mod judge;
mod library;
mod objects;
pub mod probe;
pub mod samples;

pub use fetch::{FetchError, Fetched, Fetcher};
pub use fit::{Fitted, fit};
pub use judge::judge;
pub use library::{Intake, LONG_PATIENCE, Library, LibraryError, Looked, SetUpError};
pub use objects::{Bucket, Denied, Folder, ObjectError, ObjectStore};
