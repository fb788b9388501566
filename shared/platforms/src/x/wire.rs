//! X's JSON.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// Tokens, from `POST /2/oauth2/token`.
#[derive(Debug, Deserialize)]
pub(super) struct TokenAnswer {
    pub(super) access_token: SecretString,
    pub(super) expires_in: Option<i64>,
    pub(super) refresh_token: Option<SecretString>,
    #[serde(default)]
    pub(super) scope: String,
}

/// Most of X's answers wrap what they tell.
#[derive(Debug, Deserialize)]
pub(super) struct Wrapped<T> {
    pub(super) data: T,
}

/// Who consented, from `GET /2/users/me`.
#[derive(Debug, Deserialize)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) username: String,
    pub(super) profile_image_url: Option<String>,
    pub(super) subscription_type: Option<String>,
}

/// A file at X, from every call about media.
#[derive(Debug, Deserialize)]
pub(super) struct Media {
    pub(super) id: String,
    pub(super) processing_info: Option<Processing>,
}

/// How far X is with a file.
#[derive(Debug, Deserialize)]
pub(super) struct Processing {
    pub(super) state: String,
    pub(super) check_after_secs: Option<i64>,
    pub(super) error: Option<ProcessingError>,
}

/// Why X could not use a file.
#[derive(Debug, Deserialize)]
pub(super) struct ProcessingError {
    pub(super) name: Option<String>,
    pub(super) message: Option<String>,
}

/// The body of `POST /2/tweets`.
#[derive(Debug, Serialize)]
pub(super) struct NewPost<'a> {
    pub(super) text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) media: Option<NewPostMedia<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reply: Option<NewReply<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) quote_tweet_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) poll: Option<NewPoll<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reply_settings: Option<super::options::ReplySettings>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) community_id: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) made_with_ai: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) paid_partnership: bool,
}

/// The files of a new post.
#[derive(Debug, Serialize)]
pub(super) struct NewPostMedia<'a> {
    pub(super) media_ids: &'a [String],
}

/// What a new post answers.
#[derive(Debug, Serialize)]
pub(super) struct NewReply<'a> {
    pub(super) in_reply_to_tweet_id: &'a str,
}

/// What a new post asks.
#[derive(Debug, Serialize)]
pub(super) struct NewPoll<'a> {
    pub(super) options: &'a [String],
    pub(super) duration_minutes: u32,
}

/// A post that was made.
#[derive(Debug, Deserialize)]
pub(super) struct MadePost {
    pub(super) id: String,
}

/// A page of a timeline, from `GET /2/users/{id}/tweets`; an empty one has no `data`.
#[derive(Debug, Deserialize)]
pub(super) struct Timeline {
    #[serde(default)]
    pub(super) data: Vec<Post>,
    /// Present with every page of a timeline; tells it from an answer of another shape.
    #[serde(rename = "meta")]
    _meta: BTreeMap<String, serde_json::Value>,
}

/// A post in a timeline.
#[derive(Debug, Deserialize)]
pub(super) struct Post {
    pub(super) id: String,
    pub(super) text: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) created_at: time::OffsetDateTime,
    #[serde(default)]
    pub(super) entities: Entities,
    #[serde(default)]
    pub(super) attachments: Attachments,
    /// The description calls it otherwise than the live interface.
    #[serde(default, alias = "referenced_posts")]
    pub(super) referenced_tweets: Vec<Reference>,
}

/// Another post that a post refers to.
#[derive(Debug, Deserialize)]
pub(super) struct Reference {
    /// `replied_to`, `quoted` or `retweeted`.
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) id: String,
}

/// What stands in a post's text.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Entities {
    #[serde(default)]
    pub(super) urls: Vec<Link>,
}

/// A link in a post's text.
#[derive(Debug, Deserialize)]
pub(super) struct Link {
    pub(super) url: String,
    pub(super) expanded_url: Option<String>,
}

/// What a post carries.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Attachments {
    #[serde(default)]
    pub(super) media_keys: Vec<String>,
    #[serde(default)]
    pub(super) poll_ids: Vec<String>,
}

/// Any of the shapes in which X refuses.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Problem {
    #[serde(default)]
    pub(super) title: String,
    #[serde(default)]
    pub(super) detail: String,
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) errors: Vec<ProblemPart>,
    /// Of a problem that names neither title nor type.
    #[serde(default)]
    pub(super) message: String,
    /// Of the OAuth endpoints.
    #[serde(default)]
    pub(super) error: String,
    #[serde(default)]
    pub(super) error_description: String,
}

/// One of several things that X did not like.
#[derive(Debug, Deserialize)]
pub(super) struct ProblemPart {
    pub(super) code: Option<i64>,
    #[serde(default)]
    pub(super) message: String,
}

/// A request to our webhook.
#[derive(Debug, Deserialize)]
pub(super) struct Event {
    pub(super) data: Option<Activity>,
}

/// What happened at X.
#[derive(Debug, Deserialize)]
pub(super) struct Activity {
    pub(super) event_uuid: Option<String>,
    pub(super) event_type: Option<String>,
    pub(super) payload: Option<serde_json::Value>,
}
