//! What the app asks an account for beside posts.

use domain::{Platform, PostId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

use crate::{App, Credentials, OneCall, tiktok, youtube};

/// What is asked of an account. Kept until it is answered, so its shape may only grow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Errand {
    /// What its owner may choose for a post just now; asked whenever the form is shown.
    CreatorInfo,
    /// Whether a post that the network kept back can be seen now; answered with its receipt, or null.
    FollowUp {
        /// The post.
        post: PostId,
        /// See [`crate::Publish::handle`].
        handle: String,
        /// Whether to ask on until it can be seen.
        on: bool,
    },
}

impl Errand {
    /// Whether asking twice does no more than asking once.
    pub const fn is_repeatable(&self) -> bool {
        match self {
            Self::CreatorInfo | Self::FollowUp { .. } => true,
        }
    }
}

/// Asks an account for something; the answer is as the app gets it. `None` where the network has no such thing.
pub fn errand(
    platform: Platform,
    errand: &Errand,
    credentials: &Credentials,
    app: &App,
) -> Option<OneCall<Value>> {
    match (platform, errand) {
        (Platform::Tiktok, Errand::CreatorInfo) => Some(tiktok::creator_info(credentials, app)),
        (Platform::Tiktok, Errand::FollowUp { handle, .. }) => {
            Some(tiktok::follow_up(handle, credentials, app))
        }
        (Platform::Youtube, Errand::FollowUp { handle, .. }) => {
            Some(youtube::follow_up(handle, credentials, app))
        }
        (Platform::Youtube, Errand::CreatorInfo)
        | (
            Platform::Facebook
            | Platform::Instagram
            | Platform::Linkedin
            | Platform::Pinterest
            | Platform::X,
            Errand::CreatorInfo | Errand::FollowUp { .. },
        ) => None,
    }
}

/// When a post that the network keeps back is to be seen, by its options.
pub fn shown_at(platform: Platform, options: &Value) -> Option<OffsetDateTime> {
    match platform {
        Platform::Youtube => youtube::publish_at(options),
        Platform::Facebook
        | Platform::Instagram
        | Platform::Linkedin
        | Platform::Pinterest
        | Platform::Tiktok
        | Platform::X => None,
    }
}
