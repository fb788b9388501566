//! From a [`Call`] to the simulator and back: what `publishing` does with a real client.

use axum::body::Body as HttpBody;
use http::{HeaderValue, Request, header};
use http_body_util::{BodyExt as _, Limited};
use platforms::{Answer, App, Auth, Body, Call, FileRange, JsonPiece, PartContent, json_pieces};
use secrecy::{ExposeSecret as _, SecretString};
use simulator::LostAnswer;
use tower::ServiceExt as _;
use url::Url;

/// The most of an answer that is read, as [`Answer::body`] promises.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// What came back.
#[derive(Debug)]
pub enum Reply {
    /// A whole answer.
    Answer(Answer),
    /// Nothing, or not all of it.
    Lost,
}

/// Whose token and which files a call is filled in with.
#[derive(Debug, Clone, Copy)]
pub struct Filling<'a> {
    /// Our app.
    pub app: &'a App,
    /// The connection's access token; absent while there is no connection yet.
    pub access: Option<&'a SecretString>,
    /// The post's files, in the order of its assets.
    pub files: &'a [Vec<u8>],
}

/// Sends a call to the simulated networks.
pub async fn send(router: axum::Router, call: &Call, filling: &Filling<'_>) -> Reply {
    exchange(router, request(call, filling)).await
}

/// Sends a request; an answer marked as lost, or whose body breaks off, is lost.
pub async fn exchange(router: axum::Router, request: Request<HttpBody>) -> Reply {
    let Ok(response) = router.oneshot(request).await;
    if response.extensions().get::<LostAnswer>().is_some() {
        return Reply::Lost;
    }
    let (parts, body) = response.into_parts();
    let Ok(body) = Limited::new(body, MAX_ANSWER_BYTES).collect().await else {
        return Reply::Lost;
    };
    Reply::Answer(Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: body.to_bytes().to_vec(),
    })
}

/// Where the simulator serves a real address: `https://HOST/PATH` is `/HOST/PATH`.
pub fn simulated(url: &Url) -> String {
    assert_eq!(url.scheme(), "https", "networks are spoken to by https");
    let host = url.host_str().unwrap_or_default();
    let query = url.query().map(|query| format!("?{query}"));
    format!("/{host}{}{}", url.path(), query.unwrap_or_default())
}

/// The request with tokens and bytes filled in.
pub fn request(call: &Call, filling: &Filling<'_>) -> Request<HttpBody> {
    let access = || {
        let token = filling.access.map(SecretString::expose_secret);
        token.expect("a call with the connection's token needs a connection")
    };
    let mut url = call.url.clone();
    let authorization = match &call.auth {
        Auth::Basic(name, secret) => {
            let pair = format!("{name}:{}", secret.expose_secret());
            Some(format!("Basic {}", base64(pair.as_bytes())))
        }
        Auth::Bearer => Some(format!("Bearer {}", access())),
        Auth::BearerOf(token) => Some(format!("Bearer {}", token.expose_secret())),
        Auth::BearerOfWithProof(token) => {
            let proof = proof_of(token.expose_secret(), filling.app);
            url.query_pairs_mut().append_pair("appsecret_proof", &proof);
            Some(format!("Bearer {}", token.expose_secret()))
        }
        Auth::BearerWithProof => {
            let proof = proof_of(access(), filling.app);
            url.query_pairs_mut().append_pair("appsecret_proof", &proof);
            Some(format!("Bearer {}", access()))
        }
        Auth::None => None,
        Auth::OauthScheme => Some(format!("OAuth {}", access())),
    };
    let (content_type, body) = body(&call.body, filling.files);
    let mut request = Request::builder()
        .method(call.method.clone())
        .uri(simulated(&url))
        .header(header::HOST, url.host_str().unwrap_or_default())
        .header(header::CONTENT_LENGTH, body.len());
    if let Some(authorization) = authorization {
        request = request.header(header::AUTHORIZATION, authorization);
    }
    if let Some(content_type) = content_type {
        request = request.header(header::CONTENT_TYPE, content_type);
    }
    let mut request = request.body(HttpBody::from(body)).expect("a valid request");
    for (name, value) in &call.headers {
        let value = HeaderValue::from_str(value).expect("a header's value");
        request.headers_mut().insert(*name, value);
    }
    request
}

fn body(body: &Body, files: &[Vec<u8>]) -> (Option<String>, Vec<u8>) {
    match body {
        Body::Empty => (None, Vec::new()),
        Body::File(file) => (None, bytes_of(file, files)),
        Body::Form(fields) => {
            let pairs = fields.iter().map(|(name, value)| (name, value.expose()));
            let text = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(pairs)
                .finish();
            (
                Some("application/x-www-form-urlencoded".to_owned()),
                text.into_bytes(),
            )
        }
        Body::Json(value) => (
            Some("application/json".to_owned()),
            value.to_string().into_bytes(),
        ),
        Body::JsonWithFiles(value, places) => {
            let piece = |piece| match piece {
                JsonPiece::File(file) => base64(&bytes_of(&file, files)),
                JsonPiece::Text(text) => text,
            };
            let text: String = json_pieces(value, places).into_iter().map(piece).collect();
            (Some("application/json".to_owned()), text.into_bytes())
        }
        Body::Multipart(parts) => {
            let boundary = "a-boundary-that-no-sample-holds";
            let mut bytes = Vec::new();
            for part in parts {
                let name = &part.name;
                bytes.extend(format!("--{boundary}\r\n").bytes());
                bytes.extend(format!("content-disposition: form-data; name=\"{name}\"").bytes());
                match &part.content {
                    PartContent::File {
                        file,
                        file_name,
                        content_type,
                    } => {
                        let head = format!(
                            "; filename=\"{file_name}\"\r\ncontent-type: {content_type}\r\n\r\n"
                        );
                        bytes.extend(head.bytes());
                        bytes.extend(bytes_of(file, files));
                    }
                    PartContent::Text(text) => bytes.extend(format!("\r\n\r\n{text}").bytes()),
                }
                bytes.extend(b"\r\n");
            }
            bytes.extend(format!("--{boundary}--\r\n").bytes());
            (
                Some(format!("multipart/form-data; boundary={boundary}")),
                bytes,
            )
        }
    }
}

fn bytes_of(file: &FileRange, files: &[Vec<u8>]) -> Vec<u8> {
    let start = usize::try_from(file.range.start).expect("a place in memory");
    let end = usize::try_from(file.range.end).expect("a place in memory");
    files[file.asset][start..end].to_vec()
}

fn proof_of(token: &str, app: &App) -> String {
    use hmac::Mac as _;
    let secret = app.client_secret.expose_secret().as_bytes();
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(secret).expect("a key of any length");
    mac.update(token.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
