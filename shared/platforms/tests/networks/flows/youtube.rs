//! The flows of YouTube.

use domain::Platform;
use platforms::{Content, Fault as Told, Publish};
use serde_json::{Value, json};
use simulator::{Fault, FaultScript};

use super::Make;
use crate::harness::{Connection, Run, Stage, Trial, jpeg, mp4};

pub const CHANNEL: &str = "UCsampleStudio7Qk2Wm9Zt1";
pub const SECOND: &str = "UCsecondStage4Rv8Xn3Ly6P";
/// The Google account of both channels.
pub const GOOGLE: &str = "110169484474386276334";
/// The channel's own playlist.
pub const PLAYLIST: &str = "PLsampleStudio7Qk2Wm9Zt1";
pub const HOST: &str = "www.googleapis.com";
pub const PUT: &str = "PUT /upload/youtube/v3/videos";
pub const THUMBNAIL: &str = "POST /upload/youtube/v3/thumbnails/set";
pub const LOOK: &str = "GET /youtube/v3/playlistItems";
pub const ADD: &str = "POST /youtube/v3/playlistItems";
pub const STATUS: &str = "GET /youtube/v3/videos";

/// One way to publish.
pub struct Flow {
    /// What it is called.
    pub name: &'static str,
    /// What.
    pub content: Make,
    /// On what stage.
    pub arranged: fn(Stage) -> Stage,
}

impl Flow {
    /// The flow, to be broken everywhere.
    pub fn trial(&self) -> Trial {
        Trial::new(Platform::Youtube, CHANNEL, self.content)
            .arranged(self.arranged)
            .limited(429, limited())
            .broken(503, Value::String("<html>Backend error</html>".to_owned()))
    }
}

/// Every flow.
pub fn flows() -> Vec<Flow> {
    let plain: fn(Stage) -> Stage = |stage| stage;
    let flow = |name, content, arranged| Flow {
        name,
        content,
        arranged,
    };
    vec![
        flow("video", video as Make, plain),
        flow("chunks", chunked, small_chunks),
        flow("every option", detailed, plain),
        flow("scheduled", scheduled, plain),
        flow("thumbnail", with_thumbnail, plain),
        flow("playlist", in_playlist, with_playlists),
        flow("thumbnail and playlist", with_both, with_playlists),
    ]
}

pub fn video(stage: &Stage) -> Content {
    of(stage, json!({}))
}

/// A video of 4,000 bytes with these options.
pub fn of(stage: &Stage, options: Value) -> Content {
    stage.content("A day at work", options, vec![(mp4(4_000), None)])
}

pub fn chunked(stage: &Stage) -> Content {
    stage.content("A day at work", json!({}), vec![(mp4(1_200_000), None)])
}

pub fn detailed(stage: &Stage) -> Content {
    let options = json!({
        "title": "A day", "tags": ["studio", "behind the scenes"], "categoryId": "26",
        "privacy": "unlisted", "madeForKids": true, "notifySubscribers": false,
        "defaultLanguage": "en-GB", "license": "creativeCommon", "embeddable": false,
        "publicStatsViewable": false, "containsSyntheticMedia": true, "recordingDate": "2026-02-28",
    });
    of(stage, options)
}

pub fn scheduled(stage: &Stage) -> Content {
    let options = json!({"privacy": "private", "publishAt": "2026-03-05T10:00:00+01:00"});
    of(stage, options)
}

pub fn with_thumbnail(stage: &Stage) -> Content {
    let files = vec![(jpeg(1_280, 720, 3_000), None), (mp4(4_000), None)];
    stage.content("A day at work", json!({"thumbnail": true}), files)
}

pub fn in_playlist(stage: &Stage) -> Content {
    of(stage, json!({"playlistId": PLAYLIST}))
}

pub fn with_both(stage: &Stage) -> Content {
    let files = vec![(mp4(4_000), None), (jpeg(1_280, 720, 3_000), None)];
    let options = json!({"thumbnail": true, "playlistId": PLAYLIST});
    stage.content("A day at work", options, files)
}

pub fn small_chunks(stage: Stage) -> Stage {
    stage.with_setting(Platform::Youtube, "chunk_bytes", "524288")
}

/// Where the person allows to fill playlists.
pub fn with_playlists(stage: Stage) -> Stage {
    let scope = "https://www.googleapis.com/auth/youtube.force-ssl";
    stage.with_setting(Platform::Youtube, "extra_scopes", scope)
}

pub async fn publish(stage: &Stage, content: &Content) -> Run {
    let mut connection = stage.connection(Platform::Youtube, CHANNEL).await;
    stage.publish(&mut connection, content).await
}

/// An answer in the place of the network's own.
pub fn answering(route: &str, status: u16, body: Value) -> FaultScript {
    let headers = Vec::new();
    let answer = Fault::Answer {
        status,
        headers,
        body,
    };
    FaultScript::first(HOST, route, answer)
}

pub fn refusal(status: u16, reason: &str, message: &str) -> Value {
    refusal_of("youtube.video", status, reason, message)
}

pub fn refusal_of(domain: &str, status: u16, reason: &str, message: &str) -> Value {
    json!({"error": {
        "code": status, "message": message,
        "errors": [{"message": message, "domain": domain, "reason": reason}],
    }})
}

pub fn limited() -> Value {
    refusal(429, "rateLimitExceeded", "Too many requests")
}

/// What the machine says of this answer to its first call.
pub fn fault_of(stage: &Stage, connection: &Connection, status: u16, body: &Value) -> Told {
    let machine = platforms::start(Platform::Youtube, &video(stage));
    applied(stage, connection, machine, status, body).expect_err("a fault")
}

/// The machine after this answer.
pub fn applied(
    stage: &Stage,
    connection: &Connection,
    machine: Publish,
    status: u16,
    body: &Value,
) -> Result<Publish, Told> {
    let content = video(stage);
    let cx = platforms::PublishContext {
        now: stage.now(),
        app: stage.app(Platform::Youtube),
        account: &connection.account,
        content: &content,
        armed_at: None,
        claimed: &[],
    };
    let answer = platforms::Answer {
        status,
        headers: http::HeaderMap::new(),
        body: body.to_string().into_bytes(),
    };
    platforms::Machine::apply(machine, platforms::Event::Answer(answer), &cx)
}
