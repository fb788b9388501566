//! Guarded fetch of addresses that users give us.
//!
//! Only https on port 443, only public addresses: a host that is spelled as an address is checked
//! as it stands, a name by every address it resolves to, and the connection goes to exactly the
//! addresses that were checked. Each redirect starts over.

use std::{
    future::Future,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use futures_util::StreamExt as _;
use reqwest::{StatusCode, header};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use url::{Host, Origin, Url};

use crate::address::is_public;

const REDIRECTS: usize = 3;
const CONNECT: Duration = Duration::from_secs(5);
const IDLE: Duration = Duration::from_secs(10);

/// What a resolver promises.
pub type Addresses<'a> = Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send + 'a>>;

/// Turns names into addresses.
pub trait Resolve: Send + Sync {
    /// Every address of `host`.
    fn resolve<'a>(&'a self, host: &'a str) -> Addresses<'a>;
}

/// The machine's own resolver.
#[derive(Debug, Clone, Copy)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> Addresses<'a> {
        Box::pin(async move {
            Ok(tokio::net::lookup_host((host, 443))
                .await?
                .map(|address| address.ip())
                .collect())
        })
    }
}

/// What is allowed beside the public internet.
#[derive(Debug, Clone, Default)]
pub struct FetchSettings {
    /// Exact origins that are fetched from although they are local, as `http://127.0.0.1:9700`.
    pub local_origins: Vec<Origin>,
}

/// Fetches addresses that users give us.
#[derive(Clone)]
pub struct Fetcher {
    settings: FetchSettings,
    resolver: Arc<dyn Resolve>,
    tls: rustls::ClientConfig,
}

/// What was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// How many bytes were written.
    pub bytes: u64,
    /// SHA-256 of them.
    pub sha256: [u8; 32],
    /// Whether that was the whole file.
    pub complete: bool,
    /// How large the server says the file is.
    pub total_bytes: Option<u64>,
}

/// How much of a file is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// At most this many bytes; a longer file is cut there.
    Prefix(u64),
    /// All of it; a file longer than this many bytes is an error.
    Whole(u64),
}

