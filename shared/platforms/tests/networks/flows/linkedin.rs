//! The flows of LinkedIn.

use std::sync::OnceLock;

use domain::Platform;
use platforms::Content;
use serde_json::{Value, json};
use simulator::{Fault, LivePost};
use time::Duration;

use super::Make;
use crate::harness::{Connection, Run, Sample, Stage, Trial, jpeg, mp4, pdf, png};

pub const STUDIO: &str = "8sTd1oQx2z";
/// The Page that the studio leads.
pub const PAGE: &str = "urn:li:organization:2414183";
pub const API: &str = "api.linkedin.com";
pub const WWW: &str = "www.linkedin.com";
pub const UPLOAD: &str = "PUT /dms-uploads/{id}";
pub const POST: &str = "POST /rest/posts";
pub const LOOK: &str = "GET /rest/posts";
pub const ORIGINAL: &str = "GET /rest/posts/{urn}";
pub const DOCUMENTS: &str = "POST /rest/documents";
pub const DOCUMENT: &str = "GET /rest/documents/{urn}";
pub const IMAGES: &str = "POST /rest/images";
pub const IMAGE: &str = "GET /rest/images/{urn}";
pub const VIDEOS: &str = "POST /rest/videos";
pub const VIDEO: &str = "GET /rest/videos/{urn}";
/// What an app for Pages alone may ask for.
pub const PAGE_SCOPES: &str =
    "r_basicprofile w_organization_social r_organization_social rw_organization_admin";

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
        Trial::new(Platform::Linkedin, STUDIO, self.content)
            .arranged(self.arranged)
            .limited(429, limited())
            .broken(
                503,
                json!({"status": 503, "message": "Service Unavailable"}),
            )
    }
}

/// Every flow of a member.
pub fn flows() -> Vec<Flow> {
    let contents: [(&str, Make); 8] = [
        ("text", text),
        ("picture", picture),
        ("pictures", pictures),
        ("video of two parts", video),
        ("titled video", titled_video),
        ("document", document),
        ("article", article),
        ("article with a picture", article_with_picture),
    ];
    let flow = |(name, content)| Flow {
        name,
        content,
        arranged: member,
    };
    let renewed = Flow {
        name: "text with a renewable token",
        content: text,
        arranged: renewable,
    };
    contents.into_iter().map(flow).chain([renewed]).collect()
}

/// Every flow of a Page; its videos go part by part as a member's do.
pub fn flows_of_pages() -> Vec<Flow> {
    let contents: [(&str, Make); 7] = [
        ("text of a Page", text),
        ("picture of a Page", picture),
        ("pictures of a Page", pictures),
        ("titled video of a Page", titled_video),
        ("document of a Page", document),
        ("article of a Page", article),
        ("article with a picture of a Page", article_with_picture),
    ];
    let flow = |(name, content)| Flow {
        name,
        content,
        arranged: page,
    };
    contents.into_iter().map(flow).collect()
}

/// A registration for members, as most have.
pub fn member(stage: Stage) -> Stage {
    stage
}

/// A registration for Pages: whoever connects brings Pages only, the one that the studio leads first.
pub fn page(stage: Stage) -> Stage {
    stage.with_setting(Platform::Linkedin, "scopes", PAGE_SCOPES)
}

/// A registration whose tokens can be renewed.
pub fn renewable(stage: Stage) -> Stage {
    let world = stage.simulator.world();
    world.states().linkedin().gives_refresh_tokens = true;
    stage
}

pub fn text(stage: &Stage) -> Content {
    stage.content("Fresh bread (daily) #bakery", Value::Null, vec![])
}

pub fn picture(stage: &Stage) -> Content {
    let samples = vec![(jpeg(1200, 900, 60_000), Some("A loaf (sliced)"))];
    stage.content("Fresh bread #bakery", json!({}), samples)
}

/// The files of [`pictures`].
pub fn three() -> [Sample; 3] {
    [jpeg(100, 100, 900), png(100, 200, 700), jpeg(300, 100, 800)]
}

pub fn pictures(stage: &Stage) -> Content {
    let descriptions = [Some("one"), None, Some("three")];
    let samples = three().into_iter().zip(descriptions).collect();
    stage.content("Three", json!({ "disableReshare": true }), samples)
}

/// Of two parts; made once, since every flow is tried often.
pub fn two_parts() -> Sample {
    static MADE: OnceLock<Sample> = OnceLock::new();
    MADE.get_or_init(|| mp4(4_200_000)).clone()
}

pub fn video(stage: &Stage) -> Content {
    stage.content("Moving", Value::Null, vec![(two_parts(), None)])
}

pub fn titled_video(stage: &Stage) -> Content {
    let options = json!({ "title": "Kneading (part 1)" });
    stage.content("Moving on", options, vec![(mp4(80_000), None)])
}

pub fn document(stage: &Stage) -> Content {
    let options = json!({ "title": "The menu (spring)" });
    stage.content("All that we bake", options, vec![(pdf(50_000), None)])
}

pub fn article(stage: &Stage) -> Content {
    let options = json!({ "article": {
        "url": "https://example.com/bread_(daily)?utm_source=a",
        "title": "On bread (daily)",
        "description": "Why it rises * and falls",
    } });
    stage.content("Read on {here}", options, vec![])
}

pub fn article_with_picture(stage: &Stage) -> Content {
    let options = json!({ "article": {
        "url": "https://example.com/bread", "title": "On bread", "thumbnail": true,
    } });
    stage.content("Read on", options, vec![(png(640, 360, 3_000), None)])
}

/// Publishes as whom the registration is for.
pub async fn publish(stage: &Stage, content: &Content) -> Run {
    let mut connection = connected(stage).await;
    stage.publish(&mut connection, content).await
}

pub async fn connected(stage: &Stage) -> Connection {
    stage.connection(Platform::Linkedin, STUDIO).await
}

/// What LinkedIn says to the member whose day is used up.
pub fn limited() -> Value {
    json!({"serviceErrorCode": 101, "status": 429, "message": "Resource level throttle limit for calls to this resource is reached."})
}

/// This answer, and nothing is done.
pub fn answer(status: u16, body: Value) -> Fault {
    Fault::Answer {
        status,
        headers: Vec::new(),
        body,
    }
}

/// A refusal by its code, as the gateway spells it.
pub fn refused(status: u16, code: &str) -> Value {
    json!({"status": status, "code": code, "message": "Words"})
}

/// A refusal by its code, as the interfaces spell it.
pub fn bad_input(status: u16, code: &str) -> Value {
    json!({"status": status, "message": "Words", "errorDetails": {"inputErrors": [
        {"description": "More words", "input": {}, "code": code}
    ]}})
}

/// The one live post, which must be the one that was reported.
pub fn published(stage: &Stage, run: &Run) -> LivePost {
    let receipt = run.receipt();
    let ledger = stage.simulator.ledger();
    assert_eq!(ledger.posts().len(), 1, "{}", run.transcript);
    let live = ledger.posts()[0].clone();
    assert_eq!(receipt.external_id.as_deref(), Some(live.post_id.as_str()));
    assert_eq!(receipt.url.as_deref(), Some(live.url.as_str()));
    live
}

pub fn count(run: &Run, name: &str) -> usize {
    run.calls.iter().filter(|(call, _)| *call == name).count()
}

/// LinkedIn works so long on each file.
pub fn slow(stage: &Stage, time: Duration) {
    let world = stage.simulator.world();
    world.set_processing("linkedin", time);
}
