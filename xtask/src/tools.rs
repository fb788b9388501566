//! The programs that tests need and that are not Rust: installed where that is one command.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::shell;

const DEBIAN: &str = "/usr/bin/apt-get";
/// What comes from PyPI, with versions.
const PYTHON: &str = include_str!("../tools.txt");

/// Debian's packages that tests need, each with a program of it.
const PACKAGES: [(&str, &str); 3] = [
    ("postgresql", "postgres"),
    ("redis-server", "redis-server"),
    ("pgbouncer", "pgbouncer"),
];

/// Installs what is missing of servers, where `apt-get` may be used; elsewhere a test that misses one says so.
pub(crate) fn install_servers() {
    install_missing(&PACKAGES);
}

/// Installs Postgres, where it is missing and `apt-get` may be used; elsewhere it is fetched.
pub(crate) fn install_postgres() {
    install_missing(&PACKAGES[..1]);
}

fn install_missing(packages: &[(&'static str, &str)]) {
    let missing: Vec<&str> = packages
        .iter()
        .filter(|(_, program)| !is_installed(program))
        .map(|(package, _)| *package)
        .collect();
    if missing.is_empty() || !can_install() {
        return;
    }
    if let Err(why) = install(&missing) {
        eprintln!("apt-get did not help ({why}); what misses a server says so");
    }
}

/// Whether this machine's packages are Debian's and this process may install them.
pub(crate) fn can_install() -> bool {
    Path::new(DEBIAN).exists() && is_root()
}

/// Installs packages of Debian's.
pub(crate) fn install(packages: &[&str]) -> Result<(), String> {
    let apt = |arguments: &[&str]| {
        shell::run(
            Command::new(DEBIAN)
                .args(arguments)
                .env("DEBIAN_FRONTEND", "noninteractive"),
        )
    };
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(packages);
    apt(&["update"]).and_then(|()| apt(&install))
}

/// Installs the tools from PyPI into a folder of the project's, once for each list of versions; gives
/// the folder of the programs.
pub(crate) fn install_tools() -> Result<PathBuf, String> {
    let folder = shell::root().join("target/tools");
    let (programs, installed) = (folder.join("bin"), folder.join("installed.txt"));
    if fs::read_to_string(&installed).is_ok_and(|list| list == PYTHON) {
        return Ok(programs);
    }
    let make = ["-m", "venv", "--clear"];
    shell::run(Command::new("python3").args(make).arg(&folder))?;
    shell::run(
        Command::new(programs.join("pip"))
            .args(["install", "--quiet", "--disable-pip-version-check"])
            .args(PYTHON.lines()),
    )?;
    fs::write(&installed, PYTHON).map_err(|error| error.to_string())?;
    Ok(programs)
}

fn is_installed(program: &str) -> bool {
    let named = std::env::var_os("PG_BIN").map(PathBuf::from);
    let asked = Command::new("pg_config")
        .arg("--bindir")
        .stderr(Stdio::null())
        .output();
    let asked = asked
        .ok()
        .map(|told| PathBuf::from(String::from_utf8_lossy(&told.stdout).trim()));
    let packaged = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let path = std::env::var_os("PATH").unwrap_or_default();
    named
        .into_iter()
        .chain(asked)
        .chain(packaged.map(|entry| entry.path().join("bin")))
        .chain(std::env::split_paths(&path))
        .chain(["/usr/sbin", "/usr/bin"].map(PathBuf::from))
        .any(|folder| folder.join(program).is_file())
}

fn is_root() -> bool {
    let told = Command::new("id").arg("-u").output();
    told.is_ok_and(|told| told.stdout.trim_ascii() == b"0")
}
