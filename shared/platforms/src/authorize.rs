//! The address of a network's consent page.

use oauth2::{
    AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    basic::BasicClient,
};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::{App, Pkce, Profile};

/// What makes one visit to the consent page different from the next.
#[derive(Debug)]
pub struct AuthorizeRequest {
    /// The one-time state.
    pub state: SecretString,
    /// The PKCE verifier; only its challenge leaves the house.
    pub verifier: SecretString,
}

/// The challenge of a PKCE verifier: base64url of its SHA-256.
pub fn challenge_of(verifier: &SecretString) -> String {
    let verifier = PkceCodeVerifier::new(verifier.expose_secret().to_owned());
    PkceCodeChallenge::from_code_verifier_sha256(&verifier)
        .as_str()
        .to_owned()
}

/// The address of the consent page.
///
/// The standard's request, bent only where the profile says that the network bends it.
pub fn authorize_url(profile: &Profile, app: &App, request: &AuthorizeRequest) -> Url {
    let oauth = profile.oauth;
    let client = BasicClient::new(ClientId::new(app.client_id.clone()))
        .set_auth_uri(AuthUrl::from_url((oauth.authorize_url)(app)))
        .set_redirect_uri(RedirectUrl::from_url(app.redirect_uri.clone()));
    let state = request.state.expose_secret().to_owned();
    let mut visit = client
        .authorize_url(|| CsrfToken::new(state))
        .add_scope(Scope::new(oauth.scopes.join(oauth.scope_separator)));
    if oauth.pkce == Pkce::S256 {
        let verifier = PkceCodeVerifier::new(request.verifier.expose_secret().to_owned());
        visit = visit.set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
    }
    for (name, value) in oauth.parameters {
        visit = visit.add_extra_param(*name, *value);
    }
    let (standard, _) = visit.url();
    with_client_id_named(standard, oauth.client_id_parameter)
}

fn with_client_id_named(url: Url, name: &str) -> Url {
    if name == "client_id" {
        return url;
    }
    let pairs: Vec<(String, String)> = url
        .query_pairs()
        .map(|(key, value)| {
            let key = if key == "client_id" {
                name.to_owned()
            } else {
                key.into_owned()
            };
            (key, value.into_owned())
        })
        .collect();
    let mut bent = url;
    bent.query_pairs_mut().clear().extend_pairs(pairs);
    bent
}
