//! Data keys: made, unwrapped, and kept in the clear for a short while.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use domain::DataKeyId;
use time::OffsetDateTime;

use crate::{VaultError, WrappedKey, bench::Bench, clear_key::ClearKey};

/// How long a data key stays in memory in the clear.
pub(crate) const KEPT_FOR: Duration = Duration::from_mins(5);

pub(crate) struct Keyring {
    bench: Arc<Bench>,
    cache: Mutex<Cache>,
}

#[derive(Default)]
struct Cache {
    current: Option<(DataKeyId, Instant)>,
    keys: HashMap<DataKeyId, (Arc<ClearKey>, Instant)>,
}

impl Keyring {
    pub(crate) fn new(bench: Arc<Bench>) -> Self {
        Self {
            bench,
            cache: Mutex::default(),
        }
    }

    /// The key to seal under; the first one ever asked for is made.
    pub(crate) async fn current(&self) -> Result<(DataKeyId, Arc<ClearKey>), VaultError> {
        if let Some(cached) = self.fresh().current_key() {
            return Ok(cached);
        }
        // Taken before the shelf is asked, so that a slow answer shortens the life of what it brings.
        let read_at = self.bench.clock.instant();
        let (id, key) = match self.on_the_shelf().await? {
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
        let wrapped = self.bench.shelf.find(id).await.map_err(VaultError::Shelf)?;
        self.clear(wrapped.ok_or(VaultError::UnknownKey(id))?).await
    }

    /// The key to seal under, in the clear for at least `time` from now whatever the cache forgets.
    pub(crate) async fn hold(
        &self,
        time: Duration,
    ) -> Result<(DataKeyId, Arc<ClearKey>), VaultError> {
        let until = self.bench.clock.instant() + time;
        drop(self.drop_before(until));
        self.current().await
    }

    /// Makes a new current key; keys made before stay on the shelf and keep opening.
    pub(crate) async fn rotate(&self) -> Result<DataKeyId, VaultError> {
        let replaced = self.on_the_shelf().await?;
        self.take_over(replaced).await
    }

    /// Makes a new current key if the current one was made before `time`.
    pub(crate) async fn rotate_made_before(
        &self,
        time: OffsetDateTime,
    ) -> Result<Option<DataKeyId>, VaultError> {
        match self.on_the_shelf().await? {
            Some(old) if old.created_at < time => self.take_over(Some(old)).await.map(Some),
            Some(_) | None => Ok(None),
        }
    }

    async fn take_over(&self, replaced: Option<WrappedKey>) -> Result<DataKeyId, VaultError> {
        let read_at = self.bench.clock.instant();
        let (id, _) = self.replace(replaced).await?;
        self.fresh().current = Some((id, read_at));
        Ok(id)
    }

    /// Puts a new key in the place of `replaced`, or takes the one another process put there first.
    async fn replace(
        &self,
        replaced: Option<WrappedKey>,
    ) -> Result<(DataKeyId, Arc<ClearKey>), VaultError> {
        let since = self.bench.clock.instant();
        let (key, wrapped) = self.bench.make(replaced.as_ref()).await?;
        let (id, before) = (wrapped.id, replaced.map(|key| key.id));
        let added = self.bench.shelf.add(wrapped, before).await;
        if added.map_err(VaultError::Shelf)? {
            return Ok((id, self.keep(id, key, since)));
        }
        let winner = self.on_the_shelf().await?.ok_or_else(|| {
            VaultError::Shelf("the shelf refused a data key but holds no other".into())
        })?;
        Ok((winner.id, self.clear(winner).await?))
    }

    async fn on_the_shelf(&self) -> Result<Option<WrappedKey>, VaultError> {
        self.bench.shelf.current().await.map_err(VaultError::Shelf)
    }

    async fn clear(&self, wrapped: WrappedKey) -> Result<Arc<ClearKey>, VaultError> {
        if let Some(key) = self.fresh().key(wrapped.id) {
            return Ok(key);
        }
        let since = self.bench.clock.instant();
        let opened = self.bench.wrapper.unwrap(wrapped.id, &wrapped.wrapped);
        Ok(self.keep(wrapped.id, opened.await?, since))
    }

    fn keep(&self, id: DataKeyId, key: ClearKey, since: Instant) -> Arc<ClearKey> {
        let key = Arc::new(key);
        self.fresh().keys.insert(id, (Arc::clone(&key), since));
        key
    }

    /// The cache, after whatever outlived its time was dropped and with it wiped.
    fn fresh(&self) -> MutexGuard<'_, Cache> {
        self.drop_before(self.bench.clock.instant())
    }

    /// The cache, without whatever will have outlived its time at `then`.
    fn drop_before(&self, then: Instant) -> MutexGuard<'_, Cache> {
        let young = |since: Instant| then.saturating_duration_since(since) < KEPT_FOR;
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
