//! What each function is given in variables and secrets, against what its settings read.
//!
//! Nothing is taken from the text of the settings: they are really read, over what the template gives,
//! and a variable counts as read when it makes a difference whether it is there, or what it says.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use serde_json::Value;
use settings::{
    Apps, ConsentSettings, DatabaseSettings, DoorbellSettings, HttpSettings, Networks,
    ObjectSettings, Reader, Stage, Vars, VaultSettings,
};

use crate::{Code, Template, code::literals, rights, tools};

/// What is read and given to nobody by a template, and why. Without a function's name it holds for all.
const LEFT_OUT: [(&str, &str, &str); 14] = [
    (
        "",
        "JWT_SECRET_PREVIOUS",
        "stands in TokenSecret while keys are changed",
    ),
    ("", "MEDIA_DIR", "S3 keeps files"),
    ("", "MEDIA_KEY", "S3 keeps files"),
    ("", "MEDIA_LOCAL_ORIGINS", "for development"),
    ("", "MEDIA_PUBLIC_URL", "S3 keeps files"),
    ("", "NETWORKS_BASE_URL", "for development"),
    ("connections", "SCHEDULE_", "rings at once"),
    ("ops", "SCHEDULE_", "rings at once"),
    ("sweeper", "SCHEDULE_", "rings at once"),
    ("webhooks", "SCHEDULE_", "rings at once"),
    ("connections", "TOKEN_KEY", "KMS wraps data keys"),
    ("publisher", "TOKEN_KEY", "KMS wraps data keys"),
    ("sweeper", "TOKEN_KEY", "KMS wraps data keys"),
    ("webhooks", "TOKEN_KEY", "KMS wraps data keys"),
];
/// Secrets by their names, wherever they would be set.
const SECRET: [&str; 8] = [
    "CLIENT_SECRET",
    "DATABASE_DIRECT_URL",
    "DATABASE_URL",
    "JWT_SECRET",
    "MEDIA_KEY",
    "STATE_KEY",
    "TOKEN_KEY",
    "WEBHOOK_SECRET",
];
/// What `cloud::start`, `cloud::vars` and `web::telemetry` read by themselves.
const BY_CALL: [(&str, &str); 3] = [
    ("cloud::start()", "SECRETS"),
    ("cloud::vars()", "SECRETS"),
    ("web::telemetry(", "RUST_LOG"),
];
/// What makes the configuration of AWS, which is most of a start.
const CONFIGURED: [&str; 3] = ["cloud::config()", "cloud::start()", "cloud::vars()"];
/// What stands before the name of a variable that a function reads itself.
const BY_NAME: [&str; 3] = [".optional(\"", ".required(\"", ".with_default(\""];
const GARBLED: &str = "%%";

/// What a function begins with.
#[derive(Debug)]
pub struct Given {
    /// In its environment.
    pub variables: BTreeMap<String, String>,
    /// In the secrets that its environment names, as they are made.
    pub secrets: BTreeMap<String, String>,
}

/// What a template gives to a function where an operator said only what has no default.
pub fn given(template: &Template, function: &str) -> Given {
    let world = World::plain(template);
    let functions = rights::functions(template);
    let function = functions[function];
    Given {
        variables: world.variables(function),
        secrets: world.secrets(function),
    }
}

