//! The one outgoing HTTP client for networks.
//!
//! It sends exactly what a [`platforms::Call`] says, once: no redirect is followed, nothing is
//! retried, no proxy is asked. It tells apart what certainly never left ([`SendError::NotSent`])
//! from everything whose outcome nobody knows ([`SendError::Lost`]).

mod body;
mod converse;

use std::{io, ops::Range, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt as _, future::BoxFuture, stream::BoxStream};
use hmac::{Hmac, Mac as _};
use http::{HeaderName, HeaderValue, Method, header};
use platforms::{Answer, Auth, Call};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use url::Url;

/// How much of an answer is read; a longer one is cut, which no network's answers are.
const MOST: usize = 1024 * 1024;

/// Speaks to networks. Make one and share it: its connections are kept.
pub struct Wire {
    carrier: Arc<dyn Carrier>,
    networks_base_url: Option<Url>,
}

/// What carries a request out and its answer back, once.
pub trait Carrier: Send + Sync {
    /// The whole answer, of which no more than a mebibyte need be kept.
    ///
    /// # Errors
    /// [`SendError`]; only [`SendError::NotSent`] proves that nothing happened.
    fn carry(&self, request: reqwest::Request) -> BoxFuture<'_, Result<Answer, SendError>>;
}

/// Carries over sockets.
struct Sockets(reqwest::Client);

/// How to reach the networks.
#[derive(Debug, Clone)]
pub struct WireSettings {
    /// Where the simulated networks are, in development; the real ones otherwise.
    pub networks_base_url: Option<Url>,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long a call may take in all.
    pub timeout: Duration,
}

impl Default for WireSettings {
    fn default() -> Self {
        Self {
            networks_base_url: None,
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_mins(1),
        }
    }
}

/// What calls are authorised with.
#[derive(Debug, Clone, Default)]
pub struct Authority {
    /// The connection's access token.
    pub access_token: Option<SecretString>,
    /// Our app's secret at the network.
    pub app_secret: Option<SecretString>,
}

/// The files that calls take bytes of.
pub trait Files: Send + Sync {
    /// Some bytes of a file; the end is not included.
    fn stream(&self, asset: usize, range: Range<u64>) -> BoxStream<'static, io::Result<Bytes>>;
}

/// For calls that carry no files.
#[derive(Debug, Clone, Copy)]
pub struct NoFiles;

impl Files for NoFiles {
    fn stream(&self, _: usize, _: Range<u64>) -> BoxStream<'static, io::Result<Bytes>> {
        let none = io::Error::new(io::ErrorKind::NotFound, "there are no files");
        Box::pin(futures_util::stream::once(std::future::ready(Err(none))))
    }
}

/// Why there is no answer. The reasons name no address and no secret.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// It may have arrived.
    #[error("no whole answer came back: {0}")]
    Lost(String),
    /// It certainly never left.
    #[error("it was not sent: {0}")]
    NotSent(String),
}

impl Wire {
    /// A wire.
    ///
    /// # Errors
    /// When TLS or the client has no usable defaults.
    pub fn new(settings: WireSettings) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let roots = rustls::RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .connect_timeout(settings.connect_timeout)
            .timeout(settings.timeout)
            .user_agent(concat!("Picscripter/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self::over(
            Arc::new(Sockets(client)),
            settings.networks_base_url,
        ))
    }

    /// A wire over a carrier of the caller's; `networks_base_url` as in [`WireSettings`].
    pub fn over(carrier: Arc<dyn Carrier>, networks_base_url: Option<Url>) -> Self {
        Self {
            carrier,
            networks_base_url,
        }
    }

    /// Where a browser or this client finds an address of a network: the address itself, or its
    /// place at the simulated networks.
    pub fn visible_url(&self, url: &Url) -> Url {
        let (Some(base), Some(host)) = (&self.networks_base_url, url.host_str()) else {
            return url.clone();
        };
        let mut place = base.clone();
        let path = format!("{}/{host}{}", base.path().trim_end_matches('/'), url.path());
        place.set_path(&path);
        place.set_query(url.query());
        place
    }

    /// Sends a call, once.
    ///
    /// # Errors
    /// [`SendError`]; only [`SendError::NotSent`] proves that nothing happened.
    pub async fn send(
        &self,
        call: &Call,
        authority: &Authority,
        files: &dyn Files,
    ) -> Result<Answer, SendError> {
        let request = self.request(call, authority, files)?;
        self.carrier.carry(request).await
    }

    fn request(
        &self,
        call: &Call,
        authority: &Authority,
        files: &dyn Files,
    ) -> Result<reqwest::Request, SendError> {
        let mut url = call.url.clone();
        let authorization = match &call.auth {
            Auth::None => None,
            Auth::Basic(name, secret) => Some(basic(name, secret)),
            Auth::Bearer => Some(scheme("Bearer", access(authority)?)),
            Auth::BearerOf(token) => Some(scheme("Bearer", token)),
            Auth::BearerOfWithProof(token) => Some(proven(&mut url, token, authority)?),
            Auth::BearerWithProof => Some(proven(&mut url, access(authority)?, authority)?),
            Auth::OauthScheme => Some(scheme("OAuth", access(authority)?)),
        };
        let mut request = reqwest::Request::new(call.method.clone(), self.visible_url(&url));
        let body = body::encode(&call.body, files);
        let headers = request.headers_mut();
        if let Some(content_type) = body.content_type {
            headers.insert(header::CONTENT_TYPE, sound(&content_type)?);
        }
        // A body of no bytes still has a length: some networks refuse a POST without one.
        if body.length > 0 || call.method != Method::GET {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.length));
        }
        for (name, value) in &call.headers {
            let name = HeaderName::try_from(*name)
                .map_err(|error| SendError::NotSent(error.to_string()))?;
            headers.insert(name, sound(value)?);
        }
        if let Some(mut value) = authorization.map(|text| sound(&text)).transpose()? {
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        *request.body_mut() = body.content;
        Ok(request)
    }
}

