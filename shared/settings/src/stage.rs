//! Where this runs.

use std::str::FromStr;

/// Where this runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// On a developer's machine or in a test: local addresses and simulated networks are allowed.
    Development,
    /// For people.
    Production,
}

impl FromStr for Stage {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "development" => Ok(Self::Development),
            "production" => Ok(Self::Production),
            _ => Err("use development or production"),
        }
    }
}

impl Stage {
    /// Whether what only development may do is allowed.
    pub const fn is_development(self) -> bool {
        matches!(self, Self::Development)
    }
}
