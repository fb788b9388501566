//! Serves kept files under their signed addresses, as S3 does in production.

use axum::{
    Router,
    body::Body,
    extract::{Path, Query, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{HeaderMap, StatusCode, header};
use media::{Denied, Folder, probe};
use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;
use web::Clock;

#[derive(Deserialize)]
struct Signature {
    ends: String,
    signature: String,
}

/// The route of kept files.
pub(crate) fn router(folder: Folder, clock: Clock) -> Router {
    Router::new()
        .route("/objects/{*key}", get(object))
        .with_state((folder, clock))
}

async fn object(
    State((folder, clock)): State<(Folder, Clock)>,
    Path(key): Path<String>,
    Query(given): Query<Signature>,
    headers: HeaderMap,
) -> Response {
    let path = match folder.open_signed(&key, &given.ends, &given.signature, clock.now()) {
        Ok(path) => path,
        Err(error @ (Denied::Expired | Denied::Unsigned)) => {
            return (StatusCode::FORBIDDEN, error.to_string()).into_response();
        }
    };
    let Ok(mut file) = tokio::fs::File::open(&path).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let size = file
        .metadata()
        .await
        .map(|metadata| metadata.len())
        .unwrap_or_default();
    let mut head = vec![0; 16];
    let read = file.read(&mut head).await.unwrap_or_default();
    head.truncate(read);
    let content_type = probe::content_type(&head).unwrap_or("application/octet-stream");
    let asked = headers
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| range(text, size));
    let (start, end) = asked.unwrap_or((0, size));
    if file.seek(std::io::SeekFrom::Start(start)).await.is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let body = Body::from_stream(ReaderStream::new(file.take(end - start)));
    let common = [
        (header::CONTENT_TYPE, content_type.to_owned()),
        (header::CONTENT_LENGTH, (end - start).to_string()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
    ];
    if asked.is_some() {
        let part = format!("bytes {start}-{}/{size}", end.saturating_sub(1));
        return (
            StatusCode::PARTIAL_CONTENT,
            common,
            [(header::CONTENT_RANGE, part)],
            body,
        )
            .into_response();
    }
    (common, body).into_response()
}

/// One range of bytes, as `bytes=0-` and `bytes=5-9` ask for it; the end is not included.
fn range(text: &str, size: u64) -> Option<(u64, u64)> {
    let (from, to) = text.strip_prefix("bytes=")?.split_once('-')?;
    let start: u64 = from.parse().ok()?;
    let end = if to.is_empty() {
        size
    } else {
        to.parse::<u64>().ok()?.saturating_add(1).min(size)
    };
    (start < end).then_some((start, end))
}
