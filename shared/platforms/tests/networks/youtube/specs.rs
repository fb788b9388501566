//! Every call to YouTube and every answer of the simulator, held against Google's own description of the interface.
//!
//! `PLATFORM_SPECS_DIR` names a folder with the data: `google/youtube.v3.json` is the discovery document of the Data
//! API v3. Without it nothing is held against anything.

use std::path::PathBuf;

use http::Method;
use platforms::{Body, Call};
use serde_json::{Value, json};
use simulator::{Fault, FaultScript};

use crate::{
    flows::youtube::{CHANNEL, flows},
    harness::{Connection, Stage},
};

/// What an upload session's own address carries, which no document lists.
const SESSION: [&str; 2] = ["upload_id", "uploadType"];
/// What of a video can be written when it is uploaded (the page of `videos.insert`).
const WRITABLE: [&str; 14] = [
    "snippet.title",
    "snippet.description",
    "snippet.tags",
    "snippet.categoryId",
    "snippet.defaultLanguage",
    "status.embeddable",
    "status.license",
    "status.privacyStatus",
    "status.publicStatsViewable",
    "status.publishAt",
    "status.selfDeclaredMadeForKids",
    "status.containsSyntheticMedia",
    "recordingDetails.recordingDate",
    "localizations",
];

/// Google's description.
struct Specs(Value);

/// A method of it.
struct Found<'a> {
    id: &'a str,
    method: &'a Value,
    is_upload: bool,
}

impl Specs {
    /// The description in the folder that the environment names.
    #[expect(clippy::disallowed_methods, reason = "the setting of this test alone")]
    fn read() -> Option<Self> {
        let folder = PathBuf::from(std::env::var("PLATFORM_SPECS_DIR").ok()?);
        let text = std::fs::read_to_string(folder.join("google/youtube.v3.json")).ok()?;
        Some(Self(serde_json::from_str(&text).expect("JSON")))
    }

