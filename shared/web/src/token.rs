//! Access tokens: short-lived JWTs of one algorithm, signed and accepted with our own keys only.

use domain::{SessionId, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use settings::HttpSettings;
use time::OffsetDateTime;

const KIND: &str = "at+jwt";
const AUDIENCE: &str = "picscripter-api";
/// How far clocks may differ, in seconds.
const LEEWAY: u64 = 30;

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
    let header = Header {
        typ: Some(KIND.to_owned()),
        ..Header::new(Algorithm::HS256)
    };
    let key = settings
        .jwt_keys
        .first()
        .map(settings::SecretKey::expose)
        .unwrap_or_default();
    encode(&header, &claims, &EncodingKey::from_secret(key))
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
        (token.header.typ.as_deref() == Some(KIND)).then_some(token.claims)
    })?;
    let (now, leeway) = (now.unix_timestamp(), i64::try_from(LEEWAY).ok()?);
    let lives =
        token.exp > now - leeway && token.nbf <= now + leeway && token.exp - token.iat <= 15 * 60;
    lives.then_some(token)
}

fn issuer(settings: &HttpSettings) -> String {
    settings.public_url.origin().ascii_serialization()
}
