//! Secrets of a developer's machine: made once, kept in the data folder, worth nothing elsewhere.

use std::{collections::BTreeMap, fs, path::Path};

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::Failure;

const FILE: &str = "secrets.json";

/// The secrets under these names, made when they are not there yet; 32 random bytes each, in base64.
pub(crate) fn of(folder: &Path, names: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    fs::create_dir_all(folder)?;
    let path = folder.join(FILE);
    let mut secrets: BTreeMap<String, String> = match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
        Err(error) => return Err(error.into()),
    };
    let before = secrets.len();
    for name in names {
        if !secrets.contains_key(name) {
            let mut bytes = [0; 32];
            SystemRandom::new()
                .fill(&mut bytes)
                .map_err(|_| "the machine gave no random bytes")?;
            secrets.insert(name.clone(), STANDARD.encode(bytes));
        }
    }
    if secrets.len() > before {
        write_privately(&path, &serde_json::to_vec_pretty(&secrets)?)?;
    }
    Ok(secrets)
}

fn write_privately(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    let mut file = fs::OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)
}
