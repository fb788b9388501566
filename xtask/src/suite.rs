//! Tests and benchmarks.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use crate::shell;

const DEBIAN: &str = "/usr/bin/apt-get";
const PROGRAM: &str = "postgres";

/// `cargo xtask test [FILTER…]`
pub(crate) fn test(filters: &[String]) -> ExitCode {
    install_postgres();
    shell::exit(run_tests(filters))
}

/// `cargo xtask bench [CRATE [FILTER…]]`
pub(crate) fn bench(arguments: &[String]) -> ExitCode {
    let benchmarked = benchmarked();
    let named = arguments
        .split_first()
        .filter(|(name, _)| benchmarked.contains(name));
    let Some((name, filters)) = named else {
        let asked = arguments
            .first()
            .map_or("no crate was named", |_| "no benchmark has that name");
        let list = if benchmarked.is_empty() {
            "none".to_owned()
        } else {
            benchmarked.join(", ")
        };
        eprintln!("{asked}; crates with benchmarks: {list}");
        return ExitCode::from(2);
    };
    shell::exit(shell::run(
        shell::cargo(["bench", "--package", name])
            .arg("--")
            .args(filters),
    ))
}

fn run_tests(filters: &[String]) -> Result<(), String> {
    if !shell::has_cargo("nextest") {
        eprintln!("cargo-nextest is not installed; cargo's own runner is used");
        return beside_postgres(["cargo", "test", "--workspace", "--"], filters);
    }
    let nextest = ["cargo", "nextest", "run", "--workspace", "--profile", "ci"];
    beside_postgres(nextest, filters)?;
    if filters.is_empty() {
        beside_postgres(["cargo", "test", "--workspace", "--doc"], &[])?;
    }
    Ok(())
}

/// Runs a command with the maintenance database of an empty server in `DATABASE_URL`.
fn beside_postgres<const N: usize>(command: [&str; N], arguments: &[String]) -> Result<(), String> {
    let throwaway = [
        "run",
        "--quiet",
        "--package",
        "cluster",
        "--bin",
        "throwaway",
        "--",
    ];
    shell::run(
        shell::cargo(throwaway)
            .arg("--bare")
            .args(command)
            .args(arguments)
            .env("INSTA_UPDATE", "no"),
    )
}

/// Installs a server where that is one command; elsewhere the cluster fetches one for itself, or says what to do.
fn install_postgres() {
    if has_postgres() || !Path::new(DEBIAN).exists() || !is_root() {
        return;
    }
    let apt = |arguments: &[&str]| {
        shell::run(
            Command::new(DEBIAN)
                .args(arguments)
                .env("DEBIAN_FRONTEND", "noninteractive"),
        )
    };
    let installed = apt(&["update"]).and_then(|()| apt(&["install", "--yes", "postgresql"]));
    if let Err(why) = installed {
        eprintln!("apt-get did not help ({why}); the cluster tries to fetch a server");
    }
}

fn has_postgres() -> bool {
    let named = std::env::var_os("PG_BIN").map(PathBuf::from);
    let asked = Command::new("pg_config").arg("--bindir").output().ok();
    let asked = asked.map(|told| PathBuf::from(String::from_utf8_lossy(&told.stdout).trim()));
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
        .any(|folder| folder.join(PROGRAM).is_file())
}

fn is_root() -> bool {
    let told = Command::new("id").arg("-u").output();
    told.is_ok_and(|told| told.stdout.trim_ascii() == b"0")
}

/// The crates that have a folder of benchmarks.
fn benchmarked() -> Vec<String> {
    let root = shell::root();
    let within = |folder: &str| {
        fs::read_dir(root.join(folder))
            .into_iter()
            .flatten()
            .flatten()
    };
    let mut crates: Vec<_> = ["shared", "functions", "."]
        .into_iter()
        .flat_map(within)
        .map(|entry| entry.path())
        .filter(|folder| folder.join("Cargo.toml").is_file() && folder.join("benches").is_dir())
        .filter_map(|folder| {
            folder
                .file_name()
                .and_then(OsStr::to_str)
                .map(str::to_owned)
        })
        .collect();
    crates.sort_unstable();
    crates
}
