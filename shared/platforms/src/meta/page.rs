//! A Page as the Graph API shows it, with the account of Instagram behind it.

use secrecy::SecretString;
use serde::Deserialize;

use super::text_or_number;

/// A Page that a person lets us see.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Page {
    #[serde(deserialize_with = "text_or_number")]
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) username: Option<String>,
    #[serde(default)]
    pub(crate) access_token: Option<SecretString>,
    #[serde(default)]
    pub(crate) tasks: Vec<String>,
    #[serde(default)]
    picture: Option<Picture>,
    #[serde(default)]
    pub(crate) instagram_business_account: Option<InstagramAccount>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Picture {
    data: PictureData,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct PictureData {
    url: Option<String>,
}

/// The Instagram account behind a Page.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct InstagramAccount {
    #[serde(deserialize_with = "text_or_number")]
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) username: Option<String>,
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) profile_picture_url: Option<String>,
}

impl Page {
    /// Where its picture is.
    pub(crate) fn picture_url(&self) -> Option<String> {
        self.picture.as_ref()?.data.url.clone()
    }

    /// Whether the person may post for it; the newer Pages name their tasks differently.
    pub(crate) fn may_be_posted_to(&self) -> bool {
        self.tasks.iter().any(|task| {
            matches!(
                task.as_str(),
                "CREATE_CONTENT"
                    | "MANAGE"
                    | "PROFILE_PLUS_CREATE_CONTENT"
                    | "PROFILE_PLUS_FULL_CONTROL"
            )
        })
    }
}
