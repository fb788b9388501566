//! Files as they arrived at the networks.

use std::collections::HashMap;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

/// Files by the SHA-256 of their bytes, in hexadecimal.
#[derive(Debug, Default)]
pub(crate) struct Blobs(HashMap<String, (String, Bytes)>);

impl Blobs {
    pub(crate) fn keep(&mut self, content_type: &str, bytes: Bytes) -> String {
        let digest = hex::encode(Sha256::digest(&bytes));
        self.0
            .entry(digest.clone())
            .or_insert_with(|| (content_type.to_owned(), bytes));
        digest
    }

    pub(crate) fn find(&self, digest: &str) -> Option<(String, Bytes)> {
        self.0.get(digest).cloned()
    }
}