impl Carrier for Sockets {
    fn carry(&self, request: reqwest::Request) -> BoxFuture<'_, Result<Answer, SendError>> {
        Box::pin(async move {
            let response = self
                .0
                .execute(request)
                .await
                .map_err(|error| judged(&error))?;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let mut body = Vec::new();
            let mut stream = response.bytes_stream();
            while let Some(piece) = stream.next().await {
                let piece = piece.map_err(|error| SendError::Lost(reason(&error)))?;
                let room = MOST - body.len();
                body.extend_from_slice(&piece[..piece.len().min(room)]);
                if body.len() == MOST {
                    break;
                }
            }
            Ok(Answer {
                status,
                headers,
                body,
            })
        })
    }
}

/// Puts the proof of the app's secret into the address; gives the authorisation beside it.
fn proven(url: &mut Url, token: &SecretString, authority: &Authority) -> Result<String, SendError> {
    let secret = authority.app_secret.as_ref();
    let secret = secret.ok_or_else(|| unauthorised("app secret"))?;
    url.query_pairs_mut()
        .append_pair("appsecret_proof", &proof(secret, token));
    Ok(scheme("Bearer", token))
}

fn access(authority: &Authority) -> Result<&SecretString, SendError> {
    authority
        .access_token
        .as_ref()
        .ok_or_else(|| unauthorised("access token"))
}

fn unauthorised(what: &str) -> SendError {
    SendError::NotSent(format!("the call needs an {what}, and there is none"))
}

fn scheme(name: &str, token: &SecretString) -> String {
    format!("{name} {}", token.expose_secret())
}

fn basic(name: &str, secret: &SecretString) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    // RFC 6749 2.3.1 would form-encode both halves first; X and Pinterest document the bare pair.
    let pair = format!("{name}:{}", secret.expose_secret());
    format!("Basic {}", STANDARD.encode(pair))
}

/// Meta's proof that whoever holds the token also knows the app's secret.
fn proof(secret: &SecretString, token: &SecretString) -> String {
    Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .map(|mac| {
            hex::encode(
                mac.chain_update(token.expose_secret())
                    .finalize()
                    .into_bytes(),
            )
        })
        // HMAC takes a key of any length, so there is always a proof.
        .unwrap_or_default()
}

fn sound(value: &str) -> Result<HeaderValue, SendError> {
    HeaderValue::try_from(value).map_err(|_| {
        SendError::NotSent("a header would hold characters that none may hold".to_owned())
    })
}

/// Only a connection that was never made proves that nothing was sent.
fn judged(error: &reqwest::Error) -> SendError {
    if error.is_connect() || error.is_builder() {
        SendError::NotSent(reason(error))
    } else {
        SendError::Lost(reason(error))
    }
}

/// What went wrong, without the address: it may hold secrets.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it took too long".to_owned();
    }
    let mut source: &dyn std::error::Error = error;
    while let Some(deeper) = source.source() {
        source = deeper;
    }
    if std::ptr::addr_eq(std::ptr::from_ref(source), std::ptr::from_ref(error)) {
        return "the connection failed".to_owned();
    }
    source.to_string()
}
