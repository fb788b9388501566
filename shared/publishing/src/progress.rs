//! What is kept of a post between two steps: the frozen content and the machine.

use domain::{MediaFacts, Platform, PostId, UserId};
use platforms::Publish;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::work::Work;
use vault::{Pen, Place, Vault, VaultError};

/// What is kept of a post between two steps. Sealed as a whole, because the handles that networks
/// give out (sessions, upload addresses) are secrets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) snapshot: Snapshot,
    pub(crate) machine: Publish,
}

/// The post as it was when its preparation began; what is sent is this.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    pub(crate) caption: String,
    pub(crate) options: Value,
    pub(crate) assets: Vec<StoredAsset>,
}

/// One file, already fitted to the network.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredAsset {
    pub(crate) object_key: String,
    pub(crate) facts: MediaFacts,
    pub(crate) alt_text: Option<String>,
}

/// Why progress could not be read or kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProgressError {
    #[error("the progress of a post could not be encoded")]
    Encode(#[source] serde_json::Error),
    #[error("the stored progress of a post is of no shape that this build knows")]
    Decode(#[source] serde_json::Error),
    #[error("the progress of a post could not be sealed or opened")]
    Vault(#[source] VaultError),
}

impl Progress {
    pub(crate) async fn seal(&self, vault: &Vault, work: &Work) -> Result<Vec<u8>, ProgressError> {
        let clear = self.clear()?;
        vault
            .seal(&place_of(work), &clear)
            .await
            .map_err(ProgressError::Vault)
    }

    /// As [`Progress::seal`], without asking anybody for a key.
    pub(crate) fn seal_with(&self, pen: &Pen, work: &Work) -> Result<Vec<u8>, ProgressError> {
        let clear = self.clear()?;
        pen.seal(&place_of(work), &clear)
            .map_err(ProgressError::Vault)
    }

    fn clear(&self) -> Result<Vec<u8>, ProgressError> {
        serde_json::to_vec(self).map_err(ProgressError::Encode)
    }

    pub(crate) async fn open(
        sealed: &[u8],
        vault: &Vault,
        work: &Work,
    ) -> Result<Self, ProgressError> {
        let clear = vault
            .open(&place_of(work), sealed)
            .await
            .map_err(ProgressError::Vault)?;
        serde_json::from_slice(clear.expose_secret()).map_err(ProgressError::Decode)
    }
}

fn place_of(work: &Work) -> Place {
    let post = &work.post;
    place(post.id, post.user_id, post.platform)
}

/// Where the progress of a post rests.
pub(crate) fn place(id: PostId, user: UserId, platform: Platform) -> Place {
    Place {
        table: "posts",
        row: id.uuid(),
        user: user.uuid(),
        platform: platform.as_str(),
        field: "progress",
    }
}
