//! What the app asks an account for beside posts.

use domain::Platform;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{App, Credentials, OneCall, tiktok};

/// What is asked of an account. Kept until it is answered, so its shape may only grow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Errand {
    /// What its owner may choose for a post just now; asked whenever the form is shown.
    CreatorInfo,
}

impl Errand {
    /// Whether asking twice does no more than asking once.
    pub const fn is_repeatable(&self) -> bool {
        match self {
            Self::CreatorInfo => true,
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
        (
            Platform::Facebook
            | Platform::Instagram
            | Platform::Linkedin
            | Platform::Pinterest
            | Platform::X
            | Platform::Youtube,
            Errand::CreatorInfo,
        ) => None,
    }
}
