//! Data keys: made, unwrapped, and kept in the clear for a short while.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use domain::DataKeyId;
use time::OffsetDateTime;

use crate::{Clock, KeyShelf, VaultError, WrappedKey, Wrapper, clear_key::ClearKey};

/// How long a data key stays in memory in the clear.
const KEPT_FOR: Duration = Duration::from_mins(5);

pub(crate) struct Keyring {
    wrapper: Wrapper,
    shelf: Arc<dyn KeyShelf>,
    clock: Arc<dyn Clock>,
    cache: Mutex<Cache>,
}

#[derive(Default)]
struct Cache {
    current: Option<(DataKeyId, Instant)>,
    keys: HashMap<DataKeyId, (Arc<ClearKey>, Instant)>,
}

impl Keyring {
    pub(crate) fn new(wrapper: Wrapper, shelf: Arc<dyn KeyShelf>, clock: Arc<dyn Clock>) -> Self {
        Self {
            wrapper,
            shelf,
            clock,
            cache: Mutex::default(),
        }
    }

    /// The key to seal under; the first one ever asked for is made.
    pub(crate) async fn current(&self) -> Result<(DataKeyId, Arc<ClearKey>), VaultError> {
        if let Some(cached) = self.fresh().current_key() {
            return Ok(cached);
        }
        // Taken before the shelf is asked, so that a slow answer shortens the life of what it brings.
        let read_at = self.clock.instant();
        let (id, key) = match self.shelf.current().await.map_err(VaultError::Shelf)? {
            Some(wrapped) => (wrapped.id, self.clear(wrapped).await?),
            None => self.replace(None).await?,
        };
        self.fresh().current = Some((id, read_at));
        Ok((id, key))
    }

    /// The key of that id, for opening what was sealed under it.
    pub(crate) async fn find(&self, id: DataKeyId) -> Result<Arc<ClearKey>, VaultError> {
        if let Some(key) = self.fresh().key(id) {
            return Ok(key);
        }
        let wrapped = self.shelf.find(id).await.map_err(VaultError::Shelf)?;
        self.clear(wrapped.ok_or(VaultError::UnknownKey(id))?).await
    }

    /// Makes a new current key; keys made before stay on the shelf and keep opening.
    pub(crate) async fn rotate(&self) -> Result<DataKeyId, VaultError> {
        let replaced = self.shelf.current().await.map_err(VaultError::Shelf)?;
        let read_at = self.clock.instant();
        let (id, _) = self.replace(replaced).await?;
        self.fresh().current = Some((id, read_at));
        Ok(id)
    }

    /// Puts a new key in the place of `replaced`, or takes the one another process put there first.
    async fn replace(
        &self,
        replaced: Option<WrappedKey>,
    ) -> Result<(DataKeyId, Arc<ClearKey>), VaultError> {
        let id = DataKeyId::mint();
        let key = ClearKey::random().map_err(|_| VaultError::Chance)?;
        let wrapped = WrappedKey {
            id,
            wrapped: self.wrapper.wrap(id, &key).await?,
            created_at: self.later_than(replaced.as_ref()),
        };
        let before = replaced.map(|key| key.id);
        if self
            .shelf
            .add(wrapped, before)
            .await
            .map_err(VaultError::Shelf)?
        {
            return Ok((id, self.keep(id, key)));
        }
        let winner = self.shelf.current().await.map_err(VaultError::Shelf)?;
        let winner = winner.ok_or_else(|| {
            VaultError::Shelf("the shelf refused a data key but holds no other".into())
        })?;
        Ok((winner.id, self.clear(winner).await?))
    }

    /// The time of day, moved behind the replaced key's: clocks of two machines may disagree, and the newest key is the current one.
    fn later_than(&self, replaced: Option<&WrappedKey>) -> OffsetDateTime {
        let now = self.clock.now();
        let now = now.replace_microsecond(now.microsecond()).unwrap_or(now);
        replaced.map_or(now, |key| {
            now.max(key.created_at + time::Duration::MICROSECOND)
        })
    }

    async fn clear(&self, wrapped: WrappedKey) -> Result<Arc<ClearKey>, VaultError> {
        if let Some(key) = self.fresh().key(wrapped.id) {
            return Ok(key);
        }
        let key = self.wrapper.unwrap(wrapped.id, &wrapped.wrapped).await?;
        Ok(self.keep(wrapped.id, key))
    }

    fn keep(&self, id: DataKeyId, key: ClearKey) -> Arc<ClearKey> {
        let key = Arc::new(key);
        self.fresh()
            .keys
            .insert(id, (Arc::clone(&key), self.clock.instant()));
        key
    }

    /// The cache, after whatever outlived its time was dropped and with it wiped.
    fn fresh(&self) -> MutexGuard<'_, Cache> {
        let now = self.clock.instant();
        let young = |since: Instant| now.saturating_duration_since(since) < KEPT_FOR;
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.current = cache.current.filter(|(_, since)| young(*since));
        cache.keys.retain(|_, (_, since)| young(*since));
        cache
    }
}

impl Cache {
    fn current_key(&self) -> Option<(DataKeyId, Arc<ClearKey>)> {
        let (id, _) = self.current?;
        self.key(id).map(|key| (id, key))
    }

    fn key(&self, id: DataKeyId) -> Option<Arc<ClearKey>> {
        self.keys.get(&id).map(|(key, _)| Arc::clone(key))
    }
}

#[cfg(test)]
impl Keyring {
    pub(crate) fn keys_in_the_clear(&self) -> usize {
        self.fresh().keys.len()
    }
}
