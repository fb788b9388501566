//! The collection of requests for Postman, made from the API description: a folder per tag, a request
//! per operation.
//!
//! Format: <https://schema.getpostman.com/json/collection/v2.1.0/collection.json>.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde_json::{Map, Value, json};

use crate::Failure;

const SCHEMA: &str = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The collection's variables, and what they are at first. Scripts fill in those that are empty.
const VARIABLES: [(&str, &str, &str); 13] = [
    ("baseUrl", "http://127.0.0.1:3000", "Where Picscripter is."),
    ("accessToken", "", "Filled in by signing up, in or on."),
    ("refreshToken", "", "Filled in by signing up, in or on."),
    ("email", "you@example.com", "Who signs up and in."),
    (
        "password",
        "picture-harbour-quartz-lantern",
        "Their password.",
    ),
    ("platform", "x", "The network; X takes words alone."),
    (
        "deletionCode",
        "0",
        "What Meta was told when a person asked it to delete their data here.",
    ),
    ("boardId", "0", "One of a Pinterest account's boards."),
    (
        "connectionId",
        "",
        "Filled in by listing the connections: the first one.",
    ),
    ("postId", "", "Filled in by publishing and scheduling."),
    (
        "endpointId",
        "",
        "Filled in by making an endpoint for webhooks.",
    ),
    (
        "deliveryId",
        "",
        "Filled in by listing what was sent to it: the latest.",
    ),
    ("scheduledAt", "", "Filled in: an hour from now."),
];

/// Fields and parameters whose value is one of the variables, wherever they stand.
const FILLED: [(&str, &str); 5] = [
    ("email", "email"),
    ("password", "password"),
    ("platform", "platform"),
    ("refreshToken", "refreshToken"),
    ("scheduledAtISO", "scheduledAt"),
];

/// Parameters in paths whose value is one of the variables.
const NAMED: [(&str, &str); 7] = [
    ("boardId", "boardId"),
    ("code", "deletionCode"),
    ("connectionId", "connectionId"),
    ("deliveryId", "deliveryId"),
    ("endpointId", "endpointId"),
    ("id", "postId"),
    ("platform", "platform"),
];

/// What of an answer is kept in which variable, by the schema of the answer.
const KEPT: [(&str, &[(&str, &str)]); 5] = [
    ("Connections", &[("connections[0]?.id", "connectionId")]),
    (
        "SignedIn",
        &[("token", "accessToken"), ("refreshToken", "refreshToken")],
    ),
    ("DeliveryPage", &[("deliveries[0]?.id", "deliveryId")]),
    ("NewWebhookEndpoint", &[("id", "endpointId")]),
    ("Post", &[("id", "postId")]),
];

/// Writes the collection to `path`, or with `check` fails when what stands there differs.
///
/// # Errors
/// When it differs, or the description or the collection cannot be read or written.
pub fn write(description: &Path, path: &Path, check: bool) -> Result<(), Failure> {
    let fresh = collection(&serde_json::from_str(&fs::read_to_string(description)?)?)?;
    if !check {
        return Ok(fs::write(path, fresh)?);
    }
    if fs::read_to_string(path).is_ok_and(|present| present == fresh) {
        return Ok(());
    }
    Err("docs/picscripter.postman_collection.json is not what docs/openapi.json says: run `cargo xtask postman` and commit the result".into())
}

