//! Pinterest's JSON.

use std::fmt;

use secrecy::SecretString;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{IgnoredAny, MapAccess, Visitor},
};
use time::{OffsetDateTime, PrimitiveDateTime, format_description::well_known::Rfc3339};
use url::Url;

use crate::Asset;

#[derive(Deserialize)]
pub(super) struct TokenAnswer {
    pub(super) access_token: SecretString,
    pub(super) expires_in: i64,
    pub(super) refresh_token: Option<SecretString>,
    pub(super) refresh_token_expires_in: Option<i64>,
    pub(super) refresh_token_expires_at: Option<i64>,
    #[serde(default)]
    pub(super) scope: String,
}

#[derive(Deserialize)]
pub(super) struct UserAccount {
    pub(super) id: String,
    pub(super) username: String,
    pub(super) account_type: Option<String>,
    pub(super) business_name: Option<String>,
    pub(super) profile_image: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Problem {
    pub(super) code: Option<i64>,
    pub(super) message: String,
}

#[derive(Deserialize)]
pub(super) struct Listing<T> {
    #[serde(default = "Vec::new")]
    pub(super) items: Vec<T>,
    pub(super) bookmark: Option<String>,
}

impl<T> Listing<T> {
    /// What leads to the next part: nothing at the end, which the same bookmark again means as well.
    pub(super) fn following(&self, asked: Option<&str>) -> Option<String> {
        let next = self.bookmark.as_deref()?;
        (!next.is_empty() && Some(next) != asked).then(|| next.to_owned())
    }
}

#[derive(Deserialize)]
pub(super) struct Registered {
    pub(super) media_id: String,
    pub(super) upload_url: Url,
    #[serde(deserialize_with = "in_order")]
    pub(super) upload_parameters: Vec<(String, String)>,
}

#[derive(Deserialize)]
pub(super) struct MediaStatus {
    pub(super) status: String,
    pub(super) failure_code: Option<serde_json::Value>,
}

#[derive(Deserialize)]
pub(super) struct MadePin {
    pub(super) id: String,
}

#[derive(Deserialize)]
pub(super) struct Pin {
    pub(super) id: String,
    #[serde(default, deserialize_with = "in_utc")]
    pub(super) created_at: Option<OffsetDateTime>,
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) link: Option<String>,
    pub(super) is_owner: Option<bool>,
    pub(super) media: Option<PinMedia>,
}

#[derive(Deserialize)]
pub(super) struct PinMedia {
    pub(super) media_type: Option<String>,
    /// What several pictures are told as.
    pub(super) items: Option<Vec<IgnoredAny>>,
}

#[derive(Serialize)]
pub(super) struct NewPin<'a> {
    pub(super) board_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) board_section_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) link: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) alt_text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dominant_color: Option<&'a str>,
    pub(super) media_source: MediaSource<'a>,
}

#[derive(Serialize)]
#[serde(tag = "source_type", rename_all = "snake_case")]
pub(super) enum MediaSource<'a> {
    ImageBase64(PictureBytes<'a>),
    ImageUrl(PictureUrl<'a>),
    MultipleImageBase64 {
        items: Vec<PictureBytes<'a>>,
    },
    MultipleImageUrls {
        items: Vec<PictureUrl<'a>>,
    },
    VideoId {
        media_id: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        cover_image_key_frame_time: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cover_image_url: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cover_image_content_type: Option<&'static str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cover_image_data: Option<&'static str>,
    },
}

#[derive(Serialize)]
pub(super) struct PictureBytes<'a> {
    content_type: &'a str,
    /// Where the bytes are put as the call is sent.
    data: &'static str,
}

impl<'a> PictureBytes<'a> {
    pub(super) fn of(picture: &'a Asset) -> Self {
        Self {
            content_type: picture.facts.content_type(),
            data: "",
        }
    }
}

#[derive(Serialize)]
pub(super) struct PictureUrl<'a> {
    url: &'a str,
}

impl<'a> PictureUrl<'a> {
    pub(super) fn of(picture: &'a Asset) -> Self {
        Self {
            url: picture.url.as_str(),
        }
    }
}

/// The pairs of an object in the order in which they stand: the upload form repeats it.
fn in_order<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, String)>, D::Error> {
    struct Pairs;

    impl<'de> Visitor<'de> for Pairs {
        type Value = Vec<(String, String)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of texts")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut pairs = Vec::new();
            while let Some(pair) = map.next_entry()? {
                pairs.push(pair);
            }
            Ok(pairs)
        }
    }

    deserializer.deserialize_map(Pairs)
}

/// A time, which is in UTC where it names no zone; `None` where it is none.
fn in_utc<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<OffsetDateTime>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.as_deref().and_then(time_of))
}

fn time_of(text: &str) -> Option<OffsetDateTime> {
    let zoneless = time::macros::format_description!(
        "[year]-[month]-[day]T[hour]:[minute]:[second][optional [.[subsecond]]]"
    );
    OffsetDateTime::parse(text, &Rfc3339)
        .ok()
        .or_else(|| Some(PrimitiveDateTime::parse(text, zoneless).ok()?.assume_utc()))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_time_without_a_zone_is_in_utc() {
        let time = Some(datetime!(2026-01-01 20:10:40 UTC));
        for text in [
            "2026-01-01T20:10:40",
            "2026-01-01T20:10:40Z",
            "2026-01-01T21:10:40+01:00",
            "2026-01-01T20:10:40.000",
        ] {
            assert_eq!(time_of(text), time, "{text}");
        }
        assert_eq!(time_of("yesterday"), None);
    }

    #[test]
    fn upload_parameters_keep_their_order() {
        let text = r#"{"media_id":"1","upload_url":"https://s3.example/","upload_parameters":{"x-amz-date":"d","key":"k","Content-Type":"multipart/form-data","a":"b"}}"#;
        let registered: Registered = serde_json::from_str(text).unwrap();
        let names: Vec<&str> = registered
            .upload_parameters
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, ["x-amz-date", "key", "Content-Type", "a"]);
    }
}
