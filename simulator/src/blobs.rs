//! Files as they arrived at the networks.

use std::collections::HashMap;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

/// Of a file that arrives in pieces and is larger than this only the length and the digest are kept, in bytes.
const WHOLE: u64 = 64_000_000;
/// So many of its first bytes are kept always: they tell what it is.
const HEAD: usize = 64;

/// Files by the SHA-256 of their bytes, in hexadecimal; without the bytes of those that were too large.
#[derive(Debug, Default)]
pub(crate) struct Blobs(HashMap<String, (String, Option<Bytes>)>);

impl Blobs {
    pub(crate) fn keep(&mut self, content_type: &str, bytes: Bytes) -> String {
        let digest = hex::encode(Sha256::digest(&bytes));
        self.insert(&digest, content_type, Some(bytes));
        digest
    }

    pub(crate) fn keep_pieces(&mut self, content_type: &str, keeper: Keeper) -> String {
        let digest = hex::encode(keeper.digest.finalize());
        self.insert(&digest, content_type, keeper.bytes.map(Bytes::from));
        digest
    }

    pub(crate) fn find(&self, digest: &str) -> Option<(String, Bytes)> {
        let (content_type, bytes) = self.0.get(digest)?;
        Some((content_type.clone(), bytes.clone()?))
    }

    fn insert(&mut self, digest: &str, content_type: &str, bytes: Option<Bytes>) {
        self.0
            .entry(digest.to_owned())
            .or_insert_with(|| (content_type.to_owned(), bytes));
    }
}

/// A file that arrives piece by piece.
///
/// Its bytes are held once while it is small, and not at all from the piece on that makes it larger than
/// 64 MB: then only its length, its digest and its first bytes are known.
#[derive(Debug)]
pub struct Keeper {
    bytes: Option<Vec<u8>>,
    digest: Sha256,
    head: Vec<u8>,
    length: u64,
}

impl Default for Keeper {
    fn default() -> Self {
        Self {
            bytes: Some(Vec::new()),
            digest: Sha256::new(),
            head: Vec::new(),
            length: 0,
        }
    }
}

impl Keeper {
    /// Takes the next piece.
    pub fn take(&mut self, piece: &[u8]) {
        self.length += piece.len() as u64;
        self.digest.update(piece);
        let missing = HEAD.saturating_sub(self.head.len());
        self.head.extend(piece.iter().take(missing));
        if self.length > WHOLE {
            self.bytes = None;
        }
        if let Some(bytes) = &mut self.bytes {
            bytes.extend_from_slice(piece);
        }
    }

    /// How many bytes have arrived.
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// The first bytes of the file, 64 at most.
    pub fn head(&self) -> &[u8] {
        &self.head
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(bytes: &[u8]) -> String {
        hex::encode(Sha256::digest(bytes))
    }

    #[test]
    fn a_small_file_is_the_same_however_it_was_cut() {
        let file: Vec<u8> = (0..=255).cycle().take(1_000).collect();
        let mut keeper = Keeper::default();
        for piece in file.chunks(7) {
            keeper.take(piece);
        }
        assert_eq!((keeper.length(), keeper.head()), (1_000, &file[..64]));
        let mut blobs = Blobs::default();
        let kept = blobs.keep_pieces("video/mp4", keeper);
        assert_eq!(kept, digest(&file));
        let found = blobs.find(&kept).expect("the file");
        assert_eq!(found, ("video/mp4".to_owned(), Bytes::from(file)));
    }

    #[test]
    fn a_large_file_is_known_by_its_digest_alone() {
        let piece = vec![7; 1_000_000];
        let mut keeper = Keeper::default();
        for _ in 0..64 {
            keeper.take(&piece);
        }
        assert!(keeper.bytes.is_some());
        keeper.take(&[7]);
        assert!(keeper.bytes.is_none());
        keeper.take(&piece);
        assert_eq!(keeper.length(), 65_000_001);
        let mut blobs = Blobs::default();
        let kept = blobs.keep_pieces("video/mp4", keeper);
        assert_eq!(kept, digest(&vec![7; 65_000_001]));
        assert_eq!(blobs.find(&kept), None);
    }
}
