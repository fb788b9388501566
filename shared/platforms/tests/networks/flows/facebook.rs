//! The flows of Facebook.

use domain::Platform;
use platforms::Content;
use serde_json::{Value, json};
use simulator::{Fault, FaultScript};

use super::{Flow, Make};
use crate::harness::{Stage, jpeg, mp4, png};

pub const STUDIO: &str = "104482915678301";
pub const GRAPH: &str = "graph.facebook.com";
pub const FEED: &str = "POST /{version}/{id}/feed";

pub fn text(stage: &Stage) -> Content {
    stage.content("A harbour at dawn 🌅\nsecond line", json!({}), vec![])
}

pub fn link(stage: &Stage) -> Content {
    let options = json!({ "link": "https://example.com/dawn" });
    stage.content("Read on", options, vec![])
}

pub fn picture(stage: &Stage) -> Content {
    stage.content(
        "A harbour at dawn",
        Value::Null,
        vec![(jpeg(1_200, 900, 4_000), Some("Boats in mist"))],
    )
}

pub fn pictures(stage: &Stage) -> Content {
    stage.content(
        "Two of them",
        Value::Null,
        vec![
            (jpeg(1_200, 900, 4_000), None),
            (png(640, 480, 3_000), Some("A gull")),
        ],
    )
}

pub fn video(stage: &Stage) -> Content {
    stage.content("Waves", Value::Null, vec![(mp4(70_000), None)])
}

pub fn titled_video(stage: &Stage) -> Content {
    let options = json!({
        "title": "Waves at dawn", "embeddable": false, "contentCategory": "SCIENCE"
    });
    stage.content("Waves", options, vec![(mp4(70_000), None)])
}

pub fn reel(stage: &Stage) -> Content {
    stage.content("Waves", json!({ "reel": true }), vec![(mp4(70_000), None)])
}

pub fn titled_reel(stage: &Stage) -> Content {
    let options = json!({ "reel": true, "title": "Waves at dawn", "place": "104482915678304" });
    stage.content("Waves", options, vec![(mp4(70_000), None)])
}

pub fn photo_story(stage: &Stage) -> Content {
    let file = (jpeg(1_080, 1_920, 4_000), None);
    stage.content("", json!({ "story": true }), vec![file])
}

pub fn video_story(stage: &Stage) -> Content {
    stage.content("", json!({ "story": true }), vec![(mp4(70_000), None)])
}

pub fn commented(stage: &Stage) -> Content {
    let options = json!({ "firstComment": "More at the harbour" });
    stage.content("A harbour at dawn", options, vec![])
}

pub fn commented_video(stage: &Stage) -> Content {
    let options = json!({ "firstComment": "More at the harbour" });
    stage.content("Waves", options, vec![(mp4(70_000), None)])
}

fn lost_post() -> FaultScript {
    FaultScript::first(GRAPH, FEED, Fault::LoseAnswer)
}

/// Every flow.
pub fn flows() -> Vec<Flow> {
    let contents: [(&str, Make); 12] = [
        ("text", text),
        ("link", link),
        ("picture", picture),
        ("pictures", pictures),
        ("video", video),
        ("titled video", titled_video),
        ("reel", reel),
        ("titled reel", titled_reel),
        ("photo story", photo_story),
        ("video story", video_story),
        ("comment", commented),
        ("comment under a video", commented_video),
    ];
    let flow = |(name, content)| Flow {
        name,
        platform: Platform::Facebook,
        chosen: STUDIO,
        content,
        trouble: None,
    };
    let mut flows: Vec<Flow> = contents.into_iter().map(flow).collect();
    flows.push(Flow {
        trouble: Some(lost_post),
        ..flow(("lost answer", picture as Make))
    });
    flows
}
