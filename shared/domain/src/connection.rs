//! One place that can be published to.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Whether a connection can be published to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionHealth {
    /// It works.
    Active,
    /// It was disconnected and its secrets are being revoked and wiped.
    Disconnecting,
    /// Gone: nothing is left but what the history of posts needs.
    Disconnected,
    /// The network refused its token for good; posts wait until the person connects again.
    NeedsReconnect,
}

/// A word that names no health.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the health of a connection")]
pub struct UnknownHealth(pub String);

impl ConnectionHealth {
    /// The name in JSON and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disconnected => "disconnected",
            Self::Disconnecting => "disconnecting",
            Self::NeedsReconnect => "needs_reconnect",
        }
    }
}

impl fmt::Display for ConnectionHealth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ConnectionHealth {
    type Err = UnknownHealth;

    fn from_str(name: &str) -> Result<Self, UnknownHealth> {
        match name {
            "active" => Ok(Self::Active),
            "disconnected" => Ok(Self::Disconnected),
            "disconnecting" => Ok(Self::Disconnecting),
            "needs_reconnect" => Ok(Self::NeedsReconnect),
            _ => Err(UnknownHealth(name.to_owned())),
        }
    }
}
