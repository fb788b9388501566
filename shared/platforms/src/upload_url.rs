//! The address of an upload: whoever knows it may send bytes in the account's name.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

/// An upload address that carries its own credential. A publishing machine keeps it between two
/// calls, so it can be stored with the state, but its `Debug` shows the host only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UploadUrl(Url);

impl UploadUrl {
    /// The address that a network gave out, when it is HTTPS and of `domain` or a host below it.
    pub fn of(text: &str, domain: &str) -> Option<Self> {
        let url = Url::parse(text)
            .ok()
            .filter(|url| url.scheme() == "https")?;
        let host = url.host_str()?;
        let below = host
            .strip_suffix(domain)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        (below && url.port().is_none() && url.username().is_empty() && url.password().is_none())
            .then_some(Self(url))
    }

    /// The address in clear, for the wire only.
    pub const fn expose(&self) -> &Url {
        &self.0
    }
}

impl fmt::Debug for UploadUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UploadUrl({})", self.0.host_str().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_hosts_of_the_network_are_taken() {
        let taken = |text| UploadUrl::of(text, "tiktokapis.com").is_some();
        assert!(taken(
            "https://open-upload.tiktokapis.com/video/?upload_id=1"
        ));
        assert!(taken("https://tiktokapis.com/video/"));
        for text in [
            "http://open-upload.tiktokapis.com/video/",
            "https://eviltiktokapis.com/video/",
            "https://tiktokapis.com.example/video/",
            "https://user@open-upload.tiktokapis.com/",
            "https://open-upload.tiktokapis.com:8443/",
            "https://127.0.0.1/",
            "no address",
        ] {
            assert!(!taken(text), "{text} was taken");
        }
    }

    #[test]
    fn its_credential_is_not_shown() {
        let url = UploadUrl::of(
            "https://a.tiktokapis.com/?upload_token=canary",
            "tiktokapis.com",
        );
        assert!(!format!("{url:?}").contains("canary"));
    }
}
