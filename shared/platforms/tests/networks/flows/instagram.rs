//! The flows of Instagram.

use domain::Platform;
use platforms::Content;
use serde_json::{Value, json};
use simulator::{Fault, FaultScript};

use super::{Flow, Make};
use crate::harness::{Stage, jpeg, mp4};

pub const ACCOUNT: &str = "17841405822304914";

fn picture(stage: &Stage) -> Content {
    let options = json!({
        "collaborators": ["sample_garden"], "locationId": "104482915678304",
        "userTags": [{ "username": "sample_garden", "x": 0.25, "y": 0.5 }]
    });
    let file = (jpeg(1_080, 1_080, 4_000), Some("Boats in mist"));
    stage.content("A harbour at dawn #sea", options, vec![file])
}

fn reel(stage: &Stage) -> Content {
    let options = json!({ "shareToFeed": true, "thumbOffsetMs": 1500, "audioName": "Waves" });
    stage.content("Waves", options, vec![(mp4(70_000), None)])
}

fn carousel(stage: &Stage) -> Content {
    let files = vec![
        (jpeg(1_080, 1_080, 4_000), Some("Boats in mist")),
        (mp4(70_000), None),
    ];
    stage.content("Two of them", Value::Null, files)
}

fn story(stage: &Stage) -> Content {
    stage.content("", json!({ "story": true }), vec![(mp4(70_000), None)])
}

fn lost_publish() -> FaultScript {
    let publish = "POST /{version}/{id}/media_publish";
    FaultScript::first("graph.facebook.com", publish, Fault::LoseAnswer)
}

/// The first file cannot be fetched.
fn unfetched() -> FaultScript {
    let error = json!({ "message": "Words", "code": 9004, "error_subcode": 2_207_052 });
    let refusal = Fault::Answer {
        status: 400,
        headers: Vec::new(),
        body: json!({ "error": error }),
    };
    FaultScript::first("graph.facebook.com", "POST /{version}/{id}/media", refusal)
}

/// Every flow.
pub fn flows() -> Vec<Flow> {
    let contents: [(&str, Make); 3] =
        [("picture", picture), ("reel", reel), ("carousel", carousel)];
    let flow = |(name, content)| Flow {
        name,
        platform: Platform::Instagram,
        chosen: ACCOUNT,
        content,
        trouble: None,
    };
    let mut flows: Vec<Flow> = contents.into_iter().map(flow).collect();
    flows.push(Flow {
        trouble: Some(lost_publish),
        ..flow(("lost answer", picture as Make))
    });
    let uploads: [(&str, Make); 3] = [
        ("reel that is sent", reel),
        ("story that is sent", story),
        ("carousel that is sent", carousel),
    ];
    flows.extend(uploads.map(|it| Flow {
        trouble: Some(unfetched),
        ..flow(it)
    }));
    flows
}
