//! Whether a post that a network took can be seen.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Where a published post stands at its network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// A draft in the account's inbox; its owner finishes it in the network's own app.
    Draft,
    /// Live, for whom its audience is.
    #[default]
    Live,
    /// Kept by the network until a time that its author gave the network.
    Scheduled,
}

/// What is no standing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownStanding(String);

impl Standing {
    /// The name in JSON and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Live => "live",
            Self::Scheduled => "scheduled",
        }
    }
}

impl FromStr for Standing {
    type Err = UnknownStanding;

    fn from_str(name: &str) -> Result<Self, UnknownStanding> {
        match name {
            "draft" => Ok(Self::Draft),
            "live" => Ok(Self::Live),
            "scheduled" => Ok(Self::Scheduled),
            _ => Err(UnknownStanding(name.to_owned())),
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for UnknownStanding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no standing of a post", self.0)
    }
}

impl std::error::Error for UnknownStanding {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_what_they_name() {
        for standing in [Standing::Draft, Standing::Live, Standing::Scheduled] {
            assert_eq!(standing.as_str().parse(), Ok(standing));
            assert_eq!(serde_json::json!(standing), standing.as_str());
        }
        assert!("gone".parse::<Standing>().is_err());
    }
}