/// Everything that is wrong with what a template gives to functions.
pub fn problems(template: &Template, code: &Code) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, function) in rights::functions(template) {
        let text = code.text(&name);
        let worlds = [World::plain(template), World::full(template)];
        let given: Vec<_> = worlds.iter().map(|world| world.given(function)).collect();
        let declared: BTreeSet<&String> = given.iter().flat_map(BTreeMap::keys).collect();
        let mut read: BTreeSet<String> = BTreeSet::new();
        for (call, variable) in BY_CALL.iter().filter(|(call, _)| text.contains(call)) {
            read.insert((*variable).to_owned());
            if !declared.contains(&(*variable).to_owned()) {
                problems.push(format!("{name} calls {call} and is not given {variable}"));
            }
        }
        let configured = CONFIGURED.map(|call| text.matches(call).count());
        let configured: usize = configured.iter().sum();
        if configured > 1 {
            problems.push(format!(
                "{name} makes the configuration of AWS {configured} times"
            ));
        }
        read.extend(
            BY_NAME
                .iter()
                .flat_map(|before| literals(text, before))
                .map(str::to_owned),
        );
        for given in &given {
            let outcome = settle(text, given);
            if let Some(reason) = &outcome.refused {
                problems.push(format!("{name} does not start: {reason}"));
            }
            for variable in universe().iter().chain(given.keys()) {
                if differs(text, given, variable, &outcome) {
                    read.insert(variable.clone());
                    if !declared.contains(variable) && !is_left_out(&name, variable, function) {
                        problems.push(format!("{name} reads {variable} and is not given it"));
                    }
                }
            }
        }
        problems.extend(
            declared
                .iter()
                .filter(|variable| !read.contains(**variable))
                .map(|variable| format!("{name} is given {variable} and does not read it")),
        );
        let has_networks = function["Environment"]
            .to_string()
            .contains("NetworksSecret");
        if has_networks != read.contains("X_CLIENT_ID") {
            problems.push(format!(
                "{name} has NetworksSecret: {has_networks}, which its code says otherwise"
            ));
        }
        problems.extend(in_clear(template, &name, function));
    }
    problems.sort_unstable();
    problems.dedup();
    problems
}

/// What stands there for everybody who may look at a function.
fn in_clear(template: &Template, name: &str, function: &Value) -> Vec<String> {
    let variables = function["Environment"]["Variables"].as_object();
    let by_name = variables
        .into_iter()
        .flat_map(|variables| variables.keys())
        .filter(|variable| SECRET.iter().any(|secret| variable.ends_with(secret)))
        .map(|variable| format!("{name} is given {variable} in clear"));
    let parameters = template.0["Parameters"].as_object().unwrap();
    let text = function.to_string();
    let by_value = parameters
        .iter()
        .filter(|(_, parameter)| parameter["NoEcho"] == true)
        .filter(|(parameter, _)| {
            text.contains(&format!("\"Ref\":\"{parameter}\""))
                || text.contains(&format!("${{{parameter}}}"))
        })
        .map(|(parameter, _)| format!("{name} is given the parameter {parameter} in clear"));
    by_name.chain(by_value).collect()
}

fn is_left_out(function: &str, variable: &str, properties: &Value) -> bool {
    let is_network = domain::Platform::ALL.iter().any(|platform| {
        let prefix = format!("{}_", platform.as_str().to_uppercase());
        variable.starts_with(&prefix)
    });
    if is_network {
        return properties["Environment"]
            .to_string()
            .contains("NetworksSecret");
    }
    LEFT_OUT
        .iter()
        .any(|(of, prefix, _)| (of.is_empty() || *of == function) && variable.starts_with(prefix))
}

/// What came of reading all settings of a function.
#[derive(PartialEq)]
struct Outcome {
    shown: String,
    refused: Option<String>,
}

/// Reads all settings that the text of a function names.
fn settle(text: &str, given: &BTreeMap<String, String>) -> Outcome {
    let vars = Vars::from_pairs(given.clone());
    let mut reader = Reader::new(&vars);
    let mut shown = String::new();
    for (kind, direct) in kinds(text) {
        shown += &one(&kind, direct, &mut reader);
    }
    Outcome {
        shown,
        refused: reader.finish(()).err().map(|error| error.to_string()),
    }
}

/// The settings that a text reads, and whether as directly as migrations need.
fn kinds(text: &str) -> Vec<(String, bool)> {
    let of = |call: &str, direct: bool| {
        text.match_indices(call)
            .map(|(at, _)| {
                let before = &text[..at];
                let begin = before
                    .rfind(|c: char| !c.is_alphanumeric())
                    .map_or(0, |at| at + 1);
                (before[begin..].to_owned(), direct)
            })
            .collect::<Vec<_>>()
    };
    let mut kinds = of("::from_vars(&mut reader", false);
    kinds.extend(of("::direct_from_vars(&mut reader", true));
    kinds
}

