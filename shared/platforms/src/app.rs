//! Our app as one network knows it.

use std::collections::BTreeMap;

use secrecy::SecretString;
use url::Url;

/// The registration of our app at one network, from the environment.
#[derive(Debug, Clone)]
pub struct App {
    /// What the network calls us by.
    pub client_id: String,
    /// What proves that it is us.
    pub client_secret: SecretString,
    /// Where the browser comes back to; registered at the network to the letter.
    pub redirect_uri: Url,
    /// The version of the network's interface that we speak, where it has one.
    pub version: String,
    /// What signs the network's webhooks, where that is not the client secret.
    pub webhook_secret: Option<SecretString>,
    /// What the network repeats when it checks our webhook address.
    pub webhook_verify_token: Option<SecretString>,
    /// Facts that a network's sheet leaves open, by name; each network documents its own.
    pub settings: BTreeMap<String, String>,
}
