//! Sealing and opening.

use std::sync::Arc;

use domain::DataKeyId;
use secrecy::{ExposeSecret, SecretBox};

use crate::{Clock, KeyShelf, Place, ShelfError, Wrapper, blob, keyring::Keyring};

/// Why a secret could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The machine has no randomness to give; worth another try elsewhere.
    #[error("the machine gave no random bytes")]
    Chance,
    /// The blob was altered, cut, moved from another place or never sealed here; no retry helps.
    #[error("the sealed secret does not belong to this place, or was altered")]
    Refused,
    /// The shelf of data keys did not answer; worth another try.
    #[error("the data keys could not be reached")]
    Shelf(#[source] ShelfError),
    /// No key of that id is on the shelf; no retry helps.
    #[error("the data key {0} of the sealed secret is not known")]
    UnknownKey(DataKeyId),
    /// The wrapping key of this process is not the one the data key was wrapped with; an operator must act.
    #[error(
        "the wrapping key of this process does not open data key {0}: it was wrapped with another key, or altered"
    )]
    WrongWrappingKey(DataKeyId),
}

/// Seals secrets and opens them again; for whoever must use them.
#[derive(Clone)]
pub struct Vault {
    keyring: Arc<Keyring>,
}

impl Vault {
    /// Opens for business over the shelf of data keys that `wrapper` wrapped.
    pub fn new(wrapper: Wrapper, shelf: Arc<dyn KeyShelf>, clock: Arc<dyn Clock>) -> Self {
        Self {
            keyring: Arc::new(Keyring::new(wrapper, shelf, clock)),
        }
    }

    /// The half that seals, for request handlers: nothing leads back from it to the vault.
    pub fn sealer(&self) -> Sealer {
        Sealer {
            keyring: Arc::clone(&self.keyring),
        }
    }

    /// Seals a secret to its place, under the current data key.
    pub async fn seal(&self, place: &Place, clear: &[u8]) -> Result<Vec<u8>, VaultError> {
        seal(&self.keyring, place, clear).await
    }

    /// Opens a secret at the place it was sealed to, whatever data key it was sealed under.
    pub async fn open(&self, place: &Place, blob: &[u8]) -> Result<SecretBox<[u8]>, VaultError> {
        let key = self.keyring.find(blob::data_key_of(blob)?).await?;
        blob::open(&key, place, blob)
    }

    /// Makes a new current data key and tells its id; what older keys sealed still opens.
    ///
    /// Other processes that hold the older key go on sealing under it for at most five minutes.
    pub async fn rotate(&self) -> Result<DataKeyId, VaultError> {
        self.keyring.rotate().await
    }

    /// Seals anew what an older data key sealed; `None` when it lies under the current one.
    ///
    /// A rotation over many rows that was cut short is resumed by running it again.
    pub async fn reseal(&self, place: &Place, blob: &[u8]) -> Result<Option<Vec<u8>>, VaultError> {
        let (current, _) = self.keyring.current().await?;
        if blob::data_key_of(blob)? == current {
            return Ok(None);
        }
        let clear = self.open(place, blob).await?;
        self.seal(place, clear.expose_secret()).await.map(Some)
    }
}

/// Seals secrets and cannot open them; for whoever only stores them.
///
/// ```compile_fail
/// async fn handler(sealer: vault::Sealer, place: vault::Place, blob: Vec<u8>) {
///     let _ = sealer.open(&place, &blob).await;
/// }
/// ```
#[derive(Clone)]
pub struct Sealer {
    keyring: Arc<Keyring>,
}

impl Sealer {
    /// Seals a secret to its place, under the current data key.
    pub async fn seal(&self, place: &Place, clear: &[u8]) -> Result<Vec<u8>, VaultError> {
        seal(&self.keyring, place, clear).await
    }
}

