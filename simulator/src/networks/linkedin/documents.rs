//! Documents: announced, uploaded, processed.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query, State as Shared},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode, Uri};
use serde_json::json;

use super::{
    Document, Outcome, UPLOAD_LIFE,
    gateway::{self, Caller},
    media::{address, bare_urn, media_id, unknown_action, writer},
    pages::{self, Need},
    wire::{bad_input, content_type, refusal, value},
};
use crate::World;

/// A document has so many pages at most.
const MAX_PAGES: usize = 300;

pub(super) async fn action(
    Shared(world): Shared<World>,
    Query(pairs): Query<Vec<(String, String)>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (caller, body) = match writer(&world, &headers, &body, "partnerApiDocuments.ACTION") {
        Ok(pair) => pair,
        Err(refusal) => return refusal,
    };
    if value(&pairs, "action") != "initializeUpload" {
        return unknown_action();
    }
    let Some(owner) = body["initializeUploadRequest"]["owner"].as_str() else {
        return bad_input(
            400,
            "MISSING_FIELD",
            "owner is required but not found",
            "initializeUploadRequest/owner",
        );
    };
    let mut state = world.states().linkedin();
    if !pages::may_write_for(&state, &caller, owner, Need::PostAnything) {
        return forbidden();
    }
    let urn = format!("urn:li:document:{}", media_id(&world, "D4E10AQ"));
    state.documents.insert(
        urn.clone(),
        Document {
            owner: owner.to_owned(),
            outcome: None,
        },
    );
    let url = address(&world, &mut state, &urn, None);
    let ends_at = world.now() + UPLOAD_LIFE;
    Json(json!({"value": {
        "uploadUrlExpiresAt": ends_at.unix_timestamp() * 1000,
        "uploadUrl": url,
        "document": urn,
    }}))
    .into_response()
}

pub(super) async fn status(
    Shared(world): Shared<World>,
    Path(urn): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let caller = match gateway::enter(&world, &headers) {
        Ok(caller) => caller,
        Err(refusal) => return refusal,
    };
    if let Some(refusal) = bare_urn(&uri) {
        return refusal;
    }
    let state = world.states().linkedin();
    let Some(document) = state.documents.get(&urn) else {
        return refusal(404, None, "NOT_FOUND", "Could not find entity");
    };
    if state.hides_documents
        || !pages::may_write_for(&state, &caller, &document.owner, Need::PostAnything)
    {
        return forbidden();
    }
    let status = match &document.outcome {
        None => "WAITING_UPLOAD",
        Some(Outcome::Ready { at, .. }) if world.now() < *at => "PROCESSING",
        Some(Outcome::Failed(_)) => "PROCESSING_FAILED",
        Some(Outcome::Ready { .. }) => "AVAILABLE",
    };
    Json(json!({"id": urn, "owner": document.owner, "status": status})).into_response()
}

/// The bytes of a document. What they are is found out later, as with pictures.
pub(super) fn upload(world: &World, urn: &str, headers: &HeaderMap, body: Bytes) -> Response {
    let token = match gateway::token(world, headers) {
        Ok(token) => token,
        Err(refusal) => return refusal,
    };
    let caller = Caller::unversioned(token);
    let mut state = world.states().linkedin();
    let most = state.max_document_bytes;
    let is_ours = state.documents.get(urn).is_some_and(|document| {
        pages::may_write_for(&state, &caller, &document.owner, Need::PostAnything)
    });
    let Some(document) = state.documents.get_mut(urn).filter(|_| is_ours) else {
        return StatusCode::FORBIDDEN.into_response();
    };
    if body.len() > most {
        return refusal(413, None, "ASSET_TOO_LARGE", "The file is too large");
    }
    document.outcome = Some(match pages_of(&body) {
        Some(pages) if pages <= MAX_PAGES => Outcome::Ready {
            file: world.keep(content_type(headers), body),
            at: world.now() + world.processing("linkedin"),
        },
        Some(_) => Outcome::Failed("TOO_MANY_PAGES".to_owned()),
        None => Outcome::Failed("UNSUPPORTED_FORMAT".to_owned()),
    });
    StatusCode::CREATED.into_response()
}

/// How many pages a document has, as far as they can be seen from outside; `None` for what is no document.
fn pages_of(file: &[u8]) -> Option<usize> {
    let count = |what: &[u8]| file.windows(what.len()).filter(|part| *part == what).count();
    let holds = |what: &str| count(what.as_bytes()) > 0;
    let holds_name = |name: &str| {
        let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        count(&name) > 0
    };
    match file {
        [b'%', b'P', b'D', b'F', b'-', ..] if holds("%%EOF") => {
            Some(count(b"/Type /Page") - count(b"/Type /Pages"))
        }
        [b'P', b'K', 3, 4, ..] if holds("[Content_Types].xml") => {
            (holds("word/") || holds("ppt/")).then_some(1)
        }
        [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, ..] => {
            (holds_name("WordDocument") || holds_name("PowerPoint Document")).then_some(1)
        }
        _ => None,
    }
}

/// The refusal of the documents interface, as its documentation shows it.
fn forbidden() -> Response {
    let body = json!({
        "message": "Accessing this document resource is forbidden. Please check your permissions for this resource",
        "status": 403,
    });
    (StatusCode::FORBIDDEN, Json(body)).into_response()
}
