//! Every call to Pinterest's interface, and every answer of the simulated Pinterest, held against Pinterest's own
//! description.
//!
//! `PLATFORM_SPECS_DIR` names a folder with it: `pinterest/openapi.json`, as it stands in the repository
//! pinterest/api-description. Without it nothing is held against anything.

use std::path::PathBuf;

use domain::Platform;
use platforms::{Answer, Body, Call, Errand};
use serde_json::{Map, Value, json};
use time::Duration;

use crate::{
    flows::{Make, pinterest::*},
    harness::{Stage, Transcript},
};

/// What the switch for refresh tokens without end is called; the description does not list it, its guide does.
const UNLISTED: &str = "continuous_refresh";

/// Pinterest's description.
struct Spec(Value);

impl Spec {
    #[expect(
        clippy::disallowed_methods,
        clippy::print_stdout,
        reason = "the setting of this test alone; a test that proves nothing says so"
    )]
    fn read() -> Option<Self> {
        let Ok(folder) = std::env::var("PLATFORM_SPECS_DIR") else {
            println!("skipped: PLATFORM_SPECS_DIR names no folder with Pinterest's description");
            return None;
        };
        let path = PathBuf::from(folder).join("pinterest/openapi.json");
        let text = std::fs::read_to_string(path).expect("Pinterest's description");
        Some(Self(serde_json::from_str(&text).expect("JSON")))
    }

    fn followed<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => {
                let found = self.0.pointer(reference.trim_start_matches('#'));
                self.followed(found.expect(reference))
            }
            None => value,
        }
    }

    /// The operation that a call means; one with a fixed path goes before one with places in it.
    fn operation(&self, call: &Call) -> Option<&Value> {
        let path: Vec<&str> = call.url.path().strip_prefix("/v5/")?.split('/').collect();
        let fits = |template: &str| {
            let template: Vec<&str> = template.trim_start_matches('/').split('/').collect();
            let pairs = template.iter().zip(&path);
            let same = template.len() == path.len()
                && pairs.clone().all(|(a, b)| a == b || a.starts_with('{'));
            same.then(|| pairs.filter(|(a, _)| a.starts_with('{')).count())
        };
        let paths = self.0["paths"].as_object()?;
        let (_, found) = paths
            .iter()
            .filter_map(|(template, found)| Some((fits(template)?, found)))
            .min_by_key(|(places, _)| *places)?;
        found.get(call.method.as_str().to_lowercase())
    }

    /// What of a call the description does not know or allow.
    fn wrong_in_call(&self, call: &Call) -> Vec<String> {
        let Some(operation) = self.operation(call) else {
            return vec![format!("{}: no such operation", call.name)];
        };
        let mut wrong = self.wrong_in_query(call, operation);
        let content = &operation["requestBody"]["content"];
        let json = &content["application/json"]["schema"];
        let body = match &call.body {
            Body::Empty => None,
            Body::Form(fields) => {
                let fields = fields.iter().filter(|(name, _)| name != UNLISTED);
                let form: Map<String, Value> = fields
                    .map(|(name, value)| (name.clone(), json!(value.expose())))
                    .collect();
                let schema = &content["application/x-www-form-urlencoded"]["schema"];
                Some((Value::Object(form), schema))
            }
            Body::Json(body) => Some((body.clone(), json)),
            Body::JsonWithFiles(body, files) => {
                let mut body = body.clone();
                for (place, _) in files {
                    *body.pointer_mut(place).expect(place) = json!("Ynl0ZXM=");
                }
                Some((body, json))
            }
            Body::File(_) | Body::Multipart(_) => {
                wrong.push("a body of another kind".to_owned());
                None
            }
        };
        match body {
            Some((_, schema)) if schema.is_null() => wrong.push("a body".to_owned()),
            Some((body, schema)) => self.hold(&body, schema, "body", true, &mut wrong),
            None if operation["requestBody"]["required"] == true => {
                wrong.push("no body".to_owned());
            }
            None => {}
        }
        wrong
            .into_iter()
            .map(|it| format!("{}: {it}", call.name))
            .collect()
    }

    fn wrong_in_query(&self, call: &Call, operation: &Value) -> Vec<String> {
        let mut wrong = Vec::new();
        let known: Vec<&Value> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|it| self.followed(it))
            .filter(|it| it["in"] == "query")
            .collect();
        for (name, value) in call.url.query_pairs() {
            let Some(parameter) = known.iter().find(|it| it["name"] == *name) else {
                wrong.push(format!("query {name}: unknown"));
                continue;
            };
            let schema = self.followed(&parameter["schema"]);
            let value = match schema["type"].as_str() {
                Some("integer") => json!(value.parse::<i64>().expect("a number")),
                _ => json!(value),
            };
            self.hold(&value, schema, &format!("query {name}"), true, &mut wrong);
        }
        wrong
    }

    /// What of an answer the description does not know or allow; a refusal counts as well.
    fn wrong_in_answer(&self, call: &Call, answer: &Answer) -> Vec<String> {
        let Some(operation) = self.operation(call) else {
            return vec![format!("{}: no such operation", call.name)];
        };
        let responses = &operation["responses"];
        let told = &responses[answer.status.to_string()];
        let told = if told.is_null() && !answer.is_success() {
            &responses["default"]
        } else {
            told
        };
        let schema = &self.followed(told)["content"]["application/json"]["schema"];
        if schema.is_null() {
            let status = answer.status;
            return vec![format!("{}: no answer {status} is described", call.name)];
        }
        let mut body: Value = answer.json().expect("JSON");
        // Fields that the guide tells of and the description does not.
        if let Some(fields) = body.as_object_mut() {
            for name in ["failure_code", "status"] {
                let is_of_media = name == "status" && fields.contains_key("media_id");
                if !is_of_media {
                    fields.remove(name);
                }
            }
        }
        let mut wrong = Vec::new();
        self.hold(&body, schema, "answer", answer.is_success(), &mut wrong);
        wrong
            .into_iter()
            .map(|it| format!("{}: {it}", call.name))
            .collect()
    }

    /// Holds a value against a schema: as much of the language as this description speaks. Where it is `closed`, a
    /// field that is not described is wrong.
    fn hold(
        &self,
        value: &Value,
        schema: &Value,
        place: &str,
        closed: bool,
        wrong: &mut Vec<String>,
    ) {
        let schema = self.followed(schema);
        if value.is_null() && schema["nullable"] == true {
            return;
        }
        if let Some(named) = self.chosen(value, schema) {
            return self.hold(value, named, place, closed, wrong);
        }
        if schema["oneOf"].is_array() {
            wrong.push(format!("{place}: fits no choice: {value}"));
        }
        for all in schema["allOf"].as_array().into_iter().flatten() {
            self.hold(value, all, place, false, wrong);
        }
        let is_of_type = match schema["type"].as_str() {
            Some("array") => value.is_array(),
            Some("boolean") => value.is_boolean(),
            Some("integer") => value.is_u64() || value.is_i64(),
            Some("number") => value.is_number(),
            Some("object") => value.is_object(),
            Some("string") => value.is_string(),
            Some(_) | None => true,
        };
        if !is_of_type {
            wrong.push(format!("{place}: not of type {}: {value}", schema["type"]));
            return;
        }
        if let Some(choices) = schema["enum"].as_array()
            && !choices.contains(value)
        {
            wrong.push(format!("{place}: none of {choices:?}: {value}"));
        }
        if let Some(text) = value.as_str() {
            hold_text(text, schema, place, wrong);
        }
        if let Some(number) = value.as_f64() {
            let over = schema["maximum"].as_f64().is_some_and(|most| number > most);
            let under = schema["minimum"]
                .as_f64()
                .is_some_and(|least| number < least);
            if over || under {
                wrong.push(format!("{place}: out of bounds: {number}"));
            }
        }
        if let Some(items) = value.as_array() {
            let count = items.len() as u64;
            let over = schema["maxItems"].as_u64().is_some_and(|most| count > most);
            let under = schema["minItems"]
                .as_u64()
                .is_some_and(|least| count < least);
            if over || under {
                wrong.push(format!("{place}: {count} items"));
            }
            for (number, item) in items.iter().enumerate() {
                let place = format!("{place}[{number}]");
                self.hold(item, &schema["items"], &place, closed, wrong);
            }
        }
        if let Some(fields) = value.as_object() {
            self.hold_fields(fields, schema, place, closed, wrong);
        }
    }

    /// The schema that a value names by the field that tells schemas apart.
    fn chosen(&self, value: &Value, schema: &Value) -> Option<&Value> {
        let told_by = &schema["discriminator"];
        let name = value[told_by["propertyName"].as_str()?].as_str()?;
        let reference = told_by["mapping"][name].as_str()?;
        self.0.pointer(reference.trim_start_matches('#'))
    }

    fn hold_fields(
        &self,
        fields: &Map<String, Value>,
        schema: &Value,
        place: &str,
        closed: bool,
        wrong: &mut Vec<String>,
    ) {
        for name in schema["required"].as_array().into_iter().flatten() {
            let name = name.as_str().expect("a name");
            if !fields.contains_key(name) {
                wrong.push(format!("{place}.{name}: missing"));
            }
        }
        let mut known = Vec::new();
        self.names(schema, &mut known);
        for (name, value) in fields {
            let at = format!("{place}.{name}");
            if let Some(described) = schema["properties"].get(name) {
                self.hold(value, described, &at, closed, wrong);
            } else if closed && !known.contains(&name.as_str()) && !known.is_empty() {
                wrong.push(format!("{at}: unknown"));
            }
        }
    }

    /// The names of all fields that a schema describes, in whatever part of it.
    fn names<'a>(&'a self, schema: &'a Value, names: &mut Vec<&'a str>) {
        let schema = self.followed(schema);
        let own = schema["properties"].as_object().into_iter().flatten();
        names.extend(own.map(|(name, _)| name.as_str()));
        for all in schema["allOf"].as_array().into_iter().flatten() {
            self.names(all, names);
        }
    }
}

