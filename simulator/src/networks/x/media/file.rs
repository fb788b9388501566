//! A file at X, from its announcement until it is forgotten.

use std::collections::BTreeMap;

use axum::body::Bytes;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::LEAST_WORK;
use crate::LiveMedia;

/// A file at X.
#[derive(Debug, Clone)]
pub(in super::super) struct File {
    pub(super) owner: String,
    pub(super) category: String,
    pub(super) media_type: String,
    pub(super) total: u64,
    pub(super) segments: BTreeMap<u32, Bytes>,
    pub(super) closed: Option<Closed>,
    pub(super) ends_at: OffsetDateTime,
    pub(super) alt_text: Option<String>,
}

/// What became of a file when it was complete.
#[derive(Debug, Clone)]
pub(super) struct Closed {
    pub(super) kept: LiveMedia,
    /// X works on it from then on, where it does at all.
    pub(super) began_at: Option<OffsetDateTime>,
    pub(super) takes: Duration,
    pub(super) fails: Option<Failure>,
    /// What was told last, and until when that is not looked at again.
    pub(super) told: Option<(&'static str, OffsetDateTime)>,
}

/// How X says that it could not use a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// With a reason.
    Told,
    /// With nothing but the word.
    Untold,
}

/// A file that can be posted.
#[derive(Debug, Clone)]
pub(in super::super) struct Usable {
    pub(in super::super) kept: LiveMedia,
    pub(in super::super) category: String,
    pub(in super::super) key: String,
    pub(in super::super) alt_text: Option<String>,
}

impl File {
    /// The file, if `owner` may post it now.
    pub(in super::super) fn usable(
        &self,
        id: &str,
        owner: &str,
        now: OffsetDateTime,
    ) -> Option<Usable> {
        let closed = self.closed.as_ref()?;
        let is_ready = closed.state(now).is_none_or(|state| state == "succeeded");
        (self.owner == owner && now < self.ends_at && is_ready).then(|| Usable {
            kept: closed.kept.clone(),
            category: self.category.clone(),
            key: self.key(id),
            alt_text: self.alt_text.clone(),
        })
    }

    fn key(&self, id: &str) -> String {
        let kind = match self.category.as_str() {
            "tweet_gif" => 16,
            "tweet_video" => 13,
            _ => 3,
        };
        format!("{kind}_{id}")
    }

    /// What X says of the file. Who asks again too early hears the same again.
    pub(super) fn told(&mut self, id: &str, now: OffsetDateTime) -> Value {
        let mut told = json!({
            "id": id,
            "media_key": self.key(id),
            "expires_after_secs": (self.ends_at - now).whole_seconds(),
        });
        let Some(closed) = &mut self.closed else {
            return told;
        };
        told["size"] = json!(closed.kept.bytes);
        if let (Some(state), Some(began_at)) = (closed.state(now), closed.began_at) {
            let age = now - began_at;
            let left = (closed.takes - age).whole_seconds() + 1;
            let state = closed
                .told
                .filter(|(_, until)| now < *until)
                .map_or(state, |(state, _)| state);
            let (info, pause) = match state {
                "succeeded" => (json!({ "state": state, "progress_percent": 100 }), 0),
                "failed" => match closed.fails {
                    Some(Failure::Told) => (
                        json!({
                            "state": state,
                            "error": { "code": 1, "name": "InvalidMedia", "message": "Unsupported video format" },
                        }),
                        0,
                    ),
                    Some(Failure::Untold) | None => (json!({ "state": state }), 0),
                },
                "pending" => (json!({ "state": state, "check_after_secs": 1 }), 1),
                _ => {
                    let done = age.as_seconds_f64() / closed.takes.as_seconds_f64();
                    let pause = left.clamp(1, 5);
                    let info = json!({
                        "state": state,
                        "check_after_secs": pause,
                        "progress_percent": (done * 100.0).clamp(0.0, 99.0).floor(),
                    });
                    (info, pause)
                }
            };
            let is_early = closed.told.is_some_and(|(_, until)| now < until);
            if !is_early {
                closed.told = Some((state, now + Duration::seconds(pause)));
            }
            told["processing_info"] = info;
        }
        told
    }
}

impl Closed {
    pub(super) fn state(&self, now: OffsetDateTime) -> Option<&'static str> {
        let age = now - self.began_at?;
        Some(if age >= self.takes && self.fails.is_some() {
            "failed"
        } else if age >= self.takes {
            "succeeded"
        } else if age < LEAST_WORK {
            "pending"
        } else {
            "in_progress"
        })
    }
}
