//! A wrapping key in the memory of the process.

use aws_lc_rs::error::Unspecified;
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::DataKeyId;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::PURPOSE;
use crate::{VaultError, clear_key::ClearKey};

const FORMAT: u8 = 1;

/// Why a text is not a wrapping key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a wrapping key is 32 random bytes in base64, as `openssl rand -base64 32` prints them")]
pub struct LocalKeyError;

/// A wrapping key that the process was started with, for machines without a key service.
pub struct LocalKey(ClearKey);

impl LocalKey {
    /// Reads a key of 32 bytes from base64.
    pub fn from_base64(text: &SecretString) -> Result<Self, LocalKeyError> {
        BASE64_STANDARD
            .decode(text.expose_secret().trim())
            .map(Zeroizing::new)
            .ok()
            .and_then(|bytes| ClearKey::from_bytes(&bytes))
            .map(Self)
            .ok_or(LocalKeyError)
    }

    /// Takes a key of 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LocalKeyError> {
        ClearKey::from_bytes(bytes).map(Self).ok_or(LocalKeyError)
    }

    /// Makes a new random key, as the base64 text that [`LocalKey::from_base64`] reads.
    pub fn mint() -> Result<SecretString, VaultError> {
        let key = ClearKey::random().map_err(|Unspecified| VaultError::Chance)?;
        Ok(BASE64_STANDARD.encode(key.bytes()).into())
    }

    pub(crate) fn generate(&self, id: DataKeyId) -> Result<(ClearKey, Vec<u8>), VaultError> {
        let key = ClearKey::random().map_err(|Unspecified| VaultError::Chance)?;
        let mut wrapped = vec![FORMAT];
        self.0
            .seal(&context(id), key.bytes(), &mut wrapped)
            .map_err(|Unspecified| VaultError::Chance)?;
        Ok((key, wrapped))
    }

    pub(crate) fn unwrap(&self, id: DataKeyId, wrapped: &[u8]) -> Result<ClearKey, VaultError> {
        let clear = match wrapped.split_first() {
            Some((&FORMAT, sealed)) => self.0.open(&context(id), sealed).ok(),
            Some(_) | None => None,
        };
        clear
            .and_then(|clear| ClearKey::from_bytes(clear.expose_secret()))
            .ok_or(VaultError::WrongWrappingKey(id))
    }
}

fn context(id: DataKeyId) -> Vec<u8> {
    [&[FORMAT], PURPOSE.as_bytes(), id.uuid().as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minted_key_reads_back() {
        assert!(LocalKey::from_base64(&LocalKey::mint().unwrap()).is_ok());
    }

    #[test]
    fn a_key_of_another_length_or_spelling_is_refused() {
        for text in [
            String::new(),
            "not base64!".to_owned(),
            BASE64_STANDARD.encode([7; 31]),
            BASE64_STANDARD.encode([7; 33]),
        ] {
            let read = LocalKey::from_base64(&text.clone().into());
            assert!(read.is_err(), "{text} was taken");
        }
    }

    #[test]
    fn a_wrapped_key_opens_under_its_own_id_only() {
        let local = LocalKey::from_base64(&LocalKey::mint().unwrap()).unwrap();
        let (id, other) = (DataKeyId::mint(), DataKeyId::mint());
        let (key, wrapped) = local.generate(id).unwrap();
        assert_eq!(local.unwrap(id, &wrapped).unwrap().bytes(), key.bytes());
        assert!(local.unwrap(other, &wrapped).is_err());
    }
}
