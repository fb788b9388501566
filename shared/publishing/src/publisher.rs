//! Who publishes, and what it answers a doorbell.

use std::{error::Error, fmt, sync::Arc};

use aws_types::SdkConfig;
use domain::{ConnectionId, DeliveryId, ErrandId, PostId};
use doorbell::{Doorbell, Reply};
use media::Library;
use settings::{Apps, Networks, ObjectSettings, VaultSettings};
use store::{Pool, StoreError};
use time::Duration;
use tokio::time::Instant;
use url::Url;
use vault::{SystemClock, Vault, VaultError, Wrapper, WrapperError};
use wire::{Wire, WireSettings};

use crate::{
    deliveries::Courier,
    pass::{self, Lines},
    ports::{Books, DatabaseBooks, Files},
    progress::ProgressError,
};

/// How long a look may last where nobody says when it has to be over.
const ALLOWANCE: std::time::Duration = std::time::Duration::from_secs(280);

/// What a publisher is made of.
#[derive(Clone)]
pub struct Parts {
    /// The truth.
    pub pool: Pool,
    /// Opens tokens.
    pub vault: Vault,
    /// The age at which the sweep replaces the current data key.
    pub key_life: Duration,
    /// Speaks to the networks.
    pub wire: Arc<Wire>,
    /// Our registrations at the networks.
    pub apps: Arc<Apps>,
    /// Where networks reach us.
    pub public_url: Url,
    /// Fetches, converts and keeps files.
    pub library: Arc<Library>,
    /// Rings when a row is to be looked at again.
    pub doorbell: Doorbell,
    /// Tells users' own servers of events.
    pub courier: Courier,
}

/// What a look at a post works with. Cheap to clone.
#[derive(Clone)]
pub struct Means {
    /// The truth.
    pub books: Arc<dyn Books>,
    /// Opens tokens, and seals what is kept between two steps.
    pub vault: Vault,
    /// Speaks to the networks.
    pub wire: Arc<Wire>,
    /// Our registrations at the networks.
    pub apps: Arc<Apps>,
    /// Fetches, converts and keeps files.
    pub files: Arc<dyn Files>,
    /// Rings when a row is to be looked at again.
    pub doorbell: Doorbell,
    /// Who waits for another post of the same account.
    pub lines: Lines,
}

/// Publishes posts, one look at a time. Cheap to clone.
#[derive(Clone)]
pub struct Publisher {
    pub(crate) parts: Parts,
    pub(crate) means: Means,
}

