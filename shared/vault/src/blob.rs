//! The layout of a sealed secret: format, data key id, nonce, ciphertext, tag.

use domain::DataKeyId;
use secrecy::SecretBox;
use uuid::Uuid;

use crate::{
    Place, VaultError,
    clear_key::{ClearKey, NONCE_BYTES, TAG_BYTES},
};

const FORMAT: u8 = 1;
const KEY_ID_BYTES: usize = 16;
const HEADER_BYTES: usize = 1 + KEY_ID_BYTES;

/// The data key a blob was sealed under, for finding what a rotation has still to do.
pub fn data_key_of(blob: &[u8]) -> Result<DataKeyId, VaultError> {
    split(blob).map(|(id, _)| id)
}

pub(crate) fn seal(
    id: DataKeyId,
    key: &ClearKey,
    place: &Place,
    clear: &[u8],
) -> Result<Vec<u8>, VaultError> {
    let mut blob = Vec::with_capacity(HEADER_BYTES + NONCE_BYTES + clear.len() + TAG_BYTES);
    blob.push(FORMAT);
    blob.extend_from_slice(id.uuid().as_bytes());
    key.seal(&authenticated(id, place), clear, &mut blob)
        .map_err(|_| VaultError::Chance)?;
    Ok(blob)
}

pub(crate) fn open(
    key: &ClearKey,
    place: &Place,
    blob: &[u8],
) -> Result<SecretBox<[u8]>, VaultError> {
    let (id, sealed) = split(blob)?;
    key.open(&authenticated(id, place), sealed)
        .map_err(|_| VaultError::Refused)
}

fn split(blob: &[u8]) -> Result<(DataKeyId, &[u8]), VaultError> {
    let (header, sealed) = blob
        .split_at_checked(HEADER_BYTES)
        .ok_or(VaultError::Refused)?;
    let (&[FORMAT], id) = header.split_at(1) else {
        return Err(VaultError::Refused);
    };
    Uuid::from_slice(id)
        .map(|id| (id.into(), sealed))
        .map_err(|_| VaultError::Refused)
}

fn authenticated(id: DataKeyId, place: &Place) -> Vec<u8> {
    let mut encoded = place.authenticated(FORMAT);
    encoded.extend_from_slice(id.uuid().as_bytes());
    encoded
}
