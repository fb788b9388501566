//! Where things are kept.

use std::{path::PathBuf, str::FromStr};

use url::Url;

use crate::{Reader, SecretKey, Stage};

/// How to reach the database.
#[derive(Debug, Clone)]
pub struct DatabaseSettings {
    /// `DATABASE_URL`.
    pub url: String,
    /// `DATABASE_MAX_CONNECTIONS`: how many connections one process holds at most; default 2.
    pub max_connections: u32,
    /// `DATABASE_POOLER`: what stands between this process and the database; default `session`.
    pub pooler: Pooler,
}

/// What stands between a process and its database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooler {
    /// Nothing, or a pooler that keeps each connection on one session of the database.
    Session,
    /// A pooler that gives each transaction whichever session is free, so that nothing outlives a
    /// transaction: no prepared statement, no setting, no `LISTEN`.
    Transaction,
}

impl FromStr for Pooler {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "session" => Ok(Self::Session),
            "transaction" => Ok(Self::Transaction),
            _ => Err("use session or transaction"),
        }
    }
}

impl DatabaseSettings {
    /// Reads them.
    pub fn from_vars(reader: &mut Reader<'_>) -> Self {
        Self {
            url: reader.required("DATABASE_URL", String::new()),
            max_connections: reader.with_default("DATABASE_MAX_CONNECTIONS", 2),
            pooler: reader.with_default("DATABASE_POOLER", Pooler::Session),
        }
    }

    /// Reads them for what needs a session of its own, as migrations do: `DATABASE_DIRECT_URL` goes
    /// before `DATABASE_URL`, and must be there when that leads to a pooler in transaction mode.
    pub fn direct_from_vars(reader: &mut Reader<'_>) -> Self {
        if let Some(url) = reader.optional("DATABASE_DIRECT_URL") {
            return Self {
                url,
                max_connections: reader.with_default("DATABASE_MAX_CONNECTIONS", 2),
                pooler: Pooler::Session,
            };
        }
        let settings = Self::from_vars(reader);
        if settings.pooler == Pooler::Transaction {
            reader.wrong(
                "DATABASE_DIRECT_URL",
                "is missing: migrations need a session, which a pooler in transaction mode cannot give",
            );
        }
        settings
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
