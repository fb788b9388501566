//! Every live post of every network: the judge of all tests.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

/// A post that people can see at a network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LivePost {
    /// The network's name, as in our URLs.
    pub network: String,
    /// The network's id of the account.
    pub account_id: String,
    /// The account's name.
    pub account_name: String,
    /// The network's id of the post.
    pub post_id: String,
    /// `text`, `image`, `carousel`, `video`, `reel`, `story`, `pin` …: as the network thinks of it.
    pub kind: String,
    /// The words as the network shows them.
    pub text: String,
    /// What it shows.
    pub media: Vec<LiveMedia>,
    /// When it went live.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// Where a person would look at it.
    pub url: String,
    /// What else the network keeps of it: privacy, board, title and so on.
    pub details: Value,
}

/// A file of a live post.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LiveMedia {
    /// SHA-256 of the bytes that arrived, in hexadecimal; `/_simulator/media/DIGEST` serves them.
    pub digest: String,
    /// Size of what arrived.
    pub bytes: u64,
    /// The content type that it arrived under.
    pub content_type: String,
}

/// Every live post, oldest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Ledger {
    posts: Vec<LivePost>,
}

impl Ledger {
    /// Every live post, oldest first.
    pub fn posts(&self) -> &[LivePost] {
        &self.posts
    }

    pub(crate) fn publish(&mut self, post: LivePost) {
        self.posts.push(post);
    }

    pub(crate) fn remove(&mut self, network: &str, post_id: &str) -> bool {
        let before = self.posts.len();
        self.posts
            .retain(|post| post.network != network || post.post_id != post_id);
        self.posts.len() < before
    }
}
