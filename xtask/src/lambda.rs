//! The functions as Lambda runs them.

use std::{
    env::{self, consts::ARCH},
    ffi::OsString,
    fs, iter,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use crate::{
    shell::{self, FEATURES},
    suite, tools,
};

/// What functions are built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Architecture {
    Arm64,
    X86_64,
}

impl Architecture {
    /// What this machine is, as far as functions can be built for it.
    const fn here() -> Self {
        if matches!(ARCH.as_bytes(), b"aarch64") {
            Self::Arm64
        } else {
            Self::X86_64
        }
    }

    const fn target(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64-unknown-linux-gnu",
            Self::X86_64 => "x86_64-unknown-linux-gnu",
        }
    }

    /// Each has a folder of its own, so that none is taken for another.
    fn folder(self) -> PathBuf {
        shell::root().join("target/lambda").join(self.target())
    }
}

/// Builds what tests start: functions for this machine, where the emulator of the runtime runs.
pub(crate) fn build_for_tests() -> Result<(), String> {
    if cfg!(target_os = "linux") {
        build(Architecture::here()).map(drop)
    } else {
        Ok(())
    }
}

/// Where functions are that tests start.
pub(crate) fn folder() -> PathBuf {
    Architecture::here().folder()
}

/// `cargo xtask lambda [--arm64]`
pub(crate) fn command(arguments: &[String]) -> ExitCode {
    let architecture = match arguments {
        [] => Architecture::X86_64,
        [flag] if flag == "--arm64" => Architecture::Arm64,
        _ => {
            eprintln!("usage: cargo xtask lambda [--arm64]");
            return ExitCode::from(2);
        }
    };
    shell::exit(build(architecture).and_then(|folder| measure(&folder, architecture)))
}

/// Builds every function for release, as `sam build` does; gives the folder of a folder for each.
pub(crate) fn build(architecture: Architecture) -> Result<PathBuf, String> {
    let (tools, folder) = (tools::install_tools()?, architecture.folder());
    let mut command = Command::new(tools.join("cargo-lambda"));
    command
        .args(["lambda", "build", "--release", "--locked"])
        .args(["--target", architecture.target(), "--lambda-dir"])
        .arg(&folder)
        .args(functions()?.iter().flat_map(|name| ["--bin", name]))
        .current_dir(shell::root())
        .env("PATH", with_first(&tools)?)
        .env("SQLX_OFFLINE", "true");
    shell::run(&mut command).map_err(|why| match architecture {
        Architecture::Arm64 => format!(
            "{why}; to build for arm64, run `rustup target add {}` once",
            architecture.target()
        ),
        Architecture::X86_64 => why,
    })?;
    Ok(folder)
}

/// Every function, by its name.
fn functions() -> Result<Vec<String>, String> {
    let folder = shell::root().join("functions");
    let entries = fs::read_dir(&folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    let mut names: Vec<_> = entries
        .flatten()
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort_unstable();
    Ok(names)
}

/// The folders that programs are looked for in, this one first: cargo-lambda finds the linker beside itself.
fn with_first(folder: &Path) -> Result<OsString, String> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = iter::once(folder.to_owned()).chain(env::split_paths(&path));
    env::join_paths(folders).map_err(|error| error.to_string())
}

/// Prints what is to be known of the functions; of those built for other machines, what their files tell.
fn measure(folder: &Path, architecture: Architecture) -> Result<(), String> {
    let mut arguments = vec![folder.display().to_string()];
    if architecture != Architecture::here() {
        arguments.push("--files-alone".to_owned());
    }
    suite::beside_migrated_postgres(
        [
            "cargo",
            "run",
            "--quiet",
            "--features",
            FEATURES,
            "--bin",
            "measure",
            "--",
        ],
        &arguments,
    )
}