async fn seal(keyring: &Keyring, place: &Place, clear: &[u8]) -> Result<Vec<u8>, VaultError> {
    let (id, key) = keyring.current().await?;
    blob::seal(id, &key, place, clear)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::*;
    use crate::{
        LocalKey,
        testing::{MemoryShelf, SteeredClock},
    };

    const SECRET: &[u8] = b"a refresh token";
    const PLACE: Place = Place {
        table: "grants",
        row: Uuid::from_u128(1),
        user: Uuid::from_u128(2),
        platform: "tiktok",
        field: "refresh_token",
    };

    #[tokio::test]
    async fn a_secret_opens_at_its_own_place() {
        let house = House::new();
        for secret in [SECRET, b"", &[0xff; 10_000]] {
            let blob = house.vault.sealer().seal(&PLACE, secret).await.unwrap();
            assert_eq!(opened(&house.vault, &PLACE, &blob).await, secret);
        }
    }

    #[tokio::test]
    async fn every_single_flipped_bit_is_refused() {
        let house = House::new();
        let blob = house.vault.seal(&PLACE, SECRET).await.unwrap();
        for bit in 0..blob.len() * 8 {
            let mut flipped = blob.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(
                house.vault.open(&PLACE, &flipped).await.is_err(),
                "bit {bit} made no difference"
            );
        }
    }

    #[tokio::test]
    async fn every_cut_is_refused() {
        let house = House::new();
        let blob = house.vault.seal(&PLACE, SECRET).await.unwrap();
        for length in 0..blob.len() {
            assert!(
                house.vault.open(&PLACE, &blob[..length]).await.is_err(),
                "{length} bytes were enough"
            );
        }
    }

    #[tokio::test]
    async fn a_secret_moved_in_any_part_of_its_place_is_refused() {
        let house = House::new();
        let blob = house.vault.seal(&PLACE, SECRET).await.unwrap();
        for moved in [
            Place {
                table: "connections",
                ..PLACE
            },
            Place {
                row: Uuid::from_u128(3),
                ..PLACE
            },
            Place {
                user: Uuid::from_u128(3),
                ..PLACE
            },
            Place {
                row: PLACE.user,
                user: PLACE.row,
                ..PLACE
            },
            Place {
                platform: "x",
                ..PLACE
            },
            Place {
                field: "access_token",
                ..PLACE
            },
        ] {
            let opened = house.vault.open(&moved, &blob).await;
            assert!(
                matches!(opened, Err(VaultError::Refused)),
                "{moved:?} opened it"
            );
        }
    }

    #[tokio::test]
    async fn parts_of_two_blobs_do_not_make_a_third() {
        let house = House::new();
        let first = house.vault.seal(&PLACE, SECRET).await.unwrap();
        house.vault.rotate().await.unwrap();
        let second = house.vault.seal(&PLACE, SECRET).await.unwrap();
        let spliced = [&second[..17], &first[17..]].concat();
        assert!(matches!(
            house.vault.open(&PLACE, &spliced).await,
            Err(VaultError::Refused)
        ));
    }

    #[tokio::test]
    async fn a_million_nonces_are_distinct() {
        let house = House::new();
        let mut nonces = Vec::with_capacity(1_000_000);
        for _ in 0..1_000_000 {
            let blob = house.vault.seal(&PLACE, b"").await.unwrap();
            nonces.push(<[u8; 12]>::try_from(&blob[17..29]).unwrap());
        }
        nonces.sort_unstable();
        nonces.dedup();
        assert_eq!(nonces.len(), 1_000_000);
    }

    #[tokio::test]
    async fn a_rotation_keeps_what_older_keys_sealed_readable() {
        let house = House::new();
        let mut blobs = Vec::new();
        for _ in 0..3 {
            blobs.push(house.vault.seal(&PLACE, SECRET).await.unwrap());
            let id = house.vault.rotate().await.unwrap();
            let blob = house.vault.seal(&PLACE, SECRET).await.unwrap();
            assert_eq!(blob::data_key_of(&blob).unwrap(), id);
        }
        let elsewhere = house.another_process();
        for blob in blobs {
            assert_eq!(opened(&elsewhere, &PLACE, &blob).await, SECRET);
        }
    }

    #[tokio::test]
    async fn a_rotation_cut_short_is_resumed_where_it_stopped() {
        let house = House::new();
        let old = house.vault.seal(&PLACE, SECRET).await.unwrap();
        let id = house.vault.rotate().await.unwrap();
        let new = house
            .vault
            .reseal(&PLACE, &old)
            .await
            .unwrap()
            .expect("an old blob is sealed anew");
        assert_eq!(blob::data_key_of(&new).unwrap(), id);
        assert_eq!(opened(&house.vault, &PLACE, &new).await, SECRET);
        assert_eq!(house.vault.reseal(&PLACE, &new).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_rotation_holds_although_the_clock_runs_behind() {
        let house = House::new();
        house.vault.seal(&PLACE, SECRET).await.unwrap();
        house.clock.turn_back(time::Duration::days(1));
        let id = house.vault.rotate().await.unwrap();
        let blob = house.another_process().seal(&PLACE, SECRET).await.unwrap();
        assert_eq!(blob::data_key_of(&blob).unwrap(), id);
    }

    #[tokio::test]
    async fn two_processes_that_begin_at_once_share_one_key() {
        let house = House::new();
        house.shelf.lose_the_next_race();
        let blob = house.vault.seal(&PLACE, SECRET).await.unwrap();
        assert_eq!(house.shelf.len(), 1);
        assert_eq!(
            opened(&house.another_process(), &PLACE, &blob).await,
            SECRET
        );
    }

    #[tokio::test]
    async fn a_wrong_wrapping_key_says_so() {
        let house = House::new();
        let blob = house.vault.seal(&PLACE, SECRET).await.unwrap();
        let wrapper = Wrapper::Local(LocalKey::from_base64(&LocalKey::mint().unwrap()).unwrap());
        let stranger = Vault::new(wrapper, house.shelf.clone(), house.clock.clone());
        let id = blob::data_key_of(&blob).unwrap();
        let opened = stranger.open(&PLACE, &blob).await.map(drop);
        assert!(matches!(opened, Err(VaultError::WrongWrappingKey(named)) if named == id));
        let sealed = stranger.seal(&PLACE, SECRET).await;
        assert!(matches!(sealed, Err(VaultError::WrongWrappingKey(_))));
    }

    #[tokio::test]
    async fn a_key_that_is_on_no_shelf_is_named() {
        let house = House::new();
        let blob = house.vault.seal(&PLACE, SECRET).await.unwrap();
        let emptied = House::new();
        let opened = emptied.vault.open(&PLACE, &blob).await;
        assert!(matches!(opened, Err(VaultError::UnknownKey(_))));
    }

    #[tokio::test]
    async fn clear_keys_leave_memory_after_five_minutes() {
        let house = House::new();
        house.vault.seal(&PLACE, SECRET).await.unwrap();
        house.clock.advance(Duration::from_secs(299));
        assert_eq!(house.vault.keyring.keys_in_the_clear(), 1);
        house.clock.advance(Duration::from_secs(1));
        assert_eq!(house.vault.keyring.keys_in_the_clear(), 0);
    }

    #[tokio::test]
    async fn the_shelf_is_asked_once_in_five_minutes() {
        let house = House::new();
        let blob = house.vault.seal(&PLACE, SECRET).await.unwrap();
        let asked = house.shelf.asked();
        house.vault.seal(&PLACE, SECRET).await.unwrap();
        house.vault.open(&PLACE, &blob).await.unwrap();
        assert_eq!(house.shelf.asked(), asked);
        house.clock.advance(Duration::from_mins(5));
        house.vault.seal(&PLACE, SECRET).await.unwrap();
        assert_eq!(house.shelf.asked(), asked + 1);
    }

    #[tokio::test]
    async fn another_process_follows_a_rotation_within_five_minutes() {
        let house = House::new();
        let other = house.another_process();
        other.seal(&PLACE, SECRET).await.unwrap();
        let id = house.vault.rotate().await.unwrap();
        house.clock.advance(Duration::from_mins(5));
        let blob = other.seal(&PLACE, SECRET).await.unwrap();
        assert_eq!(blob::data_key_of(&blob).unwrap(), id);
    }

    struct House {
        key: secrecy::SecretString,
        shelf: Arc<MemoryShelf>,
        clock: Arc<SteeredClock>,
        vault: Vault,
    }

    impl House {
        fn new() -> Self {
            let key = LocalKey::mint().unwrap();
            let (shelf, clock) = (
                Arc::<MemoryShelf>::default(),
                Arc::<SteeredClock>::default(),
            );
            let vault = over(&key, &shelf, &clock);
            Self {
                key,
                shelf,
                clock,
                vault,
            }
        }

        fn another_process(&self) -> Vault {
            over(&self.key, &self.shelf, &self.clock)
        }
    }

    fn over(
        key: &secrecy::SecretString,
        shelf: &Arc<MemoryShelf>,
        clock: &Arc<SteeredClock>,
    ) -> Vault {
        let wrapper = Wrapper::Local(LocalKey::from_base64(key).unwrap());
        Vault::new(wrapper, shelf.clone(), clock.clone())
    }

    async fn opened(vault: &Vault, place: &Place, blob: &[u8]) -> Vec<u8> {
        vault
            .open(place, blob)
            .await
            .unwrap()
            .expose_secret()
            .to_vec()
    }
}