fn hold_text(text: &str, schema: &Value, place: &str, wrong: &mut Vec<String>) {
    let length = text.chars().count() as u64;
    let over = schema["maxLength"]
        .as_u64()
        .is_some_and(|most| length > most);
    let under = schema["minLength"]
        .as_u64()
        .is_some_and(|least| length < least);
    if over || under {
        wrong.push(format!("{place}: {length} characters"));
    }
    let all = |fits: fn(u8) -> bool| !text.is_empty() && text.bytes().all(fits);
    let fits = match schema["pattern"].as_str() {
        Some("^\\d+$") => all(|it| it.is_ascii_digit()),
        Some("^[a-zA-Z0-9+/=]+$") => {
            all(|it| it.is_ascii_alphanumeric() || matches!(it, b'+' | b'/' | b'='))
        }
        Some(other) => panic!("a pattern that is not known here: {other}"),
        None => true,
    };
    if !fits {
        wrong.push(format!("{place}: not of its pattern: {text}"));
    }
}

/// Everything that is said to the interface in every flow, from the consent on; and for boards.
async fn said() -> Vec<(Call, Answer)> {
    let mut said = Vec::new();
    let mut hear = |stage: &Stage| {
        let answers = stage.answers();
        assert!(answers.len() > 2);
        let of_api = answers
            .into_iter()
            .filter(|(call, _)| call.url.host_str() == Some(API));
        said.extend(of_api);
    };
    for flow in flows() {
        let stage = Stage::new();
        let world = stage.simulator.world();
        world.set_processing("pinterest", Duration::seconds(7));
        let mut connection = stage.connection(Platform::Pinterest, flow.chosen).await;
        stage
            .refresh(&mut connection)
            .await
            .expect("a refresh")
            .expect("tokens");
        if let Some(trouble) = flow.trouble {
            stage.simulator.script(trouble());
        }
        let content = (flow.content)(&stage);
        let run = stage.publish(&mut connection, &content).await;
        assert!(run.receipt().external_id.is_some(), "{}", flow.name);
        hear(&stage);
    }
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
    let app = stage.app(Platform::Pinterest);
    for errand in [
        Errand::Boards,
        Errand::CreateBoard {
            name: "Soups".to_owned(),
            description: Some("Hot".to_owned()),
            privacy: Some("PROTECTED".to_owned()),
        },
        Errand::BoardSections {
            board_id: RECIPES.to_owned(),
        },
    ] {
        let asking = platforms::errand(Platform::Pinterest, &errand, &connection.credentials, app);
        let mut transcript = Transcript::new(stage.now());
        let asking = asking.expect("an errand");
        let told = stage
            .converse(Platform::Pinterest, asking, &mut transcript)
            .await;
        told.expect("an answer");
    }
    // A refusal, and the refresh that proves our secret.
    let old = connection.clone();
    stage
        .refresh(&mut connection)
        .await
        .expect("a refresh")
        .expect("tokens");
    let refused = stage.refresh(&mut old.clone()).await.expect("a refresh");
    refused.expect_err("a dead token");
    let mut content = (picture as Make)(&stage);
    content.options = json!({ "boardId": "1" });
    stage.publish(&mut connection, &content).await.failure();
    hear(&stage);
    said
}

