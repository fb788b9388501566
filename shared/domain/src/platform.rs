//! The networks by name.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A social network that posts can be published to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// Facebook Pages.
    Facebook,
    /// Instagram professional accounts.
    Instagram,
    /// LinkedIn members.
    Linkedin,
    /// Pinterest boards.
    Pinterest,
    /// TikTok accounts.
    Tiktok,
    /// X accounts.
    X,
    /// YouTube channels.
    Youtube,
}

/// A name that is none of the networks'.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a network; use one of facebook, instagram, linkedin, pinterest, tiktok, x, youtube"
)]
pub struct UnknownPlatform(pub String);

impl Platform {
    /// Every network, in alphabetical order.
    pub const ALL: [Self; 7] = [
        Self::Facebook,
        Self::Instagram,
        Self::Linkedin,
        Self::Pinterest,
        Self::Tiktok,
        Self::X,
        Self::Youtube,
    ];

    /// The name in URLs, JSON and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Facebook => "facebook",
            Self::Instagram => "instagram",
            Self::Linkedin => "linkedin",
            Self::Pinterest => "pinterest",
            Self::Tiktok => "tiktok",
            Self::X => "x",
            Self::Youtube => "youtube",
        }
    }

    /// The name as the network itself writes it.
    pub const fn display_name(self) -> &'static str {
        match self {
            Self::Facebook => "Facebook",
            Self::Instagram => "Instagram",
            Self::Linkedin => "LinkedIn",
            Self::Pinterest => "Pinterest",
            Self::Tiktok => "TikTok",
            Self::X => "X",
            Self::Youtube => "YouTube",
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Platform {
    type Err = UnknownPlatform;

    fn from_str(name: &str) -> Result<Self, UnknownPlatform> {
        Self::ALL
            .into_iter()
            .find(|platform| platform.as_str() == name)
            .ok_or_else(|| UnknownPlatform(name.chars().take(40).collect()))
    }
}
