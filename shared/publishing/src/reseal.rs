//! Sealing anew what lies under data keys that are not current, a bounded number of rows at a time.
//!
//! Nothing is remembered between two sweeps: what is still to be done is what lies under another key,
//! so a sweep that was cut short is resumed by the next one.

use store::sealed::{self, Tokens};
use uuid::Uuid;
use vault::VaultError;

use crate::{
    deliveries, progress,
    publisher::{LookError, Parts},
    tokens,
};

/// How many rows are read at once.
const PAGE: i64 = 50;
/// How many rows one sweep seals anew, and how many it sets aside before it gives up.
const AT_MOST: usize = 500;

/// Seals old tokens, progress and secrets of endpoints anew; gives how many rows.
///
/// # Errors
/// When the database fails, or the key service: then every row would fail alike.
pub(crate) async fn reseal(parts: &Parts) -> Result<usize, LookError> {
    let rows = reseal_tokens(parts).await? + reseal_progress(parts).await?;
    Ok(rows + reseal_webhook_secrets(parts).await?)
}

async fn reseal_tokens(parts: &Parts) -> Result<usize, LookError> {
    let mut round = Round::default();
    while round.goes_on() {
        let page = sealed::old_tokens(&parts.pool, &round.set_aside, PAGE).await?;
        if page.is_empty() {
            break;
        }
        for old in page {
            round.note(old.id.uuid(), tokens_anew(parts, &old).await)?;
        }
    }
    Ok(round.end("connections"))
}

async fn reseal_progress(parts: &Parts) -> Result<usize, LookError> {
    let mut round = Round::default();
    while round.goes_on() {
        let page = sealed::old_progress(&parts.pool, &round.set_aside, PAGE).await?;
        if page.is_empty() {
            break;
        }
        for old in page {
            round.note(old.id.uuid(), progress_anew(parts, &old).await)?;
        }
    }
    Ok(round.end("posts"))
}

async fn reseal_webhook_secrets(parts: &Parts) -> Result<usize, LookError> {
    let mut round = Round::default();
    while round.goes_on() {
        let page = sealed::old_webhook_secrets(&parts.pool, &round.set_aside, PAGE).await?;
        if page.is_empty() {
            break;
        }
        for old in page {
            round.note(old.id.uuid(), webhook_secret_anew(parts, &old).await)?;
        }
    }
    Ok(round.end("webhook_secrets"))
}

async fn tokens_anew(parts: &Parts, old: &Tokens) -> Result<bool, LookError> {
    let access = token_anew(parts, old, "access_token", old.access.as_deref()).await?;
    let refresh = token_anew(parts, old, "refresh_token", old.refresh.as_deref()).await?;
    if access.is_none() && refresh.is_none() {
        return Ok(false);
    }
    let access = access.as_deref().or(old.access.as_deref());
    let refresh = refresh.as_deref().or(old.refresh.as_deref());
    Ok(sealed::replace_tokens(&parts.pool, old, access, refresh).await?)
}

/// `None` where there is no token, or where it lies under the current key.
async fn token_anew(
    parts: &Parts,
    old: &Tokens,
    field: &'static str,
    blob: Option<&[u8]>,
) -> Result<Option<Vec<u8>>, VaultError> {
    let Some(blob) = blob else { return Ok(None) };
    let place = tokens::place(old.id, old.user, old.platform, field);
    parts.vault.reseal(&place, blob).await
}

async fn progress_anew(parts: &Parts, old: &sealed::Progress) -> Result<bool, LookError> {
    let place = progress::place(old.id, old.user, old.platform);
    match parts.vault.reseal(&place, &old.sealed).await? {
        Some(fresh) => Ok(sealed::replace_progress(&parts.pool, old, &fresh).await?),
        None => Ok(false),
    }
}

async fn webhook_secret_anew(
    parts: &Parts,
    old: &sealed::WebhookSecret,
) -> Result<bool, LookError> {
    let place = deliveries::place(old.id, old.user);
    match parts.vault.reseal(&place, &old.sealed).await? {
        Some(fresh) => Ok(sealed::replace_webhook_secret(&parts.pool, old, &fresh).await?),
        None => Ok(false),
    }
}

#[derive(Default)]
struct Round {
    done: usize,
    set_aside: Vec<Uuid>,
    unreadable: usize,
}

impl Round {
    const fn goes_on(&self) -> bool {
        self.done < AT_MOST && self.set_aside.len() < AT_MOST
    }

    /// How many rows were sealed anew. What does not open is told once for all, because each sweep
    /// comes by it again; whoever needs it says more.
    fn end(self, table: &'static str) -> usize {
        if self.unreadable > 0 {
            let rows = self.unreadable;
            tracing::warn!(
                table,
                rows,
                "{rows} rows of {table} do not open, so they stay under old keys"
            );
        }
        self.done
    }

    /// One row's outcome. What was changed meanwhile or does not open is set aside until the next sweep.
    fn note(&mut self, row: Uuid, outcome: Result<bool, LookError>) -> Result<(), LookError> {
        match outcome {
            Ok(true) => self.done += 1,
            Ok(false) => self.set_aside.push(row),
            Err(error) => {
                if error.vault().is_none_or(VaultError::is_of_every_secret) {
                    return Err(error);
                }
                tracing::debug!(row = %row, error = &error as &dyn std::error::Error, "what is sealed in {row} does not open");
                self.set_aside.push(row);
                self.unreadable += 1;
            }
        }
        Ok(())
    }
}
