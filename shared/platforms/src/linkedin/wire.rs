//! LinkedIn's JSON.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::options::Visibility;

#[derive(Deserialize)]
pub(super) struct TokenAnswer {
    pub(super) access_token: SecretString,
    pub(super) expires_in: i64,
    #[serde(default)]
    pub(super) scope: String,
    pub(super) refresh_token: Option<SecretString>,
    pub(super) refresh_token_expires_in: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct UserInfo {
    pub(super) sub: String,
    pub(super) name: Option<String>,
    pub(super) given_name: Option<String>,
    pub(super) picture: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BasicProfile {
    pub(super) id: String,
    pub(super) localized_first_name: Option<String>,
    pub(super) localized_last_name: Option<String>,
    pub(super) vanity_name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Roles {
    #[serde(default)]
    pub(super) elements: Vec<Role>,
    #[serde(default)]
    pub(super) paging: Paging,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Paging {
    pub(super) total: Option<usize>,
}

/// Older answers name the Page by `organizationTarget`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Role {
    pub(super) organization: Option<String>,
    pub(super) organization_target: Option<String>,
    #[serde(default)]
    pub(super) state: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Organization {
    pub(super) localized_name: Option<String>,
    pub(super) vanity_name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Problem {
    pub(super) message: String,
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) service_error_code: Option<i64>,
    pub(super) error_details: ErrorDetails,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ErrorDetails {
    pub(super) input_errors: Vec<InputError>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct InputError {
    pub(super) description: String,
    pub(super) code: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OauthProblem {
    pub(super) error: String,
    pub(super) error_description: String,
}

#[derive(Deserialize)]
pub(super) struct Wrapped<T> {
    pub(super) value: T,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DocumentUpload {
    pub(super) document: String,
    pub(super) upload_url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImageUpload {
    pub(super) upload_url: String,
    pub(super) image: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VideoUpload {
    pub(super) video: String,
    pub(super) upload_instructions: Vec<UploadInstruction>,
    #[serde(default)]
    pub(super) upload_token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UploadInstruction {
    pub(super) upload_url: String,
    pub(super) first_byte: u64,
    pub(super) last_byte: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FileStatus {
    #[serde(default)]
    pub(super) status: String,
    pub(super) processing_failure_reason: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Posts {
    #[serde(default)]
    pub(super) elements: Vec<Post>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Post {
    pub(super) id: String,
    pub(super) author: Option<String>,
    #[serde(default)]
    pub(super) commentary: String,
    #[serde(default)]
    pub(super) created_at: i64,
    #[serde(default)]
    pub(super) lifecycle_state: String,
    #[serde(default)]
    pub(super) content: Option<PostContent>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PostContent {
    pub(super) media: Option<PostMedia>,
    pub(super) multi_image: Option<PostImages>,
    pub(super) article: Option<PostArticle>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PostArticle {
    pub(super) source: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PostImages {
    pub(super) images: Vec<PostMedia>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PostMedia {
    pub(super) id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewPost<'a> {
    pub(super) author: &'a str,
    pub(super) commentary: &'a str,
    pub(super) visibility: Visibility,
    pub(super) distribution: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<NewContent<'a>>,
    pub(super) lifecycle_state: &'static str,
    pub(super) is_reshare_disabled_by_author: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum NewContent<'a> {
    Article(NewArticle<'a>),
    Media(NewMedia<'a>),
    MultiImage { images: Vec<NewMedia<'a>> },
}

#[derive(Serialize)]
pub(super) struct NewArticle<'a> {
    pub(super) source: &'a str,
    pub(super) title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thumbnail: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewMedia<'a> {
    pub(super) id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) alt_text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) title: Option<&'a str>,
}
