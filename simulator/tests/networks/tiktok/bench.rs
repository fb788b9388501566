//! Requests as an app makes them.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};

use crate::rig::{BACK, Rig, Said, changed, with_query};

pub const STUDIO: &str = "_000fQ1sampleStudioBq7Zk3nYt0wHd";
pub const PRIVATE: &str = "_000fQ1privateStudioC8mXr4pLs2vJe";
pub const TOKEN: &str = "open.tiktokapis.com/v2/oauth/token/";
pub const REVOKE: &str = "open.tiktokapis.com/v2/oauth/revoke/";
pub const USER: &str = "open.tiktokapis.com/v2/user/info/";
pub const SCOPES: &str = "user.info.basic,user.info.profile,video.publish,video.upload,video.list";
pub const CREATOR: &str = "open.tiktokapis.com/v2/post/publish/creator_info/query/";
pub const VIDEO: &str = "open.tiktokapis.com/v2/post/publish/video/init/";
pub const PHOTO: &str = "open.tiktokapis.com/v2/post/publish/content/init/";
pub const STATUS: &str = "open.tiktokapis.com/v2/post/publish/status/fetch/";
pub const INBOX: &str = "open.tiktokapis.com/v2/post/publish/inbox/video/init/";
pub const CANCEL: &str = "open.tiktokapis.com/v2/post/publish/cancel/";
pub const LIST: &str = "open.tiktokapis.com/v2/video/list/?fields=id,create_time,title";
pub const MP4: &str = "https://media.example/1.mp4";
pub const JPEG: &str = "https://media.example/1.jpg";

pub fn rig() -> Rig {
    let files = [
        (JPEG, jpeg(1_080, 1_920)),
        ("https://unverified.example/1.jpg", jpeg(100, 100)),
        (
            "https://media.example/2.png",
            b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0".to_vec(),
        ),
        ("https://media.example/3.jpg", jpeg(2_000, 2_000)),
        ("https://cdn.media.example/4.jpg", jpeg(100, 100)),
        (MP4, mp4(1_000)),
        ("https://media.example/no.mp4", vec![0; 1_000]),
    ];
    let files = files.map(|(url, bytes)| (url.to_owned(), bytes));
    Rig::new("tiktok", BTreeMap::from(files))
}

/// The consent page, with some parameters changed.
pub fn page(changes: &[(&str, &str)]) -> String {
    let pairs = [
        ("client_key", "client"),
        ("redirect_uri", BACK),
        ("response_type", "code"),
        ("scope", SCOPES),
        ("state", "s"),
    ];
    with_query(
        "www.tiktok.com/v2/auth/authorize/",
        &changed(&pairs, changes),
    )
}

pub async fn exchange(rig: &Rig, code: &str, redirect_uri: &str) -> Said {
    let fields = [
        ("client_key", "client"),
        ("client_secret", "secret"),
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri),
    ];
    rig.form(TOKEN, &fields).await
}

pub async fn connect(rig: &Rig, account: &str) -> Value {
    let code = rig.approve(&page(&[]), account).await["code"].clone();
    let tokens = exchange(rig, &code, BACK).await.json();
    assert_eq!(tokens["open_id"], account);
    tokens
}

pub async fn access(rig: &Rig, account: &str) -> String {
    let tokens = connect(rig, account).await;
    tokens["access_token"].as_str().expect("a token").to_owned()
}

pub async fn post(rig: &Rig, path: &str, access: &str, body: &Value) -> Said {
    let bearer = format!("Bearer {access}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json; charset=UTF-8"),
    ];
    rig.send(Method::POST, path, &headers, body.to_string())
        .await
}

pub async fn open(rig: &Rig, access: &str, bytes: u64, privacy: &str) -> (String, String) {
    let said = post(rig, VIDEO, access, &video_order(bytes, bytes, 1, privacy)).await;
    let data = said.json()["data"].clone();
    let text = |name: &str| data[name].as_str().expect("a text").to_owned();
    (text("publish_id"), text("upload_url"))
}

pub async fn put(rig: &Rig, url: &str, range: &str, bytes: &[u8]) -> Said {
    put_as(rig, url, range, bytes, "video/mp4").await
}

pub async fn put_as(rig: &Rig, url: &str, range: &str, bytes: &[u8], kind: &str) -> Said {
    let path = url.strip_prefix("https://").expect("an https address");
    let length = bytes.len().to_string();
    let headers = [
        ("content-type", kind),
        ("content-length", length.as_str()),
        ("content-range", range),
    ];
    rig.send(Method::PUT, path, &headers, bytes.to_vec()).await
}

pub async fn status(rig: &Rig, access: &str, id: &str) -> Value {
    let said = post(rig, STATUS, access, &json!({"publish_id": id})).await;
    assert_eq!(code_of(&said), (200, "ok".to_owned()));
    said.json()["data"].clone()
}

pub fn code_of(said: &Said) -> (u16, String) {
    let code = said.json()["error"]["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    (said.status, code)
}

pub fn video_order(total: u64, chunk: u64, count: u64, privacy: &str) -> Value {
    json!({
        "post_info": {
            "title": "Words", "privacy_level": privacy,
            "brand_content_toggle": false, "brand_organic_toggle": false,
        },
        "source_info": {
            "source": "FILE_UPLOAD", "video_size": total, "chunk_size": chunk,
            "total_chunk_count": count,
        },
    })
}

pub fn mp4(bytes: usize) -> Vec<u8> {
    let mut file = b"\0\0\0\x18ftypisom\0\0\x02\0isommp42".to_vec();
    file.resize(bytes, 7);
    file
}

pub fn jpeg(width: u16, height: u16) -> Vec<u8> {
    let mut file = vec![0xFF, 0xD8, 0xFF, 0xE0, 0, 16];
    file.extend(b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xFF\xC0\0\x11\x08");
    file.extend(height.to_be_bytes());
    file.extend(width.to_be_bytes());
    file.extend([3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1]);
    file
}

pub fn pull_order(url: &str, privacy: &str) -> Value {
    let mut order = video_order(1_000, 1_000, 1, privacy);
    order["source_info"] = json!({"source": "PULL_FROM_URL", "video_url": url});
    order
}

pub fn photo_order(mode: &str, urls: &Value, cover: &Value) -> Value {
    json!({
        "media_type": "PHOTO", "post_mode": mode,
        "post_info": {
            "description": "Words", "privacy_level": "PUBLIC_TO_EVERYONE",
            "brand_content_toggle": false, "brand_organic_toggle": false,
        },
        "source_info": {"source": "PULL_FROM_URL", "photo_images": urls, "photo_cover_index": cover},
    })
}

/// Opens a task by an order that must be taken; gives its id.
pub async fn ordered(rig: &Rig, path: &str, access: &str, order: &Value) -> String {
    let said = post(rig, path, access, order).await;
    assert_eq!(code_of(&said), (200, "ok".to_owned()));
    let data = said.json()["data"].clone();
    data["publish_id"].as_str().expect("an id").to_owned()
}
