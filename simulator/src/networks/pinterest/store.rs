//! The store beside Pinterest that takes the bytes of videos as a form.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    body::Body,
    extract::State as Shared,
    response::{IntoResponse as _, Response},
};
use futures_util::TryStreamExt as _;
use http::{HeaderMap, StatusCode, header};

use super::Outcome;
use crate::{Keeper, World};

/// The largest file, in bytes.
const MAX_BYTES: u64 = 2_000_000_000;

/// A form, up to its file and with it.
struct Form {
    fields: Vec<(String, String)>,
    content_type: String,
    file: Keeper,
}

pub(super) async fn take(Shared(world): Shared<World>, headers: HeaderMap, body: Body) -> Response {
    match taken(&world, &headers, body).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(refusal) => refusal,
    }
}

async fn taken(world: &World, headers: &HeaderMap, body: Body) -> Result<(), Response> {
    if headers.contains_key(header::AUTHORIZATION) {
        let message = "Only one auth mechanism allowed";
        return Err(bad("InvalidArgument", message));
    }
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<u64>().ok());
    let Some(length) = length else {
        return Err(error(
            StatusCode::LENGTH_REQUIRED,
            "MissingContentLength",
            "You must provide the Content-Length HTTP header.",
        ));
    };
    let arrived = Arc::new(AtomicU64::new(0));
    let form = read(headers, body, &arrived).await?;
    if arrived.load(Ordering::Relaxed) != length {
        let message =
            "You did not provide the number of bytes specified by the Content-Length HTTP header";
        return Err(bad("IncompleteBody", message));
    }
    keep(world, form)
}

/// Reads the form as it arrives. What breaks off on the way was never there.
async fn read(headers: &HeaderMap, body: Body, arrived: &Arc<AtomicU64>) -> Result<Form, Response> {
    let malformed = || {
        let message = "The body of your POST request is not well-formed multipart/form-data.";
        bad("MalformedPOSTRequest", message)
    };
    let boundary = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| multer::parse_boundary(value).ok())
        .ok_or_else(malformed)?;
    let counted = arrived.clone();
    let pieces = body.into_data_stream().inspect_ok(move |piece| {
        counted.fetch_add(piece.len() as u64, Ordering::Relaxed);
    });
    let mut form = multer::Multipart::new(pieces, boundary);
    let mut fields = Vec::new();
    let mut file = None;
    while let Some(mut field) = form.next_field().await.map_err(|_| malformed())? {
        let name = field.name().ok_or_else(malformed)?.to_owned();
        // Whatever stands behind the file is refused, as is a second one.
        if file.is_some() {
            return Err(missing_file());
        }
        if name != "file" {
            let value = field.text().await.map_err(|_| malformed())?;
            fields.push((name, value));
            continue;
        }
        let content_type = field
            .content_type()
            .map_or_else(String::new, ToString::to_string);
        let mut keeper = Keeper::default();
        while let Some(piece) = field.chunk().await.map_err(|_| malformed())? {
            keeper.take(&piece);
        }
        file = Some((content_type, keeper));
    }
    let (content_type, file) = file.ok_or_else(missing_file)?;
    Ok(Form {
        fields,
        content_type,
        file,
    })
}

fn keep(world: &World, form: Form) -> Result<(), Response> {
    let key = form
        .fields
        .iter()
        .find(|(name, _)| name == "key")
        .map_or("", |(_, value)| value.as_str());
    let id = key.rsplit(':').next().unwrap_or_default().to_owned();
    let now = world.now();
    let ready_at = now + world.processing("pinterest");
    let mut state = world.states().pinterest();
    let Some(media) = state.media.get(&id) else {
        return Err(denied("Invalid according to Policy"));
    };
    if form.fields != media.parameters {
        let message = "Invalid according to Policy: Extra, missing or changed input fields";
        return Err(denied(message));
    }
    if now >= media.ends_at {
        return Err(denied("Invalid according to Policy: Policy expired."));
    }
    if form.file.length() > MAX_BYTES {
        let message = "Your proposed upload exceeds the maximum allowed size";
        return Err(bad("EntityTooLarge", message));
    }
    let is_video = form.file.head().get(4..8) == Some(b"ftyp".as_slice());
    let failure = state.video_failures.pop_front();
    let failure = failure.or((!is_video).then_some(1));
    let outcome = failure.map_or_else(
        || Outcome::Ready {
            file: world.keep_pieces(&form.content_type, form.file),
            at: ready_at,
        },
        Outcome::Failed,
    );
    if let Some(media) = state.media.get_mut(&id) {
        media.outcome = Some(outcome);
    }
    Ok(())
}

fn missing_file() -> Response {
    let message = "POST requires exactly one file upload per request, after all other fields.";
    bad("InvalidArgument", message)
}

fn bad(code: &str, message: &str) -> Response {
    error(StatusCode::BAD_REQUEST, code, message)
}

fn denied(message: &str) -> Response {
    error(StatusCode::FORBIDDEN, "AccessDenied", message)
}

fn error(status: StatusCode, code: &str, message: &str) -> Response {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    (status, [(header::CONTENT_TYPE, "application/xml")], body).into_response()
}