fn one(kind: &str, direct: bool, reader: &mut Reader<'_>) -> String {
    match kind {
        "Apps" => {
            let public_url = reader.url("PUBLIC_URL");
            format!("{:?}", Apps::from_vars(reader, &public_url))
        }
        "ConsentSettings" => format!("{:?}", ConsentSettings::from_vars(reader)),
        "DatabaseSettings" if direct => format!("{:?}", DatabaseSettings::direct_from_vars(reader)),
        "DatabaseSettings" => format!("{:?}", DatabaseSettings::from_vars(reader)),
        "DoorbellSettings" => format!("{:?}", DoorbellSettings::from_vars(reader)),
        "HttpSettings" => format!("{:?}", HttpSettings::from_vars(reader)),
        "Networks" => format!("{:?}", Networks::from_vars(reader)),
        "ObjectSettings" => {
            let public_url = reader.url("PUBLIC_URL");
            format!(
                "{:?}",
                ObjectSettings::from_vars(reader, Stage::Production, &public_url)
            )
        }
        "VaultSettings" => format!("{:?}", VaultSettings::from_vars(reader)),
        _ => panic!("say here how {kind} is read"),
    }
}

/// Whether it makes a difference that a variable is there, is not, or says something else.
fn differs(text: &str, given: &BTreeMap<String, String>, variable: &str, before: &Outcome) -> bool {
    let mut without = given.clone();
    without.remove(variable);
    let mut garbled = given.clone();
    garbled.insert(variable.to_owned(), GARBLED.to_owned());
    settle(text, &without) != *before || settle(text, &garbled) != *before
}

/// Every variable there is.
fn universe() -> BTreeSet<String> {
    let example = fs::read_to_string(tools::root().join(".env.example")).unwrap();
    example
        .lines()
        .filter_map(|line| line.trim_start_matches('#').split_once('='))
        .map(|(name, _)| name.to_owned())
        .filter(|name| {
            name.bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        })
        .collect()
}

/// A stack as it could be deployed.
struct World<'a> {
    template: &'a Template,
    parameters: BTreeMap<&'static str, &'static str>,
    /// Whether every condition holds.
    holds: bool,
}

impl<'a> World<'a> {
    /// Only what has no default is said.
    fn plain(template: &'a Template) -> Self {
        Self {
            template,
            parameters: [(
                "DatabaseUrl",
                "postgres://a:b@db.example.com/p?sslmode=verify-full",
            )]
            .into(),
            holds: false,
        }
    }

    /// Everything is said.
    fn full(template: &'a Template) -> Self {
        let parameters = [
            ("AppUrl", "https://app.example.com/connected"),
            (
                "CorsOrigins",
                "https://app.example.com,https://www.example.com",
            ),
            (
                "DatabaseDirectUrl",
                "postgres://a:b@db.example.com:5432/p?sslmode=verify-full",
            ),
            ("DatabasePooler", "transaction"),
            (
                "DatabaseUrl",
                "postgres://a:b@db.example.com:6543/p?sslmode=verify-full",
            ),
            ("DomainName", "api.example.com"),
        ];
        Self {
            template,
            parameters: parameters.into(),
            holds: true,
        }
    }

    /// The variables that a function begins with, those of its secrets included.
    fn given(&self, function: &Value) -> BTreeMap<String, String> {
        let mut given = self.variables(function);
        given.extend(self.secrets(function));
        given
    }