    /// The method that is called by this verb at this path.
    fn method(&self, verb: &Method, path: &str) -> Option<Found<'_>> {
        let upload = path.strip_prefix("/upload/");
        let bare = upload.unwrap_or(path).trim_start_matches('/');
        // The bytes of an upload go to the address of the method that began it, by PUT.
        let verb = if upload.is_some() && *verb == Method::PUT {
            "POST"
        } else {
            verb.as_str()
        };
        let resources = self.0["resources"].as_object().into_iter().flatten();
        let methods = resources.flat_map(|(_, it)| it["methods"].as_object().into_iter().flatten());
        methods
            .map(|(_, method)| method)
            .find(|method| {
                let takes = upload.is_none() || method["supportsMediaUpload"] == true;
                method["httpMethod"] == verb && method["path"] == bare && takes
            })
            .map(|method| Found {
                id: method["id"].as_str().unwrap_or_default(),
                method,
                is_upload: upload.is_some(),
            })
    }

    /// What of a call the description does not know.
    fn unknown(&self, call: &Call) -> Vec<String> {
        let path = call.url.path();
        let Some(found) = self.method(&call.method, path) else {
            return vec![format!("{} {path}", call.method)];
        };
        let parameters = &found.method["parameters"];
        let mut unknown = Vec::new();
        for (name, value) in call.url.query_pairs() {
            let described = &parameters[&*name];
            let is_session = found.is_upload && SESSION.contains(&&*name);
            if described.is_null() && !is_session {
                unknown.push(format!("?{name}"));
            }
            if described["type"] == "boolean" && !["true", "false"].contains(&&*value) {
                unknown.push(format!("?{name}={value}"));
            }
            if name == "part" {
                let shape = found.method["response"]["$ref"]
                    .as_str()
                    .unwrap_or_default();
                unknown.extend(self.unknown_parts(shape, &value));
            }
        }
        let is_begun = found.is_upload && call.method == Method::PUT;
        for (name, described) in parameters.as_object().into_iter().flatten() {
            let is_given = call.url.query_pairs().any(|(given, _)| given == *name);
            if described["required"] == true && !is_given && !is_begun {
                unknown.push(format!("no {name}"));
            }
        }
        match &call.body {
            Body::Json(body) => {
                let shape = found.method["request"]["$ref"].as_str().unwrap_or_default();
                self.misfits(shape, body, "", &mut unknown);
                if found.id == "youtube.videos.insert" {
                    unknown.extend(unwritable(body));
                }
            }
            Body::File(_) if found.is_upload => {
                let accepted = found.method["mediaUpload"]["accept"].as_array();
                let kind = call
                    .headers
                    .iter()
                    .find(|(name, _)| *name == "content-type");
                let is_taken = kind.is_some_and(|(_, kind)| {
                    let mut accepted = accepted.into_iter().flatten().filter_map(Value::as_str);
                    accepted.any(|it| {
                        it == kind || it.strip_suffix('*').is_some_and(|it| kind.starts_with(it))
                    })
                });
                if !is_taken {
                    unknown.push(format!("content-type {kind:?}"));
                }
            }
            Body::Empty => {}
            Body::File(_) | Body::Form(_) | Body::JsonWithFiles(..) | Body::Multipart(_) => {
                unknown.push("the body".to_owned());
            }
        }
        unknown
            .iter()
            .map(|it| format!("{}: {it}", found.id))
            .collect()
    }

    /// Parts of a resource, or of the items of a list of them.
    fn unknown_parts(&self, shape: &str, parts: &str) -> Vec<String> {
        let described = &self.0["schemas"][shape]["properties"];
        let item = described["items"]["items"]["$ref"].as_str();
        let resource = item.unwrap_or(shape);
        let known = &self.0["schemas"][resource]["properties"];
        let unknown = parts.split(',').filter(|part| known[*part].is_null());
        unknown.map(|part| format!("part {part}")).collect()
    }

    /// Where a value does not fit a schema: names, types, and the words of closed lists.
    fn misfits(&self, shape: &str, value: &Value, at: &str, found: &mut Vec<String>) {
        let Some(fields) = value.as_object() else {
            found.push(format!("{at}: no {shape}"));
            return;
        };
        let known = &self.0["schemas"][shape]["properties"];
        for (name, value) in fields {
            let described = &known[name];
            if described.is_null() {
                found.push(format!("{at}.{name}"));
            } else {
                self.misfit(described, value, &format!("{at}.{name}"), found);
            }
        }
    }

    fn misfit(&self, described: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
        if let Some(shape) = described["$ref"].as_str() {
            return self.misfits(shape, value, at, found);
        }
        let fits = match described["type"].as_str().unwrap_or_default() {
            "array" => {
                for item in value.as_array().into_iter().flatten() {
                    self.misfit(&described["items"], item, at, found);
                }
                value.is_array()
            }
            "boolean" => value.is_boolean(),
            "integer" => value.is_u64() || value.is_i64(),
            "number" => value.is_number(),
            "object" => value.is_object(),
            // 64-bit numbers are texts.
            "string" => value.as_str().is_some_and(|text| is_text(described, text)),
            _ => false,
        };
        if !fits {
            found.push(format!("{at}={value}"));
        }
    }
}

fn is_text(described: &Value, text: &str) -> bool {
    let is_word = described["enum"]
        .as_array()
        .is_none_or(|words| words.iter().any(|word| word == text));
    let is_format = match described["format"].as_str().unwrap_or_default() {
        "uint64" => text.parse::<u64>().is_ok(),
        "date-time" => {
            time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339)
                .is_ok()
        }
        _ => true,
    };
    is_word && is_format
}

/// What a video is sent with that cannot be written.
fn unwritable(body: &Value) -> Vec<String> {
    let parts = body.as_object().into_iter().flatten();
    let fields = parts.flat_map(|(part, fields)| {
        let fields = fields.as_object().into_iter().flatten();
        fields.map(move |(name, _)| format!("{part}.{name}"))
    });
    fields
        .filter(|name| !WRITABLE.contains(&name.as_str()))
        .map(|name| format!("{name} is not writable"))
        .collect()
}

#[expect(clippy::print_stdout, reason = "a test that proves nothing says so")]
fn specs() -> Option<Specs> {
    let specs = Specs::read();
    if specs.is_none() {
        println!("skipped: PLATFORM_SPECS_DIR names no folder with Google's description");
    }
    specs
}

/// Every call to the interface: those of every flow, and those after a session that went with its answer.
async fn calls() -> Vec<Call> {
    let mut all = Vec::new();
    let lost = |route: &str, nth, fault| {
        FaultScript::first(crate::flows::youtube::HOST, route, fault).nth(nth)
    };
    for flow in flows() {
        let stage = (flow.arranged)(Stage::new());
        if flow.name == "video" {
            stage
                .simulator
                .script(lost(crate::flows::youtube::PUT, 1, Fault::LoseAnswer));
            let gone = Fault::Answer {
                status: 404,
                headers: Vec::new(),
                body: Value::Null,
            };
            stage
                .simulator
                .script(lost(crate::flows::youtube::PUT, 2, gone).times(9));
        }
        let mut connection = stage.connection(domain::Platform::Youtube, CHANNEL).await;
        let content = (flow.content)(&stage);
        stage.publish(&mut connection, &content).await.receipt();
        all.extend(stage.calls());
    }
    all.retain(|call| call.url.host_str() == Some(crate::flows::youtube::HOST));
    all
}

