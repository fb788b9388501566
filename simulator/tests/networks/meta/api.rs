//! What the tests of Facebook and Instagram share: consent, tokens, requests to the Graph API.

use std::collections::BTreeMap;

use hmac::{Hmac, Mac as _};
use http::Method;
use serde_json::Value;
use sha2::Sha256;

use crate::rig::{BACK, Rig, with_query};

pub const JPEG: &str = "https://media.example/1.jpg";
pub const WIDE: &str = "https://media.example/wide.jpg";
pub const PNG: &str = "https://media.example/1.png";
pub const LARGE: &str = "https://media.example/large.jpg";
pub const VIDEO: &str = "https://media.example/1.mp4";

/// An answer of the Graph API.
#[derive(Debug)]
pub struct Told {
    pub status: u16,
    pub body: Value,
}

impl Told {
    pub fn code(&self) -> i64 {
        self.body["error"]["code"].as_i64().unwrap_or_default()
    }

    pub fn subcode(&self) -> i64 {
        self.body["error"]["error_subcode"]
            .as_i64()
            .unwrap_or_default()
    }

    pub fn text(&self, name: &str) -> String {
        let text = self.body[name].as_str();
        text.unwrap_or_else(|| panic!("no {name} in {self:?}"))
            .to_owned()
    }
}

/// The networks with our app at `network` and some files to pull.
pub fn rig(network: &str) -> Rig {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x04\0\0\0\x04\0\x08\x02\0\0\0".to_vec();
    png.resize(900, 0);
    let files = [
        (JPEG, jpeg(1_080, 1_080, 2_000)),
        (WIDE, jpeg(1_080, 500, 2_000)),
        (LARGE, jpeg(1_080, 1_080, 8 * 1024 * 1024 + 1)),
        (PNG, png),
        (VIDEO, mp4(4_000)),
    ];
    let files: BTreeMap<String, Vec<u8>> = files
        .into_iter()
        .map(|(url, bytes)| (url.to_owned(), bytes))
        .collect();
    Rig::new(network, files)
}

/// The start of a JPEG of this size, filled up to `bytes`.
pub fn jpeg(width: u16, height: u16, bytes: usize) -> Vec<u8> {
    let mut file = vec![0xff, 0xd8, 0xff, 0xc0, 0, 17, 8];
    file.extend(height.to_be_bytes());
    file.extend(width.to_be_bytes());
    file.extend([3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]);
    file.resize(bytes, 0);
    file
}

/// The start of an MP4, filled up to `bytes`.
pub fn mp4(bytes: usize) -> Vec<u8> {
    let mut file = b"\0\0\0\x18ftypisom\0\0\0\0isommp42".to_vec();
    file.resize(bytes, 7);
    file
}

/// A path of the Graph API.
pub fn graph(path: &str) -> String {
    format!("graph.facebook.com/v25.0/{path}")
}

/// The dialog; later pairs replace earlier ones.
pub fn dialog(scope: &str, changed: &[(&str, &str)]) -> String {
    let mut pairs = BTreeMap::from([
        ("client_id", "client"),
        ("redirect_uri", BACK),
        ("response_type", "code"),
        ("scope", scope),
        ("state", "s"),
    ]);
    pairs.extend(changed.iter().copied());
    let pairs: Vec<(&str, &str)> = pairs.into_iter().collect();
    with_query("www.facebook.com/v25.0/dialog/oauth", &pairs)
}

/// A code for these accounts.
pub async fn code(rig: &Rig, scope: &str, accounts: &[&str]) -> String {
    let back = rig.approve_all(&dialog(scope, &[]), accounts).await;
    assert_eq!(back["state"], "s");
    back["code"].clone()
}

pub async fn exchange(rig: &Rig, code: &str, secret: &str, back: &str) -> Told {
    let fields = [
        ("client_id", "client"),
        ("client_secret", secret),
        ("redirect_uri", back),
        ("code", code),
    ];
    told(&rig.form(&graph("oauth/access_token"), &fields).await)
}

pub async fn extend(rig: &Rig, token: &str) -> Told {
    let fields = [
        ("grant_type", "fb_exchange_token"),
        ("client_id", "client"),
        ("client_secret", "secret"),
        ("fb_exchange_token", token),
    ];
    told(&rig.form(&graph("oauth/access_token"), &fields).await)
}

/// A person's long-lived token, and who it is.
pub async fn person(rig: &Rig, scope: &str, accounts: &[&str]) -> (String, String) {
    let code = code(rig, scope, accounts).await;
    let short = exchange(rig, &code, "secret", BACK)
        .await
        .text("access_token");
    let long = extend(rig, &short).await.text("access_token");
    let id = get(rig, &graph("me"), &long).await.text("id");
    (long, id)
}

/// The tokens of a person's Pages, by the Page's id.
pub async fn page_tokens(rig: &Rig, token: &str) -> BTreeMap<String, String> {
    let told = get(
        rig,
        &graph("me/accounts?fields=id,access_token&limit=100"),
        token,
    )
    .await;
    let pages = told.body["data"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    pages
        .iter()
        .map(|page| (text(&page["id"]), text(&page["access_token"])))
        .collect()
}

pub async fn get(rig: &Rig, path: &str, token: &str) -> Told {
    send(rig, Method::GET, path, token, "", Vec::new()).await
}

pub async fn post(rig: &Rig, path: &str, token: &str, fields: &[(&str, &str)]) -> Told {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let kind = "application/x-www-form-urlencoded";
    send(rig, Method::POST, path, token, kind, body.into_bytes()).await
}

pub async fn send(
    rig: &Rig,
    method: Method,
    path: &str,
    token: &str,
    kind: &str,
    body: Vec<u8>,
) -> Told {
    let bearer = format!("Bearer {token}");
    let mut headers = vec![("authorization", bearer.as_str())];
    if !kind.is_empty() {
        headers.push(("content-type", kind));
    }
    told(&rig.send(method, path, &headers, body).await)
}

fn told(said: &crate::rig::Said) -> Told {
    Told {
        status: said.status,
        body: said.json(),
    }
}

/// A multipart body with its type.
pub fn multipart(fields: &[(&str, &str)], file: Option<(&str, &[u8])>) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(
            format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                .bytes(),
        );
    }
    if let Some((name, bytes)) = file {
        body.extend(
            format!(
                "--edge\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"f\"\r\n\r\n"
            )
            .bytes(),
        );
        body.extend(bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--edge--\r\n");
    ("multipart/form-data; boundary=edge".to_owned(), body)
}

/// Meta's proof that whoever holds a token knows the app's secret.
pub fn proof(token: &str, secret: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    hex::encode(mac.chain_update(token).finalize().into_bytes())
}
