//! A post: one caption with its media to one connection.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

use crate::{Caption, ConnectionId, MediaId, MediaKind, Platform, PostId, Stage, Standing, UserId};

/// A post as its row tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct Post {
    /// Its id.
    pub id: PostId,
    /// Whose it is.
    pub user_id: UserId,
    /// Where it goes.
    pub connection_id: ConnectionId,
    /// The network of that connection.
    pub platform: Platform,
    /// Its words.
    pub caption: Caption,
    /// What it carries, in order.
    pub media: Vec<PostMedia>,
    /// The network's own options, as accepted.
    pub options: Value,
    /// The app's own id of it.
    pub client_post_id: Option<String>,
    /// Where it stands.
    pub stage: Stage,
    /// When its author wants it out; absent for "now".
    pub scheduled_at: Option<OffsetDateTime>,
    /// When it is due: `scheduled_at`, or when it was accepted.
    pub due_at: OffsetDateTime,
    /// How often it was edited, from 1.
    pub revision: i32,
    /// When the publisher looks at it next.
    pub next_attempt_at: OffsetDateTime,
    /// When the latest commit was armed.
    pub armed_at: Option<OffsetDateTime>,
    /// When the network accepted it.
    pub accepted_at: Option<OffsetDateTime>,
    /// When it was known to be live.
    pub published_at: Option<OffsetDateTime>,
    /// The network's id of it.
    pub external_id: Option<String>,
    /// Where a person can look at it.
    pub external_url: Option<String>,
    /// Whether it can be seen, once the network has it.
    pub standing: Option<Standing>,
    /// What stands, or stood last, in its way.
    pub error: Option<PostError>,
    /// Posts at the network that could be this one, while it is unconfirmed.
    pub candidates: Option<Value>,
    /// When it was accepted by us.
    pub created_at: OffsetDateTime,
    /// When its row changed last.
    pub updated_at: OffsetDateTime,
}

/// One file of a post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PostMedia {
    /// What it is to people.
    #[serde(rename = "type")]
    pub kind: MediaKind,
    /// Where it is kept with us.
    pub media_id: MediaId,
    /// Where its author said it was; absent for an upload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What it shows, for people who cannot see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt_text: Option<String>,
}

/// What stands in a post's way, for its author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PostError {
    /// A stable name, in `snake_case`.
    pub code: String,
    /// What happened and what to do.
    pub message: String,
    /// What the network said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}