#[tokio::test]
async fn every_call_of_every_flow_is_known_to_google() {
    let Some(specs) = specs() else { return };
    let calls = calls().await;
    let mut names: Vec<&str> = calls.iter().map(|call| call.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(
        names,
        [
            "add_to_playlist",
            "ask_session",
            "channels",
            "compare",
            "list_uploads",
            "look_in_playlist",
            "processing",
            "set_thumbnail",
            "start_session",
            "upload_chunk",
        ]
    );
    let unknown: Vec<String> = calls.iter().flat_map(|call| specs.unknown(call)).collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
}

#[tokio::test]
async fn what_is_misspelt_is_noticed_in_every_call() {
    let Some(specs) = specs() else { return };
    for call in calls().await {
        let mut wrong = call.clone();
        wrong.url.query_pairs_mut().append_pair("videoid", "a");
        assert_eq!(specs.unknown(&wrong).len(), 1, "{}", call.name);
        if let Body::Json(body) = &call.body {
            for (pointer, value) in [
                ("/snippet/titel", json!("a")),
                ("/snippet/playlistId", json!(1)),
                ("/snippet/tags", json!("a")),
                ("/status/privacyStatus", json!("secret")),
                ("/status/publishAt", json!("soon")),
                ("/status/uploadStatus", json!("processed")),
            ] {
                let mut wrong = call.clone();
                let mut body = body.clone();
                let (_, field) = pointer.rsplit_once('/').expect("a field");
                let part = pointer.trim_end_matches(field).trim_end_matches('/');
                body[&part[1..]][field] = value;
                wrong.body = Body::Json(body);
                assert!(
                    !specs.unknown(&wrong).is_empty(),
                    "{}: {pointer}",
                    call.name
                );
            }
        }
    }
}

#[tokio::test]
async fn what_the_simulator_answers_is_what_google_describes() {
    let Some(specs) = specs() else { return };
    let stage = crate::flows::youtube::with_playlists(Stage::new());
    let mut connection = stage.connection(domain::Platform::Youtube, CHANNEL).await;
    let content = crate::flows::youtube::with_both(&stage);
    let run = stage.publish(&mut connection, &content).await;
    let id = run.receipt().external_id.clone().expect("an id");
    let mut misfits = Vec::new();
    for (path, shape) in [
        (
            "/channels?part=id,snippet,contentDetails&mine=true".to_owned(),
            "ChannelListResponse",
        ),
        (
            format!(
                "/videos?part=id,snippet,status,processingDetails,fileDetails,recordingDetails&id={id}"
            ),
            "VideoListResponse",
        ),
        (
            format!(
                "/playlistItems?part=id,snippet,contentDetails&playlistId={}",
                crate::flows::youtube::PLAYLIST
            ),
            "PlaylistItemListResponse",
        ),
    ] {
        let answer = get(&stage, &connection, &path).await;
        assert!(answer["items"].is_array(), "{answer}");
        specs.misfits(shape, &answer, shape, &mut misfits);
    }
    let world = stage.simulator.world();
    world.set_processing("youtube", time::Duration::minutes(1));
    let run = stage.publish(&mut connection, &content).await;
    let id = run.receipt().external_id.clone().expect("an id");
    stage.clock.advance(time::Duration::minutes(-10));
    let path = format!("/videos?part=processingDetails,status&id={id}");
    let answer = get(&stage, &connection, &path).await;
    assert_eq!(
        answer["items"][0]["processingDetails"]["processingStatus"],
        "processing"
    );
    specs.misfits("VideoListResponse", &answer, "working", &mut misfits);
    assert!(misfits.is_empty(), "{misfits:#?}");
}

async fn get(stage: &Stage, connection: &Connection, path: &str) -> Value {
    use secrecy::ExposeSecret as _;
    let access = connection.credentials.tokens.access.expose_secret();
    let answer = stage
        .get_as(
            &format!("/{}/youtube/v3{path}", crate::flows::youtube::HOST),
            access,
        )
        .await;
    answer.json().expect("JSON")
}
