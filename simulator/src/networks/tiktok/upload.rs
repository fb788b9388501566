//! The upload host: chunks in order, bare answers, progress in a header.

use axum::{
    body::Bytes,
    extract::{Query, State as Shared},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{Outcome, UPLOAD_LIFE, Upload, post_now, posting::fail, wire::value};
use crate::World;

pub(super) async fn chunk(
    Shared(world): Shared<World>,
    Query(pairs): Query<Vec<(String, String)>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut state = world.states().tiktok();
    let found = state.tasks.iter_mut().find(|(_, task)| {
        task.upload
            .as_ref()
            .is_some_and(|upload| upload.id == value(&pairs, "upload_id"))
    });
    let Some((publish_id, task)) = found else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let publish_id = publish_id.clone();
    let is_open = matches!(task.outcome, Outcome::Pending);
    let opened_at = task.opened_at;
    let Some(upload) = task.upload.as_mut() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if upload.token != value(&pairs, "upload_token") || world.now() >= opened_at + UPLOAD_LIFE {
        return StatusCode::FORBIDDEN.into_response();
    }
    let header = |name| headers.get(name).and_then(|text: &HeaderValue| text.to_str().ok());
    let content_type = header(header::CONTENT_TYPE).unwrap_or_default().to_owned();
    if !matches!(
        content_type.as_str(),
        "video/mp4" | "video/quicktime" | "video/webm"
    ) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let Some((first, last, total)) = header(header::CONTENT_RANGE).and_then(range) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let length = header(header::CONTENT_LENGTH).and_then(|text| text.parse::<u64>().ok());
    if total != upload.total
        || last < first
        || Some(last - first + 1) != length
        || length != Some(body.len() as u64)
    {
        return StatusCode::BAD_REQUEST.into_response();
    }
    if !is_open || first != upload.bytes.len() as u64 {
        return progress(StatusCode::RANGE_NOT_SATISFIABLE, upload);
    }
    let is_last = last + 1 == total;
    let place = first / upload.chunk;
    let fits = if is_last {
        place + 1 == upload.count
    } else {
        last - first + 1 == upload.chunk && place + 1 < upload.count
    };
    if !fits {
        return StatusCode::BAD_REQUEST.into_response();
    }
    upload.bytes.extend_from_slice(&body);
    if !is_last {
        return progress(StatusCode::PARTIAL_CONTENT, upload);
    }
    let whole = Bytes::from(std::mem::take(&mut upload.bytes));
    let is_video = whole.get(4..8) == Some(b"ftyp") || whole.starts_with(&[0x1A, 0x45, 0xDF, 0xA3]);
    let reason = state
        .failures
        .pop_front()
        .or_else(|| (!is_video).then(|| "file_format_check_failed".to_owned()));
    if let Some(reason) = reason {
        fail(&mut state, &publish_id, reason);
    } else {
        let media = world.keep(&content_type, whole);
        post_now(&world, &mut state, &publish_id, vec![media], "video");
    }
    (
        StatusCode::CREATED,
        [(header::CONTENT_RANGE, format!("bytes 0-{total}/{total}"))],
    )
        .into_response()
}

fn range(text: &str) -> Option<(u64, u64, u64)> {
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?, total.parse().ok()?))
}

fn progress(status: StatusCode, upload: &Upload) -> Response {
    let arrived = upload.bytes.len();
    (
        status,
        [(
            header::CONTENT_RANGE,
            format!("bytes 0-{arrived}/{}", upload.total),
        )],
    )
        .into_response()
}
