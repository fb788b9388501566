//! Finds the programs of Postgres.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use tokio::process::Command;

use super::{PostgresError, account::Account, fetch};

/// The oldest major version whose data and SQL this project relies on.
pub(super) const OLDEST: u32 = 14;

/// Folders that hold one folder per version, and what lies between that and the programs.
const VERSIONED: [(&str, &str); 6] = [
    ("/usr/lib/postgresql", "bin"),
    ("/usr", "bin"),
    ("/opt/homebrew/opt", "bin"),
    ("/usr/local/opt", "bin"),
    ("/home/linuxbrew/.linuxbrew/opt", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "bin"),
];

/// Where to look.
#[derive(Debug, Clone, Default)]
pub struct BinarySettings {
    /// The folder of the programs, when the person named one; nothing else is then tried.
    pub pg_bin: Option<PathBuf>,
    /// The search path of the process.
    pub path: Option<OsString>,
    /// Where fetched programs are kept between runs; without it none are fetched.
    pub cache: Option<PathBuf>,
}

impl BinarySettings {
    /// Reads `PG_BIN`, `PATH` and the place for caches from the environment.
    pub fn from_env() -> Self {
        let folder = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let cache = if rustix::process::geteuid().is_root() {
            // Root's home is closed to the account the programs run as.
            Some(PathBuf::from("/var/cache"))
        } else {
            folder("XDG_CACHE_HOME")
                .map(PathBuf::from)
                .or_else(|| folder("HOME").map(|home| PathBuf::from(home).join(".cache")))
        };
        Self {
            pg_bin: folder("PG_BIN").map(PathBuf::from),
            path: std::env::var_os("PATH"),
            cache: cache.map(|cache| cache.join("picscripter")),
        }
    }
}

/// The programs of one installed Postgres.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    folder: PathBuf,
    version: u32,
}

impl Binaries {
    /// Finds an installed Postgres, or fetches one; of several, the one of version `wanted`, else the first found.
    pub async fn find(
        settings: &BinarySettings,
        wanted: Option<u32>,
    ) -> Result<Self, PostgresError> {
        let account = Account::choose()?;
        if let Some(folder) = &settings.pg_bin {
            return Self::inspect(folder, account)
                .await
                .map_err(|why| PostgresError::Absent {
                    tried: format!("PG_BIN names {}, but {why}", folder.display()),
                });
        }
        let mut first = None;
        for folder in candidates(settings).await {
            let Ok(found) = Self::inspect(&folder, account).await else {
                continue;
            };
            if wanted.is_none_or(|version| version == found.version) {
                return Ok(found);
            }
            first.get_or_insert(found);
        }
        match first {
            Some(found) => Ok(found),
            None => fetch::fetch(settings, account).await,
        }
    }

    /// The major version.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The folder of the programs.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Takes the programs of one folder, if they are whole, new enough and run under that account.
    pub(super) async fn inspect(folder: &Path, account: Account) -> Result<Self, String> {
        let programs = ["postgres", "initdb"].map(|name| folder.join(name));
        if let Some(missing) = programs.iter().find(|program| !program.is_file()) {
            return Err(format!("{} is missing", missing.display()));
        }
        if !account.reaches(&programs[0]) {
            return Err("the account of the server cannot reach it".to_owned());
        }
        let told = account
            .command(&programs[0])
            .arg("--version")
            .output()
            .await
            .map_err(|error| format!("postgres does not start: {error}"))?;
        let told = String::from_utf8_lossy(&told.stdout).into_owned();
        match major(&told) {
            Some(version) if version >= OLDEST => Ok(Self {
                folder: folder.to_path_buf(),
                version,
            }),
            Some(version) => Err(format!("it is version {version}")),
            None => Err(format!("postgres does not tell its version but {told:?}")),
        }
    }
}

async fn candidates(settings: &BinarySettings) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    let asked = Command::new("pg_config").arg("--bindir").output().await;
    if let Ok(told) = asked {
        folders.push(PathBuf::from(String::from_utf8_lossy(&told.stdout).trim()));
    }
    for (above, below) in VERSIONED {
        folders.extend(
            by_version(Path::new(above))
                .into_iter()
                .map(|found| found.join(below)),
        );
    }
    let on_path = settings.path.iter().flat_map(std::env::split_paths);
    // A program on the path may be a link into the folder that holds the others.
    folders.extend(on_path.filter_map(|folder| {
        let program = fs::canonicalize(folder.join("postgres")).ok()?;
        program.parent().map(Path::to_path_buf)
    }));
    folders.extend(settings.cache.iter().flat_map(|cache| fetch::kept(cache)));
    folders
}

/// The folders of installed versions in `above`, the newest first.
fn by_version(above: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(above)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok()?;
            let version = ["", "postgresql@", "pgsql-"]
                .iter()
                .find_map(|prefix| name.strip_prefix(prefix)?.parse::<u32>().ok())?;
            Some((version, entry.path()))
        })
        .collect();
    found.sort_unstable_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, path)| path).collect()
}

fn major(told: &str) -> Option<u32> {
    let version = told.split_once("(PostgreSQL)")?.1.trim_start();
    let digits = version.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_every_spelling() {
        assert_eq!(
            major("postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(major("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major("postgres (PostgreSQL) 9.6.24\n"), Some(9));
        assert_eq!(major("mysqld 8.0\n"), None);
    }

    #[test]
    fn of_several_versions_the_newest_comes_first() {
        let above = tempfile::tempdir().unwrap();
        for name in ["9", "postgresql@14", "17", "postgresql", "libpq"] {
            fs::create_dir(above.path().join(name)).unwrap();
        }
        let names: Vec<_> = by_version(above.path())
            .iter()
            .map(|path| {
                path.strip_prefix(above.path())
                    .unwrap()
                    .display()
                    .to_string()
            })
            .collect();
        assert_eq!(names, ["17", "postgresql@14", "9"]);
    }

    #[tokio::test]
    async fn a_folder_the_person_named_is_not_silently_passed_over() {
        let empty = tempfile::tempdir().unwrap();
        let settings = BinarySettings {
            pg_bin: Some(empty.path().to_path_buf()),
            ..BinarySettings::from_env()
        };
        let found = Binaries::find(&settings, None).await;
        assert!(matches!(found, Err(PostgresError::Absent { tried }) if tried.contains("PG_BIN")));
    }
}
