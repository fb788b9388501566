//! Google's JSON.

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use time::OffsetDateTime;

#[derive(Debug, Deserialize)]
pub(super) struct ErrorAnswer {
    pub(super) error: ApiError,
}

#[derive(Debug, Deserialize)]
pub(super) struct ApiError {
    #[serde(default)]
    pub(super) message: String,
    #[serde(default)]
    pub(super) errors: Vec<Reason>,
    #[serde(default)]
    pub(super) status: String,
    #[serde(default)]
    pub(super) details: Vec<Detail>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Reason {
    #[serde(default)]
    pub(super) reason: String,
    #[serde(default)]
    pub(super) domain: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Detail {
    #[serde(default)]
    pub(super) reason: String,
}

/// How the token endpoints fail.
#[derive(Debug, Deserialize)]
pub(super) struct FlatError {
    pub(super) error: String,
    #[serde(default)]
    pub(super) error_description: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct TokenAnswer {
    pub(super) access_token: SecretString,
    pub(super) expires_in: i64,
    pub(super) refresh_token: Option<SecretString>,
    pub(super) refresh_token_expires_in: Option<i64>,
    pub(super) scope: Option<String>,
    pub(super) id_token: Option<SecretString>,
}

/// What an identity token says (`OpenID` Connect Core 1.0, 2).
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    pub(super) iss: String,
    pub(super) aud: String,
    pub(super) sub: String,
}

/// A list; absent where there is nothing in it.
#[derive(Debug, Deserialize)]
pub(super) struct Items<T> {
    #[serde(default)]
    pub(super) kind: String,
    #[serde(default = "Vec::new")]
    pub(super) items: Vec<T>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Channel {
    pub(super) id: String,
    pub(super) snippet: ChannelSnippet,
    pub(super) content_details: Option<ChannelContent>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChannelSnippet {
    #[serde(default)]
    pub(super) title: String,
    pub(super) custom_url: Option<String>,
    #[serde(default)]
    pub(super) thumbnails: Thumbnails,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Thumbnails {
    pub(super) default: Option<Thumbnail>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Thumbnail {
    pub(super) url: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChannelContent {
    pub(super) related_playlists: RelatedPlaylists,
}

#[derive(Debug, Deserialize)]
pub(super) struct RelatedPlaylists {
    pub(super) uploads: String,
}

/// The resource that an upload ends in.
#[derive(Debug, Deserialize)]
pub(super) struct Created {
    pub(super) id: String,
}

/// A playlist's item, of which only that it is there matters.
#[derive(Debug, Deserialize)]
pub(super) struct ListedItem {}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlaylistItem {
    pub(super) content_details: PlaylistContent,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlaylistContent {
    pub(super) video_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Video {
    pub(super) id: String,
    pub(super) snippet: Option<VideoSnippet>,
    pub(super) status: Option<VideoStatus>,
    pub(super) processing_details: Option<ProcessingDetails>,
    pub(super) file_details: Option<FileDetails>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VideoSnippet {
    #[serde(with = "time::serde::rfc3339")]
    pub(super) published_at: OffsetDateTime,
    #[serde(default)]
    pub(super) title: String,
    #[serde(default)]
    pub(super) description: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VideoStatus {
    #[serde(default)]
    pub(super) upload_status: String,
    pub(super) privacy_status: Option<String>,
    pub(super) publish_at: Option<String>,
    pub(super) failure_reason: Option<String>,
    pub(super) rejection_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProcessingDetails {
    pub(super) processing_status: Option<String>,
    pub(super) processing_failure_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FileDetails {
    /// Google writes 64-bit numbers as texts.
    #[serde(default, deserialize_with = "number")]
    pub(super) file_size: Option<u64>,
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u64),
        Text(String),
    }
    Ok(match Option::<Either>::deserialize(deserializer)? {
        Some(Either::Number(number)) => Some(number),
        Some(Either::Text(text)) => text.parse().ok(),
        None => None,
    })
}
