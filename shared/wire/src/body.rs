//! Bodies, with their length known before the first byte: many networks take no chunked ones.

use bytes::Bytes;
use futures_util::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use platforms::{Body, Part, PartContent};
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
