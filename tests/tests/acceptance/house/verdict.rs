//! Holding what we say of a post against what is live.

use std::fmt;

use serde_json::Value;

use super::{House, Person};

/// How a post ended: what we say, and how many of it are live.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    pub told: Value,
    pub live: usize,
}

impl Ending {
    pub fn status(&self) -> &str {
        self.told["status"].as_str().unwrap_or_default()
    }

    /// Whether what we say is true: never twice, never `published` while absent, never `failed`
    /// while live, never without an end.
    pub fn is_true(&self) -> bool {
        match self.status() {
            "published" => self.live == 1,
            "unconfirmed" => self.live <= 1,
            "failed" | "canceled" => self.live == 0,
            _ => false,
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} live, told {}", self.live, self.told)
    }
}

impl House {
    /// How the post with these words ended.
    pub async fn ending(&self, person: &Person, id: &str, words: &str) -> Ending {
        Ending {
            told: self.status(person, id).await,
            live: self.live(words).len(),
        }
    }

    /// # Panics
    /// When the post with these words is not live once, or is not called published.
    pub async fn assert_published(&self, person: &Person, id: &str, words: &str) {
        let ending = self.ending(person, id, words).await;
        assert!(
            ending.is_true() && ending.status() == "published",
            "{words}: {ending}"
        );
    }
}