/// The collection of an API description, as it is committed.
///
/// # Errors
/// When an operation lacks what makes a request of it.
pub fn collection(description: &Value) -> Result<String, Failure> {
    let api = Api {
        description,
        examples: examples(description),
    };
    let mut folders: Vec<(String, Value, Vec<Value>)> = description["tags"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|tag| (text(&tag["name"]), tag["description"].clone(), Vec::new()))
        .collect();
    for (path, operations) in entries(&description["paths"]) {
        for (method, operation) in entries(operations) {
            if !METHODS.contains(&method.as_str()) {
                continue;
            }
            let tag = text(&operation["tags"][0]);
            let folder = folders
                .iter_mut()
                .find(|(name, ..)| *name == tag)
                .ok_or_else(|| format!("{method} {path} has no tag that is described"))?;
            folder.2.push(api.item(path, method, operation)?);
        }
    }
    let folders: Vec<Value> = folders
        .into_iter()
        .map(|(name, description, items)| json!({"name": name, "description": description, "item": items}))
        .collect();
    let variables: Vec<Value> = VARIABLES
        .iter()
        .map(|(key, value, why)| json!({"key": key, "value": value, "type": "string", "description": why}))
        .collect();
    let whole = json!({
        "info": {
            "name": description["info"]["title"],
            "description": description["info"]["description"],
            "schema": SCHEMA,
        },
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{accessToken}}", "type": "string"}]},
        "event": [script("prerequest", &[
            "pm.collectionVariables.set('scheduledAt', new Date(Date.now() + 3600 * 1000).toISOString());".to_owned(),
        ])],
        "variable": variables,
        "item": folders,
    });
    Ok(serde_json::to_string_pretty(&whole)? + "\n")
}

struct Api<'a> {
    description: &'a Value,
    /// Examples of fields, by their name: a field without one of its own takes that of its namesake.
    examples: BTreeMap<String, Value>,
}

impl Api<'_> {
    fn item(&self, path: &str, method: &str, operation: &Value) -> Result<Value, Failure> {
        let summary = text(&operation["summary"]).replace('\n', " ");
        let end = [". ", ": "]
            .iter()
            .filter_map(|mark| summary.find(mark))
            .min();
        let name = summary[..end.unwrap_or(summary.len())].trim_end_matches('.');
        if name.is_empty() {
            return Err(format!("{method} {path} has no summary").into());
        }
        let mut described = summary.clone();
        if let Some(more) = operation["description"].as_str() {
            described = format!("{described}\n\n{more}");
        }
        let mut headers = Vec::new();
        let mut request = json!({
            "method": method.to_uppercase(),
            "description": described,
            "url": url(path, operation)?,
        });
        if operation["security"].is_null() {
            request["auth"] = json!({"type": "noauth"});
        }
        for (kind, content) in entries(&operation["requestBody"]["content"]) {
            headers.push(json!({"key": "Content-Type", "value": kind}));
            let (raw, language) = if kind == "application/json" {
                let body = self.example(&content["schema"])?;
                (serde_json::to_string_pretty(&body)?, "json")
            } else {
                (String::new(), "text")
            };
            request["body"] =
                json!({"mode": "raw", "raw": raw, "options": {"raw": {"language": language}}});
        }
        for parameter in parameters(operation, "header") {
            headers.push(json!({
                "key": parameter["name"], "value": "{{$guid}}", "disabled": true,
                "description": parameter["description"],
            }));
        }
        request["header"] = headers.into();
        let mut item = json!({"name": name, "request": request, "response": []});
        let kept = kept(operation);
        if !kept.is_empty() {
            item["event"] = json!([script("test", &kept)]);
        }
        Ok(item)
    }

    /// A value that a schema takes: its example, or what it cannot do without and what has an example.
    fn example(&self, schema: &Value) -> Result<Value, Failure> {
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.rsplit('/').next().unwrap_or_default();
            return self.example(&self.description["components"]["schemas"][name]);
        }
        if !schema["example"].is_null() {
            return Ok(schema["example"].clone());
        }
        if let Some(parts) = schema["allOf"].as_array() {
            let mut whole = Map::new();
            for part in parts {
                if let Value::Object(fields) = self.example(part)? {
                    whole.extend(fields);
                }
            }
            return Ok(whole.into());
        }
        if let Some(first) = schema["enum"].get(0) {
            return Ok(first.clone());
        }
        // The first of several: what it is when it is not null.
        let kinds = &schema["type"];
        let kind = text(kinds.get(0).unwrap_or(kinds));
        match kind.as_str() {
            "object" => self.object(schema),
            "array" => Ok(json!([])),
            "boolean" => Ok(json!(false)),
            "integer" | "number" => Ok(json!(1)),
            "string" => Ok(json!("")),
            _ => Err(format!("nothing is an example of {schema}").into()),
        }
    }

    fn object(&self, schema: &Value) -> Result<Value, Failure> {
        let required: Vec<&str> = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let mut fields = Map::new();
        for (name, field) in entries(&schema["properties"]) {
            let is_required = required.contains(&name.as_str());
            let filled = FILLED.iter().find(|(key, _)| key == name);
            if let Some((_, variable)) = filled.filter(|_| is_required) {
                fields.insert(name.clone(), format!("{{{{{variable}}}}}").into());
            } else if let Some(example) = self.examples.get(name).filter(|_| filled.is_none()) {
                fields.insert(name.clone(), example.clone());
            } else if is_required {
                fields.insert(name.clone(), self.example(field)?);
            }
        }
        Ok(fields.into())
    }
}

