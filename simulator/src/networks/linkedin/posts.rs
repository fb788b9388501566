//! Posts: made, looked for, deleted.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query, State as Shared},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::{
    DUPLICATE_WINDOW, Outcome, Post, State,
    gateway::{self, Caller},
    little_text, members,
    wire::{bad_input, json_body, refusal, value},
};
use crate::{LiveMedia, LivePost, World};

const FIELDS: [&str; 7] = [
    "author",
    "commentary",
    "visibility",
    "distribution",
    "content",
    "lifecycleState",
    "isReshareDisabledByAuthor",
];

pub(super) async fn create(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let caller = match gateway::enter(&world, &headers) {
        Ok(caller) => caller,
        Err(refusal) => return refusal,
    };
    if !caller.may("w_member_social") {
        return caller.denied("partnerApiPostsExternal.CREATE");
    }
    let body = match json_body(&headers, &body) {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let mut state = world.states().linkedin();
    match make(&world, &mut state, &caller, &body) {
        Ok(_) if state.hides_post_ids => StatusCode::CREATED.into_response(),
        Ok(urn) => (
            StatusCode::CREATED,
            [(HeaderName::from_static("x-restli-id"), urn)],
        )
            .into_response(),
        Err(refusal) => refusal,
    }
}

fn make(
    world: &World,
    state: &mut State,
    caller: &Caller,
    body: &Value,
) -> Result<String, Response> {
    check_fields(caller, body)?;
    let commentary = body["commentary"].as_str().unwrap_or_default();
    let content = &body["content"];
    let (kind, files) = files_of(world, state, caller, content)?;
    if commentary.is_empty() && files.is_empty() {
        return Err(wrong(
            "MISSING_FIELD",
            "A post needs commentary or content",
            "commentary",
        ));
    }
    let now = world.now();
    let twin = state.posts.iter().find(|post| {
        post.author == caller.urn()
            && post.commentary == commentary
            && post.content == *content
            && now - post.created_at < DUPLICATE_WINDOW
    });
    if let Some(twin) = twin {
        return Err(duplicate(&twin.urn));
    }
    let urn = if kind == "text" {
        format!("urn:li:share:{}", 7_000_000_000_000_000_000 + world.number())
    } else {
        format!("urn:li:ugcPost:{}", 7_000_000_000_000_000_000 + world.number())
    };
    state.posts.push(Post {
        urn: urn.clone(),
        author: caller.urn(),
        commentary: commentary.to_owned(),
        content: content.clone(),
        created_at: now,
    });
    let name = members()
        .into_iter()
        .find(|member| member.id == caller.token.account)
        .map(|member| member.name);
    world.publish(LivePost {
        network: "linkedin".to_owned(),
        account_id: caller.token.account.clone(),
        account_name: name.unwrap_or_default(),
        post_id: urn.clone(),
        kind: kind.to_owned(),
        text: little_text::shown(commentary),
        media: files,
        created_at: now,
        url: format!("https://www.linkedin.com/feed/update/{urn}/"),
        details: json!({
            "visibility": body["visibility"],
            "content": content,
            "version": caller.version,
        }),
    });
    Ok(urn)
}

fn check_fields(caller: &Caller, body: &Value) -> Result<(), Response> {
    let unknown = body
        .as_object()
        .and_then(|fields| fields.keys().find(|key| !FIELDS.contains(&key.as_str())));
    if let Some(field) = unknown {
        return Err(wrong("INVALID_VALUE_FOR_FIELD", "Unrecognized field", field));
    }
    for field in ["author", "commentary", "visibility", "lifecycleState"] {
        if !body[field].is_string() {
            return Err(wrong(
                "MISSING_FIELD",
                &format!("{field} is required but not found"),
                field,
            ));
        }
    }
    let author = body["author"].as_str().unwrap_or_default();
    if !author.starts_with("urn:li:") {
        return Err(wrong("INVALID_URN_ID", "author is no URN", "author"));
    }
    if !author.starts_with("urn:li:person:") && !author.starts_with("urn:li:organization:") {
        return Err(wrong(
            "INVALID_URN_TYPE",
            "author is neither person nor organization",
            "author",
        ));
    }
    if author != caller.urn() {
        return Err(caller.denied("partnerApiPostsExternal.CREATE"));
    }
    let one_of = |field: &str, path: &str, known: &[&str]| {
        let given = body.pointer(path).and_then(Value::as_str);
        if given.is_some_and(|given| known.contains(&given)) {
            Ok(())
        } else {
            Err(wrong(
                "INVALID_VALUE_FOR_FIELD",
                &format!("{field} is not valid"),
                field,
            ))
        }
    };
    one_of(
        "visibility",
        "/visibility",
        &["PUBLIC", "CONNECTIONS", "LOGGED_IN"],
    )?;
    one_of("lifecycleState", "/lifecycleState", &["PUBLISHED"])?;
    one_of(
        "distribution/feedDistribution",
        "/distribution/feedDistribution",
        &["MAIN_FEED", "NONE"],
    )?;
    let commentary = body["commentary"].as_str().unwrap_or_default();
    let bare = commentary.replace('\\', "");
    if bare.encode_utf16().count() > 3000 {
        return Err(wrong(
            "FIELD_LENGTH_TOO_LONG",
            "commentary exceeds 3000 characters",
            "commentary",
        ));
    }
    Ok(())
}

/// The kind of a post and its files.
fn files_of(
    world: &World,
    state: &State,
    caller: &Caller,
    content: &Value,
) -> Result<(&'static str, Vec<LiveMedia>), Response> {
    let Some(members) = content.as_object() else {
        return Ok(("text", Vec::new()));
    };
    let mut names = members.keys().map(String::as_str);
    match (names.next(), names.next()) {
        (Some("media"), None) => {
            let media = &content["media"];
            let file = file_of(world, state, caller, media)?;
            let is_video = media["id"]
                .as_str()
                .is_some_and(|urn| urn.starts_with("urn:li:video:"));
            Ok((if is_video { "video" } else { "image" }, vec![file]))
        }
        (Some("multiImage"), None) => {
            let images = content["multiImage"]["images"].as_array();
            let images = images.filter(|images| (2..=20).contains(&images.len()));
            let Some(images) = images else {
                return Err(wrong(
                    "INVALID_VALUE_FOR_FIELD",
                    "multiImage takes 2 to 20 images",
                    "content/multiImage/images",
                ));
            };
            let is_image = |image: &Value| {
                image["id"]
                    .as_str()
                    .is_some_and(|urn| urn.starts_with("urn:li:image:"))
            };
            if !images.iter().all(is_image) {
                return Err(wrong(
                    "INVALID_IMAGE_ID",
                    "multiImage takes images only",
                    "content/multiImage/images",
                ));
            }
            let files: Result<Vec<LiveMedia>, Response> = images
                .iter()
                .map(|image| file_of(world, state, caller, image))
                .collect();
            Ok(("carousel", files?))
        }
        _ => Err(wrong(
            "INVALID_VALUE_FOR_FIELD",
            "content takes exactly one of media, multiImage",
            "content",
        )),
    }
}

fn file_of(
    world: &World,
    state: &State,
    caller: &Caller,
    media: &Value,
) -> Result<LiveMedia, Response> {
    let urn = media["id"].as_str().unwrap_or_default();
    let alt_text = media["altText"].as_str().unwrap_or_default();
    if alt_text.chars().count() > 4086 {
        return Err(wrong(
            "FIELD_LENGTH_TOO_LONG",
            "altText exceeds 4086 characters",
            "content/altText",
        ));
    }
    let waiting = || {
        wrong(
            "MEDIA_ASSET_WAITING_UPLOAD",
            "The media asset is waiting for its upload",
            "content/media/id",
        )
    };
    let failed = || {
        wrong(
            "MEDIA_ASSET_PROCESSING_FAILED",
            "The media asset could not be processed",
            "content/media/id",
        )
    };
    if urn.starts_with("urn:li:video:") {
        let video = state
            .videos
            .get(urn)
            .filter(|video| video.owner == caller.urn());
        let Some(video) = video else {
            return Err(wrong(
                "INVALID_VIDEO_ID",
                "The video is unknown or belongs to somebody else",
                "content/media/id",
            ));
        };
        return match &video.outcome {
            None => Err(waiting()),
            Some(Outcome::Failed(_)) => Err(failed()),
            Some(Outcome::Ready { at, .. }) if world.now() < *at => Err(waiting()),
            Some(Outcome::Ready { file, .. }) => Ok(file.clone()),
        };
    }
    let image = state
        .images
        .get(urn)
        .filter(|image| image.owner == caller.urn());
    let Some(image) = image else {
        return Err(wrong(
            "INVALID_IMAGE_ID",
            "The image is unknown or belongs to somebody else",
            "content/media/id",
        ));
    };
    if image.is_broken {
        return Err(failed());
    }
    image.file.clone().ok_or_else(waiting)
}

fn wrong(code: &str, description: &str, path: &str) -> Response {
    bad_input(400, code, description, path)
}

fn duplicate(twin: &str) -> Response {
    let body = json!({
        "errorDetailType": "com.linkedin.common.error.BadRequest",
        "message": format!("com.linkedin.content.common.exception.BadRequestResponseException: Content is a duplicate of {twin}"),
        "errorDetails": {"inputErrors": [{
            "description": "Duplicate post is detected",
            "input": {},
            "code": "DUPLICATE_POST",
        }]},
        "status": 422,
    });
    (StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response()
}

pub(super) async fn find(
    Shared(world): Shared<World>,
    Query(pairs): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let caller = match gateway::enter(&world, &headers) {
        Ok(caller) => caller,
        Err(refusal) => return refusal,
    };
    if !may_read(&caller) {
        return caller.denied("partnerApiPostsExternal.FINDER-author");
    }
    let method = headers.get("x-restli-method").map(HeaderValue::as_bytes);
    if value(&pairs, "q") != "author" || method != Some(b"FINDER".as_slice()) {
        return refusal(400, None, "ILLEGAL_ARGUMENT", "Unknown finder");
    }
    let count: usize = value(&pairs, "count").parse().unwrap_or(10);
    let state = world.states().linkedin();
    let elements: Vec<Value> = state
        .posts
        .iter()
        .rev()
        .filter(|post| post.author == value(&pairs, "author"))
        .take(count)
        .map(|post| {
            let time = post.created_at.unix_timestamp() * 1000;
            let mut element = json!({
                "id": post.urn,
                "author": post.author,
                "commentary": post.commentary,
                "createdAt": time,
                "publishedAt": time,
                "lifecycleState": "PUBLISHED",
            });
            if !post.content.is_null() {
                element["content"] = post.content.clone();
            }
            element
        })
        .collect();
    Json(json!({"elements": elements, "paging": {"start": 0, "count": count}})).into_response()
}

pub(super) async fn read(
    Shared(world): Shared<World>,
    Path(urn): Path<String>,
    headers: HeaderMap,
) -> Response {
    let caller = match gateway::enter(&world, &headers) {
        Ok(caller) => caller,
        Err(refusal) => return refusal,
    };
    if !may_read(&caller) {
        return caller.denied("partnerApiPostsExternal.GET");
    }
    let state = world.states().linkedin();
    match state.posts.iter().find(|post| post.urn == urn) {
        Some(post) => {
            Json(json!({"id": post.urn, "commentary": post.commentary})).into_response()
        }
        None => refusal(404, None, "NOT_FOUND", "Could not find entity"),
    }
}

/// Closed to new apps; a test that needs it gives the token the scope by hand.
fn may_read(caller: &Caller) -> bool {
    caller.may("r_member_social")
}

pub(super) async fn delete(
    Shared(world): Shared<World>,
    Path(urn): Path<String>,
    headers: HeaderMap,
) -> Response {
    let caller = match gateway::enter(&world, &headers) {
        Ok(caller) => caller,
        Err(refusal) => return refusal,
    };
    let mut state = world.states().linkedin();
    let foreign = state
        .posts
        .iter()
        .any(|post| post.urn == urn && post.author != caller.urn());
    if foreign {
        return caller.denied("partnerApiPostsExternal.DELETE");
    }
    state.posts.retain(|post| post.urn != urn);
    drop(state);
    world.take_down("linkedin", &urn);
    StatusCode::NO_CONTENT.into_response()
}