/// Why nothing was fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The address is not one we fetch; says why.
    #[error("{0}")]
    BadUrl(&'static str),
    /// It leads to an address that is not public.
    #[error("leads to an address that is not on the public internet")]
    Forbidden,
    /// What was fetched could not be kept.
    #[error("could not be kept")]
    Sink(#[source] std::io::Error),
    /// The server answered with this status.
    #[error("answered with status {0}")]
    Status(u16),
    /// It took too long.
    #[error("did not arrive in time")]
    TimedOut,
    /// It is larger than this many bytes.
    #[error("is larger than {0} bytes")]
    TooLarge(u64),
    /// It was redirected more than three times.
    #[error("was redirected more than {REDIRECTS} times")]
    TooManyRedirects,
    /// No name, no connection, or a broken one.
    #[error("could not be reached")]
    Unreachable,
}

impl Fetcher {
    /// A fetcher. It fails only where the TLS library has no usable defaults.
    ///
    /// # Errors
    /// [`rustls::Error`] when no protocol version can be offered.
    pub fn new(settings: FetchSettings, resolver: Arc<dyn Resolve>) -> Result<Self, rustls::Error> {
        let roots = rustls::RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            settings,
            resolver,
            tls,
        })
    }

    /// Fetches `address` into `sink` within `budget`.
    ///
    /// # Errors
    /// [`FetchError`]; something may have been written by then.
    pub async fn fetch(
        &self,
        address: &str,
        want: Want,
        budget: Duration,
        sink: &mut (impl AsyncWrite + Unpin + Send),
    ) -> Result<Fetched, FetchError> {
        tokio::time::timeout(budget, self.follow(address, want, sink))
            .await
            .map_err(|_| FetchError::TimedOut)?
    }

    async fn follow(
        &self,
        address: &str,
        want: Want,
        sink: &mut (impl AsyncWrite + Unpin + Send),
    ) -> Result<Fetched, FetchError> {
        let mut url = Url::parse(address).map_err(|_| FetchError::BadUrl("is not an address"))?;
        for _ in 0..=REDIRECTS {
            let response = self.ask(&url).await?;
            let Some(next) = redirect(&url, &response) else {
                return receive(response, want, sink).await;
            };
            url = next?;
        }
        Err(FetchError::TooManyRedirects)
    }

    async fn ask(&self, url: &Url) -> Result<reqwest::Response, FetchError> {
        let checked = self.check(url).await?;
        let mut client = reqwest::Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .read_timeout(IDLE)
            .user_agent(concat!("Picscripter/", env!("CARGO_PKG_VERSION")));
        if let (Some(host), Some(addresses)) = (url.host_str(), &checked) {
            client = client.resolve_to_addrs(host, addresses);
        }
        let client = client.build().map_err(|_| FetchError::Unreachable)?;
        // Bytes as they are: an encoded body could unfold to any size.
        client
            .get(url.clone())
            .header(header::ACCEPT_ENCODING, "identity")
            .send()
            .await
            .map_err(|error| {
                if error.is_timeout() {
                    FetchError::TimedOut
                } else {
                    FetchError::Unreachable
                }
            })
    }

    /// Checks an address; gives what its name resolved to, when it is a name.
    async fn check(&self, url: &Url) -> Result<Option<Vec<SocketAddr>>, FetchError> {
        if self.settings.local_origins.contains(&url.origin()) {
            return Ok(None);
        }
        if url.scheme() != "https" {
            return Err(FetchError::BadUrl("does not begin with https://"));
        }
        if url.port_or_known_default() != Some(443) {
            return Err(FetchError::BadUrl("names a port other than 443"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(FetchError::BadUrl("holds a user name or password"));
        }
        let name = match url.host() {
            None => return Err(FetchError::BadUrl("names no host")),
            Some(Host::Ipv4(address)) => return literal(address.into()),
            Some(Host::Ipv6(address)) => return literal(address.into()),
            Some(Host::Domain(name)) => name,
        };
        let addresses = self
            .resolver
            .resolve(name)
            .await
            .map_err(|_| FetchError::Unreachable)?;
        if addresses.is_empty() {
            return Err(FetchError::Unreachable);
        }
        if addresses.iter().all(|address| is_public(*address)) {
            Ok(Some(
                addresses
                    .into_iter()
                    .map(|address| SocketAddr::new(address, 443))
                    .collect(),
            ))
        } else {
            Err(FetchError::Forbidden)
        }
    }
}

fn literal(address: IpAddr) -> Result<Option<Vec<SocketAddr>>, FetchError> {
    if is_public(address) {
        Ok(None)
    } else {
        Err(FetchError::Forbidden)
    }
}

fn redirect(from: &Url, response: &reqwest::Response) -> Option<Result<Url, FetchError>> {
    let moved = matches!(
        response.status(),
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    );
    moved.then(|| {
        response
            .headers()
            .get(header::LOCATION)
            .and_then(|location| location.to_str().ok())
            .and_then(|location| from.join(location).ok())
            .ok_or(FetchError::BadUrl("is redirected to no address"))
    })
}

async fn receive(
    response: reqwest::Response,
    want: Want,
    sink: &mut (impl AsyncWrite + Unpin + Send),
) -> Result<Fetched, FetchError> {
    if !response.status().is_success() {
        return Err(FetchError::Status(response.status().as_u16()));
    }
    if response.headers().contains_key(header::CONTENT_ENCODING) {
        return Err(FetchError::BadUrl(
            "is sent in an encoding that was not asked for",
        ));
    }
    let total_bytes = response.content_length();
    let (Want::Prefix(limit) | Want::Whole(limit)) = want;
    if let (Want::Whole(_), Some(total)) = (want, total_bytes)
        && total > limit
    {
        return Err(FetchError::TooLarge(limit));
    }
    let mut hash = Sha256::new();
    let mut bytes = 0_u64;
    let mut body = response.bytes_stream();
    let mut complete = true;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| {
            if error.is_timeout() {
                FetchError::TimedOut
            } else {
                FetchError::Unreachable
            }
        })?;
        let room = usize::try_from(limit - bytes).unwrap_or(usize::MAX);
        let fits = chunk.len().min(room);
        if fits < chunk.len() && matches!(want, Want::Whole(_)) {
            return Err(FetchError::TooLarge(limit));
        }
        sink.write_all(&chunk[..fits])
            .await
            .map_err(FetchError::Sink)?;
        hash.update(&chunk[..fits]);
        bytes += fits as u64;
        if fits < chunk.len() {
            complete = false;
            break;
        }
    }
    sink.flush().await.map_err(FetchError::Sink)?;
    Ok(Fetched {
        bytes,
        sha256: hash.finalize().into(),
        complete,
        total_bytes,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Answers every name with the next of its scripted answers.
    #[derive(Default)]
    struct Scripted(Mutex<Vec<Vec<&'static str>>>);

    impl Resolve for Scripted {
        fn resolve<'a>(&'a self, _: &'a str) -> Addresses<'a> {
            let answer = self.0.lock().unwrap().pop().unwrap_or_default();
            Box::pin(async move {
                Ok(answer
                    .into_iter()
                    .map(|text| text.parse().unwrap())
                    .collect())
            })
        }
    }

    fn fetcher(answers: Vec<Vec<&'static str>>) -> Fetcher {
        Fetcher::new(
            FetchSettings::default(),
            Arc::new(Scripted(Mutex::new(answers))),
        )
        .unwrap()
    }

    /// Every way to spell an address that must not be reached.
    fn forbidden() -> Vec<String> {
        let v4 = [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "0x7f.0.0.1",
            "127.0.1",
            "127.255.255.254",
            "0.0.0.0",
            "0",
            "10.0.0.1",
            "10.1",
            "0xa.0.0.1",
            "167772161",
            "169.254.169.254",
            "0xa9fea9fe",
            "2852039166",
            "0251.0376.0251.0376",
            "172.16.0.1",
            "172.31.0.9",
            "192.168.0.1",
            "192.168.257",
            "100.64.0.1",
            "198.18.0.1",
            "192.0.2.4",
            "198.51.100.4",
            "203.0.113.4",
            "224.0.0.1",
            "255.255.255.255",
            "240.1.2.3",
        ];
        let v6 = [
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::ffff:169.254.169.254]",
            "[::127.0.0.1]",
            "[64:ff9b::127.0.0.1]",
            "[64:ff9b:1::a00:1]",
            "[fe80::1]",
            "[fc00::1]",
            "[fd00:ec2::254]",
            "[ff02::1]",
            "[2001:db8::1]",
            "[2002:7f00:1::]",
            "[2001::7f00:1]",
            "[fec0::1]",
            "[100::1]",
            "[3fff::1]",
        ];
        let tails = [
            "/",
            "/a.jpg",
            "/a?b=c",
            "/#x",
            "",
            ":443/",
            "/%2e%2e/",
            "/a;b",
            "/?url=https://example.com",
            "//x",
        ];
        v4.iter()
            .chain(&v6)
            .flat_map(|host| {
                tails
                    .iter()
                    .map(move |tail| format!("https://{host}{tail}"))
            })
            .collect()
    }

    #[tokio::test]
    async fn no_spelling_of_a_private_address_is_reached() {
        let urls = forbidden();
        assert!(urls.len() >= 400, "only {} addresses", urls.len());
        for url in urls {
            let checked = fetcher(Vec::new()).check(&Url::parse(&url).unwrap()).await;
            assert!(
                matches!(checked, Err(FetchError::Forbidden)),
                "{url}: {checked:?}"
            );
        }
    }

    #[tokio::test]
    async fn other_schemes_ports_and_logins_are_refused() {
        for url in [
            "http://example.com/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "gopher://example.com/",
            "data:text/plain,x",
            "https://example.com:444/",
            "https://example.com:80/",
            "https://me@example.com/",
            "https://me:pw@example.com/",
            "javascript:alert(1)",
            "https://:@example.com:22/",
        ] {
            let checked = fetcher(Vec::new()).check(&Url::parse(url).unwrap()).await;
            assert!(
                matches!(checked, Err(FetchError::BadUrl(_))),
                "{url}: {checked:?}"
            );
        }
    }

    #[tokio::test]
    async fn one_private_answer_refuses_a_name() {
        let url = Url::parse("https://example.com/").unwrap();
        for answer in [
            vec!["10.0.0.1"],
            vec!["93.184.216.34", "127.0.0.1"],
            vec!["2606:2800::1", "::1"],
        ] {
            let checked = fetcher(vec![answer]).check(&url).await;
            assert!(matches!(checked, Err(FetchError::Forbidden)), "{checked:?}");
        }
    }

    #[tokio::test]
    async fn the_connection_goes_to_what_was_checked_and_nowhere_else() {
        // The second answer would be private: a name is asked once, and its answer is pinned.
        let fetcher = fetcher(vec![vec!["127.0.0.1"], vec!["93.184.216.34"]]);
        let pinned = fetcher
            .check(&Url::parse("https://example.com/").unwrap())
            .await
            .unwrap();
        assert_eq!(pinned.unwrap(), ["93.184.216.34:443".parse().unwrap()]);
    }

    #[tokio::test]
    async fn fifty_good_addresses_pass() {
        for number in 1..=50 {
            let url = format!("https://cdn{number}.example.com/pictures/{number}.jpg?size=large");
            assert!(
                fetcher(vec![vec!["93.184.216.34", "2606:2800:220:1::1"]])
                    .check(&Url::parse(&url).unwrap())
                    .await
                    .is_ok()
            );
        }
    }
}
