//! One request to a network, told without tokens and without the bytes of files.

use std::{fmt, ops::Range};

use http::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

/// One request to a network.
///
/// Its `Debug` shows neither the query nor any secret, so it may be logged.
#[derive(Clone)]
pub struct Call {
    /// What it does, in `snake_case`; names the step in the log, in traces and in transcripts.
    pub name: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The network's real address.
    pub url: Url,
    /// Headers beside those that authorisation and the body bring.
    pub headers: Vec<(&'static str, String)>,
    /// Who is asking.
    pub auth: Auth,
    /// What is sent.
    pub body: Body,
    /// Whether it may be sent twice.
    pub safety: Safety,
}

/// Whether a request may be sent twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safety {
    /// It may make a post visible. It is armed before it is sent, and its lost answer is told to the machine.
    Once,
    /// Nice to have: its failure and its lost answer are told to the machine, which goes on without.
    Optional,
    /// Sending it again does no harm; a lost answer is the driver's business, not the machine's.
    Repeatable,
    /// A piece of an upload: some of it may have arrived. Its lost answer is told to the machine, which asks how
    /// far the network came before it goes on.
    Resumable,
}

/// How a request is authorised.
#[derive(Clone)]
pub enum Auth {
    /// `Authorization: Basic` with a name and a secret.
    Basic(String, SecretString),
    /// `Authorization: Bearer` with the connection's access token, which the driver fills in.
    Bearer,
    /// `Authorization: Bearer` with a token that the machine has just been given.
    BearerOf(SecretString),
    /// As `BearerOf`, and Meta's `appsecret_proof` of that token in the query.
    BearerOfWithProof(SecretString),
    /// As `Bearer`, and Meta's `appsecret_proof` of that token in the query.
    BearerWithProof,
    /// Nothing.
    None,
    /// Meta's `Authorization: OAuth` with the connection's access token.
    OauthScheme,
}

/// What a request carries.
#[derive(Clone)]
pub enum Body {
    /// Nothing.
    Empty,
    /// Bytes of a file, as they are.
    File(FileRange),
    /// `application/x-www-form-urlencoded`.
    Form(Vec<(String, FormValue)>),
    /// `application/json`.
    Json(Value),
    /// `application/json` with bytes of files in it, in base64, each at its JSON pointer; see
    /// [`crate::json_pieces`].
    JsonWithFiles(Value, Vec<(String, FileRange)>),
    /// `multipart/form-data`, in this order.
    Multipart(Vec<Part>),
}

impl Body {
    /// The files of which it carries bytes: their places among the post's assets.
    pub fn assets(&self) -> impl Iterator<Item = usize> {
        let (whole, parts, placed) = match self {
            Self::File(file) => (Some(file.asset), [].as_slice(), [].as_slice()),
            Self::JsonWithFiles(_, files) => (None, [].as_slice(), files.as_slice()),
            Self::Multipart(parts) => (None, parts.as_slice(), [].as_slice()),
            Self::Empty | Self::Form(_) | Self::Json(_) => (None, [].as_slice(), [].as_slice()),
        };
        let of_parts = parts.iter().filter_map(|part| match &part.content {
            PartContent::File { file, .. } => Some(file.asset),
            PartContent::Text(_) => None,
        });
        let of_places = placed.iter().map(|(_, file)| file.asset);
        whole.into_iter().chain(of_parts).chain(of_places)
    }
}

/// Some bytes of one of the post's files; the driver reads them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRange {
    /// Which file: its place among the post's assets.
    pub asset: usize,
    /// Which bytes; the end is not included.
    pub range: Range<u64>,
}

/// A value of a form.
#[derive(Clone)]
pub enum FormValue {
    /// May be seen.
    Plain(String),
    /// May not.
    Secret(SecretString),
}

/// One part of a multipart body.
#[derive(Debug, Clone)]
pub struct Part {
    /// The field's name.
    pub name: String,
    /// What it holds.
    pub content: PartContent,
}

/// What a part of a multipart body holds.
#[derive(Debug, Clone)]
pub enum PartContent {
    /// Bytes of a file.
    File {
        /// Which bytes.
        file: FileRange,
        /// The name to send along.
        file_name: String,
        /// The type to send along.
        content_type: String,
    },
    /// A text.
    Text(String),
}

impl Call {
    /// A repeatable GET.
    pub fn get(name: &'static str, url: Url) -> Self {
        Self::new(name, Method::GET, url)
    }

    /// A repeatable POST without a body.
    pub fn post(name: &'static str, url: Url) -> Self {
        Self::new(name, Method::POST, url)
    }

