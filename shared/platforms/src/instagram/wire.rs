//! Instagram's JSON.

use serde::Deserialize;

use crate::meta::{Phase, number, text_or_number};

/// What a container or a post is known by.
#[derive(Debug, Deserialize)]
pub(super) struct Made {
    #[serde(deserialize_with = "text_or_number")]
    pub(super) id: String,
    /// Where the bytes of its file are sent, where it takes them.
    #[serde(default)]
    pub(super) uri: Option<String>,
}

/// How far a container is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Container {
    pub(super) status_code: String,
    pub(super) status: String,
    pub(super) video_status: VideoStatus,
}

/// How far the bytes of a container's video are.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct VideoStatus {
    pub(super) uploading_phase: Option<Phase>,
}

impl Container {
    /// The error number that stands at the end of `status`.
    pub(super) fn error(&self) -> Option<i64> {
        self.status
            .split(|c: char| !c.is_ascii_digit())
            .rfind(|digits| !digits.is_empty())
            .and_then(|digits| digits.parse().ok())
    }
}

/// How many posts the day still holds.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Limit {
    #[serde(deserialize_with = "number")]
    pub(super) quota_usage: i64,
    pub(super) config: Option<LimitConfig>,
}

/// How many posts a day holds.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct LimitConfig {
    #[serde(deserialize_with = "number")]
    pub(super) quota_total: i64,
}

impl Limit {
    /// Whether the day's posts are used up.
    pub(super) fn is_used_up(&self) -> bool {
        let total = self.config.as_ref().map_or(0, |config| config.quota_total);
        total > 0 && self.quota_usage >= total
    }
}

/// Where a post can be looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Link {
    pub(super) permalink: Option<String>,
}

/// A post of the account.
#[derive(Debug, Deserialize)]
pub(super) struct Post {
    pub(super) id: String,
    #[serde(default)]
    pub(super) caption: Option<String>,
    pub(super) timestamp: String,
    #[serde(default)]
    pub(super) permalink: Option<String>,
    #[serde(default)]
    pub(super) media_type: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_container_is_the_last_number_of_its_status() {
        let container = |status: &str| Container {
            status_code: "ERROR".to_owned(),
            status: status.to_owned(),
            video_status: VideoStatus::default(),
        };
        let told = "Error: Media upload has failed with error code 2207026";
        assert_eq!(container(told).error(), Some(2_207_026));
        assert_eq!(container("Error (12): 2207052.").error(), Some(2_207_052));
        assert_eq!(container("Error").error(), None);
    }
}
