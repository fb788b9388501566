//! Every parameter of every call to Meta's graph hosts, held against Meta's own data.
//!
//! `PLATFORM_SPECS_DIR` names a folder with the data: `meta/Page.json` and others, as they stand in the
//! repository facebook/facebook-business-sdk-codegen. Without it nothing is held against anything.

use std::{collections::BTreeMap, path::PathBuf};

use domain::Platform;
use http::Method;
use platforms::{Body, Call, PartContent};
use serde_json::Value;
use time::Duration;

use crate::{flows::Flow, harness::Stage};

/// Which of Meta's types stands before an edge, and which comes out of it where the data has it.
const EDGES: [(&str, &str, Option<&str>); 13] = [
    ("accounts", "User", Some("Page")),
    (
        "content_publishing_limit",
        "IGUser",
        Some("ContentPublishingLimitResponse"),
    ),
    ("feed", "Page", None),
    ("media", "IGUser", Some("IGMedia")),
    ("media_publish", "IGUser", None),
    ("permissions", "User", Some("Permission")),
    ("photo_stories", "Page", None),
    ("photos", "Page", None),
    ("published_posts", "Page", Some("PagePost")),
    ("stories", "IGUser", Some("IGMedia")),
    ("video_reels", "Page", None),
    ("video_stories", "Page", None),
    ("videos", "Page", None),
];
/// Which of Meta's types a thing is that is read by its id alone.
const NODES: [(Platform, &str, &str); 7] = [
    (Platform::Facebook, "ask_status", "AdVideo"),
    (Platform::Facebook, "read_permalink", "PagePost"),
    (Platform::Facebook, "read_page_token", "Page"),
    (Platform::Facebook, "read_person", "User"),
    (Platform::Instagram, "read_page_token", "Page"),
    (Platform::Instagram, "read_person", "User"),
    (Platform::Instagram, "read_permalink", "IGMedia"),
];
/// What the data lacks although it is documented: edge or type, name, and where it is told.
const BEYOND: [(&str, &str, &str); 8] = [
    ("accounts", "picture", "an edge, asked for as a field"),
    (
        "accounts",
        "tasks",
        "the answer's own example in the guide to Pages",
    ),
    ("comments", "limit", "every list is read in pages"),
    ("media", "limit", "every list is read in pages"),
    ("accounts", "limit", "every list is read in pages"),
    ("photos", "source", "the file itself, beside the fields"),
    ("published_posts", "since", "every list is read in times"),
    (
        "published_posts",
        "attachments",
        "an edge, asked for as a field",
    ),
];

/// Meta's data, by type.
struct Specs(BTreeMap<String, Value>);

impl Specs {
    /// The data in the folder that the environment names.
    #[expect(clippy::disallowed_methods, reason = "the setting of this test alone")]
    fn read() -> Option<Self> {
        let folder = PathBuf::from(std::env::var("PLATFORM_SPECS_DIR").ok()?).join("meta");
        let files = std::fs::read_dir(&folder).expect("a folder of data");
        let types = files.filter_map(|file| {
            let path = file.expect("a file").path();
            let name = path.file_stem()?.to_str()?.to_owned();
            let is_json = path.extension().is_some_and(|end| end == "json");
            is_json.then(|| {
                let text = std::fs::read_to_string(&path).expect("a text");
                (name, serde_json::from_str(&text).expect("JSON"))
            })
        });
        Some(Self(types.collect()))
    }

    fn names(&self, kind: &str, list: impl Fn(&Value) -> &Value) -> Vec<String> {
        let known = list(&self.0[kind]).as_array().cloned().unwrap_or_default();
        let name = |it: &Value| it["name"].as_str().map(str::to_owned);
        known.iter().filter_map(name).collect()
    }

    /// What an edge of a type takes; `None` where the data has no such call.
    fn parameters(&self, kind: &str, method: &Method, edge: &str) -> Option<Vec<String>> {
        let place = self.0[kind]["apis"].as_array()?.iter().position(|api| {
            api["method"] == method.as_str() && api["endpoint"].as_str() == Some(edge)
        })?;
        Some(self.names(kind, |it| &it["apis"][place]["params"]))
    }

    /// What of a call the data does not know.
    fn unknown(&self, platform: Platform, call: &Call) -> Vec<String> {
        let segments: Vec<&str> = call.url.path_segments().into_iter().flatten().collect();
        let what = |name: &str| format!("{} {}: {name}", call.method, call.name);
        let (edge, takes, shows) = match segments.as_slice() {
            // Tokens stand in no data.
            [_, "oauth", "access_token"] | [_, "debug_token"] => return Vec::new(),
            [_, "me"] => ("", Vec::new(), Some("User")),
            [_, _] => match kind_of(platform, call.name) {
                Some(kind) => ("", Vec::new(), Some(kind)),
                None => return vec![what("a thing of an unknown type")],
            },
            [_, _, edge] => {
                let (kind, shown) = match (*edge, platform) {
                    ("comments", Platform::Instagram) => ("IGMedia", None),
                    ("comments", _) => ("PagePost", None),
                    _ => match EDGES.iter().find(|(name, ..)| name == edge) {
                        Some((_, kind, shown)) => (*kind, *shown),
                        None => return vec![what(edge)],
                    },
                };
                match self.parameters(kind, &call.method, edge) {
                    Some(takes) => (*edge, takes, shown),
                    None => return vec![what(edge)],
                }
            }
            _ => return vec![what(call.url.path())],
        };
        let is_beyond = |name: &str| BEYOND.iter().any(|it| (it.0, it.1) == (edge, name));
        let mut unknown = Vec::new();
        for (name, value) in parameters(call) {
            if name == "fields" {
                let Some(kind) = shows else { continue };
                let known = self.names(kind, |it| &it["fields"]);
                let fields = fields(&value).into_iter();
                unknown.extend(fields.filter(|it| !known.contains(it) && !is_beyond(it)));
            } else if !takes.contains(&name) && !is_beyond(&name) {
                unknown.push(name);
            }
        }
        unknown.iter().map(|name| what(name)).collect()
    }
}

