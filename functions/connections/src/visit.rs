//! What ties a callback to the visit it ends: the state, the browser, the PKCE verifier.

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::Platform;
use hmac::{Hmac, Mac as _};
use http::{HeaderMap, HeaderValue, header};
use platforms::Login;
use secrecy::SecretString;
use settings::ConsentSettings;
use sha2::{Digest as _, Sha256};
use time::Duration;
use web::Problem;

use crate::Env;

/// How long a person may take on the consent page.
pub(crate) const LIFE: Duration = Duration::minutes(10);

const COOKIE: &str = "picscripter_browser";

/// 256 random bits in text.
pub(crate) fn chance() -> Result<String, Problem> {
    let mut bytes = [0; 32];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|error| Problem::internal(&error))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

pub(crate) fn hash(text: &str) -> Vec<u8> {
    Sha256::digest(text).to_vec()
}

/// The PKCE verifier of a visit: derived from its state, so that it is stored nowhere.
pub(crate) fn verifier(settings: &ConsentSettings, state: &str) -> SecretString {
    let mac = Hmac::<Sha256>::new_from_slice(settings.state_key.expose())
        .map(|mac| {
            mac.chain_update(b"pkce\0")
                .chain_update(state)
                .finalize()
                .into_bytes()
                .to_vec()
        })
        // HMAC takes a key of any length.
        .unwrap_or_default();
    URL_SAFE_NO_PAD.encode(mac).into()
}

/// The browser that a request came from, as an earlier answer marked it.
pub(crate) fn browser(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value.to_owned())
        .filter(|value| value.len() == 43)
}

/// The cookie that marks a browser. Its path holds the address that begins a visit too, so that a
/// second visit keeps the mark of the first, and both can be ended.
pub(crate) fn mark(env: &Env, browser: &str) -> Result<HeaderValue, Problem> {
    let secure = if env.web.settings.public_url.scheme() == "https" {
        "; Secure"
    } else {
        ""
    };
    let age = LIFE.whole_seconds();
    HeaderValue::try_from(format!(
        "{COOKIE}={browser}; Path=/api/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}"
    ))
    .map_err(|error| Problem::internal(&error))
}

/// The network of a path; an unknown one is a problem that lists those there are.
pub(crate) fn platform(name: &str) -> Result<Platform, Problem> {
    name.parse().map_err(|error: domain::UnknownPlatform| {
        Problem::field(
            "platform",
            "unknown_platform",
            error.to_string(),
            "Use one of these names.",
        )
    })
}

/// The login of a name, or the network's usual one; an unknown name is a problem that lists those there are.
pub(crate) fn login(platform: Platform, name: Option<&str>) -> Result<&'static Login, Problem> {
    let profile = platforms::profile(platform);
    let Some(name) = name else {
        return Ok(profile.usual_login());
    };
    profile.login(name).ok_or_else(|| {
        let names: Vec<&str> = profile.logins.iter().map(|login| login.name).collect();
        Problem::field(
            "login",
            "unknown_login",
            format!("is no login of {}", platform.display_name()),
            format!("Leave it out, or use one of these: {}.", names.join(", ")),
        )
    })
}
