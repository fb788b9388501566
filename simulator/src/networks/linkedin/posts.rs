//! Posts of members.

use axum::{
    body::Bytes,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::{NETWORK, said::{Said, member, versioned}};
use crate::{Account, LiveMedia, LivePost, World};

/// How long an equal text is refused.
const TWIN: Duration = Duration::minutes(10);
const LONGEST: usize = 3_000;
const FIELDS: [&str; 7] = [
    "author", "commentary", "visibility", "distribution", "content", "lifecycleState", "isReshareDisabledByAuthor",
];

/// A post.
#[derive(Debug, Clone)]
pub(super) struct Post {
    urn: String,
    author: String,
    commentary: String,
    content: Value,
    created_at: OffsetDateTime,
}

/// A member's posts cannot be read with the rights that apps get.
pub(super) async fn find(State(world): State<World>, headers: HeaderMap) -> Result<Said, Said> {
    versioned(&headers)?;
    member(&world, &headers, "w_member_social")?;
    Err(Said::refused(403, "ACCESS_DENIED", "Not enough permissions to access: partnerApiPostsExternal.FINDER-author")
        .with("serviceErrorCode", 100.into()))
}

pub(super) async fn create(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Result<Response, Said> {
    versioned(&headers)?;
    let account = member(&world, &headers, "w_member_social")?;
    let asked: Value = serde_json::from_slice(&body).map_err(|_| Said::refused(400, "INVALID_JSON", "The body is not JSON"))?;
    check(&asked, &account)?;
    let commentary = asked["commentary"].as_str().unwrap_or_default().to_owned();
    let text = shown(&commentary);
    let media = media(&world, &account, &asked["content"])?;
    let now = world.now();
    let twin = world
        .states()
        .linkedin()
        .posts
        .iter()
        .find(|post| post.author == account.id && post.commentary == commentary && post.content == asked["content"] && now - post.created_at < TWIN)
        .map(|post| post.urn.clone());
    if let Some(urn) = twin {
        return Err(Said::refused(422, "", &format!("Content is a duplicate of {urn}")).with(
            "errorDetails",
            json!({ "inputErrors": [{ "description": "Duplicate post is detected", "input": {}, "code": "DUPLICATE_POST" }] }),
        ));
    }
    let urn = format!("urn:li:share:{}", world.number());
    let kind = if media.is_empty() { "text" } else if media[0].content_type.starts_with("video") { "video" } else { "image" };
    world.publish(LivePost {
        network: NETWORK.to_owned(),
        account_id: account.id.clone(),
        account_name: account.name.clone(),
        post_id: urn.clone(),
        kind: kind.to_owned(),
        text,
        media,
        created_at: now,
        url: format!("https://www.linkedin.com/feed/update/{urn}/"),
        details: json!({ "visibility": asked["visibility"], "content": asked["content"] }),
    });
    let mut state = world.states().linkedin();
    state.posts.push(Post { urn: urn.clone(), author: account.id, commentary, content: asked["content"].clone(), created_at: now });
    if state.silent_ids {
        return Ok(StatusCode::CREATED.into_response());
    }
    Ok((StatusCode::CREATED, [("x-restli-id", urn)]).into_response())
}

fn check(asked: &Value, account: &Account) -> Result<(), Said> {
    let wrong = |field: &str| Said::refused(400, "INVALID_VALUE_FOR_FIELD", &format!("{field} has a value that is not taken"));
    if let Some(unknown) = asked.as_object().into_iter().flat_map(|fields| fields.keys()).find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(wrong(unknown));
    }
    for field in ["author", "commentary", "visibility", "distribution", "lifecycleState"] {
        if asked[field].is_null() {
            return Err(Said::refused(400, "MISSING_FIELD", &format!("{field} is missing")));
        }
    }
    if asked["author"] != format!("urn:li:person:{}", account.id) {
        return Err(Said::refused(403, "ACCESS_DENIED", "The author is not the member").with("serviceErrorCode", 100.into()));
    }
    if !matches!(asked["visibility"].as_str(), Some("PUBLIC" | "CONNECTIONS" | "LOGGED_IN")) {
        return Err(wrong("visibility"));
    }
    if asked["lifecycleState"] != "PUBLISHED" || asked["distribution"]["feedDistribution"] != "MAIN_FEED" {
        return Err(wrong("lifecycleState"));
    }
    let commentary = asked["commentary"].as_str().ok_or_else(|| wrong("commentary"))?;
    if shown(commentary).encode_utf16().count() > LONGEST {
        return Err(Said::refused(400, "FIELD_LENGTH_TOO_LONG", "commentary is too long"));
    }
    Ok(())
}

/// What people see of little text: escapes are taken off, and the first reserved character that is
/// not escaped ends the text in silence. Hashtags are markup, and what stands in links is left alone.
fn shown(commentary: &str) -> String {
    let mut shown = String::new();
    let mut letters = commentary.chars().peekable();
    while let Some(c) = letters.next() {
        let in_link = shown.rsplit(char::is_whitespace).next().is_some_and(|word| word.starts_with("http://") || word.starts_with("https://"));
        match c {
            '\\' => shown.extend(letters.next()),
            '#' if in_link || letters.peek().is_some_and(|next| next.is_alphanumeric()) => shown.push(c),
            '_' | '~' | '@' if in_link => shown.push(c),
            '|' | '{' | '}' | '@' | '[' | ']' | '(' | ')' | '<' | '>' | '#' | '*' | '_' | '~' => break,
            other => shown.push(other),
        }
    }
    shown
}

fn media(world: &World, account: &Account, content: &Value) -> Result<Vec<LiveMedia>, Said> {
    let named: Vec<&Value> = match (&content["media"], &content["multiImage"]["images"]) {
        (Value::Null, Value::Null) => return Ok(Vec::new()),
        (one @ Value::Object(_), Value::Null) => vec![one],
        (Value::Null, Value::Array(several)) if (2..=20).contains(&several.len()) => several.iter().collect(),
        _ => return Err(Said::refused(400, "INVALID_VALUE_FOR_FIELD", "content must hold one kind of media")),
    };
    let now = world.now();
    let state = world.states().linkedin();
    named
        .into_iter()
        .map(|item| {
            let urn = item["id"].as_str().unwrap_or_default();
            if let Some(video) = state.videos.get(urn).filter(|video| video.owner == account.id) {
                return match video.status(now) {
                    "AVAILABLE" => video.file.clone().ok_or_else(|| Said::refused(400, "INVALID_VIDEO_ID", "Unknown video")),
                    "PROCESSING_FAILED" => Err(Said::refused(400, "MEDIA_ASSET_PROCESSING_FAILED", "The video could not be processed")),
                    _ => Err(Said::refused(400, "MEDIA_ASSET_WAITING_UPLOAD", "The video is not ready")),
                };
            }
            let image = state.images.get(urn).filter(|image| image.owner == account.id);
            image.and_then(|image| image.file.clone()).ok_or_else(|| Said::refused(400, "INVALID_IMAGE_ID", "Unknown image"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn an_unescaped_reserved_character_ends_the_text() {
        assert_eq!(shown("one (two) three"), "one ");
        assert_eq!(shown("one \\(two\\) #three"), "one (two) #three");
        assert_eq!(shown("https://example.com/a_b#c d"), "https://example.com/a_b#c d");
    }
}