/// Why a look ended early; the row is untouched or under a lease that runs out, so another look mends it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LookError {
    #[error("the file of a post could not be read or kept")]
    Library(#[source] media::LibraryError),
    #[error("the time for this look is over")]
    OutOfTime,
    #[error(transparent)]
    Progress(#[from] ProgressError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a secret could not be sealed or opened")]
    Vault(#[from] VaultError),
}

impl LookError {
    /// Whether every other row would fail alike just then.
    pub(crate) fn is_of_every_row(&self) -> bool {
        matches!(self, Self::Store(_)) || self.vault().is_some_and(VaultError::is_of_every_secret)
    }

    /// What the vault said, when that is why.
    pub(crate) const fn vault(&self) -> Option<&VaultError> {
        match self {
            Self::Progress(ProgressError::Vault(error)) | Self::Vault(error) => Some(error),
            Self::Library(_)
            | Self::OutOfTime
            | Self::Progress(ProgressError::Decode(_) | ProgressError::Encode(_))
            | Self::Store(_) => None,
        }
    }
}

/// Why a publisher could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// TLS has no usable defaults.
    #[error("the client for users' own servers could not be made")]
    Courier(#[source] rustls::Error),
    /// The key that wraps data keys is of no use.
    #[error("KMS_KEY_ID or TOKEN_KEY is of no use")]
    Key(#[source] WrapperError),
    /// Files can be kept nowhere.
    #[error(transparent)]
    Library(media::SetUpError),
    /// TLS has no usable defaults.
    #[error("the client for networks could not be made")]
    Wire(#[source] Box<dyn Error + Send + Sync>),
}

/// The vault over the data keys in the database. A key of KMS is reached as `config` says, and not before
/// something is sealed or opened.
///
/// # Errors
/// [`AssembleError::Key`].
pub fn vault(
    settings: &VaultSettings,
    config: Option<&SdkConfig>,
    pool: Pool,
) -> Result<Vault, AssembleError> {
    let wrapper = Wrapper::from_settings(settings, config).map_err(AssembleError::Key)?;
    let shelf = Arc::new(store::data_keys::Shelf(pool));
    Ok(Vault::new(wrapper, shelf, Arc::new(SystemClock)))
}

/// The client for networks.
///
/// # Errors
/// [`AssembleError::Wire`].
pub fn wire(networks: &Networks) -> Result<Wire, AssembleError> {
    let settings = WireSettings {
        networks_base_url: networks.base_url.clone(),
        ..WireSettings::default()
    };
    Wire::new(settings).map_err(AssembleError::Wire)
}

/// What tells users' own servers of events.
///
/// # Errors
/// [`AssembleError::Courier`].
pub fn courier(networks: &Networks) -> Result<Courier, AssembleError> {
    Courier::of_stage(networks.stage).map_err(AssembleError::Courier)
}

impl Publisher {
    /// A publisher as the settings say; `config` tells how AWS is reached, where it is.
    ///
    /// # Errors
    /// [`AssembleError`].
    pub fn assemble(
        pool: Pool,
        doorbell: Doorbell,
        networks: &Networks,
        vault_settings: &VaultSettings,
        objects: &ObjectSettings,
        config: Option<&SdkConfig>,
    ) -> Result<Self, AssembleError> {
        let library = Library::from_settings(objects, config).map_err(AssembleError::Library)?;
        Ok(Self::new(Parts {
            vault: vault(vault_settings, config, pool.clone())?,
            key_life: vault_settings.key_life,
            wire: Arc::new(wire(networks)?),
            apps: Arc::new(networks.apps.clone()),
            public_url: networks.public_url.clone(),
            library: Arc::new(library),
            doorbell,
            courier: courier(networks)?,
            pool,
        }))
    }

    /// A publisher.
    pub fn new(parts: Parts) -> Self {
        let means = Means {
            books: Arc::new(DatabaseBooks::from(parts.pool.clone())),
            vault: parts.vault.clone(),
            wire: Arc::clone(&parts.wire),
            apps: Arc::clone(&parts.apps),
            files: Arc::clone(&parts.library) as Arc<dyn Files>,
            doorbell: parts.doorbell.clone(),
            lines: Lines::default(),
        };
        Self { parts, means }
    }

    /// As [`Publisher::answer_by`], where nobody ends this process at a certain time.
    pub async fn answer(&self, subject: &str) -> Reply {
        self.answer_by(subject, Instant::now() + ALLOWANCE).await
    }

    /// Answers a ring for `subject`: does what comes next for the row of that id, and puts it down
    /// for the next look where that would last beyond `until`.
    ///
    /// A subject that is no id of ours can never be answered, so it is logged and dropped.
    pub async fn answer_by(&self, subject: &str, until: Instant) -> Reply {
        let reply = self.reply(subject, until).await;
        // Whatever came of it may be news.
        self.parts.doorbell.announce(None).await;
        reply
    }

    async fn reply(&self, subject: &str, until: Instant) -> Reply {
        let looked = if let Ok(id) = subject.parse::<PostId>() {
            return self.means.answer(id, until).await;
        } else if let Ok(id) = subject.parse::<ConnectionId>() {
            self.look_at_connection(id).await
        } else if let Ok(id) = subject.parse::<ErrandId>() {
            self.look_at_errand(id).await
        } else if let Ok(id) = subject.parse::<DeliveryId>() {
            self.look_at_delivery(id).await
        } else {
            tracing::error!(subject = %subject.chars().take(60).collect::<String>(), "a ring names no row of ours; dropped");
            return Reply::Done;
        };
        replied(subject, looked)
    }
}

impl Means {
    /// Answers a ring for a post: does what comes next for it, and puts it down for the next look where
    /// that would last beyond `until`.
    pub async fn answer(&self, post: PostId, until: Instant) -> Reply {
        // Boxed: a look is deep, and whoever waits for it need not be.
        replied(post, Box::pin(pass::look(self, post, until)).await)
    }
}

fn replied(subject: impl fmt::Display, looked: Result<(), LookError>) -> Reply {
    match looked {
        Ok(()) => Reply::Done,
        Err(error) => {
            tracing::error!(%subject, error = &error as &dyn Error, "a look ended early");
            Reply::Again
        }
    }
}

#[cfg(test)]
mod tests {
    use media::LibraryError;

    use super::*;

    #[test]
    fn what_is_away_is_away_for_every_row() {
        let conflict = || StoreError::Conflict("a_rule".to_owned());
        let down = || VaultError::KeyServiceDown("away".into());
        for away in [
            LookError::Store(conflict()),
            LookError::Vault(down()),
            LookError::Progress(ProgressError::Vault(down())),
        ] {
            assert!(away.is_of_every_row(), "{away:?}");
        }
        for own in [
            LookError::OutOfTime,
            LookError::Vault(VaultError::Refused),
            LookError::Progress(ProgressError::Vault(VaultError::Refused)),
            LookError::Library(LibraryError::Ending),
        ] {
            assert!(!own.is_of_every_row(), "{own:?}");
        }
    }
}
