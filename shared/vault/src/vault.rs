//! Sealing and opening.

use std::{error::Error, sync::Arc, time::Duration};

use domain::DataKeyId;
use secrecy::{ExposeSecret, SecretBox};
use time::OffsetDateTime;

use crate::{
    Clock, KeyShelf, Place, ShelfError, Wrapper, bench::Bench, blob, clear_key::ClearKey,
    keyring::Keyring, mint::Mint,
};

/// Why a secret could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The machine has no randomness to give; worth another try elsewhere.
    #[error("the machine gave no random bytes")]
    Chance,
    /// The key service did not answer, or is overwhelmed; worth another try later.
    #[error("the key service could not be reached")]
    KeyServiceDown(#[source] Box<dyn Error + Send + Sync>),
    /// The key service refuses: the wrapping key is disabled, gone or not ours to use; an operator must act.
    #[error("the key service refuses the use of the wrapping key")]
    KeyServiceRefuses(#[source] Box<dyn Error + Send + Sync>),
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

impl VaultError {
    /// Whether every other secret would fail alike just then, and nothing is wrong with this one.
    pub const fn is_of_every_secret(&self) -> bool {
        match self {
            Self::Chance
            | Self::KeyServiceDown(_)
            | Self::KeyServiceRefuses(_)
            | Self::Shelf(_) => true,
            Self::Refused | Self::UnknownKey(_) | Self::WrongWrappingKey(_) => false,
        }
    }

    /// Whether this secret opens at no later time either, whatever an operator does.
    pub const fn is_forever(&self) -> bool {
        match self {
            Self::Refused | Self::UnknownKey(_) => true,
            Self::Chance
            | Self::KeyServiceDown(_)
            | Self::KeyServiceRefuses(_)
            | Self::Shelf(_)
            | Self::WrongWrappingKey(_) => false,
        }
    }
}

/// Seals secrets and opens them again; for whoever must use them.
#[derive(Clone)]
pub struct Vault {
    bench: Arc<Bench>,
    keyring: Arc<Keyring>,
}

impl Vault {
    /// Opens for business over the shelf of data keys that `wrapper` wrapped. Nothing is asked of either yet.
    pub fn new(wrapper: Wrapper, shelf: Arc<dyn KeyShelf>, clock: Arc<dyn Clock>) -> Self {
        let bench = Arc::new(Bench {
            wrapper,
            shelf,
            clock,
        });
        Self {
            keyring: Arc::new(Keyring::new(Arc::clone(&bench))),
            bench,
        }
    }

    /// The half that seals, for request handlers: nothing leads back from it to the vault.
    pub fn sealer(&self) -> Sealer {
        Sealer {
            mint: Arc::new(Mint::new(Arc::clone(&self.bench))),
        }
    }

    /// Seals a secret to its place, under the current data key.
    pub async fn seal(&self, place: &Place, clear: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (id, key) = self.keyring.current().await?;
        blob::seal(id, &key, place, clear)
    }

    /// Something to seal with for `time` without asking anybody, for where waiting for a key would
    /// lose what is to be sealed. `time` is shorter than five minutes.
    pub async fn pen(&self, time: Duration) -> Result<Pen, VaultError> {
        let (id, key) = self.keyring.hold(time).await?;
        Ok(Pen { id, key })
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

    /// Makes a new current data key if the current one was made before `time`; tells the id of what is current then.
    pub async fn rotate_made_before(
        &self,
        time: OffsetDateTime,
    ) -> Result<Option<DataKeyId>, VaultError> {
        self.keyring.rotate_made_before(time).await
    }

    /// Seals anew what another data key sealed; `None` when it lies under the current one.
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

/// Seals under one data key that it holds in the clear; short-lived.
pub struct Pen {
    id: DataKeyId,
    key: Arc<ClearKey>,
}

impl Pen {
    /// Seals a secret to its place.
    pub fn seal(&self, place: &Place, clear: &[u8]) -> Result<Vec<u8>, VaultError> {
        blob::seal(self.id, &self.key, place, clear)
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
    mint: Arc<Mint>,
}

impl Sealer {
    /// Opens for business; nothing is asked of the wrapper or the shelf yet.
    pub fn new(wrapper: Wrapper, shelf: Arc<dyn KeyShelf>, clock: Arc<dyn Clock>) -> Self {
        Vault::new(wrapper, shelf, clock).sealer()
    }

    /// Seals a secret to its place, under a data key of its own.
    pub async fn seal(&self, place: &Place, clear: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (id, key) = self.mint.key(Duration::ZERO).await?;
        blob::seal(id, &key, place, clear)
    }

    /// As [`Vault::pen`].
    pub async fn pen(&self, time: Duration) -> Result<Pen, VaultError> {
        let (id, key) = self.mint.key(time).await?;
        Ok(Pen { id, key })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::*;
    use crate::{
        LocalKey,
        testing::{Health, MemoryShelf, SteeredClock, SteeredWrapper},
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
    async fn a_sealer_seals_with_no_right_to_unwrap() {
        let (house, wrapper) = House::steered();
        wrapper.set(Health::SealingOnly);
        let sealer = house.vault.sealer();
        let first = sealer.seal(&PLACE, SECRET).await.unwrap();
        house.clock.advance(Duration::from_mins(6));
        let second = sealer.seal(&PLACE, SECRET).await.unwrap();
        assert_eq!(wrapper.unwrapped(), 0);
        wrapper.set(Health::Good);
        for blob in [first, second] {
            assert_eq!(opened(&house.vault, &PLACE, &blob).await, SECRET);
        }
    }

    #[tokio::test]
    async fn a_sealer_asks_for_one_key_in_five_minutes() {
        let (house, wrapper) = House::steered();
        let sealer = house.vault.sealer();
        let mut ids = Vec::new();
        for _ in 0..3 {
            let blob = sealer.seal(&PLACE, SECRET).await.unwrap();
            ids.push(blob::data_key_of(&blob).unwrap());
            house.clock.advance(Duration::from_secs(151));
        }
        assert_eq!(ids[0], ids[1]);
        assert_ne!(ids[1], ids[2]);
        assert_eq!((wrapper.made(), house.shelf.len()), (2, 2));
    }

    #[tokio::test]
    async fn what_a_sealer_seals_under_is_never_current() {
        let house = House::new();
        let sealer = house.vault.sealer();
        let early = sealer.seal(&PLACE, SECRET).await.unwrap();
        let current = house.vault.seal(&PLACE, SECRET).await.unwrap();
        house.clock.advance(Duration::from_mins(5));
        let late = sealer.seal(&PLACE, SECRET).await.unwrap();
        let again = house.another_process().seal(&PLACE, SECRET).await.unwrap();
        let [early, late, current, again] =
            [early, late, current, again].map(|blob| blob::data_key_of(&blob).unwrap());
        assert_eq!(current, again);
        assert!(early != current && late != current);
        let blob = sealer.seal(&PLACE, SECRET).await.unwrap();
        let moved = house.vault.reseal(&PLACE, &blob).await.unwrap().unwrap();
        assert_eq!(blob::data_key_of(&moved).unwrap(), current);
    }

    #[tokio::test]
    async fn a_sealer_whose_key_found_no_place_seals_nothing_under_it() {
        let house = House::new();
        house.shelf.refuse_the_next_addition();
        let sealer = house.vault.sealer();
        let refused = sealer.seal(&PLACE, SECRET).await;
        assert!(matches!(refused, Err(VaultError::Shelf(_))));
        let blob = sealer.seal(&PLACE, SECRET).await.unwrap();
        assert_eq!(opened(&house.vault, &PLACE, &blob).await, SECRET);
    }

    #[tokio::test]
    async fn a_key_service_that_is_down_is_told_apart_from_one_that_refuses() {
        let (house, wrapper) = House::steered();
        let blob = house.vault.seal(&PLACE, SECRET).await.unwrap();
        house.clock.advance(Duration::from_mins(5));
        wrapper.set(Health::Down);
        let opened = house.vault.open(&PLACE, &blob).await;
        assert!(matches!(opened, Err(VaultError::KeyServiceDown(_))));
        wrapper.set(Health::Refusing);
        let opened = house.vault.open(&PLACE, &blob).await;
        assert!(matches!(opened, Err(VaultError::KeyServiceRefuses(_))));
        wrapper.set(Health::Good);
        assert!(house.vault.open(&PLACE, &blob).await.is_ok());
    }

    #[tokio::test]
    async fn what_is_cached_works_while_the_key_service_is_down() {
        let (house, wrapper) = House::steered();
        let blob = house.vault.seal(&PLACE, SECRET).await.unwrap();
        wrapper.set(Health::Down);
        house.clock.advance(Duration::from_secs(299));
        house.vault.seal(&PLACE, SECRET).await.unwrap();
        assert_eq!(opened(&house.vault, &PLACE, &blob).await, SECRET);
    }

    #[tokio::test]
    async fn a_pen_writes_to_the_end_of_its_time_though_no_key_is_to_be_had() {
        let (house, wrapper) = House::steered();
        house.vault.seal(&PLACE, SECRET).await.unwrap();
        house.clock.advance(Duration::from_secs(250));
        let pen = house.vault.pen(Duration::from_secs(90)).await.unwrap();
        assert_eq!(wrapper.unwrapped(), 1, "a key with 50 s left is not enough");
        wrapper.set(Health::Down);
        house.clock.advance(Duration::from_secs(89));
        let blob = pen.seal(&PLACE, SECRET).unwrap();
        assert_eq!(opened(&house.vault, &PLACE, &blob).await, SECRET);
    }

    #[tokio::test]
    async fn a_sealers_pen_writes_to_the_end_of_its_time_too() {
        let (house, wrapper) = House::steered();
        let sealer = house.vault.sealer();
        sealer.seal(&PLACE, SECRET).await.unwrap();
        house.clock.advance(Duration::from_secs(250));
        let pen = sealer.pen(Duration::from_secs(90)).await.unwrap();
        assert_eq!(wrapper.made(), 2, "a key with 50 s left is not enough");
        wrapper.set(Health::Down);
        house.clock.advance(Duration::from_secs(89));
        let blob = pen.seal(&PLACE, SECRET).unwrap();
        wrapper.set(Health::Good);
        assert_eq!(opened(&house.vault, &PLACE, &blob).await, SECRET);
    }

    #[tokio::test]
    async fn a_key_is_replaced_by_age_once_whoever_asks() {
        let house = House::new();
        let made = house.clock.now();
        assert_eq!(house.vault.rotate_made_before(made).await.unwrap(), None);
        house.vault.seal(&PLACE, SECRET).await.unwrap();
        assert_eq!(house.vault.rotate_made_before(made).await.unwrap(), None);
        let limit = made + time::Duration::seconds(1);
        house.clock.advance(Duration::from_mins(1));
        let new = house.vault.rotate_made_before(limit).await.unwrap();
        let other = house.another_process();
        assert_eq!(other.rotate_made_before(limit).await.unwrap(), None);
        let blob = other.seal(&PLACE, SECRET).await.unwrap();
        assert_eq!(Some(blob::data_key_of(&blob).unwrap()), new);
        assert_eq!(house.shelf.len(), 2);
    }

    #[tokio::test]
    async fn of_two_rotations_at_once_one_counts_and_both_go_on_with_it() {
        let house = House::new();
        house.vault.seal(&PLACE, SECRET).await.unwrap();
        house.shelf.lose_the_next_race();
        let id = house.vault.rotate().await.unwrap();
        assert_eq!(house.shelf.len(), 2);
        for vault in [&house.vault, &house.another_process()] {
            let blob = vault.seal(&PLACE, SECRET).await.unwrap();
            assert_eq!(blob::data_key_of(&blob).unwrap(), id);
        }
    }

    #[tokio::test]
    async fn a_rotation_without_the_key_service_changes_nothing() {
        let (house, wrapper) = House::steered();
        let before = house.vault.seal(&PLACE, SECRET).await.unwrap();
        wrapper.set(Health::Down);
        assert!(house.vault.rotate().await.is_err());
        wrapper.set(Health::Good);
        let after = house.another_process().seal(&PLACE, SECRET).await.unwrap();
        assert_eq!(
            blob::data_key_of(&before).unwrap(),
            blob::data_key_of(&after).unwrap()
        );
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
        wrapper: SteeredWrapper,
        shelf: Arc<MemoryShelf>,
        clock: Arc<SteeredClock>,
        vault: Vault,
    }

    impl House {
        fn new() -> Self {
            Self::steered().0
        }

        fn steered() -> (Self, SteeredWrapper) {
            let wrapper = SteeredWrapper::new([7; 32]);
            let (shelf, clock) = (
                Arc::<MemoryShelf>::default(),
                Arc::<SteeredClock>::default(),
            );
            let house = Self {
                vault: Vault::new(wrapper.wrapper(), shelf.clone(), clock.clone()),
                wrapper: wrapper.clone(),
                shelf,
                clock,
            };
            (house, wrapper)
        }

        fn another_process(&self) -> Vault {
            Vault::new(
                self.wrapper.wrapper(),
                self.shelf.clone(),
                self.clock.clone(),
            )
        }
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
