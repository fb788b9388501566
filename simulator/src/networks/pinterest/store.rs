//! The store beside Pinterest that takes the bytes of videos as a form.

use axum::{
    body::Bytes,
    extract::State as Shared,
    response::{IntoResponse as _, Response},
};
use futures_util::stream;
use http::{HeaderMap, StatusCode, header};

use super::Outcome;
use crate::World;

/// The largest file.
const MAX_BYTES: usize = 2_000_000_000;

pub(super) async fn take(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if headers.contains_key(header::AUTHORIZATION) {
        return error(
            StatusCode::BAD_REQUEST,
            "InvalidArgument",
            "Only one auth mechanism allowed",
        );
    }
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<usize>().ok());
    if length != Some(body.len()) {
        return error(
            StatusCode::LENGTH_REQUIRED,
            "MissingContentLength",
            "You must provide the Content-Length HTTP header.",
        );
    }
    let Some(fields) = fields_of(&headers, body).await else {
        return error(
            StatusCode::BAD_REQUEST,
            "MalformedPOSTRequest",
            "The body of your POST request is not well-formed multipart/form-data.",
        );
    };
    let Some((file, parameters)) = fields.split_last() else {
        return missing_file();
    };
    if file.name != "file" || parameters.iter().any(|field| field.name == "file") {
        return missing_file();
    }
    let given: Vec<(String, String)> = parameters
        .iter()
        .map(|field| {
            let value = String::from_utf8_lossy(&field.bytes).into_owned();
            (field.name.clone(), value)
        })
        .collect();
    let key = given
        .iter()
        .find(|(name, _)| name == "key")
        .map_or("", |(_, value)| value.as_str());
    let id = key.rsplit(':').next().unwrap_or_default().to_owned();
    let now = world.now();
    let ready_at = now + world.processing("pinterest");
    let mut state = world.states().pinterest();
    let failure = state.video_failures.pop_front();
    let Some(media) = state.media.get_mut(&id) else {
        return denied("Invalid according to Policy");
    };
    if given != media.parameters {
        return denied("Invalid according to Policy: Extra, missing or changed input fields");
    }
    if now >= media.ends_at {
        return denied("Invalid according to Policy: Policy expired.");
    }
    if file.bytes.len() > MAX_BYTES {
        return error(
            StatusCode::BAD_REQUEST,
            "EntityTooLarge",
            "Your proposed upload exceeds the maximum allowed size",
        );
    }
    let is_video = file.bytes.get(4..8) == Some(b"ftyp".as_slice());
    let failure = failure.or((!is_video).then_some(1));
    media.outcome = Some(failure.map_or_else(
        || Outcome::Ready {
            file: world.keep(&file.content_type, file.bytes.clone()),
            at: ready_at,
        },
        Outcome::Failed,
    ));
    StatusCode::NO_CONTENT.into_response()
}

struct Field {
    name: String,
    content_type: String,
    bytes: Bytes,
}

async fn fields_of(headers: &HeaderMap, body: Bytes) -> Option<Vec<Field>> {
    let content_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let boundary = multer::parse_boundary(content_type).ok()?;
    let whole = stream::iter([Ok::<Bytes, std::io::Error>(body)]);
    let mut form = multer::Multipart::new(whole, boundary);
    let mut fields = Vec::new();
    while let Some(field) = form.next_field().await.ok()? {
        fields.push(Field {
            name: field.name()?.to_owned(),
            content_type: field
                .content_type()
                .map_or_else(String::new, ToString::to_string),
            bytes: field.bytes().await.ok()?,
        });
    }
    Some(fields)
}

fn missing_file() -> Response {
    error(
        StatusCode::BAD_REQUEST,
        "InvalidArgument",
        "POST requires exactly one file upload per request, after all other fields.",
    )
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
