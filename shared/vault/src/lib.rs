//! Seals secrets to the row that owns them.
//!
//! A secret is encrypted with AES-256-GCM under a data key and bound to its [`Place`]: moved to
//! another table, row, user, platform or field it no longer opens. Data keys are random, lie
//! wrapped on a [`KeyShelf`] and are in the clear only in memory, for five minutes at most.
//!
//! Whoever only stores secrets holds a [`Sealer`], which has no way to read them back: it seals under data
//! keys that it made itself, and may ask the [`Wrapper`] for new ones only. Whoever uses secrets holds the
//! [`Vault`], which opens what was sealed under any key and seals under the one that is current.

mod bench;
mod blob;
mod clear_key;
mod clock;
mod keyring;
mod mint;
mod place;
mod shelf;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod vault;
mod wrapper;

pub use blob::data_key_of;
pub use clock::{Clock, SystemClock};
pub use place::Place;
pub use shelf::{KeyShelf, ShelfError, ShelfFuture, WrappedKey};
pub use vault::{Pen, Sealer, Vault, VaultError};
pub use wrapper::{KmsKey, LocalKey, LocalKeyError, Wrapper, WrapperError};
