//! What the tests of YouTube share: consent, tokens, requests to its interfaces.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::rig::{BACK, Rig, Said, changed, with_query};

pub const CHANNEL: &str = "UCsampleStudio7Qk2Wm9Zt1";
pub const SECOND: &str = "UCsecondStage4Rv8Xn3Ly6P";
pub const NOBODY: &str = "google-without-a-channel";
pub const TOKEN: &str = "oauth2.googleapis.com/token";
pub const REVOKE: &str = "oauth2.googleapis.com/revoke";
pub const DATA: &str = "www.googleapis.com/youtube/v3";
pub const UPLOAD: &str = "www.googleapis.com/upload/youtube/v3/videos";
pub const SCOPES: &str = "https://www.googleapis.com/auth/youtube.upload https://www.googleapis.com/auth/youtube.readonly";
pub const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters-in-all";
/// The Google account of both channels.
pub const GOOGLE: &str = "110169484474386276334";
/// The first channel's playlist.
pub const PLAYLIST: &str = "PLsampleStudio7Qk2Wm9Zt1";

pub fn rig() -> Rig {
    Rig::new("youtube", BTreeMap::new())
}

/// The consent page, with some parameters changed.
pub fn page(changes: &[(&str, &str)]) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let pairs = [
        ("client_id", "client"),
        ("redirect_uri", BACK),
        ("response_type", "code"),
        ("scope", SCOPES),
        ("access_type", "offline"),
        ("prompt", "consent"),
        ("state", "s"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    with_query(
        "accounts.google.com/o/oauth2/v2/auth",
        &changed(&pairs, changes),
    )
}

pub async fn exchange(rig: &Rig, code: &str, verifier: &str, redirect_uri: &str) -> Said {
    let fields = [
        ("client_id", "client"),
        ("client_secret", "secret"),
        ("grant_type", "authorization_code"),
        ("code", code),
        ("code_verifier", verifier),
        ("redirect_uri", redirect_uri),
    ];
    rig.form(TOKEN, &fields).await
}

pub async fn refresh(rig: &Rig, token: &str) -> Said {
    let fields = [
        ("client_id", "client"),
        ("client_secret", "secret"),
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
    ];
    rig.form(TOKEN, &fields).await
}

pub async fn tokens(rig: &Rig, page: &str, account: &str) -> Value {
    let code = rig.approve(page, account).await["code"].clone();
    exchange(rig, &code, VERIFIER, BACK).await.json()
}

pub async fn access(rig: &Rig, account: &str) -> String {
    access_of(&tokens(rig, &page(&[]), account).await)
}

pub fn access_of(tokens: &Value) -> String {
    tokens["access_token"].as_str().expect("a token").to_owned()
}

pub async fn get(rig: &Rig, access: &str, path: &str) -> Said {
    let bearer = format!("Bearer {access}");
    let headers = [("authorization", bearer.as_str())];
    rig.send(Method::GET, &format!("{DATA}{path}"), &headers, "")
        .await
}

pub async fn start(rig: &Rig, access: &str, resource: &Value, bytes: u64) -> Said {
    let (bearer, bytes) = (format!("Bearer {access}"), bytes.to_string());
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json; charset=UTF-8"),
        ("x-upload-content-type", "video/mp4"),
        ("x-upload-content-length", bytes.as_str()),
    ];
    let path = with_query(
        UPLOAD,
        &[("uploadType", "resumable"), ("part", "snippet,status")],
    );
    rig.send(Method::POST, &path, &headers, resource.to_string())
        .await
}

pub fn session(said: &Said) -> String {
    assert_eq!(said.status, 200, "{said:?}");
    said.header("location").to_owned()
}

pub async fn put(rig: &Rig, access: &str, session: &str, range: &str, bytes: &[u8]) -> Said {
    let (bearer, length) = (format!("Bearer {access}"), bytes.len().to_string());
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-length", length.as_str()),
        ("content-range", range),
    ];
    let path = session.strip_prefix("https://").expect("an https address");
    rig.send(Method::PUT, path, &headers, bytes.to_vec()).await
}

/// A whole video; its id.
pub async fn upload(rig: &Rig, access: &str, bytes: usize) -> String {
    let session = session(&start(rig, access, &resource(), bytes as u64).await);
    let range = format!("bytes 0-{}/{bytes}", bytes - 1);
    let said = put(rig, access, &session, &range, &mp4(bytes)).await;
    said.json()["id"].as_str().expect("an id").to_owned()
}

pub fn resource() -> Value {
    json!({
        "snippet": {"title": "T", "description": "D", "tags": ["a", "b c"], "categoryId": "22"},
        "status": {"privacyStatus": "private", "publishAt": null, "license": "youtube", "embeddable": true},
    })
}

/// A channel that may do everything.
pub async fn owner(rig: &Rig, account: &str) -> String {
    let page = page(&[("scope", "https://www.googleapis.com/auth/youtube")]);
    access_of(&tokens(rig, &page, account).await)
}

/// A request to the data interface with a body.
pub async fn call(rig: &Rig, access: &str, method: Method, path: &str, body: &Value) -> Said {
    let bearer = format!("Bearer {access}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let path = format!("{DATA}{path}");
    rig.send(method, &path, &headers, body.to_string()).await
}

pub fn reason_of(said: &Said) -> (u16, String) {
    let reason = said.json()["error"]["errors"][0]["reason"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    (said.status, reason)
}

pub fn mp4(bytes: usize) -> Vec<u8> {
    let mut file = b"\0\0\0\x18ftypisom\0\0\x02\0isommp42".to_vec();
    file.resize(bytes, 7);
    file
}
