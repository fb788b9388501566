//! What YouTube keeps of a video, held against what its author ordered.

use domain::Standing;
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339, serde::rfc3339};

use super::{
    super::wire::VideoStatus,
    resource::{address, options, word},
};
use crate::{PublishContext, Receipt};

/// What YouTube keeps of a video.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Who may see it, in YouTube's word.
    #[serde(default)]
    pub privacy: Option<String>,
    /// When YouTube makes it public.
    #[serde(default, with = "rfc3339::option")]
    pub publish_at: Option<OffsetDateTime>,
    /// What is otherwise than it was ordered, in sentences for its author.
    #[serde(default)]
    pub remarks: Vec<String>,
}

impl Kept {
    /// What the status of a video tells. A channel's own settings can make it private, whatever was asked.
    pub(super) fn read(status: &VideoStatus, cx: &PublishContext<'_>) -> Self {
        let publish_at = status
            .publish_at
            .as_deref()
            .and_then(|time| OffsetDateTime::parse(time, &Rfc3339).ok());
        let mut kept = Self {
            privacy: status.privacy_status.clone(),
            publish_at,
            remarks: Vec::new(),
        };
        kept.remarks = kept.differences(cx);
        kept
    }

    fn differences(&self, cx: &PublishContext<'_>) -> Vec<String> {
        let (Ok(options), Some(privacy)) = (options(cx), self.privacy.as_deref()) else {
            return Vec::new();
        };
        // Its time came while it was processed.
        let is_out = options.publish_at.is_some_and(|time| time <= cx.now) && privacy == "public";
        if is_out {
            return Vec::new();
        }
        let mut differences = Vec::new();
        let ordered = word(options.privacy);
        if privacy != ordered {
            differences.push(format!(
                "YouTube made the video {privacy}, not {ordered}; the channel's settings or YouTube's rules decide so. Change it in YouTube Studio."
            ));
        }
        if let Some(ordered) = options.publish_at {
            match self.publish_at {
                Some(time) if same_second(time, ordered) => {}
                Some(time) => differences.push(format!(
                    "YouTube makes the video public at {}, not at {}.",
                    shown(time),
                    shown(ordered)
                )),
                None => differences.push(
                    "YouTube did not keep the time at which the video was to become public; set it in YouTube Studio."
                        .to_owned(),
                ),
            }
        }
        differences
    }

    /// The same, with another remark.
    pub(super) fn with(mut self, remark: impl Into<String>) -> Self {
        self.remarks.push(remark.into());
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A video that YouTube keeps private until a time is not live yet.
pub(super) fn receipt(video_id: &str, kept: &Kept, cx: &PublishContext<'_>) -> Receipt {
    let is_scheduled = kept.privacy.as_deref() == Some("private")
        && kept.publish_at.is_some_and(|time| time > cx.now);
    Receipt {
        standing: if is_scheduled {
            Standing::Scheduled
        } else {
            Standing::Live
        },
        ..Receipt::live(Some(video_id.to_owned()), address(video_id, cx))
    }
}

/// YouTube keeps whole seconds.
fn same_second(a: OffsetDateTime, b: OffsetDateTime) -> bool {
    a.unix_timestamp() == b.unix_timestamp()
}

fn shown(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}
