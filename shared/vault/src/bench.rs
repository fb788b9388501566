//! What keys are made with, shared by whoever makes them.

use std::sync::Arc;

use domain::DataKeyId;
use time::OffsetDateTime;

use crate::{Clock, KeyShelf, VaultError, WrappedKey, Wrapper, clear_key::ClearKey};

pub(crate) struct Bench {
    pub(crate) wrapper: Wrapper,
    pub(crate) shelf: Arc<dyn KeyShelf>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Bench {
    /// Makes a key, later than `before`.
    pub(crate) async fn make(
        &self,
        before: Option<&WrappedKey>,
    ) -> Result<(ClearKey, WrappedKey), VaultError> {
        let id = DataKeyId::mint();
        let (key, wrapped) = self.wrapper.generate(id).await?;
        let wrapped = WrappedKey {
            id,
            wrapped,
            created_at: self.later_than(before),
        };
        Ok((key, wrapped))
    }

    /// The time of day, moved behind the other key's: clocks of two machines may disagree, and the newer key is the current one.
    fn later_than(&self, before: Option<&WrappedKey>) -> OffsetDateTime {
        let now = self.clock.now();
        let now = now.replace_microsecond(now.microsecond()).unwrap_or(now);
        before.map_or(now, |key| {
            now.max(key.created_at + time::Duration::MICROSECOND)
        })
    }
}
