//! A world without a network, in which one kind of call is refused and all others succeed.

use domain::{AudioCodec, Container, ImageFormat, MediaFacts, VideoCodec};
use http::HeaderMap;
use secrecy::SecretString;
use serde_json::{Value, json};
use time::{OffsetDateTime, macros::datetime};

use super::super::{Publish, start};
use crate::{
    Account, Action, Answer, App, Asset, Content, Event, FaultKind, Machine as _, PublishContext,
};

pub(super) const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);
pub(super) const MAKING: &str = "create_container";
pub(super) const ASKING: &str = "ask_status";
pub(super) const PUBLISHING: &str = "publish_container";

/// A post of so many pictures, in a world without a network.
pub(super) struct World {
    app: App,
    account: Account,
    content: Content,
}

impl World {
    pub(super) fn new(files: usize) -> Self {
        let asset = Asset {
            facts: MediaFacts::Image {
                format: ImageFormat::Jpeg,
                width: 1_080,
                height: 1_080,
                bytes: 4_000,
                animated: false,
            },
            url: "https://media.example/1.jpg".parse().unwrap(),
            alt_text: None,
        };
        Self {
            app: App {
                client_id: "client".to_owned(),
                client_secret: SecretString::from("secret"),
                redirect_uri: "https://app.example/back".parse().unwrap(),
                version: "v25.0".to_owned(),
                webhook_secret: None,
                webhook_verify_token: None,
                settings: std::collections::BTreeMap::new(),
            },
            account: Account {
                external_id: "17841405822304914".to_owned(),
                username: None,
                facts: Value::Null,
            },
            content: Content {
                caption: String::new(),
                options: json!({}),
                assets: vec![asset; files],
            },
        }
    }

    /// A post of one video of 1,000 bytes, where the bytes of videos are sent.
    pub(super) fn of_upload() -> Self {
        let mut world = Self::new(1);
        world.content.assets[0].facts = MediaFacts::Video {
            container: Container::Mp4,
            video_codec: VideoCodec::H264,
            audio_codec: Some(AudioCodec::Aac),
            width: 720,
            height: 1_280,
            duration_ms: 12_000,
            frames_per_second: 30.0,
            bytes: 1_000,
        };
        let settings = &mut world.app.settings;
        settings.insert("upload".to_owned(), "resumable".to_owned());
        world
    }

    pub(super) fn at(&self, now: OffsetDateTime) -> PublishContext<'_> {
        PublishContext {
            now,
            app: &self.app,
            account: &self.account,
            content: &self.content,
            armed_at: None,
            claimed: &[],
        }
    }

    /// What comes of it when every call of the name `refused` is answered by `refusal`: how often it
    /// was sent, how many containers were made, and the end.
    pub(super) fn course(&self, refused: &str, refusal: &Answer) -> String {
        let (mut machine, mut now) = (start(&self.content), NOW);
        let (mut sent, mut made) = (0, 0);
        for _ in 0..2_000 {
            let cx = self.at(now);
            let call = match machine.next(&cx) {
                Action::Done(_) => return "live".to_owned(),
                Action::WaitUntil(then) => {
                    now = then;
                    continue;
                }
                Action::Send(call) => call,
            };
            let answer = if call.name == refused {
                sent += 1;
                refusal.clone()
            } else {
                good(call.name)
            };
            if matches!(call.name, MAKING | "create_child") && answer.is_success() {
                made += 1;
            }
            match machine.apply(Event::Answer(answer), &cx) {
                Ok(Publish::Look { .. }) => return format!("{sent} sent, {made} made: look"),
                Ok(next) => machine = next,
                Err(fault) => {
                    let kind = match fault.kind {
                        FaultKind::Content => "content",
                        FaultKind::Operator => "operator",
                        FaultKind::Quota { .. } => "quota",
                        FaultKind::Reconnect => "reconnect",
                        FaultKind::Retry { .. } => "retry",
                        FaultKind::Unauthorized => "token",
                        FaultKind::Unconfirmed { .. } => "unconfirmed",
                    };
                    return format!("{sent} sent, {made} made: {kind} {}", fault.code);
                }
            }
        }
        "goes on".to_owned()
    }
}

pub(super) fn answer(status: u16, body: &Value) -> Answer {
    Answer {
        status,
        headers: HeaderMap::new(),
        body: body.to_string().into_bytes(),
    }
}

fn good(call: &str) -> Answer {
    let body = match call {
        "read_limit" => json!({ "data": [] }),
        "upload_video" => json!({ "success": true }),
        ASKING => json!({ "status_code": "FINISHED", "status": "Finished" }),
        _ => json!({ "id": "17889455560051444" }),
    };
    answer(200, &body)
}

pub(super) fn refusal(code: i64, subcode: i64) -> Answer {
    let error = json!({ "message": "Words", "code": code, "error_subcode": subcode });
    answer(400, &json!({ "error": error }))
}

pub(super) fn failed(number: i64) -> Answer {
    let status = format!("Error: Media upload has failed with error code {number}");
    answer(200, &json!({ "status_code": "ERROR", "status": status }))
}
