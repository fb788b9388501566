//! Pinterest's JSON.

use secrecy::SecretString;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
pub(super) struct TokenAnswer {
    pub(super) access_token: SecretString,
    pub(super) refresh_token: Option<SecretString>,
    pub(super) expires_in: Option<i64>,
    pub(super) refresh_token_expires_in: Option<i64>,
    #[serde(default)]
    pub(super) scope: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct UserAccount {
    pub(super) id: String,
    pub(super) username: String,
    #[serde(default)]
    pub(super) business_name: Option<String>,
    #[serde(default)]
    pub(super) profile_image: Option<String>,
    #[serde(default)]
    pub(super) account_type: Option<String>,
}

/// A refusal: Pinterest's own number, or the HTTP status again.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Problem {
    pub(super) code: i64,
    pub(super) message: String,
}

/// Where a video is to be uploaded: a form of Amazon S3, whose fields are sent back as they came.
#[derive(Debug, Deserialize)]
pub(super) struct Registered {
    pub(super) media_id: String,
    pub(super) upload_url: url::Url,
    pub(super) upload_parameters: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct MediaStatus {
    #[serde(default)]
    pub(super) status: String,
    #[serde(default)]
    pub(super) failure_code: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct MadePin {
    pub(super) id: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct PinPage {
    pub(super) items: Vec<Pin>,
    #[serde(default)]
    pub(super) bookmark: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Pin {
    pub(super) id: String,
    pub(super) created_at: String,
    #[serde(default)]
    pub(super) title: Option<String>,
    #[serde(default)]
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) link: Option<String>,
    #[serde(default)]
    pub(super) media: Option<PinMedia>,
}

#[derive(Debug, Deserialize)]
pub(super) struct PinMedia {
    #[serde(default)]
    pub(super) media_type: String,
}
