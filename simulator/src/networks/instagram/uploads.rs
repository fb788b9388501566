//! Videos whose bytes are sent into their containers, at a host that takes no other way to say who one is.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{NETWORK, containers::Container, files, has_sight_of};
use crate::{
    World,
    networks::meta::{VERSIONS, living},
};

/// The bytes that have arrived of a video.
#[derive(Debug, Clone, Default)]
pub(super) struct Upload {
    bytes: Vec<u8>,
    /// How many there will be; the first bytes tell it.
    size: Option<usize>,
}

impl Upload {
    pub(super) fn is_complete(&self) -> bool {
        self.size == Some(self.bytes.len())
    }

    /// How far it is, in a container whose work is at `code`.
    pub(super) fn shown(&self, code: &str) -> Value {
        let uploading = match (self.size, self.is_complete()) {
            (None, _) => "not_started",
            (Some(_), false) => "in_progress",
            (Some(_), true) => "complete",
        };
        let processing = match code {
            _ if !self.is_complete() => "not_started",
            "IN_PROGRESS" => "in_progress",
            "ERROR" => "error",
            _ => "complete",
        };
        json!({
            "uploading_phase": { "status": uploading, "bytes_transferred": self.bytes.len() },
            "processing_phase": { "status": processing },
        })
    }
}

/// Where the bytes of a container are sent.
pub(super) fn address(version: &str, container: &str) -> String {
    format!("https://rupload.facebook.com/ig-api-upload/{version}/{container}")
}

/// Takes bytes, or the address to fetch them from.
pub(super) async fn receive(
    State(world): State<World>,
    Path((version, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let taken = match text(&headers, "file_url") {
        "" => take(&world, &version, &id, &headers, &body),
        url if body.is_empty() => {
            let pulled = world.pull(url).await;
            let file = pulled.ok().filter(|file| matches!(file.status, 200 | 206));
            fetched(&world, &version, &id, &headers, file.map(|it| it.bytes))
        }
        _ => Err(Refusal::Processing),
    };
    match taken {
        Ok(()) => Json(json!({ "success": true, "message": "Upload successful." })).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

/// Why bytes are not taken.
#[derive(Debug, Clone, Copy)]
enum Refusal {
    /// The bytes begin elsewhere than where they are missing.
    Misplaced,
    /// The token is none, or not one of the container's account.
    NotAuthorized(StatusCode),
    /// Bytes are missing at the end, or there are too many.
    Partial,
    /// Nothing can be done with it.
    Processing,
}

impl Refusal {
    fn into_response(self) -> Response {
        let (status, kind, retriable) = match self {
            Self::Misplaced => (StatusCode::BAD_REQUEST, "OffsetInvalidError", true),
            Self::NotAuthorized(status) => (status, "NotAuthorizedError", false),
            Self::Partial => (StatusCode::BAD_REQUEST, "PartialRequestError", true),
            Self::Processing => (StatusCode::BAD_REQUEST, "ProcessingFailedError", false),
        };
        let told = json!({ "debug_info": {
            "retriable": retriable, "type": kind, "message": "The upload was refused.",
        } });
        (status, Json(told)).into_response()
    }
}

fn take(
    world: &World,
    version: &str,
    id: &str,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<(), Refusal> {
    let number = |name: &str| text(headers, name).parse::<usize>().ok();
    let (offset, size) = (number("offset"), number("file_size"));
    let (now, processing) = (world.now(), world.processing(NETWORK));
    let mut guard = world.states().instagram();
    let state = &mut *guard;
    let is_expired = state.expired.contains(id);
    let container = state.containers.get_mut(id);
    let container = authorised(world, version, headers, container)?;
    let is_over = container.is_over(now, is_expired);
    let upload = container.upload.as_mut().ok_or(Refusal::Processing)?;
    let size = size.filter(|size| *size > 0).ok_or(Refusal::Partial)?;
    if is_over || upload.size.is_some_and(|told| told != size) {
        return Err(Refusal::Processing);
    }
    if offset != Some(upload.bytes.len()) {
        return Err(Refusal::Misplaced);
    }
    upload.size = Some(size);
    if upload.bytes.len() + body.len() > size {
        return Err(Refusal::Partial);
    }
    let breaks_at = state.breaks_at.take();
    let arrived = breaks_at.map_or(body.len(), |at| at.min(body.len()));
    upload.bytes.extend_from_slice(&body[..arrived]);
    if !upload.is_complete() {
        return Err(Refusal::Partial);
    }
    let file = Bytes::from(upload.bytes.clone());
    filled(world, container, file, now + processing);
    Ok(())
}

fn fetched(
    world: &World,
    version: &str,
    id: &str,
    headers: &HeaderMap,
    file: Option<Bytes>,
) -> Result<(), Refusal> {
    let (now, processing) = (world.now(), world.processing(NETWORK));
    let mut state = world.states().instagram();
    let is_expired = state.expired.contains(id);
    let container = state.containers.get_mut(id);
    let container = authorised(world, version, headers, container)?;
    let is_over = container.is_over(now, is_expired);
    let upload = container.upload.as_mut().ok_or(Refusal::Processing)?;
    let is_begun = upload.size.is_some();
    let file = file.filter(|file| !file.is_empty());
    let Some(file) = file.filter(|_| !is_over && !is_begun) else {
        return Err(Refusal::Processing);
    };
    upload.size = Some(file.len());
    upload.bytes = file.to_vec();
    filled(world, container, file, now + processing);
    Ok(())
}

/// The container, if the token in Meta's own scheme may act for its account.
fn authorised<'a>(
    world: &World,
    version: &str,
    headers: &HeaderMap,
    container: Option<&'a mut Container>,
) -> Result<&'a mut Container, Refusal> {
    let scheme = text(headers, header::AUTHORIZATION.as_str());
    let token = scheme.strip_prefix("OAuth ");
    let token = token
        .and_then(|token| living(world, token).ok())
        .ok_or(Refusal::NotAuthorized(StatusCode::UNAUTHORIZED))?;
    let page = (token.kind == "page").then_some(token.account.as_str());
    container
        .filter(|_| VERSIONS.contains(&version))
        .filter(|it| has_sight_of(&token.grant, page, &it.account).is_some())
        .ok_or(Refusal::NotAuthorized(StatusCode::NOT_FOUND))
}

/// All bytes are there: from now on the file is worked on.
fn filled(world: &World, container: &mut Container, file: Bytes, ready_at: OffsetDateTime) {
    let error = files::fault_of_video(container.shape, &file);
    container.error = container.error.or(error);
    container.media = vec![world.keep("video/mp4", file)];
    container.ready_at = ready_at;
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}
