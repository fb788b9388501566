//! Access tokens: short-lived JWTs of one algorithm, signed and accepted with our own keys only.

use domain::{SessionId, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use settings::HttpSettings;
use time::OffsetDateTime;

const KIND: &str = "at+jwt";
const AUDIENCE: &str = "picscripter-api";
/// How far ahead the clock of the process that issued a token may be, in seconds.
const LEEWAY: i64 = 30;
/// The longest life a token of ours ever had, in seconds.
const LONGEST: i64 = 15 * 60;

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessToken {
    /// Whose it is.
    pub sub: UserId,
    /// The sign-in it belongs to.
    pub sid: SessionId,
    iss: String,
    aud: String,
    jti: String,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// Issues an access token.
///
/// # Errors
/// When the signing key is of no use.
pub fn issue(
    settings: &HttpSettings,
    user: UserId,
    session: SessionId,
    now: OffsetDateTime,
) -> Result<String, jsonwebtoken::errors::Error> {
    let claims = AccessToken {
        sub: user,
        sid: session,
        iss: issuer(settings),
        aud: AUDIENCE.to_owned(),
        jti: domain::EventId::mint().uuid().simple().to_string(),
        iat: now.unix_timestamp(),
        nbf: now.unix_timestamp(),
        exp: (now + settings.access_life).unix_timestamp(),
    };
    let key = settings
        .jwt_keys
        .first()
        .map(settings::SecretKey::expose)
        .unwrap_or_default();
    encode(&header(), &claims, &EncodingKey::from_secret(key))
}

/// What a token says, if it is one of ours and its time has not passed.
pub(crate) fn read(
    settings: &HttpSettings,
    text: &str,
    now: OffsetDateTime,
) -> Option<AccessToken> {
    let mut rules = Validation::new(Algorithm::HS256);
    rules.set_issuer(&[issuer(settings)]);
    rules.set_audience(&[AUDIENCE]);
    rules.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    // The times are held against our own clock below.
    rules.validate_exp = false;
    rules.validate_nbf = false;
    let token = settings.jwt_keys.iter().find_map(|key| {
        let token =
            decode::<AccessToken>(text, &DecodingKey::from_secret(key.expose()), &rules).ok()?;
        // A header of ours is one constant: no key id, no address of a key, no extension.
        (token.header == header()).then_some(token.claims)
    })?;
    let now = now.unix_timestamp();
    let lives = token.exp > now
        && token.nbf <= now + LEEWAY
        && token.iat <= now + LEEWAY
        && token.exp.checked_sub(token.iat)? <= LONGEST;
    let named = token.jti.len() == 32 && token.jti.bytes().all(|byte| byte.is_ascii_hexdigit());
    (lives && named).then_some(token)
}

fn header() -> Header {
    Header {
        typ: Some(KIND.to_owned()),
        ..Header::new(Algorithm::HS256)
    }
}

fn issuer(settings: &HttpSettings) -> String {
    settings.public_url.origin().ascii_serialization()
}
