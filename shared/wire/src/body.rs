//! Bodies, with their length known before the first byte: many networks take no chunked ones.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use platforms::{Body, JsonPiece, Part, PartContent, json_pieces};
use url::form_urlencoded;

use crate::Files;

pub(crate) struct Encoded {
    pub(crate) content: Option<reqwest::Body>,
    pub(crate) content_type: Option<String>,
    pub(crate) length: u64,
}

type Pieces = BoxStream<'static, std::io::Result<Bytes>>;

pub(crate) fn encode(body: &Body, files: &dyn Files) -> Encoded {
    match body {
        Body::Empty => Encoded {
            content: None,
            content_type: None,
            length: 0,
        },
        Body::File(file) => Encoded {
            content: Some(reqwest::Body::wrap_stream(
                files.stream(file.asset, file.range.clone()),
            )),
            content_type: Some("application/octet-stream".to_owned()),
            length: file.range.end.saturating_sub(file.range.start),
        },
        Body::Form(fields) => {
            let mut form = form_urlencoded::Serializer::new(String::new());
            for (name, value) in fields {
                form.append_pair(name, value.expose());
            }
            whole(form.finish(), "application/x-www-form-urlencoded")
        }
        Body::Json(value) => whole(value.to_string(), "application/json"),
        Body::JsonWithFiles(value, places) => json_with_files(json_pieces(value, places), files),
        Body::Multipart(parts) => multipart(parts, files),
    }
}

fn whole(text: String, content_type: &str) -> Encoded {
    Encoded {
        length: text.len() as u64,
        content: Some(text.into()),
        content_type: Some(content_type.to_owned()),
    }
}

fn json_with_files(text: Vec<JsonPiece>, files: &dyn Files) -> Encoded {
    let mut length = 0;
    let pieces: Vec<Pieces> = text
        .into_iter()
        .map(|piece| match piece {
            JsonPiece::File(file) => {
                length += file.range.end.saturating_sub(file.range.start).div_ceil(3) * 4;
                in_base64(files.stream(file.asset, file.range))
            }
            JsonPiece::Text(text) => {
                length += text.len() as u64;
                let text: Pieces = Box::pin(stream::once(std::future::ready(Ok(text.into()))));
                text
            }
        })
        .collect();
    Encoded {
        content: Some(reqwest::Body::wrap_stream(stream::iter(pieces).flatten())),
        content_type: Some("application/json".to_owned()),
        length,
    }
}

/// Bytes as base64, encoded while they are read: what does not fill three bytes waits for the next piece.
fn in_base64(bytes: Pieces) -> Pieces {
    Box::pin(stream::unfold(
        Some((bytes, Vec::new())),
        |state| async move {
            let (mut bytes, mut rest) = state?;
            match bytes.next().await {
                Some(Ok(piece)) => {
                    rest.extend_from_slice(&piece);
                    let whole = rest.len() - rest.len() % 3;
                    let text = STANDARD.encode(&rest[..whole]);
                    rest.drain(..whole);
                    Some((Ok(text.into()), Some((bytes, rest))))
                }
                Some(Err(error)) => Some((Err(error), None)),
                None => (!rest.is_empty()).then(|| (Ok(STANDARD.encode(&rest).into()), None)),
            }
        },
    ))
}

fn multipart(parts: &[Part], files: &dyn Files) -> Encoded {
    #[expect(
        clippy::disallowed_methods,
        reason = "a boundary that no file holds, not an id"
    )]
    let boundary = format!("picscripter-{}", uuid::Uuid::now_v7().simple());
    let mut pieces: Vec<Pieces> = Vec::new();
    let mut length = 0;
    let mut text = |text: String, pieces: &mut Vec<Pieces>| {
        length += text.len() as u64;
        pieces.push(Box::pin(stream::once(std::future::ready(Ok(Bytes::from(
            text,
        ))))));
    };
    let mut file_bytes = 0;
    for part in parts {
        let name = escaped(&part.name);
        match &part.content {
            PartContent::Text(value) => {
                let head = format!(
                    "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n"
                );
                text(format!("{head}{value}\r\n"), &mut pieces);
            }
            PartContent::File {
                file,
                file_name,
                content_type,
            } => {
                let head = format!(
                    "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{}\"\r\nContent-Type: {content_type}\r\n\r\n",
                    escaped(file_name)
                );
                text(head, &mut pieces);
                pieces.push(files.stream(file.asset, file.range.clone()));
                file_bytes += file.range.end.saturating_sub(file.range.start);
                text("\r\n".to_owned(), &mut pieces);
            }
        }
    }
    text(format!("--{boundary}--\r\n"), &mut pieces);
    Encoded {
        content: Some(reqwest::Body::wrap_stream(stream::iter(pieces).flatten())),
        content_type: Some(format!("multipart/form-data; boundary={boundary}")),
        length: length + file_bytes,
    }
}

/// As browsers write names of fields and files (WHATWG HTML, multipart/form-data).
fn escaped(name: &str) -> String {
    name.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}
