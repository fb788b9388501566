//! Every call to X's interface, and every answer of the simulated X, held against X's own description.
//!
//! `PLATFORM_SPECS_DIR` names a folder with it: `x/openapi.json`, as it stands in the repository
//! xdevplatform/xdk. Without it nothing is held against anything.

use std::path::PathBuf;

use domain::Platform;
use platforms::{Answer, Body, Call, PartContent};
use serde_json::{Map, Value, json};
use time::Duration;

use crate::{
    flows::x::{flows, with_an_older_post},
    harness::Stage,
};

/// The calls whose bodies the description leaves open: the first has none there although the live
/// interface refuses without (reported), the other takes what it likes.
const OPEN: [&str; 2] = ["finalize_upload", "describe_file"];
/// What the live interface calls otherwise than the description, and what the description calls it.
const NAMES: [(&str, &str); 3] = [
    ("edit_history_tweet_ids", "edit_history_post_ids"),
    ("referenced_tweets", "referenced_posts"),
    ("tweet.fields", "post.fields"),
];
/// A field that can be asked for, though the description does not list it among those.
const UNLISTED: &str = "referenced_tweets";

/// X's description.
struct Spec(Value);

impl Spec {
    #[expect(
        clippy::disallowed_methods,
        clippy::print_stdout,
        reason = "the setting of this test alone; a test that proves nothing says so"
    )]
    fn read() -> Option<Self> {
        let Ok(folder) = std::env::var("PLATFORM_SPECS_DIR") else {
            println!("skipped: PLATFORM_SPECS_DIR names no folder with X's description");
            return None;
        };
        let path = PathBuf::from(folder).join("x/openapi.json");
        let text = std::fs::read_to_string(path).expect("X's description");
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
        let path: Vec<&str> = call.url.path_segments()?.collect();
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
        match &call.body {
            Body::Empty => {}
            Body::Json(body) => {
                let schema = &content["application/json"]["schema"];
                if !schema.is_null() {
                    self.hold(body, schema, "body", &mut wrong);
                } else if !OPEN.contains(&call.name) {
                    wrong.push("a body".to_owned());
                }
            }
            Body::Multipart(parts) => {
                let schema = self.followed(&content["multipart/form-data"]["schema"]);
                let mut fields = Map::new();
                for part in parts {
                    let value = match &part.content {
                        PartContent::File { .. } => json!("bytes"),
                        PartContent::Text(text) => text
                            .parse::<u64>()
                            .map_or_else(|_| json!(text), |number| json!(number)),
                    };
                    fields.insert(part.name.clone(), value);
                }
                self.hold(&Value::Object(fields), schema, "form", &mut wrong);
            }
            Body::File(_) | Body::Form(_) | Body::JsonWithFiles(..) => {
                wrong.push("a body of another kind".to_owned());
            }
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
        let given: Vec<(String, String)> = call.url.query_pairs().into_owned().collect();
        for (name, value) in &given {
            let name = described(name);
            let Some(parameter) = known.iter().find(|it| it["name"] == name) else {
                wrong.push(format!("query {name}: unknown"));
                continue;
            };
            let schema = self.followed(&parameter["schema"]);
            let value = match schema["type"].as_str() {
                Some("array") => value.split(',').filter(|it| *it != UNLISTED).collect(),
                Some("integer") => json!(value.parse::<i64>().expect("a number")),
                _ => json!(value),
            };
            self.hold(&value, schema, &format!("query {name}"), &mut wrong);
        }
        for parameter in known.iter().filter(|it| it["required"] == true) {
            let name = parameter["name"].as_str().expect("a name");
            if !given.iter().any(|(given, _)| given == name) {
                wrong.push(format!("query {name}: missing"));
            }
        }
        wrong
    }

    /// What of a good answer the description does not know or allow.
    fn wrong_in_answer(&self, call: &Call, answer: &Answer) -> Vec<String> {
        let Some(operation) = self.operation(call) else {
            return Vec::new();
        };
        let status = answer.status.to_string();
        let schema = &operation["responses"][&status]["content"]["application/json"]["schema"];
        if schema.is_null() {
            return vec![format!("{}: no answer {status} is described", call.name)];
        }
        let mut body: Value = answer.json().expect("JSON");
        rename(&mut body);
        let mut wrong = Vec::new();
        self.hold(&body, schema, "answer", &mut wrong);
        wrong
            .into_iter()
            .map(|it| format!("{}: {it}", call.name))
            .collect()
    }

    /// Holds a value against a schema: as much of the language as this description speaks.
    fn hold(&self, value: &Value, schema: &Value, place: &str, wrong: &mut Vec<String>) {
        let schema = self.followed(schema);
        for all in schema["allOf"].as_array().into_iter().flatten() {
            self.hold(value, all, place, wrong);
        }
        for word in ["oneOf", "anyOf"] {
            let Some(choices) = schema[word].as_array() else {
                continue;
            };
            let fits = |choice: &Value| {
                let mut found = Vec::new();
                self.hold(value, choice, place, &mut found);
                found.is_empty()
            };
            if !choices.iter().any(fits) {
                wrong.push(format!("{place}: fits no choice: {value}"));
            }
        }
        let is_of_type = match schema["type"].as_str() {
            Some("array") => value.is_array(),
            Some("boolean") => value.is_boolean(),
            Some("integer") => {
                value.is_u64()
                    || value.is_i64()
                    || value.as_f64().is_some_and(|it| it.fract() == 0.0)
            }
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
                self.hold(item, &schema["items"], &format!("{place}[{number}]"), wrong);
            }
        }
        if let Some(fields) = value.as_object() {
            self.hold_fields(fields, schema, place, wrong);
        }
    }

    fn hold_fields(
        &self,
        fields: &Map<String, Value>,
        schema: &Value,
        place: &str,
        wrong: &mut Vec<String>,
    ) {
        for name in schema["required"].as_array().into_iter().flatten() {
            let name = name.as_str().expect("a name");
            if !fields.contains_key(name) {
                wrong.push(format!("{place}.{name}: missing"));
            }
        }
        for (name, value) in fields {
            let at = format!("{place}.{name}");
            if let Some(known) = schema["properties"].get(name) {
                self.hold(value, known, &at, wrong);
            } else if schema["additionalProperties"] == false {
                wrong.push(format!("{at}: unknown"));
            }
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
    let is_digits = (1..=19).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit());
    if schema["pattern"] == "^[0-9]{1,19}$" && !is_digits {
        wrong.push(format!("{place}: no id: {text}"));
    }
}

