//! What was said between us and a network, as a text that is read in reviews.
//!
//! Secrets, long ids and times change from run to run; each becomes a placeholder that is the same
//! wherever the same value stands, so that one can still see what refers to what.

use std::{collections::HashMap, fmt};

use platforms::{Answer, Auth, Body, Call, FileRange, FormValue, PartContent, Safety};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::wire::Reply;

/// Longer texts are cut in the transcript; the machines see them whole.
const MAX_TEXT: usize = 700;
/// A number of so many digits is an id that the simulated world minted.
const ID_DIGITS: usize = 15;
/// A word of so many letters and digits is a secret.
const SECRET_LENGTH: usize = 32;

/// What was said, step by step.
#[derive(Debug, Clone)]
pub struct Transcript {
    text: String,
    names: HashMap<String, String>,
    around: OffsetDateTime,
}

impl Transcript {
    /// An empty one; `around` tells which numbers are times.
    pub fn new(around: OffsetDateTime) -> Self {
        Self {
            text: String::new(),
            names: HashMap::new(),
            around,
        }
    }

    /// A call and what came back.
    pub fn exchange(&mut self, call: &Call, reply: &Reply) {
        let question = describe(call);
        self.line("-> ", &question);
        let answer = match reply {
            Reply::Answer(answer) => describe_answer(answer),
            Reply::Lost => "no answer".to_owned(),
        };
        self.line("<- ", &answer);
    }

    /// The state that the machine is in.
    pub fn state(&mut self, machine: &platforms::Publish) {
        let name = state_name(machine);
        self.line("== ", &name);
    }

    /// Anything else worth knowing.
    pub fn note(&mut self, note: &str) {
        self.line("   ", note);
    }

    fn line(&mut self, mark: &str, text: &str) {
        let redacted = self.redacted(text);
        for (place, line) in redacted.lines().enumerate() {
            self.text.push_str(if place == 0 { mark } else { "     " });
            self.text.push_str(line);
            self.text.push('\n');
        }
    }

