//! The address of a network's consent page.

use oauth2::{
    AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    basic::BasicClient,
};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::{App, Login, Pkce};

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

/// As [`challenge_of`], for networks that want it in hexadecimal.
fn hex_challenge_of(verifier: &SecretString) -> String {
    hex::encode(Sha256::digest(verifier.expose_secret()))
}

/// The address of the consent page.
///
/// The standard's request, bent only where the profile says that the network bends it. The setting
/// `extra_scopes` of a registration asks for more than publishing needs, as a first comment does.
pub fn authorize_url(login: &Login, app: &App, request: &AuthorizeRequest) -> Url {
    let oauth = login.oauth;
    let client = BasicClient::new(ClientId::new(app.client_id.clone()))
        .set_auth_uri(AuthUrl::from_url((oauth.authorize_url)(app)))
        .set_redirect_uri(RedirectUrl::from_url(app.redirect_uri.clone()));
    let state = request.state.expose_secret().to_owned();
    let mut visit = client
        .authorize_url(|| CsrfToken::new(state))
        .add_scope(Scope::new(scopes(login, app).join(oauth.scope_separator)));
    match oauth.pkce {
        Pkce::S256 => {
            let verifier = PkceCodeVerifier::new(request.verifier.expose_secret().to_owned());
            visit =
                visit.set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        }
        Pkce::HexWhere(asks) if asks(app) => {
            visit = visit
                .add_extra_param("code_challenge", hex_challenge_of(&request.verifier))
                .add_extra_param("code_challenge_method", "S256");
        }
        Pkce::HexWhere(_) | Pkce::None => {}
    }
    for (name, value) in oauth.parameters {
        visit = visit.add_extra_param(*name, *value);
    }
    let (standard, _) = visit.url();
    let named = with_client_id_named(standard, oauth.client_id_parameter);
    match oauth.bend {
        Some(bend) => bend(app, named),
        None => named,
    }
}

/// What publishing needs, and what our registration asks for beside it.
fn scopes<'a>(login: &Login, app: &'a App) -> Vec<&'a str> {
    let more = app.settings.get("extra_scopes").map(String::as_str);
    let more = more.into_iter().flat_map(|text| text.split([',', ' ']));
    let mut scopes: Vec<&str> = login.oauth.scopes.to_vec();
    for scope in more.map(str::trim).filter(|scope| !scope.is_empty()) {
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    scopes
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

#[cfg(test)]
mod tests {
    use domain::Platform;

    use super::*;
    use crate::profile;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    fn page(platform: Platform, settings: &[(&str, &str)]) -> Url {
        let app = App {
            client_id: "1".to_owned(),
            client_secret: "secret".into(),
            redirect_uri: Url::parse("https://app.example/back").expect("an address"),
            version: profile(platform).default_version.to_owned(),
            webhook_secret: None,
            webhook_verify_token: None,
            settings: settings
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        };
        let request = AuthorizeRequest {
            state: "state".into(),
            verifier: VERIFIER.into(),
        };
        authorize_url(profile(platform).usual_login(), &app, &request)
    }

    fn parameter(page: &Url, wanted: &str) -> Option<String> {
        let mut found = page.query_pairs().filter(|(name, _)| name == wanted);
        let value = found.next().map(|(_, value)| value.into_owned());
        assert!(found.next().is_none(), "{wanted} is doubled");
        value
    }

    #[test]
    fn a_registration_may_ask_for_more_than_publishing_needs() {
        let more = page(
            Platform::Facebook,
            &[(
                "extra_scopes",
                "pages_manage_engagement, pages_show_list business_management",
            )],
        );
        assert_eq!(
            parameter(&more, "scope").as_deref(),
            Some(
                "pages_show_list,pages_read_engagement,pages_manage_posts,pages_manage_engagement,business_management"
            )
        );
        let spaced = page(Platform::Linkedin, &[("extra_scopes", "r_events")]);
        assert!(
            parameter(&spaced, "scope")
                .expect("scopes")
                .ends_with(" r_events")
        );
    }

    #[test]
    fn a_saved_configuration_takes_the_place_of_scopes() {
        for platform in [Platform::Facebook, Platform::Instagram] {
            let saved = page(platform, &[("login_config_id", "9")]);
            assert_eq!(parameter(&saved, "config_id").as_deref(), Some("9"));
            assert_eq!(parameter(&saved, "scope"), None);
            assert_eq!(parameter(&saved, "state").as_deref(), Some("state"));
            assert_eq!(parameter(&page(platform, &[]), "config_id"), None);
        }
    }

    #[test]
    fn only_a_desktop_app_of_tiktok_sends_a_challenge_and_in_hexadecimal() {
        for settings in [&[][..], &[("pkce", "web")]] {
            let web = page(Platform::Tiktok, settings);
            assert_eq!(parameter(&web, "code_challenge"), None);
            assert_eq!(parameter(&web, "code_challenge_method"), None);
        }
        let desktop = page(Platform::Tiktok, &[("pkce", "desktop")]);
        assert_eq!(
            parameter(&desktop, "code_challenge").as_deref(),
            Some("13d31e961a1ad8ec2f16b10c4c982e0876a878ad6df144566ee1894acb70f9c3")
        );
        assert_eq!(
            parameter(&desktop, "code_challenge_method").as_deref(),
            Some("S256")
        );
    }
}
