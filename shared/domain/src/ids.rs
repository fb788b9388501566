//! Typed, prefixed ids that sort by the time they were made.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

/// Why a text is not an id of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an id here starts with `{prefix}_` and 32 hexadecimal digits follow")]
pub struct IdError {
    prefix: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// What every id of this kind starts with, before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// Mints a new id; ids minted later sort later.
            #[expect(clippy::disallowed_methods, reason = "the one place where ids are minted")]
            pub fn mint() -> Self {
                Self(Uuid::now_v7())
            }

            /// The bare UUID, as the database stores it.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}_{}", $prefix, self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                parse($prefix, text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// One arm of a commit: at most one request was sent under it.
    AttemptId = "att";
    /// One place that can be published to.
    ConnectionId = "con";
    /// A key that encrypts secrets at rest.
    DataKeyId = "key";
    /// An event on its way to an endpoint.
    DeliveryId = "dlv";
    /// Something that an account is asked for beside posts.
    ErrandId = "ern";
    /// Something that happened, as the app's feed tells it.
    EventId = "evt";
    /// One consent given at a network; it may cover several connections.
    GrantId = "gra";
    /// One look of a publisher at a post.
    LookId = "lok";
    /// A picture, video or document.
    MediaId = "med";
    /// One try to connect an account, from redirect to callback.
    OauthAttemptId = "oau";
    /// One post to one connection.
    PostId = "pst";
    /// One sign-in of a user.
    SessionId = "ses";
    /// A user of the app: the tenant.
    UserId = "usr";
    /// Where a user's own server is told of events.
    WebhookEndpointId = "whe";
    /// What requests to an endpoint are signed with.
    WebhookSecretId = "whs";
}

fn parse(prefix: &'static str, text: &str) -> Result<Uuid, IdError> {
    text.strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .filter(|digits| {
            digits.len() == 32
                && digits
                    .bytes()
                    .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        })
        .and_then(|digits| Uuid::try_parse(digits).ok())
        .ok_or(IdError { prefix })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_it_was_written() {
        let id = PostId::mint();
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn an_id_of_another_kind_or_spelling_is_refused() {
        let id = PostId::mint();
        for text in [
            id.uuid().to_string(),
            id.to_string().to_uppercase(),
            id.to_string().replace("pst_", "con_"),
            format!("{id}0"),
            "pst_".to_owned(),
            String::new(),
        ] {
            assert!(text.parse::<PostId>().is_err(), "{text} was taken");
        }
    }
}
