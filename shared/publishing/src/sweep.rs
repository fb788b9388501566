//! The sweep: rings again for whatever is overdue, seals anew what lies under old keys, forgets what
//! has outlived its retention; and, by itself, renews tokens that end soon. It never publishes.

use std::{
    future::ready,
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use domain::{ConnectionId, DataKeyId};
use doorbell::Subject;
use futures_util::{StreamExt as _, stream};
use store::{StoreError, connections, data_keys, events, sweep, tokens as stored_tokens};
use time::{Duration, OffsetDateTime};
use vault::VaultError;

use crate::{Publisher, publisher::LookError, reseal, tokens};

/// How many rows of a kind one sweep takes on; the next minute takes the rest.
const AT_MOST: i64 = 500;
/// How long after one overdue post the next is rung for.
const TURN: Duration = Duration::milliseconds(40);
/// How many deliveries to one endpoint are rung for; each that ends rings for the next.
const EACH: i64 = 2;
/// How many tokens are renewed at once, and for how long new renewals are begun.
const AT_ONCE: usize = 8;
const RENEWING: std::time::Duration = std::time::Duration::from_mins(2);
/// How long before its end people are told of an access that is not renewed by itself.
const WARNING: Duration = Duration::WEEK;

/// Why the data key was not replaced.
#[derive(Debug, thiserror::Error)]
#[error("the data key could not be replaced")]
pub struct RotateError(#[source] VaultError);

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Overdue posts, and such as are to be looked for once more, that were rung for.
    pub posts: usize,
    /// Connections to be wiped that were rung for.
    pub connections: usize,
    /// Overdue errands that were rung for.
    pub errands: usize,
    /// Overdue deliveries to users' own servers that were rung for.
    pub deliveries: usize,
    /// Rows whose secrets were sealed anew, under the current data key.
    pub resealed: usize,
    /// Data keys that were deleted because nothing lay under them.
    pub retired: u64,
    /// Files that were deleted.
    pub files: usize,
    /// Rows that were deleted.
    pub rows: u64,
    /// People who were told that an access ends soon.
    pub warned: u64,
    /// Posts whose outcome nobody knows; nothing was done to them.
    pub unconfirmed: i64,
}

impl Publisher {
    /// Sweeps once.
    ///
    /// # Errors
    /// When the database fails; the next sweep does what this one did not.
    pub async fn sweep(&self) -> Result<Swept, StoreError> {
        let parts = &self.parts;
        let pool = &parts.pool;
        let now = store::now(pool).await?;
        let mut swept = Swept::default();
        // One after the other: a crowd that was overlooked must not hold up who posts now.
        for late in sweep::overdue(pool, AT_MOST, TURN).await? {
            let subject = Subject::from(late.id).of(late.user_id);
            parts.doorbell.try_ring(subject, late.at).await;
            swept.posts += 1;
        }
        for id in sweep::unsettled(pool, AT_MOST).await? {
            parts.doorbell.try_ring(id, now).await;
            swept.posts += 1;
        }
        for id in sweep::disconnecting(pool, AT_MOST).await? {
            parts.doorbell.try_ring(id, now).await;
            swept.connections += 1;
        }
        for id in sweep::overdue_errands(pool, AT_MOST).await? {
            parts.doorbell.try_ring(id, now).await;
            swept.errands += 1;
        }
        for id in sweep::overdue_deliveries(pool, EACH, AT_MOST).await? {
            parts.doorbell.try_ring(id, now).await;
            swept.deliveries += 1;
        }
        for user in events::without_place(pool, AT_MOST).await? {
            events::give_places(pool, user).await?;
        }
        self.look_after_keys(now, &mut swept).await?;
        for (id, key) in sweep::outlived_media(pool, AT_MOST).await? {
            if let Some(key) = key
                && let Err(error) = parts.library.forget(&key).await
            {
                tracing::error!(media.id = %id, error = &error as &dyn std::error::Error, "a file could not be deleted");
                continue;
            }
            sweep::forget_media(pool, id).await?;
            swept.files += 1;
        }
        store::registrations::tell(pool, &parts.apps.settings()).await?;
        swept.warned = stored_tokens::warn(pool, WARNING).await?;
        swept.rows = sweep::forget(pool).await?;
        swept.unconfirmed = sweep::unconfirmed(pool).await?;
        parts.doorbell.announce(None).await;
        Ok(swept)
    }

    /// Looks after tokens that end soon; tells how many. It waits for the networks, so nothing else
    /// should wait for it. What is not done in time is left to the next minute, or to the post that
    /// needs it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn renew_tokens(&self) -> Result<usize, StoreError> {
        let (begun, now) = (Instant::now(), store::now(&self.parts.pool).await?);
        let ending = stored_tokens::ending(&self.parts.pool, &tokens::margins(), AT_MOST).await?;
        // What has begun is finished whatever happens: a network may have taken the old tokens back.
        let goes_on = AtomicBool::new(true);
        let renewals = stream::iter(ending)
            .take_while(|_| ready(goes_on.load(Ordering::Relaxed) && begun.elapsed() < RENEWING))
            .map(async |id| {
                let renewed = self.renew(id, now + begun.elapsed()).await;
                if renewed.as_ref().is_err_and(LookError::is_of_every_row) {
                    goes_on.store(false, Ordering::Relaxed);
                }
                (id, renewed)
            })
            .buffer_unordered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        let (mut tokens, mut failure) = (0, None);
        for (id, renewed) in renewals {
            match renewed {
                Ok(()) => tokens += 1,
                Err(LookError::Store(error)) => failure = Some(error),
                Err(error) => {
                    tracing::error!(connection.id = %id, error = &error as &dyn std::error::Error, "tokens could not be looked after");
                }
            }
        }
        self.parts.doorbell.announce(None).await;
        failure.map_or(Ok(tokens), Err)
    }

    async fn renew(&self, id: ConnectionId, now: OffsetDateTime) -> Result<(), LookError> {
        if let Some(connection) = connections::by_message(&self.parts.pool, id).await? {
            tokens::look_after(&self.means, &connection, now).await?;
        }
        Ok(())
    }

    /// Replaces the current data key, as if it had become too old; tells the new one's id. What lies
    /// under older keys is sealed anew by the sweeps that follow.
    ///
    /// # Errors
    /// When the key service or the database fails; then nothing has changed.
    pub async fn rotate_keys(&self) -> Result<DataKeyId, RotateError> {
        let id = self.parts.vault.rotate().await.map_err(RotateError)?;
        tracing::info!(data_key.id = %id, "rotated: {id} is the current data key");
        Ok(id)
    }

    /// Replaces a data key that is too old, seals anew what lies under other keys, and deletes those that
    /// nothing lies under. Where the key service is down all of it waits for a later sweep.
    async fn look_after_keys(
        &self,
        now: OffsetDateTime,
        swept: &mut Swept,
    ) -> Result<(), StoreError> {
        let parts = &self.parts;
        let outcome = match parts.vault.rotate_made_before(now - parts.key_life).await {
            Ok(rotated) => {
                if let Some(id) = rotated {
                    tracing::info!(data_key.id = %id, "the data key had become old; {id} is the current one");
                }
                reseal::reseal(parts).await
            }
            Err(error) => Err(LookError::Vault(error)),
        };
        match outcome {
            Ok(resealed) => swept.resealed = resealed,
            Err(LookError::Store(error)) => return Err(error),
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "what lies under old data keys could not be sealed anew"
                );
            }
        }
        swept.retired = data_keys::retire(&parts.pool).await?;
        Ok(())
    }
}
