//! The flows of X.

use domain::{ImageFormat, MediaFacts, Platform};
use platforms::Content;
use serde_json::{Value, json};
use simulator::{Fault, FaultScript};

use super::{Flow, Make};
use crate::harness::{Sample, Stage, jpeg, mp4, png};

pub const STUDIO: &str = "2244994945";
pub const KITCHEN: &str = "1880028106020515841";
pub const HOST: &str = "api.x.com";
pub const POSTS: &str = "POST /2/tweets";
/// A post of the account's own, made before by [`with_an_older_post`].
pub const OLDER: &str = "1600000000000000000";

/// A post of the account stands in its timeline already; others can answer and quote it.
pub fn with_an_older_post(stage: Stage) -> Stage {
    let at = stage.now() - time::Duration::days(2);
    stage
        .simulator
        .world()
        .states()
        .x()
        .post_by_another_app(OLDER, STUDIO, "An older post", at);
    stage
}

pub fn text(stage: &Stage) -> Content {
    stage.content(
        "Fish & chips at https://example.com/Menu/, or example.org — café 🍟",
        json!({ "replySettings": "following", "madeWithAi": true }),
        vec![],
    )
}

pub fn pictures(stage: &Stage) -> Content {
    stage.content(
        "Two of a kind",
        Value::Null,
        vec![
            (jpeg(800, 600, 4_000), Some("A harbour at dawn")),
            (png(640, 640, 3_000), None),
        ],
    )
}

pub fn video(stage: &Stage) -> Content {
    stage.content(
        "It moves",
        json!({}),
        vec![(mp4((1 << 20) + 77), Some("Waves on a shore"))],
    )
}

pub fn gif() -> Sample {
    let mut bytes = b"GIF89a\x40\0\x40\0".to_vec();
    bytes.resize(5_000, 7);
    let facts = MediaFacts::Image {
        format: ImageFormat::Gif,
        width: 64,
        height: 64,
        bytes: 5_000,
        animated: true,
    };
    Sample { facts, bytes }
}

pub fn animation(stage: &Stage) -> Content {
    stage.content("", json!({}), vec![(gif(), Some("A gull"))])
}

pub fn poll(stage: &Stage) -> Content {
    let options = json!({ "poll": { "options": ["Tea", "Coffee"], "durationMinutes": 1_440 } });
    stage.content("What shall it be?", options, vec![])
}

pub fn reply(stage: &Stage) -> Content {
    stage.content("Since then", json!({ "replyTo": OLDER }), vec![])
}

pub fn quote(stage: &Stage) -> Content {
    let options = json!({ "quote": OLDER, "paidPartnership": true });
    stage.content("As I said", options, vec![])
}

pub fn thread(stage: &Stage) -> Content {
    let parts = json!([{ "text": "Second, with example.com" }, { "text": "And third" }]);
    stage.content("First of three", json!({ "thread": parts }), vec![])
}

pub fn thread_with_files(stage: &Stage) -> Content {
    let parts = json!([
        { "text": "A film", "media": [1] },
        { "media": [2, 0] },
    ]);
    stage.content(
        "Words before pictures",
        json!({ "thread": parts, "madeWithAi": true }),
        vec![
            (jpeg(800, 600, 4_000), Some("A harbour at dawn")),
            (mp4(70_000), None),
            (png(640, 640, 3_000), None),
        ],
    )
}

fn lost_post() -> FaultScript {
    FaultScript::first(HOST, POSTS, Fault::LoseAnswer)
}

/// Every flow; some need [`with_an_older_post`].
pub fn flows() -> Vec<Flow> {
    let contents: [(&str, Make); 9] = [
        ("text", text),
        ("pictures", pictures),
        ("video", video),
        ("animation", animation),
        ("poll", poll),
        ("reply", reply),
        ("quote", quote),
        ("thread", thread),
        ("thread with files", thread_with_files),
    ];
    let flow = |(name, content)| Flow {
        name,
        platform: Platform::X,
        chosen: STUDIO,
        content,
        trouble: None,
    };
    let lost = contents.map(|it| Flow {
        trouble: Some(lost_post),
        ..flow(it)
    });
    contents.into_iter().map(flow).chain(lost).collect()
}
