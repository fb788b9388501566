//! Files uploaded for the app, with the person's token; a handle stands for the whole file.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode, header};
use serde_json::json;

use super::reels::refusal;
use crate::{
    World,
    networks::meta::{Asked, Said, living},
};

const PREFIX: &str = "upload:";

/// A file on its way, or all of it.
#[derive(Debug, Clone)]
pub(super) struct Handle {
    grant: u64,
    size: usize,
    bytes: Vec<u8>,
    text: String,
}

pub(super) async fn start(asked: Asked) -> Result<Said, Said> {
    asked.only(&["file_length", "file_name", "file_type"])?;
    if asked.page().is_some() || asked.id() != asked.grant.client_id {
        return Err(Said::invalid("A person's token of this app is needed"));
    }
    let size = asked.field("file_length").parse();
    let size = size.map_err(|_| Said::invalid("Param file_length must be a number"))?;
    if !matches!(asked.field("file_type"), "video/mp4" | "video/quicktime") {
        return Err(Said::invalid("Param file_type must be a type of file"));
    }
    let session = format!("{PREFIX}{}", asked.world.number());
    let handle = Handle {
        grant: asked.grant.id,
        size,
        bytes: Vec::new(),
        text: asked.world.secret("2:"),
    };
    let said = json!({ "id": session });
    asked.world.states().facebook().handles.insert(session, handle);
    Ok(Said::good(said))
}

/// Takes bytes: raw, under the person's token in Meta's own scheme.
pub(super) async fn append(
    State(world): State<World>,
    Path((_, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let text = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    };
    let token = text(header::AUTHORIZATION.as_str()).strip_prefix("OAuth ");
    let token = token.and_then(|token| living(&world, token).ok());
    let mut state = world.states().facebook();
    let known = state.handles.get_mut(&id);
    let Some((token, handle)) = token.zip(known).filter(|(token, handle)| token.grant.id == handle.grant)
    else {
        return Said::invisible(&id).into_response();
    };
    if token.kind == "page" {
        return refusal(StatusCode::UNAUTHORIZED, "NotAuthorizedError");
    }
    if text("file_offset").parse() != Ok(handle.bytes.len()) {
        return refusal(StatusCode::BAD_REQUEST, "OffsetInvalidError");
    }
    handle.bytes.extend_from_slice(&body);
    if handle.bytes.len() != handle.size {
        return refusal(StatusCode::BAD_REQUEST, "PartialRequestError");
    }
    Json(json!({ "h": handle.text })).into_response()
}

/// How much has arrived.
pub(super) fn object(asked: &Asked) -> Option<Result<Said, Said>> {
    let state = asked.world.states().facebook();
    let handle = state.handles.get(asked.id())?;
    if handle.grant != asked.grant.id {
        return Some(Err(Said::invisible(asked.id())));
    }
    let offset = handle.bytes.len().to_string();
    Some(Ok(Said::good(json!({ "id": asked.id(), "file_offset": offset }))))
}

/// The file that a handle stands for.
pub(super) fn file(asked: &Asked, text: &str) -> Option<Vec<u8>> {
    let state = asked.world.states().facebook();
    let is_meant = |handle: &&Handle| handle.text == text && handle.bytes.len() == handle.size;
    let handle = state.handles.values().find(is_meant)?;
    Some(handle.bytes.clone())
}
