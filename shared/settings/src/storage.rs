//! Where things are kept.

use std::{net::IpAddr, path::PathBuf, str::FromStr};

use time::Duration;
use url::Url;

use crate::{Reader, SecretKey, Stage};

/// How to reach the database.
#[derive(Debug, Clone)]
pub struct DatabaseSettings {
    /// `DATABASE_URL`; outside development with `sslmode=verify-full`, unless it leads to this machine.
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
        let url: String = reader.required("DATABASE_URL", String::new());
        demand_proof(reader, "DATABASE_URL", &url);
        Self {
            url,
            max_connections: reader.with_default("DATABASE_MAX_CONNECTIONS", 2),
            pooler: reader.with_default("DATABASE_POOLER", Pooler::Session),
        }
    }

    /// Reads them for what needs a session of its own, as migrations do: `DATABASE_DIRECT_URL` goes
    /// before `DATABASE_URL`, and must be there when that leads to a pooler in transaction mode.
    pub fn direct_from_vars(reader: &mut Reader<'_>) -> Self {
        let direct: Option<String> = reader.optional("DATABASE_DIRECT_URL");
        if let Some(url) = direct {
            demand_proof(reader, "DATABASE_DIRECT_URL", &url);
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

/// A database must prove itself outside development: every other mode of TLS, and none at all, lets anybody
/// on the way be the database.
fn demand_proof(reader: &mut Reader<'_>, name: &str, address: &str) {
    // Whoever reads the stage says what is wrong with it.
    let stage = reader.vars().find("APP_ENV").map(str::parse);
    let is_development = matches!(stage, Some(Ok(Stage::Development)));
    if !address.is_empty() && !is_development && !is_proven(address) {
        reader.wrong(
            name,
            "must say sslmode=verify-full outside development, unless the database is on this machine",
        );
    }
}

fn is_proven(address: &str) -> bool {
    let Ok(address) = Url::parse(address) else {
        return false;
    };
    let said = |names: [&str; 2]| -> Vec<String> {
        let pairs = address.query_pairs();
        let pairs = pairs.filter(|(name, _)| names.contains(&&**name));
        pairs.map(|(_, value)| value.into_owned()).collect()
    };
    // What is said in the query goes before the host, and what is said last before the rest.
    let hosts = said(["host", "hostaddr"]);
    let host = hosts.last().map(String::as_str).or(address.host_str());
    if host.is_none_or(is_here) {
        return true;
    }
    let mode = said(["sslmode", "ssl-mode"]).pop();
    mode.is_some_and(|mode| mode.eq_ignore_ascii_case("verify-full"))
}

/// Whether a host is this machine, by a socket or a loopback address.
fn is_here(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost"
        || host.starts_with('/')
        || host.to_ascii_lowercase().starts_with("%2f")
        || address.is_ok_and(|address| address.is_loopback())
}

/// What seals secrets.
#[derive(Debug, Clone)]
pub struct VaultSettings {
    /// `KMS_KEY_ID` or `TOKEN_KEY`, exactly one of them: what wraps the data keys.
    pub wrapping_key: WrappingKey,
    /// `KEY_ROTATION_DAYS`: the age at which the current data key is replaced; default 90.
    pub key_life: Duration,
}

/// What wraps data keys.
#[derive(Debug, Clone)]
pub enum WrappingKey {
    /// A key of AWS KMS, by ARN.
    Kms(String),
    /// 32 bytes.
    Local(SecretKey),
}

impl VaultSettings {
    /// Reads them.
    pub fn from_vars(reader: &mut Reader<'_>) -> Self {
        let arn: Option<String> = reader.optional("KMS_KEY_ID");
        let wrapping_key = if let Some(arn) = arn {
            if reader.vars().find("TOKEN_KEY").is_some() {
                reader.wrong("TOKEN_KEY", "must be absent where KMS_KEY_ID is set");
            }
            if !is_key_arn(&arn) {
                reader.wrong("KMS_KEY_ID", "must be the ARN of a key, arn:…:kms:…:key/…");
            }
            WrappingKey::Kms(arn)
        } else {
            WrappingKey::Local(reader.key("TOKEN_KEY").into())
        };
        let days = reader.with_default("KEY_ROTATION_DAYS", 90);
        if !(1..=3650).contains(&days) {
            reader.wrong("KEY_ROTATION_DAYS", "must be 1 to 3650");
        }
        Self {
            wrapping_key,
            key_life: Duration::days(days),
        }
    }
}

/// Whether this is `arn:PARTITION:kms:REGION:ACCOUNT:key/ID`. An alias is not enough: it can come to mean
/// another key, which opens nothing.
fn is_key_arn(text: &str) -> bool {
    let parts: Vec<_> = text.split(':').collect();
    matches!(
        parts[..],
        ["arn", partition, "kms", region, account, key]
            if !partition.is_empty() && !region.is_empty() && !account.is_empty()
                && key.strip_prefix("key/").is_some_and(|id| !id.is_empty())
    )
}

/// Where pictures, videos and documents are kept.
#[derive(Debug, Clone)]
pub struct ObjectSettings {
    /// The place itself.
    pub place: ObjectPlace,
    /// Origins from which media is fetched although they are local: `MEDIA_LOCAL_ORIGINS`,
    /// separated by commas; refused outside development.
    pub local_origins: Vec<String>,
}

/// A bucket, or a folder of the machine.
#[derive(Debug, Clone)]
pub enum ObjectPlace {
    /// `MEDIA_BUCKET`: the name of a bucket of S3.
    Bucket(String),
    /// Without it, a folder.
    Folder(FolderSettings),
}

/// A folder whose files are served under signed addresses.
#[derive(Debug, Clone)]
pub struct FolderSettings {
    /// `MEDIA_DIR`: the folder.
    pub folder: PathBuf,
    /// `MEDIA_KEY`: 32 bytes in base64 that sign the addresses under which networks fetch files.
    pub signing_key: SecretKey,
    /// `MEDIA_PUBLIC_URL`: what those addresses begin with; default `PUBLIC_URL` + `/objects/`.
    pub public_url: Url,
}

impl ObjectSettings {
    /// Reads them.
    pub fn from_vars(reader: &mut Reader<'_>, stage: Stage, public_url: &Url) -> Self {
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
        let place = match reader.vars().find("MEDIA_BUCKET") {
            Some(bucket) => ObjectPlace::Bucket(bucket.to_owned()),
            None => ObjectPlace::Folder(FolderSettings::from_vars(reader, public_url)),
        };
        Self {
            place,
            local_origins,
        }
    }
}

impl FolderSettings {
    fn from_vars(reader: &mut Reader<'_>, public_url: &Url) -> Self {
        let fallback = public_url
            .join("/objects/")
            .unwrap_or_else(|_| public_url.clone());
        Self {
            folder: reader.required("MEDIA_DIR", PathBuf::new()),
            signing_key: reader.key("MEDIA_KEY").into(),
            public_url: reader.with_default("MEDIA_PUBLIC_URL", fallback),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Vars;

    const KEY: (&str, &str) = ("TOKEN_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    const ARN: (&str, &str) = (
        "KMS_KEY_ID",
        "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    );

    #[test]
    fn either_kind_of_wrapping_key_is_enough() {
        assert!(matches!(
            read(&[KEY]).unwrap().wrapping_key,
            WrappingKey::Local(_)
        ));
        assert!(matches!(
            read(&[ARN]).unwrap().wrapping_key,
            WrappingKey::Kms(arn) if arn == ARN.1
        ));
    }

    #[test]
    fn none_or_both_stop_the_start() {
        assert!(read(&[]).unwrap_err().contains("TOKEN_KEY"));
        assert!(read(&[KEY, ARN]).unwrap_err().contains("TOKEN_KEY"));
    }

    #[test]
    fn what_is_not_the_arn_of_a_key_stops_the_start() {
        for text in [
            "1234abcd-12ab-34cd-56ef-1234567890ab",
            "alias/tokens",
            "arn:aws:kms:eu-central-1:111122223333:alias/tokens",
            "arn:aws:kms:eu-central-1:111122223333:key/",
            "arn:aws:s3:eu-central-1:111122223333:key/1",
            "arn:aws:kms::111122223333:key/1",
        ] {
            let refused = read(&[("KMS_KEY_ID", text)]).unwrap_err();
            assert!(refused.contains("KMS_KEY_ID"), "{text}: {refused}");
        }
    }

    #[test]
    fn data_keys_are_replaced_after_90_days_unless_told_otherwise() {
        assert_eq!(read(&[KEY]).unwrap().key_life, Duration::days(90));
        let told = read(&[KEY, ("KEY_ROTATION_DAYS", "7")]).unwrap();
        assert_eq!(told.key_life, Duration::days(7));
        for wrong in ["0", "-1", "3651", "soon"] {
            let refused = read(&[KEY, ("KEY_ROTATION_DAYS", wrong)]).unwrap_err();
            assert!(refused.contains("KEY_ROTATION_DAYS"), "{wrong}");
        }
    }

    fn read(vars: &[(&str, &str)]) -> Result<VaultSettings, String> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let vars = Vars::from_pairs(vars.iter().map(owned));
        let mut reader = Reader::new(&vars);
        let settings = VaultSettings::from_vars(&mut reader);
        reader.finish(settings).map_err(|error| error.to_string())
    }
}
