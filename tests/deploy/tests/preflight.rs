//! The API answers preflights in place of the functions, with what they would have answered.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{collections::BTreeSet, sync::Arc};

use axum::{Router, body::Body, routing::get};
use deploy::Template;
use http::{Method, Request, header};
use serde_json::{Value, json};
use settings::{HttpSettings, Reader, Vars};
use tower::ServiceExt as _;

const ORIGIN: &str = "https://app.example.com";

#[tokio::test]
async fn the_api_answers_preflights_as_the_functions_do() {
    let answered = answered_by_functions().await;
    let template = Template::of_project();
    let mut cors =
        template.resources("AWS::ApiGatewayV2::Api")["Api"]["CorsConfiguration"]["Fn::If"][1]
            .clone();
    assert_eq!(cors["AllowOrigins"], json!({ "Ref": "CorsOrigins" }));
    assert_eq!(described(&cors), answered);

    cors["AllowMethods"] = json!(["GET"]);
    assert_ne!(described(&cors), answered);
}

/// Methods, headers, exposed headers, credentials and age.
type Cors = (
    BTreeSet<String>,
    BTreeSet<String>,
    BTreeSet<String>,
    bool,
    u64,
);

fn described(cors: &Value) -> Cors {
    let list = |name: &str| {
        let items = cors[name].as_array().unwrap().iter();
        items
            .map(|item| item.as_str().unwrap().to_owned())
            .collect()
    };
    (
        list("AllowMethods"),
        list("AllowHeaders"),
        list("ExposeHeaders"),
        cors["AllowCredentials"].as_bool().unwrap(),
        cors["MaxAge"].as_u64().unwrap(),
    )
}

async fn answered_by_functions() -> Cors {
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let pairs = [
        ("CORS_ORIGINS", ORIGIN),
        ("JWT_SECRET", key),
        ("PUBLIC_URL", "https://api.example.com"),
    ];
    let vars = Vars::from_pairs(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let mut reader = Reader::new(&vars);
    let settings = HttpSettings::from_vars(&mut reader);
    let settings = Arc::new(reader.finish(settings).unwrap());
    let router = web::dress(Router::new().route("/", get(async || "")), &settings);
    let ask = |method: Method| {
        Request::builder()
            .method(method)
            .uri("/")
            .header(header::ORIGIN, ORIGIN)
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
            .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization")
            .body(Body::empty())
            .unwrap()
    };
    let before = router.clone().oneshot(ask(Method::OPTIONS)).await.unwrap();
    let itself = router.oneshot(ask(Method::GET)).await.unwrap();
    let text = |of: &http::Response<Body>, name| of.headers()[name].to_str().unwrap().to_owned();
    let list = |of: &http::Response<Body>, name| -> BTreeSet<String> {
        text(of, name)
            .split(',')
            .map(|item| item.trim().to_owned())
            .collect()
    };
    (
        list(&before, header::ACCESS_CONTROL_ALLOW_METHODS),
        list(&before, header::ACCESS_CONTROL_ALLOW_HEADERS),
        list(&itself, header::ACCESS_CONTROL_EXPOSE_HEADERS),
        text(&before, header::ACCESS_CONTROL_ALLOW_CREDENTIALS) == "true",
        text(&before, header::ACCESS_CONTROL_MAX_AGE)
            .parse()
            .unwrap(),
    )
}
