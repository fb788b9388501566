//! What is kept of a post between two steps: the frozen content and the machine.

use domain::MediaFacts;
use platforms::Publish;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::work::Work;
use vault::{Place, Vault, VaultError};

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
        let clear = serde_json::to_vec(self).map_err(ProgressError::Encode)?;
        vault
            .seal(&place(work), &clear)
            .await
            .map_err(ProgressError::Vault)
    }

    pub(crate) async fn open(
        sealed: &[u8],
        vault: &Vault,
        work: &Work,
    ) -> Result<Self, ProgressError> {
        let clear = vault
            .open(&place(work), sealed)
            .await
            .map_err(ProgressError::Vault)?;
        serde_json::from_slice(clear.expose_secret()).map_err(ProgressError::Decode)
    }
}

fn place(work: &Work) -> Place {
    Place {
        table: "posts",
        row: work.post.id.uuid(),
        user: work.post.user_id.uuid(),
        platform: work.post.platform.as_str(),
        field: "progress",
    }
}