    /// The text with every word that changes from run to run replaced.
    fn redacted(&mut self, text: &str) -> String {
        let mut result = String::new();
        let mut word = String::new();
        for c in text.chars().chain(['\n']) {
            if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':' | '.' | '+') {
                word.push(c);
                continue;
            }
            let stable = self.stable(&std::mem::take(&mut word));
            result.push_str(&stable);
            result.push(c);
        }
        result.pop();
        result
    }

    fn stable(&mut self, word: &str) -> String {
        if OffsetDateTime::parse(word, &Rfc3339).is_ok() {
            return "<time>".to_owned();
        }
        let mut result = String::new();
        for part in word.split_inclusive([':', '.', '_', '-', '+']) {
            let bare = part.trim_end_matches([':', '.', '_', '-', '+']);
            let end = &part[bare.len()..];
            result.push_str(&self.stable_part(bare));
            result.push_str(end);
        }
        result
    }

    fn stable_part(&mut self, part: &str) -> String {
        let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if is_number && self.is_time(part) {
            return "<time>".to_owned();
        }
        let kind = if is_number && part.len() >= ID_DIGITS {
            "id"
        } else if part.len() >= SECRET_LENGTH && part.bytes().any(|byte| byte.is_ascii_digit()) {
            "secret"
        } else {
            return part.to_owned();
        };
        let number = self.names.len() + 1;
        self.names
            .entry(part.to_owned())
            .or_insert_with(|| format!("<{kind}-{number}>"))
            .clone()
    }

    /// Whether a number counts seconds or milliseconds to a time within a year of now.
    fn is_time(&self, number: &str) -> bool {
        let seconds = match (number.len(), number.parse::<i64>()) {
            (10, Ok(seconds)) => seconds,
            (13, Ok(milliseconds)) => milliseconds / 1000,
            _ => return false,
        };
        (seconds - self.around.unix_timestamp()).abs() < 366 * 86_400
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The name of the state that a stored machine is in: its `step`, or the name of its variant.
pub fn state_name(machine: &platforms::Publish) -> String {
    let stored = serde_json::to_value(machine).expect("a machine can be stored");
    let state = &stored["state"];
    if let Some(name) = state.as_str().or_else(|| state["step"].as_str()) {
        return name.to_owned();
    }
    state
        .as_object()
        .and_then(|fields| fields.keys().next())
        .cloned()
        .unwrap_or_default()
}

/// A call in words: name, method, address, body. The same words for the same call.
pub fn describe(call: &Call) -> String {
    let url = &call.url;
    let safety = match call.safety {
        Safety::Once => " (once)",
        Safety::Optional => " (optional)",
        Safety::Repeatable => "",
        Safety::Resumable => " (resumable)",
    };
    let auth = match &call.auth {
        Auth::None => String::new(),
        other @ (Auth::Basic(..)
        | Auth::Bearer
        | Auth::BearerOf(_)
        | Auth::BearerOfWithProof(_)
        | Auth::BearerWithProof
        | Auth::OauthScheme) => format!(" [{other:?}]"),
    };
    let mut text = format!(
        "{}{safety}: {} {}{}{auth}",
        call.name,
        call.method,
        url.host_str().unwrap_or_default(),
        url.path()
    );
    for (name, value) in url.query_pairs() {
        let is_secret = matches!(&*name, "access_token" | "client_secret");
        let shown = if is_secret {
            "[secret]".to_owned()
        } else {
            cut(&value)
        };
        text = format!("{text}\n?{name}={shown}");
    }
    for (name, value) in &call.headers {
        text = format!("{text}\n{name}: {}", cut(value));
    }
    let body = match &call.body {
        Body::Empty => return text,
        Body::File(file) => format!("bytes {:?} of file {}", file.range, file.asset),
        Body::Form(fields) => fields
            .iter()
            .map(|(name, value)| match value {
                FormValue::Plain(value) => format!("{name}={}", cut(value)),
                FormValue::Secret(_) => format!("{name}=[secret]"),
            })
            .collect::<Vec<_>>()
            .join("\n"),
        Body::Json(value) => cut(&ordered(value.clone())),
        Body::JsonWithFiles(value, files) => {
            let mut lines = vec![cut(&ordered(value.clone()))];
            lines.extend(files.iter().map(|(place, file)| {
                let FileRange { asset, range } = file;
                format!("{place}: bytes {range:?} of file {asset}, in base64")
            }));
            lines.join("\n")
        }
        Body::Multipart(parts) => parts
            .iter()
            .map(|part| match &part.content {
                PartContent::File {
                    file,
                    file_name,
                    content_type,
                } => format!(
                    "{}: bytes {:?} of file {} as {file_name}, {content_type}",
                    part.name, file.range, file.asset
                ),
                PartContent::Text(text) => format!("{}: {}", part.name, cut(text)),
            })
            .collect::<Vec<_>>()
            .join("\n"),
    };
    format!("{text}\n{body}")
}

fn describe_answer(answer: &Answer) -> String {
    let mut text = answer.status.to_string();
    for name in ["location", "range", "retry-after", "etag", "x-restli-id"] {
        if let Some(value) = answer.header(name) {
            text = format!("{text}\n{name}: {}", cut(value));
        }
    }
    if !answer.body.is_empty() {
        let body = answer.json::<serde_json::Value>().map_or_else(
            || String::from_utf8_lossy(&answer.body).into_owned(),
            ordered,
        );
        text.push('\n');
        text.push_str(&cut(&body));
    }
    text
}

/// With names in the order of the alphabet, whatever order another crate has `serde_json` keep.
fn ordered(mut json: serde_json::Value) -> String {
    json.sort_all_objects();
    json.to_string()
}

fn cut(text: &str) -> String {
    if text.chars().count() <= MAX_TEXT {
        return text.to_owned();
    }
    let start: String = text.chars().take(MAX_TEXT).collect();
    format!("{start} …")
}
