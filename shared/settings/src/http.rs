//! What every HTTP function is told.

use time::Duration;
use url::Url;

use crate::{Reader, Stage};

/// What every HTTP function is told.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// `APP_ENV`: development or production; default production.
    pub stage: Stage,
    /// `PUBLIC_URL`: where the app reaches these functions; https outside development.
    pub public_url: Url,
    /// `APP_URL`: the app's fixed page that a browser ends on after a callback; default `PUBLIC_URL`.
    pub app_url: Url,
    /// `CORS_ORIGINS`: exact origins, separated by commas, whose pages may call; default none.
    pub cors_origins: Vec<String>,
    /// `JWT_SECRET`: signs access tokens; 32 bytes in base64. `JWT_SECRET_PREVIOUS`, if given, is
    /// still accepted while keys are changed.
    pub jwt_keys: Vec<SecretKey>,
    /// `ACCESS_TOKEN_MINUTES`: how long an access token lives; 1 to 15, default 15.
    pub access_life: Duration,
    /// `REFRESH_TOKEN_DAYS`: how long a sign-in lives; default 30.
    pub refresh_life: Duration,
    /// `RATE_LIMIT_PER_MINUTE`: requests a user may make; default 120.
    pub requests_per_minute: u32,
    /// `NETWORKS_BASE_URL`: where the simulated networks are; refused outside development.
    pub networks_base_url: Option<Url>,
}

/// What leads people to consent pages and back.
#[derive(Debug, Clone)]
pub struct ConsentSettings {
    /// `STATE_KEY`: 32 bytes in base64 that bind OAuth states to their visit.
    pub state_key: SecretKey,
}

impl ConsentSettings {
    /// Reads them.
    pub fn from_vars(reader: &mut Reader<'_>) -> Self {
        Self {
            state_key: SecretKey(reader.key("STATE_KEY")),
        }
    }
}

/// A key of 32 bytes that is never shown.
#[derive(Clone)]
pub struct SecretKey(Vec<u8>);

impl SecretKey {
    /// The bytes, for the one computation that needs them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for SecretKey {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

impl HttpSettings {
    /// Reads them.
    pub fn from_vars(reader: &mut Reader<'_>) -> Self {
        let stage = reader.with_default("APP_ENV", Stage::Production);
        let public_url = public_url(reader, stage);
        let mut jwt_keys = vec![SecretKey(reader.key("JWT_SECRET"))];
        if reader.vars().find("JWT_SECRET_PREVIOUS").is_some() {
            jwt_keys.push(SecretKey(reader.key("JWT_SECRET_PREVIOUS")));
        }
        let minutes = reader.with_default("ACCESS_TOKEN_MINUTES", 15);
        if !(1..=15).contains(&minutes) {
            reader.wrong("ACCESS_TOKEN_MINUTES", "must be 1 to 15");
        }
        let cors: String = reader.with_default("CORS_ORIGINS", String::new());
        Self {
            stage,
            app_url: reader.with_default("APP_URL", public_url.clone()),
            public_url,
            cors_origins: cors
                .split(',')
                .map(|origin| origin.trim().trim_end_matches('/').to_owned())
                .filter(|origin| !origin.is_empty())
                .collect(),
            jwt_keys,
            access_life: Duration::minutes(minutes),
            refresh_life: Duration::days(reader.with_default("REFRESH_TOKEN_DAYS", 30)),
            requests_per_minute: reader.with_default("RATE_LIMIT_PER_MINUTE", 120),
            networks_base_url: networks_base_url(reader, stage),
        }
    }
}

/// `PUBLIC_URL`, which must be https outside development.
pub(crate) fn public_url(reader: &mut Reader<'_>, stage: Stage) -> Url {
    let url = reader.url("PUBLIC_URL");
    if url.scheme() != "https" && !stage.is_development() {
        reader.wrong("PUBLIC_URL", "must begin with https:// outside development");
    }
    url
}

/// `NETWORKS_BASE_URL`, which is refused outside development.
pub(crate) fn networks_base_url(reader: &mut Reader<'_>, stage: Stage) -> Option<Url> {
    let url = reader.optional("NETWORKS_BASE_URL");
    if url.is_some() && !stage.is_development() {
        reader.wrong("NETWORKS_BASE_URL", "is for development only");
    }
    url
}
