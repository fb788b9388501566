//! The flows of TikTok.

use std::sync::OnceLock;

use domain::Platform;
use platforms::Content;
use serde_json::{Value, json};

use super::Make;
use crate::harness::{Sample, Stage, jpeg, mp4};

pub const STUDIO: &str = "_000fQ1sampleStudioBq7Zk3nYt0wHd";
pub const PRIVATE: &str = "_000fQ1privateStudioC8mXr4pLs2vJe";
pub const QUIET: &str = "_000fQ1quietStudioD5nWt6qMk9uGf00";
pub const API: &str = "open.tiktokapis.com";
pub const HOST: &str = "open-upload.tiktokapis.com";
pub const CREATOR: &str = "POST /v2/post/publish/creator_info/query/";
pub const VIDEO: &str = "POST /v2/post/publish/video/init/";
pub const INBOX: &str = "POST /v2/post/publish/inbox/video/init/";
pub const PHOTO: &str = "POST /v2/post/publish/content/init/";
pub const STATUS: &str = "POST /v2/post/publish/status/fetch/";
pub const LIST: &str = "POST /v2/video/list/";
pub const CHUNK: &str = "PUT /video/";

/// Arranges a stage.
pub type Arrange = fn(Stage) -> Stage;

/// One way to publish.
pub struct Flow {
    /// What it is called.
    pub name: &'static str,
    /// Which account the person picks on the consent page.
    pub chosen: &'static str,
    /// What.
    pub content: Make,
    /// On which stage.
    pub arrange: Arrange,
}

/// A registration by which videos are cut small.
pub fn small_chunks(stage: Stage) -> Stage {
    stage.with_setting(Platform::Tiktok, "chunk_bytes", "5000000")
}

/// A registration by which TikTok fetches videos.
pub fn pulled(stage: Stage) -> Stage {
    stage.with_setting(Platform::Tiktok, "video_source", "pull")
}

/// A registration that may list videos.
pub fn listing(stage: Stage) -> Stage {
    stage.with_setting(Platform::Tiktok, "extra_scopes", "video.list")
}

fn listing_and_pulled(stage: Stage) -> Stage {
    listing(pulled(stage))
}

fn as_it_is(stage: Stage) -> Stage {
    stage
}

pub fn video(stage: &Stage) -> Content {
    let options = json!({"privacyLevel": "PUBLIC_TO_EVERYONE"});
    stage.content("A day at work", options, vec![(mp4(60_000), None)])
}

pub fn chunked_video(stage: &Stage) -> Content {
    let options = json!({
        "privacyLevel": "PUBLIC_TO_EVERYONE", "disableComment": false, "brandOrganic": true,
        "aiGenerated": true, "coverTimestampMs": 1500,
    });
    let file = (two_chunks(), None);
    stage.content("Morning in the studio #making", options, vec![file])
}

pub fn private_video(stage: &Stage) -> Content {
    let options = json!({"privacyLevel": "SELF_ONLY"});
    stage.content("Nobody sees it", options, vec![(mp4(60_000), None)])
}

pub fn pictures(stage: &Stage) -> Content {
    let options = json!({"privacyLevel": "PUBLIC_TO_EVERYONE"});
    stage.content("Two views of it", options, two())
}

pub fn titled_pictures(stage: &Stage) -> Content {
    let options = json!({
        "privacyLevel": "PUBLIC_TO_EVERYONE", "title": "Two views", "photoCoverIndex": 1,
        "autoAddMusic": true, "brandContent": true, "disableComment": false,
    });
    stage.content("Of the same harbour", options, two())
}

pub fn video_draft(stage: &Stage) -> Content {
    let options = json!({"mode": "inbox"});
    stage.content("To be finished", options, vec![(mp4(60_000), None)])
}

pub fn chunked_draft(stage: &Stage) -> Content {
    let options = json!({"mode": "inbox"});
    stage.content("", options, vec![(two_chunks(), None)])
}

/// Made once: it is large, and every flow is tried often.
fn two_chunks() -> Sample {
    static MADE: OnceLock<Sample> = OnceLock::new();
    MADE.get_or_init(|| mp4(10_000_007)).clone()
}

pub fn picture_draft(stage: &Stage) -> Content {
    let options = json!({"mode": "inbox", "title": "Two views", "photoCoverIndex": 1});
    stage.content("Of the same harbour", options, two())
}

fn two() -> Vec<(Sample, Option<&'static str>)> {
    vec![
        (jpeg(1_080, 1_350, 4_000), None),
        (jpeg(1_080, 1_920, 5_000), None),
    ]
}

/// Every flow.
pub fn flows() -> Vec<Flow> {
    let flows: [(&str, &str, Make, Arrange); 12] = [
        ("video", STUDIO, video, as_it_is),
        ("chunked video", STUDIO, chunked_video, small_chunks),
        ("private video", PRIVATE, private_video, as_it_is),
        ("pictures", STUDIO, pictures, as_it_is),
        ("titled pictures", QUIET, titled_pictures, as_it_is),
        ("listed pictures", STUDIO, titled_pictures, listing),
        ("video draft", STUDIO, video_draft, as_it_is),
        ("chunked draft", PRIVATE, chunked_draft, small_chunks),
        ("picture draft", STUDIO, picture_draft, as_it_is),
        ("pulled video", STUDIO, video, pulled),
        ("listed pulled video", STUDIO, video, listing_and_pulled),
        ("pulled draft", STUDIO, video_draft, pulled),
    ];
    flows
        .into_iter()
        .map(|(name, chosen, content, arrange)| Flow {
            name,
            chosen,
            content,
            arrange,
        })
        .collect()
}

/// An error in TikTok's words.
pub fn error(code: &str) -> Value {
    json!({"error": {"code": code, "message": "Words", "log_id": "1"}})
}
