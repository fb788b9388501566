//! Data keys of whoever only seals: made here, never unwrapped.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use domain::DataKeyId;

use crate::{VaultError, bench::Bench, clear_key::ClearKey, keyring::KEPT_FOR};

/// Makes a data key of its own about every five minutes in which something is sealed. It asks the
/// wrapper to make keys and never to open one, so its process needs no right to.
pub(crate) struct Mint {
    bench: Arc<Bench>,
    kept: Mutex<Option<Kept>>,
}

struct Kept {
    id: DataKeyId,
    key: Arc<ClearKey>,
    since: Instant,
}

impl Mint {
    pub(crate) const fn new(bench: Arc<Bench>) -> Self {
        Self {
            bench,
            kept: Mutex::new(None),
        }
    }

    /// A key to seal under for at least `time` from now. It lies on the shelf before it is given out.
    pub(crate) async fn key(
        &self,
        time: Duration,
    ) -> Result<(DataKeyId, Arc<ClearKey>), VaultError> {
        if let Some(kept) = &*self.fresh(time) {
            return Ok((kept.id, Arc::clone(&kept.key)));
        }
        let since = self.bench.clock.instant();
        let (key, wrapped) = self.bench.make(None).await?;
        let (id, key) = (wrapped.id, Arc::new(key));
        let kept = self.bench.shelf.keep(wrapped).await;
        kept.map_err(VaultError::Shelf)?;
        *self.fresh(Duration::ZERO) = Some(Kept {
            id,
            key: Arc::clone(&key),
            since,
        });
        Ok((id, key))
    }

    /// What is kept, after it was dropped and with it wiped when it outlives its time by `time` from now.
    fn fresh(&self, time: Duration) -> MutexGuard<'_, Option<Kept>> {
        let then = self.bench.clock.instant() + time;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.take_if(|kept| then.saturating_duration_since(kept.since) >= KEPT_FOR);
        kept
    }
}
