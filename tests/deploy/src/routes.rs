//! The routes of the code, of the template and of `cargo lambda watch`: one table.

use std::{collections::BTreeSet, fs};

use serde_json::Value;

use crate::{Code, Template, code::literals, rights, tools};

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// `/api/posts/{id}`
    pub path: String,
    /// `GET`
    pub method: String,
    /// `posts`
    pub function: String,
}

/// What axum calls a method, and HTTP. `head` is left out: API Gateway routes it nowhere.
const METHODS: [(&str, &str); 5] = [
    ("delete(", "DELETE"),
    ("get(", "GET"),
    ("patch(", "PATCH"),
    ("post(", "POST"),
    ("put(", "PUT"),
];

/// The routes of the functions' routers.
pub fn of_code(code: &Code) -> BTreeSet<Route> {
    let mut routes = BTreeSet::new();
    for function in code.functions() {
        let text = code.text(function);
        for rest in text.split(".route(\"").skip(1) {
            let (path, rest) = rest.split_once('"').unwrap();
            let chain = argument(rest);
            for (word, method) in METHODS {
                let begins = |at: usize| {
                    !chain[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | ':'))
                };
                if chain.match_indices(word).any(|(at, _)| begins(at)) {
                    routes.insert(route(path, method, function));
                }
            }
        }
    }
    routes
}

/// The routes of the template.
pub fn of_template(template: &Template) -> BTreeSet<Route> {
    let integrations = template.resources("AWS::ApiGatewayV2::Integration");
    let functions = rights::functions(template);
    let named = |resource: &str| {
        let properties = template
            .resources("AWS::Lambda::Function")
            .remove(resource)?;
        let mut functions = functions.iter();
        functions
            .find(|(_, function)| **function == properties)
            .map(|(name, _)| name.clone())
    };
    template
        .resources("AWS::ApiGatewayV2::Route")
        .values()
        .map(|properties| {
            let key = properties["RouteKey"].as_str().unwrap();
            let (method, path) = key.split_once(' ').unwrap_or(("ANY", key));
            let target = properties["Target"]["Fn::Sub"].as_str().unwrap_or_default();
            let integration = target
                .trim_start_matches("integrations/${")
                .trim_end_matches('}');
            let uri = integrations
                .get(integration)
                .and_then(|it| it["IntegrationUri"]["Fn::Sub"].as_str());
            let resource =
                uri.and_then(|uri| uri.split_once("functions/${")?.1.split_once(".Arn}"));
            let function = resource.and_then(|(resource, _)| named(resource));
            route(path, method, &function.unwrap_or_default())
        })
        .collect()
}

/// The routes of `cargo lambda watch`.
pub fn of_watch() -> BTreeSet<Route> {
    let manifest = fs::read_to_string(tools::root().join("Cargo.toml")).unwrap();
    let table = manifest
        .split_once("[workspace.metadata.lambda.watch]")
        .unwrap()
        .1;
    let table = table.split_once("\n[").unwrap().0;
    table
        .lines()
        .filter(|line| line.contains("path ="))
        .flat_map(|line| {
            let word = |before| literals(line, before).next().unwrap();
            let methods = line.split_once("methods = [").unwrap().1;
            let methods = methods.split_once(']').unwrap().0;
            methods
                .split('"')
                .skip(1)
                .step_by(2)
                .map(|method| route(word("path = \""), method, word("function = \"")))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Methods and paths of the description that is published.
pub fn of_description() -> BTreeSet<(String, String)> {
    let text = fs::read_to_string(tools::root().join("docs/openapi.json")).unwrap();
    let description: Value = serde_json::from_str(&text).unwrap();
    let paths = description["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(|method| (path.clone(), method.to_uppercase()))
        })
        .collect()
}

/// Functions that are asked over HTTP.
pub fn asked(routes: &BTreeSet<Route>) -> BTreeSet<&str> {
    routes.iter().map(|route| route.function.as_str()).collect()
}

fn route(path: &str, method: &str, function: &str) -> Route {
    Route {
        path: path.to_owned(),
        method: method.to_owned(),
        function: function.to_owned(),
    }
}

/// Up to the parenthesis that closes the call in which the text begins.
fn argument(text: &str) -> &str {
    let mut depth = 1_usize;
    let end = text.char_indices().find(|(_, c)| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    &text[..end.map_or(text.len(), |(at, _)| at)]
}
