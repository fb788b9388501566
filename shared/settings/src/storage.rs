//! Where things are kept.

use std::path::PathBuf;

use url::Url;

use crate::{Reader, SecretKey, Stage};

/// How to reach the database.
#[derive(Debug, Clone)]
pub struct DatabaseSettings {
    /// `DATABASE_URL`.
    pub url: String,
    /// `DATABASE_MAX_CONNECTIONS`: how many connections one process holds at most; default 2.
    pub max_connections: u32,
}

impl DatabaseSettings {
    /// Reads them.
    pub fn from_vars(reader: &mut Reader<'_>) -> Self {
        Self {
            url: reader.required("DATABASE_URL", String::new()),
            max_connections: reader.with_default("DATABASE_MAX_CONNECTIONS", 2),
        }
    }
}

/// What seals secrets.
#[derive(Debug, Clone)]
pub struct VaultSettings {
    /// `TOKEN_KEY`: 32 bytes in base64 that wrap the data keys.
    pub local_key: SecretKey,
}

impl VaultSettings {
    /// Reads them.
    pub fn from_vars(reader: &mut Reader<'_>) -> Self {
        Self {
            local_key: reader.key("TOKEN_KEY").into(),
        }
    }
}

/// Where pictures and videos are kept.
#[derive(Debug, Clone)]
pub struct ObjectSettings {
    /// `MEDIA_DIR`: the folder.
    pub folder: PathBuf,
    /// `MEDIA_KEY`: 32 bytes in base64 that sign the addresses under which networks fetch files.
    pub signing_key: SecretKey,
    /// `MEDIA_PUBLIC_URL`: what those addresses begin with; default `PUBLIC_URL` + `/objects/`.
    pub public_url: Url,
    /// Origins from which media is fetched although they are local: `MEDIA_LOCAL_ORIGINS`,
    /// separated by commas; refused outside development.
    pub local_origins: Vec<String>,
}

impl ObjectSettings {
    /// Reads them.
    pub fn from_vars(reader: &mut Reader<'_>, stage: Stage, public_url: &Url) -> Self {
        let fallback = public_url
            .join("/objects/")
            .unwrap_or_else(|_| public_url.clone());
        let local_origins: Vec<String> = reader
            .with_default("MEDIA_LOCAL_ORIGINS", String::new())
            .split(',')
            .map(str::trim)
            .filter(|origin| !origin.is_empty())
            .map(str::to_owned)
            .collect();
        if !local_origins.is_empty() && !stage.is_development() {
            reader.wrong("MEDIA_LOCAL_ORIGINS", "is for development only");
        }
        Self {
            folder: reader.required("MEDIA_DIR", PathBuf::new()),
            signing_key: reader.key("MEDIA_KEY").into(),
            public_url: reader.with_default("MEDIA_PUBLIC_URL", fallback),
            local_origins,
        }
    }
}
