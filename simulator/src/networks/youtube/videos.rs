//! Videos that arrived, and what is told of them.

use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::LiveMedia;

/// Parts that only a video's owner is told.
pub(super) const OWNERS: [&str; 3] = ["fileDetails", "processingDetails", "suggestions"];

/// A video that arrived.
#[derive(Debug, Clone)]
pub(super) struct Video {
    pub(super) id: String,
    pub(super) channel: String,
    pub(super) snippet: Value,
    pub(super) status: Value,
    pub(super) recording: Value,
    pub(super) size: u64,
    pub(super) created_at: OffsetDateTime,
    pub(super) ready_at: OffsetDateTime,
    pub(super) ending: Option<(String, String)>,
    pub(super) is_short: bool,
    pub(super) thumbnail: Option<LiveMedia>,
}

impl Video {
    pub(super) fn is_processed(&self, now: OffsetDateTime) -> bool {
        now >= self.ready_at
    }

    /// Who may see it, as it is at a moment: a private one becomes public at its time.
    pub(super) fn privacy(&self, now: OffsetDateTime) -> &str {
        if self.is_out(now) {
            return "public";
        }
        self.status["privacyStatus"].as_str().unwrap_or("public")
    }

    fn is_out(&self, now: OffsetDateTime) -> bool {
        self.status["publishAt"]
            .as_str()
            .and_then(|time| OffsetDateTime::parse(time, &Rfc3339).ok())
            .is_some_and(|time| time <= now)
    }

    /// The resource that an upload ends in: of these parts.
    pub(super) fn created(&self, parts: &[&str], now: OffsetDateTime) -> Value {
        let mut resource = json!({"kind": "youtube#video", "etag": "etag", "id": self.id});
        for part in parts {
            if let Some(told) = self.told(part, now) {
                resource[*part] = told;
            }
        }
        resource
    }

    /// A part; `None` for one that nobody knows.
    pub(super) fn told(&self, part: &str, now: OffsetDateTime) -> Option<Value> {
        Some(match part {
            "snippet" => self.snippet(),
            "status" => self.status(now),
            "recordingDetails" => self.recording.clone(),
            "processingDetails" => self.processing(now),
            "fileDetails" => json!({"fileSize": self.size.to_string()}),
            "suggestions" => json!({}),
            _ => return None,
        })
    }

    fn snippet(&self) -> Value {
        let mut snippet = self.snippet.clone();
        snippet["publishedAt"] = json!(instant(self.created_at));
        snippet["channelId"] = json!(self.channel);
        snippet["liveBroadcastContent"] = json!("none");
        let id = &self.id;
        let name = if self.thumbnail.is_some() {
            "custom"
        } else {
            "default"
        };
        snippet["thumbnails"] = json!({"default": {
            "url": format!("https://i.ytimg.com/vi/{id}/{name}.jpg"), "width": 120, "height": 90,
        }});
        snippet
    }

    fn status(&self, now: OffsetDateTime) -> Value {
        let mut status = self.status.clone();
        if let Some(status) = status.as_object_mut().filter(|_| self.is_out(now)) {
            status.insert("privacyStatus".to_owned(), json!("public"));
            status.remove("publishAt");
        }
        let (word, reason) = match &self.ending {
            Some((word, reason)) if self.is_processed(now) => match word.as_str() {
                "failed" => ("failed", Some(("failureReason", reason))),
                "rejected" => ("rejected", Some(("rejectionReason", reason))),
                "deleted" => ("deleted", None),
                _ => ("uploaded", None),
            },
            None if self.is_processed(now) => ("processed", None),
            Some(_) | None => ("uploaded", None),
        };
        status["uploadStatus"] = json!(word);
        if let Some((name, reason)) = reason {
            status[name] = json!(reason);
        }
        status
    }

    fn processing(&self, now: OffsetDateTime) -> Value {
        if !self.is_processed(now) {
            return json!({
                "processingStatus": "processing",
                "processingProgress": {"partsTotal": "10", "partsProcessed": "4", "timeLeftMs": "6000"},
                "fileDetailsAvailability": "inProgress",
                "thumbnailsAvailability": "inProgress",
            });
        }
        match &self.ending {
            None => json!({
                "processingStatus": "succeeded",
                "fileDetailsAvailability": "available",
                "thumbnailsAvailability": "available",
            }),
            Some((word, reason)) => match word.strip_prefix("processing ") {
                Some(status) => {
                    json!({"processingStatus": status, "processingFailureReason": reason})
                }
                None => json!({"processingStatus": "failed", "processingFailureReason": "other"}),
            },
        }
    }
}

pub(super) fn instant(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}
