//! What is to be published, and what a publishing machine is told of the world.

use domain::{MediaFacts, MediaKind};
use serde_json::Value;
use time::OffsetDateTime;
use url::Url;

use crate::App;

/// What a publishing machine is told each time.
#[derive(Debug, Clone, Copy)]
pub struct PublishContext<'a> {
    /// The time.
    pub now: OffsetDateTime,
    /// Our app.
    pub app: &'a App,
    /// Where the post goes.
    pub account: &'a Account,
    /// The post, frozen when its preparation began.
    pub content: &'a Content,
    /// When the latest commit was armed.
    pub armed_at: Option<OffsetDateTime>,
    /// Ids of live posts of this account that are known to be other posts of ours.
    pub claimed: &'a [String],
}

impl PublishContext<'_> {
    /// When the latest commit was armed; now, for one whose arm was not told.
    pub(crate) fn armed(&self) -> OffsetDateTime {
        self.armed_at.unwrap_or(self.now)
    }
}

/// Where a post goes.
#[derive(Debug, Clone)]
pub struct Account {
    /// The network's id of the account.
    pub external_id: String,
    /// The name with an @, where the network has such.
    pub username: Option<String>,
    /// What the network told us at connecting; see [`crate::GrantedAccount::facts`].
    pub facts: Value,
}

/// A post, frozen.
#[derive(Debug, Clone)]
pub struct Content {
    /// The caption as its author wrote it.
    pub caption: String,
    /// The network's own options, as [`crate::check`] accepted them.
    pub options: Value,
    /// The files, already fitted to the network.
    pub assets: Vec<Asset>,
}

/// One file of a post, already fitted to the network.
#[derive(Debug, Clone)]
pub struct Asset {
    /// What it is.
    pub facts: MediaFacts,
    /// Where the network can fetch it for some hours; new for each attempt.
    pub url: Url,
    /// What it shows, for people who cannot see it.
    pub alt_text: Option<String>,
}

impl Asset {
    /// What it is to people.
    pub const fn kind(&self) -> MediaKind {
        self.facts.kind()
    }

    /// Its size in bytes.
    pub const fn bytes(&self) -> u64 {
        self.facts.bytes()
    }
}

/// A post that asks to be accepted.
#[derive(Debug, Clone, Copy)]
pub struct Draft<'a> {
    /// The caption.
    pub caption: &'a str,
    /// What it carries.
    pub media: &'a [DraftMedia],
    /// The network's own options; an object.
    pub options: &'a Value,
}

/// One file of a post that asks to be accepted.
#[derive(Debug, Clone)]
pub struct DraftMedia {
    /// What its author says it is.
    pub kind: MediaKind,
    /// What was read from the file; absent while it is too large to have been read whole.
    pub facts: Option<MediaFacts>,
    /// What it shows, for people who cannot see it.
    pub alt_text: Option<String>,
}
