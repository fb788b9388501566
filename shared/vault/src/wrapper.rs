//! What wraps data keys.

mod kms;
mod local;

use aws_types::SdkConfig;
use domain::DataKeyId;
use settings::{VaultSettings, WrappingKey};

pub use self::{
    kms::KmsKey,
    local::{LocalKey, LocalKeyError},
};
#[cfg(any(test, feature = "testing"))]
use crate::testing::SteeredWrapper;
use crate::{VaultError, clear_key::ClearKey};

/// What a data key is made for; part of what every wrapper binds it to.
const PURPOSE: &str = "picscripter:data-key";

/// Why there is no wrapper of the kind that the settings name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrapperError {
    /// The local key is none.
    #[error(transparent)]
    Local(#[from] LocalKeyError),
    /// A key of KMS was named where nothing tells how AWS is reached.
    #[error("KMS_KEY_ID is set, but this program does not reach AWS")]
    NoCloud,
}

/// Wraps data keys, so that the database alone opens nothing.
pub enum Wrapper {
    /// A key of AWS KMS, which never leaves it.
    Kms(KmsKey),
    /// A key that the process was started with.
    Local(LocalKey),
    /// A wrapper that fails when a test wants it to.
    #[cfg(any(test, feature = "testing"))]
    Steered(SteeredWrapper),
}

impl Wrapper {
    /// The wrapper that the settings name. KMS is reached as `config` says, and not before it is needed.
    pub fn from_settings(
        settings: &VaultSettings,
        config: Option<&SdkConfig>,
    ) -> Result<Self, WrapperError> {
        match &settings.wrapping_key {
            WrappingKey::Kms(arn) => {
                let config = config.ok_or(WrapperError::NoCloud)?;
                Ok(Self::Kms(KmsKey::new(
                    aws_sdk_kms::Client::new(config),
                    arn,
                )))
            }
            WrappingKey::Local(key) => Ok(Self::Local(LocalKey::from_bytes(key.expose())?)),
        }
    }

    /// Makes a data key and wraps it, bound to its id; the context holds no personal data.
    pub(crate) async fn generate(&self, id: DataKeyId) -> Result<(ClearKey, Vec<u8>), VaultError> {
        match self {
            // In a box: a call of the SDK is deep, and would be part of every look at a post.
            Self::Kms(kms) => Box::pin(kms.generate(id)).await,
            Self::Local(local) => local.generate(id),
            #[cfg(any(test, feature = "testing"))]
            Self::Steered(steered) => steered.generate(id),
        }
    }

    /// Unwraps the key of that id.
    pub(crate) async fn unwrap(
        &self,
        id: DataKeyId,
        wrapped: &[u8],
    ) -> Result<ClearKey, VaultError> {
        match self {
            Self::Kms(kms) => Box::pin(kms.unwrap(id, wrapped)).await,
            Self::Local(local) => local.unwrap(id, wrapped),
            #[cfg(any(test, feature = "testing"))]
            Self::Steered(steered) => steered.unwrap(id, wrapped),
        }
    }
}
