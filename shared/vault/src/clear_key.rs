//! A key in the clear, and the cipher it is used with.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    error::Unspecified,
    rand,
};
use secrecy::SecretBox;
use zeroize::{Zeroize, Zeroizing};

/// Bytes of an AES-256 key.
pub(crate) const KEY_BYTES: usize = 32;
/// Bytes AES-256-GCM adds to what it encrypts.
pub(crate) const TAG_BYTES: usize = 16;
/// Bytes of the nonce that precedes every ciphertext.
pub(crate) const NONCE_BYTES: usize = NONCE_LEN;

/// An AES-256 key, wiped from memory when dropped.
pub(crate) struct ClearKey(Zeroizing<[u8; KEY_BYTES]>);

impl ClearKey {
    pub(crate) fn random() -> Result<Self, Unspecified> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        rand::fill(bytes.as_mut_slice())?;
        Ok(Self(bytes))
    }

    /// Takes the key from its bytes; `None` when there are not exactly 32.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        if bytes.len() != KEY_BYTES {
            return None;
        }
        key.copy_from_slice(bytes);
        Some(Self(key))
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// Appends a fresh random nonce, the ciphertext of `clear` and its tag to `out`.
    pub(crate) fn seal(
        &self,
        authenticated: &[u8],
        clear: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Unspecified> {
        let mut nonce = [0; NONCE_BYTES];
        rand::fill(&mut nonce)?;
        // All room is made before the clear text is copied in: a buffer that grew would leave a copy behind.
        out.reserve_exact(NONCE_BYTES + clear.len() + TAG_BYTES);
        out.extend_from_slice(&nonce);
        let start = out.len();
        out.extend_from_slice(clear);
        let sealed = self.cipher().and_then(|cipher| {
            cipher.seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(authenticated),
                &mut out[start..],
            )
        });
        match sealed {
            Ok(tag) => {
                out.extend_from_slice(tag.as_ref());
                Ok(())
            }
            Err(error) => {
                out[start..].zeroize();
                out.truncate(start);
                Err(error)
            }
        }
    }

    /// Opens what [`ClearKey::seal`] appended.
    pub(crate) fn open(
        &self,
        authenticated: &[u8],
        sealed: &[u8],
    ) -> Result<SecretBox<[u8]>, Unspecified> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_BYTES).ok_or(Unspecified)?;
        let length = rest.len().checked_sub(TAG_BYTES).ok_or(Unspecified)?;
        let (ciphertext, tag) = rest.split_at(length);
        let mut clear = SecretBox::new(vec![0; length].into_boxed_slice());
        self.cipher()?.open_separate_gather(
            Nonce::try_assume_unique_for_key(nonce)?,
            Aad::from(authenticated),
            ciphertext,
            tag,
            secrecy::ExposeSecretMut::expose_secret_mut(&mut clear),
        )?;
        Ok(clear)
    }

    fn cipher(&self) -> Result<LessSafeKey, Unspecified> {
        UnboundKey::new(&AES_256_GCM, self.0.as_slice()).map(LessSafeKey::new)
    }
}
