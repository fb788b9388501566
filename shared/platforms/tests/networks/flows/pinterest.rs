//! The flows of Pinterest.

use domain::Platform;
use platforms::Content;
use serde_json::json;
use simulator::{Fault, FaultScript};

use super::{Flow, Make};
use crate::harness::{Stage, jpeg, mp4, png};

pub const STUDIO: &str = "813744226420795884";
pub const RECIPES: &str = "549755885175";
pub const TABLES: &str = "549755885176";
pub const DESSERTS: &str = "5549755885175002";
pub const API: &str = "api.pinterest.com";
pub const STORE: &str = "pinterest-media-upload.s3-accelerate.amazonaws.com";
pub const CREATE: &str = "POST /v5/pins";

pub fn picture(stage: &Stage) -> Content {
    stage.content(
        "Fresh bread",
        json!({ "boardId": RECIPES }),
        vec![(jpeg(1000, 1500, 60_000), None)],
    )
}

pub fn titled(stage: &Stage) -> Content {
    let options = json!({
        "boardId": RECIPES, "boardSectionId": DESSERTS,
        "title": "Lemon tart", "link": "https://example.com/tart?a=b",
        "dominantColor": "#F7E03c",
    });
    stage.content(
        "With cream & honey",
        options,
        vec![(jpeg(1000, 1500, 60_000), Some("A tart"))],
    )
}

pub fn carousel(stage: &Stage) -> Content {
    stage.content(
        "Step by step",
        json!({ "boardId": TABLES, "title": "How to set a table" }),
        vec![
            (jpeg(1000, 1500, 4_000), Some("A bare table")),
            (png(1000, 1500, 5_000), None),
            (jpeg(1000, 1500, 6_000), Some("A laid table")),
        ],
    )
}

pub fn video(stage: &Stage) -> Content {
    stage.content(
        "Kneading",
        json!({ "boardId": RECIPES, "title": "Dough" }),
        vec![(mp4(90_000), None)],
    )
}

pub fn framed(stage: &Stage) -> Content {
    stage.content(
        "Baking",
        json!({ "boardId": TABLES, "coverTimeSeconds": 7 }),
        vec![(mp4(70_000), None)],
    )
}

pub fn covered(stage: &Stage) -> Content {
    stage.content(
        "Rising",
        json!({ "boardId": TABLES, "cover": true }),
        vec![
            (png(1000, 1500, 3_000), None),
            (mp4(80_000), Some("Dough that rises")),
        ],
    )
}

/// Pinterest cannot reach our files, as often as it tries before they are sent.
pub fn unreachable() -> FaultScript {
    let refusal = Fault::Answer {
        status: 400,
        headers: Vec::new(),
        body: json!({"code": 1, "message": "Unable to reach the URL."}),
    };
    FaultScript::first(API, CREATE, refusal).times(3)
}

fn lost_pin() -> FaultScript {
    FaultScript::first(API, CREATE, Fault::LoseAnswer)
}

/// Every flow.
pub fn flows() -> Vec<Flow> {
    let contents: [(&str, Make); 6] = [
        ("picture", picture),
        ("titled", titled),
        ("carousel", carousel),
        ("video", video),
        ("framed", framed),
        ("covered", covered),
    ];
    let flow = |(name, content)| Flow {
        name,
        platform: Platform::Pinterest,
        chosen: STUDIO,
        content,
        trouble: None,
    };
    let lost = contents.map(|it| Flow {
        trouble: Some(lost_pin),
        ..flow(it)
    });
    let sent = [
        ("picture that is sent", picture as Make),
        ("carousel that is sent", carousel),
        ("cover that is sent", covered),
    ]
    .map(|it| Flow {
        trouble: Some(unreachable),
        ..flow(it)
    });
    contents
        .into_iter()
        .map(flow)
        .chain(lost)
        .chain(sent)
        .collect()
}
