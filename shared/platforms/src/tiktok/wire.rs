//! TikTok's JSON.

use std::fmt;

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, de};

/// What every call but those of consent answers in.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope<T> {
    pub(super) data: T,
}

/// The part of the envelope that says how it went.
#[derive(Debug, Deserialize)]
pub(super) struct Outcome {
    pub(super) error: ApiError,
}

#[derive(Debug, Deserialize)]
pub(super) struct ApiError {
    pub(super) code: String,
    #[serde(default)]
    pub(super) message: String,
    #[serde(default, alias = "logid")]
    pub(super) log_id: String,
}

/// How the calls of consent fail.
#[derive(Debug, Deserialize)]
pub(super) struct FlatError {
    pub(super) error: String,
    #[serde(default)]
    pub(super) error_description: String,
    #[serde(default)]
    pub(super) log_id: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct TokenAnswer {
    pub(super) access_token: SecretString,
    pub(super) expires_in: i64,
    pub(super) open_id: String,
    pub(super) refresh_token: Option<SecretString>,
    pub(super) refresh_expires_in: Option<i64>,
    pub(super) scope: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct UserData {
    pub(super) user: User,
}

#[derive(Debug, Deserialize)]
pub(super) struct User {
    pub(super) avatar_url: Option<String>,
    #[serde(default)]
    pub(super) display_name: String,
    pub(super) username: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Creator {
    #[serde(rename = "creator_username")]
    pub(super) username: String,
    #[serde(rename = "creator_nickname")]
    pub(super) nickname: Option<String>,
    #[serde(rename = "creator_avatar_url")]
    pub(super) avatar_url: Option<String>,
    pub(super) privacy_level_options: Vec<String>,
    #[serde(default)]
    pub(super) comment_disabled: bool,
    #[serde(default)]
    pub(super) duet_disabled: bool,
    #[serde(default)]
    pub(super) stitch_disabled: bool,
    pub(super) max_video_post_duration_sec: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Initialised {
    pub(super) publish_id: String,
    pub(super) upload_url: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Progress {
    pub(super) status: String,
    #[serde(default)]
    pub(super) fail_reason: String,
    /// Spelt so on the wire.
    #[serde(default)]
    pub(super) publicaly_available_post_id: Vec<PostId>,
    pub(super) uploaded_bytes: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Videos {
    #[serde(default)]
    pub(super) videos: Vec<Video>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Video {
    pub(super) id: PostId,
    /// Seconds since 1970, UTC.
    pub(super) create_time: i64,
    #[serde(default)]
    pub(super) title: String,
}

/// An id beyond 2^53, sent as a number or as a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PostId(pub(super) String);

impl<'de> Deserialize<'de> for PostId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl de::Visitor<'_> for Either {
            type Value = PostId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a post id")
            }

            fn visit_u64<E: de::Error>(self, id: u64) -> Result<PostId, E> {
                Ok(PostId(id.to_string()))
            }

            fn visit_i64<E: de::Error>(self, id: i64) -> Result<PostId, E> {
                Ok(PostId(id.to_string()))
            }

            fn visit_str<E: de::Error>(self, id: &str) -> Result<PostId, E> {
                Ok(PostId(id.to_owned()))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// A webhook.
#[derive(Debug, Deserialize)]
pub(super) struct Notice {
    pub(super) client_key: String,
    pub(super) event: String,
    pub(super) create_time: i64,
    #[serde(default)]
    pub(super) user_openid: String,
    /// JSON in a text.
    #[serde(default)]
    pub(super) content: String,
}

/// What stands in [`Notice::content`] of news of a post.
#[derive(Debug, Deserialize)]
pub(super) struct NoticeOfPost {
    pub(super) publish_id: String,
    pub(super) post_id: Option<PostId>,
}
