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
    DUPLICATE_WINDOW, Post, State,
    content::{check_fields, files_of, wrong},
    gateway::{self, Caller},
    little_text, members,
    pages::{self, Need},
    wire::{json_body, refusal, value},
};
use crate::{LivePost, World, networks::other_apps::rename};

pub(super) async fn create(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let caller = match gateway::enter(&world, &headers) {
        Ok(caller) => caller,
        Err(refusal) => return refusal,
    };
    if !caller.may("w_member_social") && !caller.may("w_organization_social") {
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
    check_fields(state, caller, body)?;
    let author = body["author"].as_str().unwrap_or_default();
    let commentary = body["commentary"].as_str().unwrap_or_default();
    let content = &body["content"];
    let (kind, files) = files_of(world, state, author, content)?;
    if commentary.is_empty() && content.is_null() {
        return Err(wrong(
            "MISSING_FIELD",
            "A post needs commentary or content",
            "commentary",
        ));
    }
    let now = world.now();
    let shown: Vec<String> = files.iter().map(|file| file.digest.clone()).collect();
    let twin = state.posts.iter().find(|post| {
        post.author == author
            && post.commentary == commentary
            && post.files == shown
            && post.content["article"]["source"] == content["article"]["source"]
            && now - post.created_at < DUPLICATE_WINDOW
    });
    if twin.is_some() && state.names_no_originals {
        let number = 7_000_000_000_000_000_000 + world.number();
        return Err(duplicate(&format!("urn:li:share:{number}")));
    }
    if let Some(twin) = twin {
        return Err(duplicate(&twin.urn));
    }
    let urn = if kind == "text" {
        format!(
            "urn:li:share:{}",
            7_000_000_000_000_000_000 + world.number()
        )
    } else {
        format!(
            "urn:li:ugcPost:{}",
            7_000_000_000_000_000_000 + world.number()
        )
    };
    state.posts.push(Post {
        urn: urn.clone(),
        author: author.to_owned(),
        commentary: commentary.to_owned(),
        content: content.clone(),
        files: shown,
        created_at: now,
    });
    let (account_id, account_name) = match pages::number(author) {
        Some(page) => (page.to_owned(), pages::name(page)),
        None => (caller.token.account.clone(), name_of(caller)),
    };
    world.publish(LivePost {
        network: "linkedin".to_owned(),
        account_id,
        account_name,
        post_id: urn.clone(),
        kind: kind.to_owned(),
        text: little_text::shown(commentary),
        media: files,
        created_at: now,
        url: format!("https://www.linkedin.com/feed/update/{urn}/"),
        details: json!({
            "visibility": body["visibility"],
            "content": content,
            "isReshareDisabledByAuthor": body["isReshareDisabledByAuthor"],
            "version": caller.version,
        }),
    });
    Ok(urn)
}

/// Keeps a post of another app that is like this one; gives its URN.
pub(in super::super) fn copy(world: &World, like: &str, number: u64, text: &str) -> String {
    let mut state = world.states().linkedin();
    let urn = format!("urn:li:share:{}", 7_000_000_000_000_000_000 + number);
    let like = state.posts.iter().find(|post| post.urn == like).cloned();
    if let Some(mut post) = like {
        post.urn.clone_from(&urn);
        text.clone_into(&mut post.commentary);
        post.created_at = world.now();
        for files in ["media", "multiImage"] {
            if let Some(files) = post.content.get_mut(files) {
                rename(files, number);
            }
        }
        state.posts.push(post);
    }
    urn
}

fn name_of(caller: &Caller) -> String {
    let mut members = members().into_iter();
    let member = members.find(|member| member.id == caller.token.account);
    member.map(|member| member.name).unwrap_or_default()
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
    let author = value(&pairs, "author");
    let state = world.states().linkedin();
    if !may_read(&state, &caller, author) {
        return caller.denied("partnerApiPostsExternal.FINDER-author");
    }
    let method = headers.get("x-restli-method").map(HeaderValue::as_bytes);
    if value(&pairs, "q") != "author" || method != Some(b"FINDER".as_slice()) {
        return refusal(400, None, "ILLEGAL_ARGUMENT", "Unknown finder");
    }
    let count: usize = value(&pairs, "count").parse().unwrap_or(10);
    let listed_until = world.listed_until("linkedin");
    let elements: Vec<Value> = state
        .posts
        .iter()
        .rev()
        .filter(|post| post.author == author)
        .filter(|post| post.created_at <= listed_until)
        .take(count)
        .map(told)
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
    let state = world.states().linkedin();
    let post = state.posts.iter().find(|post| post.urn == urn);
    let may_read = match post {
        Some(post) => may_read(&state, &caller, &post.author),
        None => caller.may("r_member_social") || caller.may("r_organization_social"),
    };
    if !may_read {
        return caller.denied("partnerApiPostsExternal.GET");
    }
    match post {
        Some(post) => Json(told(post)).into_response(),
        None => refusal(404, None, "NOT_FOUND", "Could not find entity"),
    }
}

/// A post as it is told to those who may read it.
fn told(post: &Post) -> Value {
    let time = post.created_at.unix_timestamp() * 1000;
    let mut told = json!({
        "id": post.urn,
        "author": post.author,
        "commentary": little_text::kept(&post.commentary),
        "createdAt": time,
        "publishedAt": time,
        "lifecycleState": "PUBLISHED",
    });
    if !post.content.is_null() {
        told["content"] = post.content.clone();
    }
    told
}

/// Posts of Pages are read by those who have a role there.
fn may_read(state: &State, caller: &Caller, author: &str) -> bool {
    match pages::number(author) {
        Some(page) => {
            caller.may("r_organization_social") && pages::has_role(state, caller, page, Need::Any)
        }
        None => caller.may("r_member_social"),
    }
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
    let foreign = state.posts.iter().any(|post| {
        post.urn == urn && !pages::may_write_for(&state, &caller, &post.author, Need::Post)
    });
    if foreign {
        return caller.denied("partnerApiPostsExternal.DELETE");
    }
    state.posts.retain(|post| post.urn != urn);
    drop(state);
    world.take_down("linkedin", &urn);
    StatusCode::NO_CONTENT.into_response()
}
