//! Guarded requests to addresses that users give us: files that are fetched, and endpoints that are told of
//! events.
//!
//! Only https on port 443, only public addresses: a host that is spelled as an address is checked
//! as it stands, a name by every address it resolves to, and the connection goes to exactly the
//! addresses that were checked. No redirect is followed; whoever follows one has it checked anew.

mod address;

use std::{
    fmt,
    future::Future,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
};

pub use address::is_public;
use url::{Host, Origin, Url};

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
pub enum Beside {
    /// This machine by its loopback addresses and as `localhost`, at any port and without TLS; for development.
    Loopback,
    /// Nothing.
    #[default]
    Nothing,
    /// Exactly these origins, as `http://127.0.0.1:9700`; for development.
    Origins(Vec<Origin>),
}

impl Beside {
    /// This machine in development, and nothing elsewhere.
    pub const fn loopback_if(is_development: bool) -> Self {
        if is_development {
            Self::Loopback
        } else {
            Self::Nothing
        }
    }

    fn allows(&self, url: &Url) -> bool {
        match self {
            Self::Loopback => {
                matches!(url.scheme(), "http" | "https")
                    && url.host().is_some_and(|host| is_here(&host))
            }
            Self::Nothing => false,
            Self::Origins(origins) => origins.contains(&url.origin()),
        }
    }
}

fn is_here(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// Stands before every request to an address that a user gave us. Cheap to clone.
#[derive(Clone)]
pub struct Guard {
    beside: Beside,
    resolver: Arc<dyn Resolve>,
    tls: rustls::ClientConfig,
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("beside", &self.beside)
            .finish_non_exhaustive()
    }
}

/// Why an address is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is none that we ask; says why.
    #[error("{0}")]
    BadUrl(&'static str),
    /// It leads to an address that is not public.
    #[error("leads to an address that is not on the public internet")]
    Forbidden,
    /// Its name leads nowhere just then.
    #[error("could not be reached")]
    Unreachable,
}

impl Guard {
    /// A guard. It fails only where the TLS library has no usable defaults.
    ///
    /// # Errors
    /// [`rustls::Error`] when no protocol version can be offered.
    pub fn new(beside: Beside, resolver: Arc<dyn Resolve>) -> Result<Self, rustls::Error> {
        let roots = rustls::RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            beside,
            resolver,
            tls,
        })
    }

    /// The beginning of a client that reaches the host of `url` at the addresses that were checked, and follows
    /// no redirect. It is for this one request: the next one is checked anew.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn client(&self, url: &Url) -> Result<reqwest::ClientBuilder, Refusal> {
        let checked = self.check(url).await?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .user_agent(concat!("Picscripter/", env!("CARGO_PKG_VERSION")));
        Ok(match (url.host_str(), &checked) {
            (Some(host), Some(addresses)) => client.resolve_to_addrs(host, addresses),
            (Some(_) | None, Some(_) | None) => client,
        })
    }

    /// Checks an address; gives what its name resolved to, when it is a name.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn check(&self, url: &Url) -> Result<Option<Vec<SocketAddr>>, Refusal> {
        if self.beside.allows(url) {
            return Ok(None);
        }
        if url.scheme() != "https" {
            return Err(Refusal::BadUrl("does not begin with https://"));
        }
        if url.port_or_known_default() != Some(443) {
            return Err(Refusal::BadUrl("names a port other than 443"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::BadUrl("holds a user name or password"));
        }
        let name = match url.host() {
            None => return Err(Refusal::BadUrl("names no host")),
            Some(Host::Ipv4(address)) => return literal(address.into()),
            Some(Host::Ipv6(address)) => return literal(address.into()),
            Some(Host::Domain(name)) => name,
        };
        let addresses = self
            .resolver
            .resolve(name)
            .await
            .map_err(|_| Refusal::Unreachable)?;
        if addresses.is_empty() {
            return Err(Refusal::Unreachable);
        }
        if addresses.iter().all(|address| is_public(*address)) {
            Ok(Some(
                addresses
                    .into_iter()
                    .map(|address| SocketAddr::new(address, 443))
                    .collect(),
            ))
        } else {
            Err(Refusal::Forbidden)
        }
    }
}

fn literal(address: IpAddr) -> Result<Option<Vec<SocketAddr>>, Refusal> {
    if is_public(address) {
        Ok(None)
    } else {
        Err(Refusal::Forbidden)
    }
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

    fn guard(answers: Vec<Vec<&'static str>>) -> Guard {
        Guard::new(Beside::Nothing, Arc::new(Scripted(Mutex::new(answers)))).unwrap()
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
            let checked = guard(Vec::new()).check(&Url::parse(&url).unwrap()).await;
            assert!(
                matches!(checked, Err(Refusal::Forbidden)),
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
            let checked = guard(Vec::new()).check(&Url::parse(url).unwrap()).await;
            assert!(
                matches!(checked, Err(Refusal::BadUrl(_))),
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
            let checked = guard(vec![answer]).check(&url).await;
            assert!(matches!(checked, Err(Refusal::Forbidden)), "{checked:?}");
        }
    }

    #[tokio::test]
    async fn the_connection_goes_to_what_was_checked_and_nowhere_else() {
        // The second answer would be private: a name is asked once, and its answer is pinned.
        let guard = guard(vec![vec!["127.0.0.1"], vec!["93.184.216.34"]]);
        let pinned = guard
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
                guard(vec![vec!["93.184.216.34", "2606:2800:220:1::1"]])
                    .check(&Url::parse(&url).unwrap())
                    .await
                    .is_ok()
            );
        }
    }

    #[tokio::test]
    async fn this_machine_is_reached_only_where_that_is_said() {
        let here = [
            "http://127.0.0.1:4000/hook",
            "http://localhost:4000/",
            "https://[::1]/",
            "http://127.9.9.9/",
        ];
        let loopback = Guard::new(Beside::Loopback, Arc::new(Scripted::default())).unwrap();
        let origins = Beside::Origins(vec![Url::parse(here[0]).unwrap().origin()]);
        let one = Guard::new(origins, Arc::new(Scripted::default())).unwrap();
        for url in here {
            let url = Url::parse(url).unwrap();
            assert_eq!(loopback.check(&url).await, Ok(None), "{url}");
            assert_eq!(
                one.check(&url).await.is_ok(),
                url.port() == Some(4000) && url.path() == "/hook",
                "{url}"
            );
            assert!(guard(Vec::new()).check(&url).await.is_err(), "{url}");
        }
        for url in [
            "http://10.0.0.1/",
            "https://192.168.0.1/",
            "https://169.254.169.254/",
            "ftp://localhost/",
            "http://localhost.example.com/",
            "http://example.com/",
        ] {
            let url = Url::parse(url).unwrap();
            assert!(loopback.check(&url).await.is_err(), "{url}");
        }
    }
}
