//! What a person's consent gave us.

use secrecy::SecretString;
use serde_json::Value;
use time::OffsetDateTime;

/// What the network sent the browser back with.
#[derive(Debug, Clone)]
pub struct Callback {
    /// The name of the login whose page it comes from; see [`crate::Login`].
    pub login: &'static str,
    /// The one-time code.
    pub code: SecretString,
    /// The PKCE verifier whose challenge went out with the browser, where the network has PKCE.
    pub verifier: Option<SecretString>,
    /// The other parameters of the callback, for networks that say more there.
    pub parameters: Vec<(String, String)>,
}

/// One consent: who gave it, the tokens, and the accounts it lets us publish to.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The network's id, for our app, of the person (or channel) who consented; callbacks name it.
    pub subject: String,
    /// The accounts that can be published to; never empty.
    pub accounts: Vec<GrantedAccount>,
}

/// One account that can be published to.
#[derive(Debug, Clone)]
pub struct GrantedAccount {
    /// The network's id of the account; posts are addressed to it.
    pub external_id: String,
    /// The name with an @, where the network has such.
    pub username: Option<String>,
    /// The name a person knows it by.
    pub display_name: String,
    /// Its picture; may expire.
    pub avatar_url: Option<String>,
    /// What publishing needs to know beside the id; no secrets. Kept with the connection. `login`
    /// names the login it came by, where that is not the network's first.
    pub facts: Value,
    /// The tokens to act for it.
    pub tokens: Tokens,
}

/// The tokens of one account.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// What calls are authorised with.
    pub access: SecretString,
    /// When `access` ends; `None` where it has no end.
    pub access_expires_at: Option<OffsetDateTime>,
    /// What renews `access`; for Meta the long-lived user token that Page tokens come from.
    pub refresh: Option<SecretString>,
    /// When `refresh` ends; `None` where it has no end or there is none.
    pub refresh_expires_at: Option<OffsetDateTime>,
    /// What the person allowed, as the network names it.
    pub scopes: Vec<String>,
}

impl Tokens {
    /// What a network gave to renew these: what it did not give anew stays as it is.
    #[must_use]
    pub(crate) fn renewing(self, old: &Self) -> Self {
        Self {
            refresh: self.refresh.or_else(|| old.refresh.clone()),
            refresh_expires_at: self.refresh_expires_at.or(old.refresh_expires_at),
            scopes: if self.scopes.is_empty() {
                old.scopes.clone()
            } else {
                self.scopes
            },
            ..self
        }
    }
}

/// What is kept of a connection's tokens, opened for one call.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The account's id at the network.
    pub external_id: String,
    /// The name with an @, where the network has such.
    pub username: Option<String>,
    /// Who consented.
    pub subject: String,
    /// What the network told us at connecting; see [`GrantedAccount::facts`].
    pub facts: Value,
    /// The tokens.
    pub tokens: Tokens,
}
