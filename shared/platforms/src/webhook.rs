//! What networks tell us on their own.

use http::HeaderMap;
use subtle::ConstantTimeEq as _;
use time::{Duration, OffsetDateTime};

use crate::App;

/// A request to our webhook address, to the byte.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// Whether it is a GET (a handshake, as a rule) or a POST.
    pub is_get: bool,
    /// The query's pairs, decoded.
    pub query: &'a [(String, String)],
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The raw body; signatures are over these bytes.
    pub body: &'a [u8],
    /// The time.
    pub now: OffsetDateTime,
    /// Our app.
    pub app: &'a App,
}

impl Incoming<'_> {
    /// A parameter of the query.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// What a request to our webhook address was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// A handshake: answer 200 with exactly this.
    Handshake {
        /// The content type of the answer.
        content_type: &'static str,
        /// The body of the answer.
        body: String,
    },
    /// Genuine news; empty where we have no use for it. Answer 200.
    News(Vec<Happening>),
    /// A hub asks whether we want this. Answer 200 with exactly the challenge if we do, else 404.
    Subscription(Subscription),
}

/// What a hub wants to have confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The network's id of the account whose news it is about.
    pub account: String,
    /// Whether we are to hear of it, or no longer.
    pub wanted: bool,
    /// How long it lasts, where the hub says so; it is asked for anew before that.
    pub lease: Option<Duration>,
    /// What to answer with.
    pub challenge: String,
}

/// One piece of news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// The same for the same piece told twice; unique within the network.
    pub key: String,
    /// What happened.
    pub what: What,
}

/// What happened at the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The person withdrew our access; `subject` as in [`crate::Grant::subject`].
    AccessWithdrawn {
        /// Who withdrew it.
        subject: String,
        /// When, where the network says so; what was granted later stands.
        at: Option<OffsetDateTime>,
    },
    /// There is news of the post whose machine names this handle or whose external id this is.
    PostMoved {
        /// See [`crate::Publish::handle`].
        handle: String,
    },
}

/// A signed request of a network about what a person granted, at an address of its own: the grant is
/// withdrawn, or all that we have of it is to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// The same for the same request made twice; unique within the network.
    pub key: String,
    /// Whose grant it is, as in [`crate::Grant::subject`].
    pub subject: String,
    /// When the network signed it; what was granted later stands.
    pub at: OffsetDateTime,
    /// What a person may ask by what became of a deletion. It cannot be guessed, and is the same for the
    /// same request made twice.
    pub code: String,
}

impl From<Withdrawal> for Happening {
    fn from(asked: Withdrawal) -> Self {
        Self {
            key: asked.key,
            what: What::AccessWithdrawn {
                subject: asked.subject,
                at: Some(asked.at),
            },
        }
    }
}

/// Why a request to our webhook address is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// The body is not what this network sends.
    #[error("the body is not an event of this network")]
    Malformed,
    /// It is unsigned, or the signature is not of this body by this network.
    #[error("the signature is missing or wrong")]
    Unsigned,
    /// This network sends nothing of the kind.
    #[error("this network has no such webhook")]
    Unsupported,
}

/// Whether two byte strings are the same, in time that does not tell where they differ.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}
