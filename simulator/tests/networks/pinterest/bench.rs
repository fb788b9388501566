//! What all tests of simulated Pinterest use.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};

pub use crate::requests::*;
use crate::{
    rig::{BACK, Rig, Said},
    samples::jpeg,
};

pub const STUDIO: &str = "813744226420795884";
pub const BAKERY: &str = "813744226420795885";
pub const WORKSHOP: &str = "813744226420795886";
pub const TABLES: &str = "549755885176";
pub const HOST: &str = "api.pinterest.com";
pub const BOARDS: &str = "api.pinterest.com/v5/boards";
pub const USER: &str = "api.pinterest.com/v5/user_account";
pub const RECIPES: &str = "549755885175";
pub const AUTHORIZE: &str = "www.pinterest.com/oauth/";
pub const TOKEN: &str = "api.pinterest.com/v5/oauth/token";
pub const BASIC: &str = "Basic Y2xpZW50OnNlY3JldA==";
pub const PINS: &str = "api.pinterest.com/v5/pins";
pub const SCOPES: &str = "user_accounts:read,boards:read,boards:write,pins:read,pins:write";
pub const IMAGE: &str = "https://media.example/1.jpg";
pub const GIF: &str = "https://media.example/2.gif";

pub fn pin() -> Value {
    json!({
        "board_id": RECIPES,
        "title": "Tart",
        "description": "With lemon",
        "media_source": {"source_type": "image_url", "url": IMAGE},
    })
}

pub fn rig() -> Rig {
    let files = [
        (IMAGE, jpeg(100, 150)),
        (GIF, b"GIF89a\x01\0\x01\0".to_vec()),
    ];
    let files = files.map(|(url, bytes)| (url.to_owned(), bytes));
    Rig::new("pinterest", BTreeMap::from(files))
}

pub async fn post_json(rig: &Rig, path: &str, token: &str, body: &Value) -> Said {
    let mut headers = bearer(token);
    headers.push(("content-type", "application/json".to_owned()));
    send(rig, Method::POST, path, &headers, body.to_string()).await
}

pub fn visit(scopes: &str) -> String {
    visit_to(AUTHORIZE, scopes)
}

pub async fn code(rig: &Rig, scopes: &str) -> String {
    rig.approve(&visit(scopes), STUDIO).await["code"].clone()
}

pub async fn exchanged(rig: &Rig, code: &str, back: &str) -> Said {
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", back),
        ("continuous_refresh", "true"),
    ];
    form(rig, TOKEN, &[("authorization", BASIC.to_owned())], &pairs).await
}

pub async fn token(rig: &Rig) -> String {
    token_for(rig, STUDIO, SCOPES).await
}

pub async fn token_for(rig: &Rig, account: &str, scopes: &str) -> String {
    let back = rig.approve(&visit(scopes), account).await;
    let reply = exchanged(rig, &back["code"], BACK).await;
    reply.json()["access_token"]
        .as_str()
        .expect("a token")
        .to_owned()
}

/// A video's id, and the fields of its form in the order in which they were given.
pub async fn registered(rig: &Rig, token: &str) -> (String, Vec<(String, String)>) {
    let path = "api.pinterest.com/v5/media";
    let reply = post_json(rig, path, token, &json!({"media_type": "video"})).await;
    assert_eq!(reply.status, 201);
    let body = reply.json();
    let mut parameters: Vec<(String, String)> = body["upload_parameters"]
        .as_object()
        .expect("parameters")
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().expect("a text").to_owned()))
        .collect();
    parameters.sort_by_key(|(name, _)| text(&reply).find(&format!("\"{name}\":")));
    (
        body["media_id"].as_str().expect("an id").to_owned(),
        parameters,
    )
}

pub fn upload_form(parameters: &[(String, String)], file_last: bool, file: &[u8]) -> Vec<u8> {
    let field = |name: &str, more: &str, bytes: &[u8]| {
        let head = format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"{more}\r\n\r\n");
        [head.as_bytes(), bytes, b"\r\n"].concat()
    };
    let file = field("file", "; filename=\"v\"\r\ncontent-type: video/mp4", file);
    let fields: Vec<u8> = parameters
        .iter()
        .flat_map(|(name, value)| field(name, "", value.as_bytes()))
        .collect();
    let end = b"--b--\r\n".to_vec();
    if file_last {
        [fields, file, end].concat()
    } else {
        [file, fields, end].concat()
    }
}

pub const STORE: &str = "pinterest-media-upload.s3-accelerate.amazonaws.com/";
pub const MULTIPART: (&str, &str) = ("content-type", "multipart/form-data; boundary=b");

pub async fn stored(rig: &Rig, body: &[u8], headers: &Headers) -> Said {
    let length = body.len().to_string();
    let mut headers = borrowed(headers);
    headers.extend([MULTIPART, ("content-length", length.as_str())]);
    rig.send(Method::POST, STORE, &headers, body.to_vec()).await
}