/// Lines that keep what later requests need.
fn kept(operation: &Value) -> Vec<String> {
    let answered: BTreeSet<&str> = entries(&operation["responses"])
        .filter(|(status, _)| status.starts_with('2'))
        .filter_map(|(_, answer)| {
            let schema = &answer["content"]["application/json"]["schema"];
            schema["$ref"].as_str()?.rsplit('/').next()
        })
        .collect();
    // A post is kept when it comes to be, not whenever it is read.
    let is_new = operation["responses"]["202"].is_object() && operation["requestBody"].is_object();
    KEPT.iter()
        .filter(|(schema, _)| answered.contains(schema) && (*schema != "Post" || is_new))
        .flat_map(|(_, fields)| fields.iter())
        .map(|(field, variable)| {
            format!(
                "if (pm.response.code < 300) pm.collectionVariables.set('{variable}', pm.response.json().{field});"
            )
        })
        .collect()
}

/// The examples of the fields of all requests.
fn examples(description: &Value) -> BTreeMap<String, Value> {
    fn gather(schema: &Value, into: &mut BTreeMap<String, Value>) {
        for (name, field) in entries(&schema["properties"]) {
            if !field["example"].is_null() {
                into.entry(name.clone())
                    .or_insert_with(|| field["example"].clone());
            }
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            gather(part, into);
        }
    }
    let mut examples = BTreeMap::new();
    for (name, schema) in entries(&description["components"]["schemas"]) {
        if name.ends_with("Request") {
            gather(schema, &mut examples);
        }
    }
    examples
}

fn url(path: &str, operation: &Value) -> Result<Value, Failure> {
    let segments: Vec<String> = path
        .trim_start_matches('/')
        .split('/')
        .map(|segment| {
            let name = segment
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'));
            name.map_or_else(|| segment.to_owned(), |name| format!(":{name}"))
        })
        .collect();
    let mut variables = Vec::new();
    for parameter in parameters(operation, "path") {
        let name = text(&parameter["name"]);
        let (_, variable) = NAMED
            .iter()
            .find(|(key, _)| *key == name)
            .ok_or_else(|| format!("{path}: no variable is meant by {name}"))?;
        variables.push(json!({"key": name, "value": format!("{{{{{variable}}}}}")}));
    }
    let query: Vec<Value> = parameters(operation, "query")
        .map(|parameter| {
            json!({
                "key": parameter["name"], "value": "", "description": parameter["description"],
                "disabled": parameter["required"] != true,
            })
        })
        .collect();
    let mut url = json!({
        "raw": format!("{{{{baseUrl}}}}/{}", segments.join("/")),
        "host": ["{{baseUrl}}"],
        "path": segments,
    });
    if !variables.is_empty() {
        url["variable"] = variables.into();
    }
    if !query.is_empty() {
        url["query"] = query.into();
    }
    Ok(url)
}

fn parameters<'a>(operation: &'a Value, place: &'static str) -> impl Iterator<Item = &'a Value> {
    operation["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(move |parameter| parameter["in"] == place)
}

fn script(listen: &str, lines: &[String]) -> Value {
    json!({"listen": listen, "script": {"type": "text/javascript", "exec": lines}})
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