    /// A repeatable PUT without a body.
    pub fn put(name: &'static str, url: Url) -> Self {
        Self::new(name, Method::PUT, url)
    }

    /// A repeatable DELETE without a body.
    pub fn delete(name: &'static str, url: Url) -> Self {
        Self::new(name, Method::DELETE, url)
    }

    fn new(name: &'static str, method: Method, url: Url) -> Self {
        Self {
            name,
            method,
            url,
            headers: Vec::new(),
            auth: Auth::None,
            body: Body::Empty,
            safety: Safety::Repeatable,
        }
    }

    /// The same, authorised.
    #[must_use]
    pub fn auth(self, auth: Auth) -> Self {
        Self { auth, ..self }
    }

    /// The same, with a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same, carrying JSON.
    #[must_use]
    pub fn json(self, body: Value) -> Self {
        Self {
            body: Body::Json(body),
            ..self
        }
    }

    /// The same, carrying JSON with bytes of files in it, each at its JSON pointer.
    #[must_use]
    pub fn json_with_files(self, body: Value, files: Vec<(String, FileRange)>) -> Self {
        Self {
            body: Body::JsonWithFiles(body, files),
            ..self
        }
    }

    /// The same, carrying a form.
    #[must_use]
    pub fn form<K: Into<String>>(self, fields: impl IntoIterator<Item = (K, FormValue)>) -> Self {
        let fields = fields
            .into_iter()
            .map(|(name, value)| (name.into(), value))
            .collect();
        Self {
            body: Body::Form(fields),
            ..self
        }
    }

    /// The same, carrying a multipart body.
    #[must_use]
    pub fn multipart(self, parts: Vec<Part>) -> Self {
        Self {
            body: Body::Multipart(parts),
            ..self
        }
    }

    /// The same, carrying bytes of a file.
    #[must_use]
    pub fn file(self, asset: usize, range: Range<u64>) -> Self {
        Self {
            body: Body::File(FileRange { asset, range }),
            ..self
        }
    }

    /// The same, which may make a post visible and is therefore sent once.
    #[must_use]
    pub fn once(self) -> Self {
        Self {
            safety: Safety::Once,
            ..self
        }
    }

    /// The same, of which a part may arrive.
    #[must_use]
    pub fn resumable(self) -> Self {
        Self {
            safety: Safety::Resumable,
            ..self
        }
    }

    /// The same, whose failure does not matter.
    #[must_use]
    pub fn optional(self) -> Self {
        Self {
            safety: Safety::Optional,
            ..self
        }
    }
}

impl Part {
    /// A text field.
    pub fn text(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            content: PartContent::Text(value.into()),
        }
    }

    /// A file field.
    pub fn file(
        name: impl Into<String>,
        asset: usize,
        range: Range<u64>,
        file_name: impl Into<String>,
        content_type: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            content: PartContent::File {
                file: FileRange { asset, range },
                file_name: file_name.into(),
                content_type: content_type.into(),
            },
        }
    }
}

impl FormValue {
    /// The value in clear, for the wire only.
    pub fn expose(&self) -> &str {
        match self {
            Self::Plain(value) => value,
            Self::Secret(value) => value.expose_secret(),
        }
    }
}

impl From<String> for FormValue {
    fn from(value: String) -> Self {
        Self::Plain(value)
    }
}

impl From<&str> for FormValue {
    fn from(value: &str) -> Self {
        Self::Plain(value.to_owned())
    }
}

impl From<&SecretString> for FormValue {
    fn from(value: &SecretString) -> Self {
        Self::Secret(value.clone())
    }
}

impl fmt::Debug for FormValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(value) => write!(f, "{value:?}"),
            Self::Secret(_) => f.write_str("[secret]"),
        }
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Basic(..) => "Basic",
            Self::Bearer | Self::BearerOf(_) => "Bearer",
            Self::BearerOfWithProof(_) | Self::BearerWithProof => "Bearer and appsecret_proof",
            Self::None => "None",
            Self::OauthScheme => "OAuth",
        })
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::File(file) => file.fmt(f),
            Self::Form(fields) => f.debug_tuple("Form").field(fields).finish(),
            Self::Json(value) => f.debug_tuple("Json").field(value).finish(),
            Self::JsonWithFiles(value, files) => f
                .debug_tuple("JsonWithFiles")
                .field(value)
                .field(files)
                .finish(),
            Self::Multipart(parts) => f.debug_tuple("Multipart").field(parts).finish(),
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("name", &self.name)
            .field("method", &self.method)
            .field("host", &self.url.host_str().unwrap_or_default())
            .field("auth", &self.auth)
            .field("safety", &self.safety)
            .finish_non_exhaustive()
    }
}