#[tokio::test]
async fn every_call_is_as_pinterest_describes_it() {
    let Some(spec) = Spec::read() else { return };
    let said = said().await;
    let wrong: Vec<String> = said
        .iter()
        .flat_map(|(call, _)| spec.wrong_in_call(call))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn every_answer_of_the_simulator_is_as_pinterest_describes_it() {
    let Some(spec) = Spec::read() else { return };
    let said = said().await;
    assert!(said.len() > 90, "{}", said.len());
    let wrong: Vec<String> = said
        .iter()
        .flat_map(|(call, answer)| spec.wrong_in_answer(call, answer))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn what_is_misspelt_is_noticed_in_every_call() {
    let Some(spec) = Spec::read() else { return };
    for (call, _) in said().await {
        let mut wrong = call.clone();
        match &mut wrong.body {
            Body::Json(body) | Body::JsonWithFiles(body, _) => body["titel"] = json!("a"),
            Body::Form(fields) => fields.push(("titel".to_owned(), "a".into())),
            Body::Empty | Body::File(_) | Body::Multipart(_) => {
                wrong.url.query_pairs_mut().append_pair("titel", "a");
            }
        }
        let told = spec.wrong_in_call(&wrong);
        let is_noticed = told.iter().any(|it| it.contains("titel: unknown"));
        assert!(is_noticed, "{}: {told:?}", call.name);
    }
}

#[tokio::test]
async fn what_no_source_has_is_noticed_in_every_pin() {
    let Some(spec) = Spec::read() else { return };
    let mut pins = 0;
    for (call, _) in said().await {
        let (Body::Json(body) | Body::JsonWithFiles(body, _)) = &call.body else {
            continue;
        };
        if call.name != "create_pin" {
            continue;
        }
        pins += 1;
        for (field, value) in [("titel", json!(1)), ("source_type", json!("image_base65"))] {
            let mut wrong = call.clone();
            let mut body = body.clone();
            body["media_source"][field] = value;
            wrong.body = Body::Json(body);
            assert!(!spec.wrong_in_call(&wrong).is_empty(), "{field}");
        }
    }
    assert!(pins > 15, "{pins}");
}
