//! Tests and benchmarks.

use std::{ffi::OsStr, fs, process::ExitCode, time::Instant};

use crate::{
    lambda, prove,
    shell::{self, FEATURES},
    tools,
};

/// Tests whose names or programs hold this need the functions as they are built for release.
const BOOTSTRAP: &str = "bootstrap";
/// The crate whose benchmarks need servers.
const WITH_SERVERS: &str = "tests";
/// What tells where the tools are.
const TOOLS: &str = "PICSCRIPTER_TOOLS";

/// `cargo xtask test [FILTER…]`
pub(crate) fn test(filters: &[String]) -> ExitCode {
    tools::install_servers();
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
    shell::exit(run_benchmarks(name, filters))
}

fn run_benchmarks(name: &str, filters: &[String]) -> Result<(), String> {
    let mut command = shell::cargo(["bench", "--package", name]);
    if name == WITH_SERVERS {
        tools::install_servers();
        command.env(TOOLS, tools::install_tools()?);
    }
    shell::run(command.arg("--").args(filters))
}

fn run_tests(filters: &[String]) -> Result<(), String> {
    let runs_all = filters.is_empty();
    if runs_all || filters.iter().any(|filter| filter.contains(BOOTSTRAP)) {
        step("functions, built for release", lambda::build_for_tests)?;
    }
    // The functions that `cargo lambda watch` starts; with the same features they are compiled once.
    let programs = ["build", "--quiet", "--workspace", "--bins", "--features"];
    step("programs", || {
        shell::run(shell::cargo(programs).arg(FEATURES))
    })?;
    if runs_all {
        step("proof", prove::landing)?;
    }
    if !shell::has_cargo("nextest") {
        eprintln!("cargo-nextest is not installed; cargo's own runner is used");
        return beside_postgres(
            ["cargo", "test", "--workspace", "--features", FEATURES, "--"],
            filters,
        );
    }
    let build = ["nextest", "run", "--no-run", "--workspace", "--features"];
    step("tests, built", || {
        shell::run(shell::cargo(build).arg(FEATURES))
    })?;
    let nextest = [
        "cargo",
        "nextest",
        "run",
        "--workspace",
        "--features",
        FEATURES,
        "--profile",
        "ci",
    ];
    step("tests", || beside_postgres(nextest, filters))?;
    if runs_all {
        let examples = [
            "cargo",
            "test",
            "--workspace",
            "--features",
            FEATURES,
            "--doc",
        ];
        // Its own last line ends the run.
        beside_postgres(examples, &[])?;
    }
    Ok(())
}

/// Takes a step, and says how long it took.
fn step(name: &str, run: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    let began = Instant::now();
    run()?;
    eprintln!("== {name}: {} s", began.elapsed().as_secs());
    Ok(())
}

/// Runs a command with the maintenance database of an empty server in `DATABASE_URL`.
fn beside_postgres<const N: usize>(command: [&str; N], arguments: &[String]) -> Result<(), String> {
    beside(&["--bare"], &command, arguments)
}

/// Runs a command with a database whose schema is up to date in `DATABASE_URL`.
pub(crate) fn beside_migrated_postgres<const N: usize>(
    command: [&str; N],
    arguments: &[String],
) -> Result<(), String> {
    beside(&[], &command, arguments)
}

fn beside(options: &[&str], command: &[&str], arguments: &[String]) -> Result<(), String> {
    let tools = tools::install_tools()?;
    shell::run(
        shell::program("throwaway")
            .args(options)
            .args(command)
            .args(arguments)
            .env("INSTA_UPDATE", "no")
            .env("PICSCRIPTER_BOOTSTRAPS", lambda::folder())
            .env(TOOLS, tools),
    )
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
