//! Seals secrets to the row that owns them.
//!
//! A secret is encrypted with AES-256-GCM under a data key and bound to its [`Place`]: moved to
//! another table, row, user, platform or field it no longer opens. Data keys are random, lie
//! wrapped on a [`KeyShelf`] and are in the clear only in memory, for five minutes at most.
//!
//! Whoever only stores secrets holds a [`Sealer`], which has no way to read them back;
//! whoever uses them holds the [`Vault`].

mod blob;
mod clear_key;
mod clock;
mod keyring;
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
pub use vault::{Sealer, Vault, VaultError};
pub use wrapper::{LocalKey, LocalKeyError, Wrapper};
