//! LinkedIn's JSON.

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

#[derive(Debug, Deserialize)]
pub(super) struct TokenAnswer {
    pub(super) access_token: SecretString,
    pub(super) expires_in: Option<i64>,
    pub(super) refresh_token: Option<SecretString>,
    pub(super) refresh_token_expires_in: Option<i64>,
    #[serde(default)]
    pub(super) scope: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct UserInfo {
    pub(super) sub: String,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) picture: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Problem {
    pub(super) message: String,
    pub(super) service_error_code: Option<i64>,
    pub(super) code: String,
    pub(super) error: String,
    pub(super) error_details: Details,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Details {
    pub(super) input_errors: Vec<InputError>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct InputError {
    pub(super) code: String,
    pub(super) description: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Value<T> {
    pub(super) value: T,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImageUpload {
    pub(super) upload_url: Url,
    pub(super) image: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VideoUpload {
    pub(super) video: String,
    pub(super) upload_instructions: Vec<Instruction>,
    #[serde(default)]
    pub(super) upload_token: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Instruction {
    pub(super) upload_url: Url,
    pub(super) first_byte: u64,
    pub(super) last_byte: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VideoStatus {
    #[serde(default)]
    pub(super) status: String,
    #[serde(default)]
    pub(super) processing_failure_reason: Option<String>,
}
