//! Facebook's JSON.

use serde::Deserialize;
use serde_json::Value;

use crate::meta::{Phase, number, optional_text_or_number, text_or_number};

/// What a photo or a post is known by.
#[derive(Debug, Deserialize)]
pub(super) struct Made {
    #[serde(deserialize_with = "text_or_number")]
    pub(super) id: String,
}

/// An upload that has begun.
#[derive(Debug, Deserialize)]
pub(super) struct Started {
    #[serde(deserialize_with = "text_or_number")]
    pub(super) video_id: String,
    #[serde(deserialize_with = "text_or_number")]
    pub(super) upload_session_id: String,
    #[serde(flatten)]
    pub(super) offsets: Offsets,
}

/// A reel whose upload has begun.
#[derive(Debug, Deserialize)]
pub(super) struct ReelStarted {
    #[serde(deserialize_with = "text_or_number")]
    pub(super) video_id: String,
    pub(super) upload_url: String,
}

/// What a call that shows something says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Ended {
    pub(super) success: bool,
    #[serde(deserialize_with = "optional_text_or_number")]
    pub(super) post_id: Option<String>,
}

/// Which bytes come next; none when both are equal.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Offsets {
    #[serde(deserialize_with = "number")]
    pub(super) start_offset: i64,
    #[serde(deserialize_with = "number")]
    pub(super) end_offset: i64,
}

impl Offsets {
    /// The range within a file of `size` bytes; `None` where the offsets make no sense.
    pub(super) fn within(self, size: u64) -> Option<std::ops::Range<u64>> {
        let start = u64::try_from(self.start_offset).ok()?;
        let end = u64::try_from(self.end_offset).ok()?;
        (start <= end && end <= size).then_some(start..end)
    }

    /// The offsets in a refusal, which come as an object or as its text.
    pub(super) fn of(data: Option<&Value>) -> Option<Self> {
        let data = data?;
        match data.as_str() {
            Some(text) => serde_json::from_str(text).ok(),
            None => serde_json::from_value(data.clone()).ok(),
        }
    }
}

/// Where a post can be looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Link {
    pub(super) permalink_url: Option<String>,
}

/// What is known of a video.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Video {
    pub(super) status: Status,
    pub(super) published: Option<bool>,
    #[serde(deserialize_with = "optional_text_or_number")]
    pub(super) post_id: Option<String>,
    pub(super) permalink_url: Option<String>,
}

/// How far a video is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Status {
    #[serde(rename = "video_status")]
    pub(super) whole: String,
    pub(super) uploading_phase: Option<Phase>,
    pub(super) processing_phase: Option<Phase>,
    pub(super) publishing_phase: Option<Phase>,
}

/// A post of the Page.
#[derive(Debug, Deserialize)]
pub(super) struct Post {
    pub(super) id: String,
    #[serde(default)]
    pub(super) message: Option<String>,
    pub(super) created_time: String,
    #[serde(default)]
    pub(super) permalink_url: Option<String>,
    #[serde(default)]
    pub(super) attachments: Option<Attachments>,
}

/// What stands under a post's text.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Attachments {
    pub(super) data: Vec<Attachment>,
}

/// One thing under a post's text.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Attachment {
    pub(super) media_type: String,
    target: Option<Target>,
    subattachments: Attachments,
}

#[derive(Debug, Deserialize)]
struct Target {
    #[serde(default, deserialize_with = "optional_text_or_number")]
    id: Option<String>,
}

impl Attachment {
    /// The ids of all that it shows.
    pub(super) fn targets(&self) -> Vec<&str> {
        let own = self.target.as_ref().and_then(|target| target.id.as_deref());
        let inner = self.subattachments.data.iter().flat_map(Self::targets);
        own.into_iter().chain(inner).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn offsets_are_read_from_numbers_texts_and_texts_of_objects() {
        for data in [
            json!({"start_offset": "5", "end_offset": 9}),
            json!(r#"{"start_offset":5,"end_offset":"9"}"#),
        ] {
            let offsets = Offsets::of(Some(&data)).unwrap();
            assert_eq!(offsets.within(9), Some(5..9));
            assert_eq!(offsets.within(8), None);
        }
        assert!(Offsets::of(Some(&json!("nonsense"))).is_none());
    }

    #[test]
    fn the_targets_of_an_album_are_those_of_its_photos() {
        let attachment: Attachment = serde_json::from_value(json!({
            "media_type": "album", "target": {"id": "1"},
            "subattachments": {"data": [{"target": {"id": 2}}, {"target": {"id": "3"}}]}
        }))
        .unwrap();
        assert_eq!(attachment.targets(), ["1", "2", "3"]);
    }
}
