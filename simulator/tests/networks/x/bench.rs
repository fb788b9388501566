//! Somebody who speaks to X without any of our code.

use axum::body::Body;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};
use simulator::Pulled;

use crate::rig::{BACK, Rig, Said, changed, with_query};

pub const ALL: &str = "tweet.read tweet.write users.read media.write offline.access";
// The verifier and challenge of RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const STUDIO: &str = "2244994945";
pub const TRAILS: &str = "783214";
/// A GIF of 16 by 16 as far as its head tells.
pub const PICTURE: &[u8] = b"GIF89a\x10\0\x10\0\0\0\0;";
pub const VIDEO: &[u8] = b"\0\0\0\x18ftypisom\0\0\x02\0isommp42";

/// An app and a person at X.
pub struct Visitor {
    pub rig: Rig,
}

/// What came back.
pub struct Heard {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
    pub text: String,
}

impl Heard {
    pub fn number(&self, header: &str) -> i64 {
        let value = self.headers[header].to_str().expect("a number");
        value.parse().expect("a number")
    }
}

impl From<Said> for Heard {
    fn from(said: Said) -> Self {
        Self {
            status: StatusCode::from_u16(said.status).expect("a status"),
            body: said.json(),
            text: String::from_utf8_lossy(&said.body).into_owned(),
            headers: said.headers,
        }
    }
}

impl Visitor {
    pub fn new() -> Self {
        Self::answering(|_| None)
    }

    /// Where what X fetches answers so.
    pub fn answering(answer: fn(&str) -> Option<Value>) -> Self {
        let rig = Rig::pulling("x", move |url| {
            Some(Pulled {
                status: 200,
                content_type: "application/json".to_owned(),
                bytes: answer(url)?.to_string().into(),
            })
        });
        Self { rig }
    }

    pub async fn call(
        &self,
        method: Method,
        path: &str,
        authorization: &str,
        content_type: &str,
        body: impl Into<Body>,
    ) -> Heard {
        let path = format!("api.x.com{path}");
        let headers = [
            ("authorization", authorization),
            ("content-type", content_type),
        ];
        self.rig.send(method, &path, &headers, body).await.into()
    }

    pub async fn visit(&self, changes: &[(&str, &str)]) -> Heard {
        let page = page(changes);
        let said = self.rig.send(Method::GET, &page, &[], Body::empty());
        said.await.into()
    }

    pub async fn code(&self, account: &str, scope: &str) -> String {
        let page = page(&[("scope", scope)]);
        self.rig.approve(&page, account).await["code"].clone()
    }

    pub async fn token_call(&self, path: &str, secret: &str, fields: &[(&str, &str)]) -> Heard {
        let basic = format!("Basic {}", STANDARD.encode(format!("client:{secret}")));
        let path = format!("api.x.com{path}");
        let headers = [("authorization", basic.as_str())];
        self.rig.form_with(&path, &headers, fields).await.into()
    }

    pub async fn exchange(&self, code: &str, changes: &[(&str, &str)]) -> Heard {
        let standard = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", BACK),
            ("code_verifier", VERIFIER),
        ];
        let fields = changed(&standard, changes);
        self.token_call("/2/oauth2/token", "secret", &fields).await
    }

    pub async fn refresh(&self, token: &str) -> Heard {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.token_call("/2/oauth2/token", "secret", &fields).await
    }

    pub async fn tokens(&self, account: &str, scope: &str) -> Value {
        let code = self.code(account, scope).await;
        self.exchange(&code, &[]).await.body
    }

    pub async fn connected(&self, account: &str) -> String {
        let tokens = self.tokens(account, ALL).await;
        text(&tokens["access_token"]).to_owned()
    }

    pub async fn get(&self, token: &str, path: &str) -> Heard {
        let bearer = format!("Bearer {token}");
        self.call(Method::GET, path, &bearer, "", "").await
    }

    pub async fn post(&self, token: &str, path: &str, body: &Value) -> Heard {
        let bearer = format!("Bearer {token}");
        let json = "application/json";
        self.call(Method::POST, path, &bearer, json, body.to_string())
            .await
    }

    pub async fn append(&self, token: &str, id: &str, segment: &str, bytes: &[u8]) -> Heard {
        let field = "content-disposition: form-data; name=";
        let head = format!(
            "--b\r\n{field}\"segment_index\"\r\n\r\n{segment}\r\n--b\r\n{field}\"media\"; filename=\"c\"\r\n\r\n"
        );
        let body = [head.as_bytes(), bytes, b"\r\n--b--\r\n"].concat();
        let path = format!("/2/media/upload/{id}/append");
        let bearer = format!("Bearer {token}");
        let kind = "multipart/form-data; boundary=b";
        self.call(Method::POST, &path, &bearer, kind, body).await
    }

    pub async fn initialize(&self, token: &str, bytes: usize) -> String {
        let body = json!({ "media_type": "video/mp4", "media_category": "tweet_video", "total_bytes": bytes });
        id_of(&self.post(token, "/2/media/upload/initialize", &body).await)
    }

    pub async fn finalize(&self, token: &str, id: &str, body: &Value) -> Heard {
        let path = format!("/2/media/upload/{id}/finalize");
        self.post(token, &path, body).await
    }

    pub async fn picture(&self, token: &str) -> String {
        let body = json!({ "media": STANDARD.encode(PICTURE), "media_category": "tweet_image" });
        id_of(&self.post(token, "/2/media/upload", &body).await)
    }

    pub async fn tweet(&self, token: &str, body: Value) -> Heard {
        self.post(token, "/2/tweets", &body).await
    }
}

/// The consent page, with some parameters changed.
fn page(changes: &[(&str, &str)]) -> String {
    let standard = [
        ("response_type", "code"),
        ("client_id", "client"),
        ("redirect_uri", BACK),
        ("scope", ALL),
        ("state", "state"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    with_query("x.com/i/oauth2/authorize", &changed(&standard, changes))
}

pub fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

pub fn id_of(heard: &Heard) -> String {
    let id = heard.body["data"]["id"].as_str();
    id.unwrap_or_else(|| panic!("{}: {}", heard.status, heard.text))
        .to_owned()
}

pub fn is_invalid(heard: &Heard) -> bool {
    let kind = heard.body["type"].as_str().unwrap_or_default();
    heard.status == StatusCode::BAD_REQUEST && kind.ends_with("/invalid-request")
}