    fn variables(&self, function: &Value) -> BTreeMap<String, String> {
        let variables = function["Environment"]["Variables"].as_object();
        variables
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.clone(), self.value(value)?)))
            .collect()
    }

    fn secrets(&self, function: &Value) -> BTreeMap<String, String> {
        let secrets = self.template.resources("AWS::SecretsManager::Secret");
        let named = function["Environment"]["Variables"]["SECRETS"]["Fn::Join"][1].as_array();
        named
            .into_iter()
            .flatten()
            .flat_map(|secret| self.secret(secrets[secret["Ref"].as_str().unwrap()]))
            .collect()
    }

    fn secret(&self, secret: &Value) -> BTreeMap<String, String> {
        let spec = &secret["GenerateSecretString"];
        let Some(key) = spec["GenerateStringKey"].as_str() else {
            let text = self.value(&secret["SecretString"]).unwrap();
            return serde_json::from_str(&text).unwrap();
        };
        let template = spec["SecretStringTemplate"].as_str().unwrap();
        let mut object: BTreeMap<String, String> = serde_json::from_str(template).unwrap();
        object.insert(key.to_owned(), generated(spec));
        object
    }

    /// What CloudFormation makes of a value; `None` where it is left out.
    fn value(&self, value: &Value) -> Option<String> {
        match value {
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Number(number) => Some(number.to_string()),
            Value::String(text) => Some(text.clone()),
            Value::Object(fields) => {
                let (function, argument) = fields.iter().next().unwrap();
                self.computed(function, argument)
            }
            Value::Array(_) | Value::Null => panic!("{value} is no value of a variable"),
        }
    }

    fn computed(&self, function: &str, argument: &Value) -> Option<String> {
        match function {
            "Fn::GetAtt" => {
                let of = |at: usize| argument[at].as_str().unwrap();
                Some(self.attribute(of(0), of(1)))
            }
            "Fn::If" => self.value(&argument[if self.holds { 1 } else { 2 }]),
            "Fn::Join" => {
                let separator = argument[0].as_str().unwrap();
                match &argument[1] {
                    Value::Array(items) => {
                        let items: Vec<_> =
                            items.iter().filter_map(|item| self.value(item)).collect();
                        Some(items.join(separator))
                    }
                    // A list that is one parameter is separated by commas already.
                    list @ (Value::Bool(_)
                    | Value::Null
                    | Value::Number(_)
                    | Value::Object(_)
                    | Value::String(_)) => self.value(list),
                }
            }
            "Fn::Sub" => {
                let mut text = String::new();
                let mut rest = argument.as_str().unwrap();
                while let Some((before, behind)) = rest.split_once("${") {
                    let (name, after) = behind.split_once('}').unwrap();
                    text += before;
                    text += &match name.split_once('.') {
                        Some((resource, attribute)) => self.attribute(resource, attribute),
                        None => self.reference(name)?,
                    };
                    rest = after;
                }
                Some(text + rest)
            }
            "Ref" => self.reference(argument.as_str().unwrap()),
            _ => panic!("say here what {function} makes"),
        }
    }

    fn reference(&self, name: &str) -> Option<String> {
        if name == "AWS::NoValue" {
            return None;
        }
        if let Some(value) = self.parameters.get(name) {
            return Some((*value).to_owned());
        }
        if let Some(parameter) = self.template.0["Parameters"].get(name) {
            return self.value(&parameter["Default"]);
        }
        let kind = self.template.0["Resources"][name]["Type"].as_str();
        Some(match kind {
            Some("AWS::SQS::Queue") => {
                format!("https://sqs.eu-central-1.amazonaws.com/111122223333/{name}")
            }
            Some("AWS::SecretsManager::Secret") => self.attribute(name, "Arn"),
            Some(_) | None => name.to_lowercase(),
        })
    }

    fn attribute(&self, resource: &str, attribute: &str) -> String {
        let kind = self.template.0["Resources"][resource]["Type"].as_str();
        match (kind, attribute) {
            (Some("AWS::ApiGatewayV2::Api"), "ApiEndpoint") => {
                "https://a1b2c3.execute-api.eu-central-1.amazonaws.com".to_owned()
            }
            (Some("AWS::KMS::Key"), "Arn") => {
                format!("arn:aws:kms:eu-central-1:111122223333:key/{resource}")
            }
            (Some(_), "Arn") => format!("arn:aws:service:eu-central-1:111122223333:{resource}"),
            _ => panic!("say here what {attribute} of {resource} is"),
        }
    }
}

/// A text as Secrets Manager would make it, of every character that it may take.
fn generated(spec: &Value) -> String {
    let without = |flag: &str| spec[flag] == true;
    let excluded = spec["ExcludeCharacters"].as_str().unwrap_or_default();
    let kinds = [
        (without("ExcludeLowercase"), "abcdefghijklmnopqrstuvwxyz"),
        (without("ExcludeNumbers"), "0123456789"),
        (
            without("ExcludePunctuation"),
            "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
        ),
        (without("ExcludeUppercase"), "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    ];
    let characters: Vec<char> = kinds
        .iter()
        .filter(|(without, _)| !without)
        .flat_map(|(_, characters)| characters.chars())
        .filter(|character| !excluded.contains(*character))
        .collect();
    let length = spec["PasswordLength"].as_u64().unwrap_or(32);
    let length = usize::try_from(length).unwrap();
    characters.into_iter().cycle().take(length).collect()
}