/// What the description calls what the live interface calls so.
fn described(name: &str) -> &str {
    let known = NAMES.iter().find(|(live, _)| *live == name);
    known.map_or(name, |(_, described)| described)
}

/// Gives what the live interface calls otherwise its name in the description.
fn rename(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(rename),
        Value::Object(fields) => {
            let old = std::mem::take(fields);
            for (name, mut value) in old {
                rename(&mut value);
                fields.insert(described(&name).to_owned(), value);
            }
        }
        Value::Bool(_) | Value::Null | Value::Number(_) | Value::String(_) => {}
    }
}

/// Everything that is said in every flow, from the consent on.
async fn said() -> Vec<(Call, Answer)> {
    let mut said = Vec::new();
    for flow in flows() {
        let stage = with_an_older_post(Stage::new());
        let world = stage.simulator.world();
        world.set_processing("x", Duration::seconds(7));
        let mut connection = stage.connection(Platform::X, flow.chosen).await;
        if let Some(trouble) = flow.trouble {
            stage.simulator.script(trouble());
        }
        let content = (flow.content)(&stage);
        stage.publish(&mut connection, &content).await.receipt();
        let answers = stage.answers();
        assert!(answers.len() > 2, "{}", flow.name);
        // Tokens stand in no description.
        let told = |call: &Call| !call.url.path().starts_with("/2/oauth2/");
        said.extend(answers.into_iter().filter(|(call, _)| told(call)));
    }
    said
}

#[tokio::test]
async fn every_call_is_as_x_describes_it() {
    let Some(spec) = Spec::read() else { return };
    let said = said().await;
    let wrong: Vec<String> = said
        .iter()
        .flat_map(|(call, _)| spec.wrong_in_call(call))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn every_answer_of_the_simulator_is_as_x_describes_it() {
    let Some(spec) = Spec::read() else { return };
    let mut checked = 0;
    let mut wrong = Vec::new();
    for (call, answer) in said().await {
        if answer.is_success() {
            checked += 1;
            wrong.extend(spec.wrong_in_answer(&call, &answer));
        }
    }
    assert!(checked > 90, "{checked}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn what_is_misspelt_is_noticed_in_every_call() {
    let Some(spec) = Spec::read() else { return };
    for (call, _) in said().await {
        let mut wrong = call.clone();
        match &mut wrong.body {
            Body::Json(body) if !OPEN.contains(&call.name) => body["mesage"] = json!("a"),
            Body::Multipart(parts) => parts.push(platforms::Part::text("mesage", "a")),
            Body::Empty
            | Body::File(_)
            | Body::Form(_)
            | Body::Json(_)
            | Body::JsonWithFiles(..) => {
                wrong.url.query_pairs_mut().append_pair("mesage", "a");
            }
        }
        let told = spec.wrong_in_call(&wrong);
        assert!(
            told.iter().any(|it| it.contains("mesage: unknown")),
            "{}: {told:?}",
            call.name
        );
    }
}
