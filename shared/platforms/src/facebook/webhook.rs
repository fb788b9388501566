//! What Facebook tells on its own: new posts of a Page, and withdrawn access.

use serde::Deserialize;

use crate::{
    Happening, Incoming, Received, WebhookError, What,
    meta::{self, optional_text_or_number, text_or_number},
};

#[derive(Debug, Deserialize)]
struct Events {
    #[serde(default)]
    entry: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    #[serde(deserialize_with = "text_or_number")]
    id: String,
    #[serde(default)]
    time: i64,
    #[serde(default)]
    changes: Vec<Change>,
}

#[derive(Debug, Deserialize)]
struct Change {
    field: String,
    #[serde(default)]
    value: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Value {
    verb: String,
    #[serde(deserialize_with = "optional_text_or_number")]
    post_id: Option<String>,
    #[serde(deserialize_with = "optional_text_or_number")]
    video_id: Option<String>,
}

/// Reads a request to our webhook address.
///
/// # Errors
/// [`WebhookError`] when it is not Meta's.
pub fn receive(incoming: &Incoming<'_>) -> Result<Received, WebhookError> {
    meta::receive(incoming, news)
}

/// The news of posts; everything else that a Page may tell is left alone.
fn news(body: &[u8]) -> Result<Vec<Happening>, WebhookError> {
    let events: Events = serde_json::from_slice(body).map_err(|_| WebhookError::Malformed)?;
    let mut told = Vec::new();
    for entry in events.entry {
        let posts = entry
            .changes
            .iter()
            .filter(|change| matches!(change.field.as_str(), "feed" | "videos"));
        for Change { value, .. } in posts {
            let handles = value.video_id.iter().chain(&value.post_id);
            told.extend(handles.map(|handle| Happening {
                key: format!("{}:{}:{handle}:{}", entry.id, entry.time, value.verb),
                what: What::PostMoved {
                    handle: handle.clone(),
                },
            }));
        }
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_video_is_told_by_both_its_names_and_a_like_not_at_all() {
        let body = br#"{"object":"page","entry":[{"id":"1234","time":7,"changes":[
            {"field":"feed","value":{"item":"video","verb":"add","post_id":"1234_5","video_id":99}},
            {"field":"ratings","value":{"verb":"add","post_id":"1234_6"}}]}]}"#;
        let told = news(body).unwrap();
        let keys: Vec<&str> = told.iter().map(|piece| piece.key.as_str()).collect();
        assert_eq!(keys, ["1234:7:99:add", "1234:7:1234_5:add"]);
        assert_eq!(news(b"{"), Err(WebhookError::Malformed));
    }
}
