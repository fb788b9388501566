//! Requests as an app makes them.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};

pub use crate::requests::*;
use crate::rig::{BACK, Rig, Said, with_query};

pub const STUDIO: &str = "8sTd1oQx2z";
pub const AUTHORIZE: &str = "www.linkedin.com/oauth/v2/authorization";
pub const TOKEN: &str = "www.linkedin.com/oauth/v2/accessToken";
pub const REVOKE: &str = "www.linkedin.com/oauth/v2/revoke";
pub const POSTS: &str = "api.linkedin.com/rest/posts";
pub const SCOPES: &str = "openid profile w_member_social";
pub const IMAGES: &str = "api.linkedin.com/rest/images?action=initializeUpload";
pub const VIDEOS: &str = "api.linkedin.com/rest/videos?action=initializeUpload";
pub const ROLES: &str = "api.linkedin.com/rest/organizationAcls";
pub const ORGANIZATIONS: &str = "api.linkedin.com/rest/organizations";
/// The Page that the studio leads.
pub const PAGE: &str = "urn:li:organization:2414183";
/// The Page that the studio fills.
pub const FILLED: &str = "urn:li:organization:5590506";
/// What an app for Pages asks for.
pub const PAGE_SCOPES: &str =
    "r_basicprofile w_organization_social r_organization_social rw_organization_admin";

pub fn post(commentary: &str) -> Value {
    json!({
        "author": "urn:li:person:8sTd1oQx2z",
        "commentary": commentary,
        "visibility": "PUBLIC",
        "distribution": {"feedDistribution": "MAIN_FEED"},
        "lifecycleState": "PUBLISHED",
    })
}

pub fn video_order(bytes: u64) -> Value {
    json!({"initializeUploadRequest": {"owner": "urn:li:person:8sTd1oQx2z", "fileSizeBytes": bytes}})
}

pub fn rig() -> Rig {
    Rig::new("linkedin", BTreeMap::new())
}

pub fn visit(scopes: &str) -> String {
    visit_to(AUTHORIZE, scopes)
}

pub fn versioned(token: &str) -> Vec<(&'static str, String)> {
    let mut headers = bearer(token);
    headers.push(("linkedin-version", "202607".to_owned()));
    headers.push(("x-restli-protocol-version", "2.0.0".to_owned()));
    headers
}

pub fn code_of(reply: &Said) -> String {
    let body = reply.json();
    let detail = &body["errorDetails"]["inputErrors"][0]["code"];
    let code = if detail.is_string() {
        detail
    } else {
        &body["code"]
    };
    code.as_str().unwrap_or_default().to_owned()
}

pub async fn code(rig: &Rig) -> String {
    rig.approve(&visit(SCOPES), STUDIO).await["code"].clone()
}

pub async fn exchanged(rig: &Rig, code: &str, back: &str, secret: &str) -> Said {
    form(
        rig,
        TOKEN,
        &[],
        &[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", back),
            ("client_id", "client"),
            ("client_secret", secret),
        ],
    )
    .await
}

pub async fn token(rig: &Rig) -> String {
    token_for(rig, STUDIO, SCOPES).await
}

pub async fn token_for(rig: &Rig, account: &str, scopes: &str) -> String {
    let back = rig.approve(&visit(scopes), account).await;
    let reply = exchanged(rig, &back["code"], BACK, "secret").await;
    reply.json()["access_token"]
        .as_str()
        .expect("a token")
        .to_owned()
}

pub async fn action(rig: &Rig, path: &str, token: &str, body: &Value) -> Said {
    let mut headers = versioned(token);
    headers.push(("content-type", "application/json".to_owned()));
    send(rig, Method::POST, path, &headers, body.to_string()).await
}

pub async fn publish(rig: &Rig, token: &str, body: &Value) -> Said {
    action(rig, POSTS, token, body).await
}

pub async fn put(rig: &Rig, url: &str, headers: &Headers, bytes: Vec<u8>) -> Said {
    let path = url.strip_prefix("https://").expect("an https address");
    send(rig, Method::PUT, path, headers, bytes).await
}

pub async fn announced_image(rig: &Rig, token: &str) -> (String, String) {
    let order = json!({"initializeUploadRequest": {"owner": "urn:li:person:8sTd1oQx2z"}});
    let value = action(rig, IMAGES, token, &order).await.json()["value"].clone();
    let text = |name: &str| value[name].as_str().expect("a text").to_owned();
    (text("image"), text("uploadUrl"))
}

pub async fn uploaded_video(rig: &Rig, token: &str, file: &[u8]) -> (String, Vec<String>) {
    let order = video_order(file.len() as u64);
    let value = action(rig, VIDEOS, token, &order).await.json()["value"].clone();
    let mut tags = Vec::new();
    for part in value["uploadInstructions"].as_array().expect("parts") {
        let place =
            |name: &str| usize::try_from(part[name].as_u64().expect("a place")).expect("small");
        let bytes = file[place("firstByte")..=place("lastByte")].to_vec();
        let url = part["uploadUrl"].as_str().expect("an address");
        let headers = [("content-type", "application/octet-stream".to_owned())];
        let reply = put(rig, url, &headers, bytes).await;
        tags.push(reply.header("etag").trim_matches('"').to_owned());
    }
    (value["video"].as_str().expect("a video").to_owned(), tags)
}

pub async fn finalized(rig: &Rig, token: &str, urn: &str, tags: &[String]) -> Said {
    let path = "api.linkedin.com/rest/videos?action=finalizeUpload";
    let order = json!({"finalizeUploadRequest": {"video": urn, "uploadToken": "", "uploadedPartIds": tags}});
    action(rig, path, token, &order).await
}

pub async fn status(rig: &Rig, token: &str, urn: &str) -> Said {
    let path = format!("api.linkedin.com/rest/videos/{}", urn.replace(':', "%3A"));
    send(rig, Method::GET, &path, &versioned(token), Vec::new()).await
}

/// A post with other fields.
pub fn with(fields: &Value) -> Value {
    let mut body = post("Hello");
    for (name, value) in fields.as_object().expect("fields") {
        body[name] = value.clone();
    }
    body
}

/// Reads an address of the versioned interface.
pub async fn read(rig: &Rig, path: &str, token: &str) -> Said {
    send(rig, Method::GET, path, &versioned(token), Vec::new()).await
}

/// A URN as it stands in a path.
pub fn encoded(urn: &str) -> String {
    urn.replace(':', "%3A")
}

/// Asks for the latest posts of an author.
pub async fn listed(rig: &Rig, token: &str, author: &str) -> Said {
    let mut headers = versioned(token);
    headers.push(("x-restli-method", "FINDER".to_owned()));
    let path = with_query(
        POSTS,
        &[("q", "author"), ("author", author), ("count", "10")],
    );
    send(rig, Method::GET, &path, &headers, Vec::new()).await
}
