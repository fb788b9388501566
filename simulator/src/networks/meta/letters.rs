//! What Meta tells an app on its own. Nothing here sends anything: whoever holds a letter delivers it
//! to the app's address as it stands, to the byte.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use time::OffsetDateTime;

use super::pages::PERSON;
use crate::LivePost;

/// A request to the app's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The query's pairs; only a question for the address itself has some, and is a GET.
    pub query: Vec<(String, String)>,
    /// The headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Letter {
    /// Asks whether the address is the app's.
    pub fn question(token: &str, challenge: &str) -> Self {
        let pairs = [
            ("hub.mode", "subscribe"),
            ("hub.challenge", challenge),
            ("hub.verify_token", token),
        ];
        Self {
            query: pairs
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .to_vec(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Tells of a new post of a Page.
    pub fn news(secret: &str, post: &LivePost) -> Self {
        let at = post.created_at.unix_timestamp();
        let mut value = json!({
            "item": "status", "verb": "add", "post_id": post.post_id, "published": 1,
            "created_time": at, "message": post.text, "link": post.url,
            "from": { "id": post.account_id, "name": post.account_name },
        });
        if let Some(video) = post.details["video"].as_str() {
            value["item"] = "video".into();
            value["video_id"] = video.into();
        }
        let body = json!({ "object": "page", "entry": [{
            "id": post.account_id, "time": at,
            "changes": [{ "field": "feed", "value": value }],
        }] });
        let body = escaped(&body).into_bytes();
        let signature = format!("sha256={}", hex::encode(mac(secret, &body)));
        Self {
            query: Vec::new(),
            headers: vec![
                ("content-type", "application/json".to_owned()),
                ("x-hub-signature-256", signature),
            ],
            body,
        }
    }

    /// Tells that the person withdrew the app's access, or wants their data deleted.
    pub fn withdrawal(secret: &str, at: OffsetDateTime) -> Self {
        Self {
            query: Vec::new(),
            headers: vec![(
                "content-type",
                "application/x-www-form-urlencoded".to_owned(),
            )],
            body: format!("signed_request={}", signed_request(secret, PERSON, at)).into_bytes(),
        }
    }
}

/// The `signed_request` about a person, by the id that our app knows them by, signed with the
/// secret of the app that they logged in to.
pub fn signed_request(app_secret: &str, user_id: &str, issued_at: OffsetDateTime) -> String {
    let payload = json!({
        "algorithm": "HMAC-SHA256", "issued_at": issued_at.unix_timestamp(), "user_id": user_id,
    });
    let payload = URL_SAFE_NO_PAD.encode(payload.to_string());
    let signature = URL_SAFE_NO_PAD.encode(mac(app_secret, payload.as_bytes()));
    format!("{signature}.{payload}")
}

/// JSON as Meta writes and signs it: nothing but ASCII, and slashes escaped.
fn escaped(value: &Value) -> String {
    let mut text = String::new();
    for letter in value.to_string().chars() {
        if letter == '/' {
            text.push_str("\\/");
        } else if letter.is_ascii() {
            text.push(letter);
        } else {
            let units = letter.encode_utf16(&mut [0; 2]).to_vec();
            text.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    text
}

fn mac(secret: &str, message: &[u8]) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec())
        .unwrap_or_default()
}