fn kind_of(platform: Platform, name: &str) -> Option<&'static str> {
    let known = NODES.iter().find(|it| it.0 == platform && it.1 == name);
    match known {
        Some((.., kind)) => Some(kind),
        // Whatever else is asked at Instagram is a container.
        None if platform == Platform::Instagram => Some("ShadowIGMediaBuilder"),
        None => None,
    }
}

/// Every parameter of a call with its value, wherever it stands.
fn parameters(call: &Call) -> Vec<(String, String)> {
    let mut parameters: Vec<(String, String)> = call.url.query_pairs().into_owned().collect();
    parameters.extend(match &call.body {
        Body::Empty | Body::File(_) => Vec::new(),
        Body::Form(fields) => {
            let plain = |(name, value): &(String, platforms::FormValue)| {
                (name.clone(), value.expose().to_owned())
            };
            fields.iter().map(plain).collect()
        }
        Body::Json(value) | Body::JsonWithFiles(value, _) => {
            let fields = value.as_object().into_iter().flatten();
            fields
                .map(|(name, value)| (name.clone(), value.to_string()))
                .collect()
        }
        Body::Multipart(parts) => {
            let text = |part: &platforms::Part| match &part.content {
                PartContent::File { .. } => String::new(),
                PartContent::Text(text) => text.clone(),
            };
            let named = |part| (platforms::Part::clone(part).name, text(part));
            parts.iter().map(named).collect()
        }
    });
    parameters
}

/// The names of a `fields` expression, without what stands in braces behind them.
fn fields(text: &str) -> Vec<String> {
    let mut depth = 0_usize;
    let outer: String = text
        .chars()
        .filter(|letter| {
            if *letter == '}' {
                depth -= 1;
                return false;
            }
            depth += usize::from(*letter == '{');
            depth == 0
        })
        .collect();
    outer.split(',').map(str::to_owned).collect()
}

/// Every call of a flow, from the consent on.
async fn calls(flow: &Flow) -> Vec<Call> {
    let stage = Stage::new();
    let world = stage.simulator.world();
    world.set_processing(flow.platform.as_str(), Duration::seconds(7));
    for scope in ["instagram_manage_comments", "pages_manage_engagement"] {
        world.states().meta().allow(scope);
    }
    let mut connection = stage.connection(flow.platform, flow.chosen).await;
    if let Some(trouble) = flow.trouble {
        stage.simulator.script(trouble());
    }
    let content = (flow.content)(&stage);
    stage.publish(&mut connection, &content).await.receipt();
    stage
        .refresh(&mut connection)
        .await
        .expect("a renewal")
        .expect("a token");
    let mut calls = stage.calls();
    calls.retain(|call| {
        call.url
            .host_str()
            .is_some_and(|host| host.starts_with("graph"))
    });
    calls
}

#[expect(clippy::print_stdout, reason = "a test that proves nothing says so")]
fn specs() -> Option<Specs> {
    let specs = Specs::read();
    if specs.is_none() {
        println!("skipped: PLATFORM_SPECS_DIR names no folder with Meta's data");
    }
    specs
}

#[tokio::test]
async fn every_parameter_of_every_flow_is_known_to_meta() {
    let Some(specs) = specs() else { return };
    let mut unknown = Vec::new();
    for flow in crate::flows::all() {
        let calls = calls(&flow).await;
        assert!(calls.len() > 5, "{}", flow.name);
        for call in calls {
            let told = specs.unknown(flow.platform, &call);
            unknown.extend(told.into_iter().map(|it| format!("{}: {it}", flow.name)));
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
}

#[tokio::test]
async fn a_misspelt_parameter_is_noticed_in_every_call() {
    let Some(specs) = specs() else { return };
    for flow in crate::flows::all() {
        for call in calls(&flow).await {
            let path = call.url.path();
            if path.ends_with("/oauth/access_token") || path.ends_with("/debug_token") {
                continue;
            }
            let mut wrong = call.clone();
            wrong.url.query_pairs_mut().append_pair("mesage", "a");
            let told = specs.unknown(flow.platform, &wrong);
            assert_eq!(told.len(), 1, "{}: {told:?}", call.name);
            assert!(told[0].ends_with(": mesage"), "{told:?}");
        }
    }
}
