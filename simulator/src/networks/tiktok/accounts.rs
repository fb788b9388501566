//! The accounts that can be chosen, as TikTok knows them.

use crate::Account;

/// An account as TikTok knows it.
pub(super) struct Creator {
    pub(super) account: Account,
    pub(super) is_private: bool,
    pub(super) comment_disabled: bool,
    pub(super) max_seconds: u32,
}

impl Creator {
    pub(super) fn privacy_options(&self) -> [&'static str; 3] {
        let widest = if self.is_private {
            "FOLLOWER_OF_CREATOR"
        } else {
            "PUBLIC_TO_EVERYONE"
        };
        [widest, "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]
    }
}

pub(super) fn creators() -> Vec<Creator> {
    let creator = |id: &str, username: &str, name: &str| Creator {
        account: Account {
            id: id.to_owned(),
            username: username.to_owned(),
            name: name.to_owned(),
        },
        is_private: false,
        comment_disabled: false,
        max_seconds: 600,
    };
    vec![
        creator(
            "_000fQ1sampleStudioBq7Zk3nYt0wHd",
            "sample_studio",
            "Sample Studio",
        ),
        Creator {
            is_private: true,
            ..creator(
                "_000fQ1privateStudioC8mXr4pLs2vJe",
                "private_studio",
                "Private Studio",
            )
        },
        Creator {
            comment_disabled: true,
            max_seconds: 180,
            ..creator(
                "_000fQ1quietStudioD5nWt6qMk9uGf00",
                "quiet_studio",
                "Quiet Studio",
            )
        },
    ]
}

pub(super) fn creator(id: &str) -> Option<Creator> {
    creators().into_iter().find(|known| known.account.id == id)
}
