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
    // Those of the simulated networks stay in the file, and must not be taken for real ones.
    secrets.retain(|name, _| names.contains(name));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_last_and_only_those_that_are_asked_for_are_given() {
        let folder = tempfile::tempdir().unwrap();
        let names = |names: &[&str]| names.iter().copied().map(str::to_owned).collect::<Vec<_>>();
        let first = of(folder.path(), &names(&["JWT_SECRET", "X_CLIENT_SECRET"])).unwrap();
        assert_eq!(first.len(), 2);
        let second = of(folder.path(), &names(&["JWT_SECRET"])).unwrap();
        assert_eq!(second.len(), 1);
        assert_eq!(second["JWT_SECRET"], first["JWT_SECRET"]);
        let third = of(folder.path(), &names(&["X_CLIENT_SECRET"])).unwrap();
        assert_eq!(third["X_CLIENT_SECRET"], first["X_CLIENT_SECRET"]);
    }
}
