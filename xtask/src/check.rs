//! Everything that must hold before a push and needs no test to be run.

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use crate::{
    queries,
    shell::{self, FEATURES},
};

/// Runs every check, even after one failed, and sums up.
pub(crate) fn check() -> ExitCode {
    let checks: [(&str, Check); 9] = [
        ("format", format),
        ("lints", lints),
        ("docs", docs),
        ("no ring", || absent("ring")),
        ("no openssl", || absent("openssl-sys")),
        ("licences, bans, sources", deny),
        ("query data", query_data),
        ("api description", || generated("openapi")),
        ("postman collection", || generated("postman")),
    ];
    let results: Vec<_> = checks
        .into_iter()
        .map(|(name, check)| {
            eprintln!("\n== {name}");
            let began = Instant::now();
            (name, check(), began.elapsed())
        })
        .collect();
    eprintln!("\n{}", table(&results));
    if results
        .iter()
        .any(|(_, outcome, _)| matches!(outcome, Outcome::Failed(_)))
    {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

type Check = fn() -> Outcome;

#[derive(Debug)]
enum Outcome {
    Failed(String),
    Passed,
    Skipped(&'static str),
}

impl From<Result<(), String>> for Outcome {
    fn from(result: Result<(), String>) -> Self {
        result.map_or_else(Self::Failed, |()| Self::Passed)
    }
}

fn format() -> Outcome {
    shell::run(&mut shell::cargo(["fmt", "--all", "--check"])).into()
}

fn lints() -> Outcome {
    let clippy = [
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--features",
        FEATURES,
        "--",
        "-D",
        "warnings",
    ];
    shell::run(&mut shell::cargo(clippy)).into()
}

fn docs() -> Outcome {
    let mut command = shell::cargo([
        "doc",
        "--locked",
        "--workspace",
        "--no-deps",
        "--features",
        FEATURES,
    ]);
    shell::run(command.env("RUSTDOCFLAGS", "-D warnings")).into()
}

/// No crate of the project may depend on `name`, however far away: there is one TLS stack.
fn absent(name: &str) -> Outcome {
    let mut command = shell::cargo(["tree", "--locked", "--workspace", "--invert", name]);
    let told = match command.output() {
        Ok(told) => told,
        Err(error) => return Outcome::Failed(format!("cargo could not be started: {error}")),
    };
    let (tree, complaint) = (
        String::from_utf8_lossy(&told.stdout),
        String::from_utf8_lossy(&told.stderr),
    );
    if !tree.trim().is_empty() {
        eprintln!("{tree}");
        return Outcome::Failed(format!("something depends on {name}"));
    }
    // Cargo calls a package that nothing depends on an error.
    if told.status.success() || complaint.contains("did not match any packages") {
        return Outcome::Passed;
    }
    eprintln!("{complaint}");
    Outcome::Failed("cargo tree failed".to_owned())
}

fn deny() -> Outcome {
    if !shell::has_cargo("deny") {
        return Outcome::Skipped("cargo-deny is not installed: `cargo install cargo-deny`");
    }
    shell::run(&mut shell::cargo([
        "deny",
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ]))
    .into()
}

fn query_data() -> Outcome {
    queries::compare().into()
}

/// Whether a file is what the tool of that name makes of the code.
fn generated(tool: &str) -> Outcome {
    shell::run(shell::program("tools").args([tool, "--check"])).into()
}

fn table(results: &[(&str, Outcome, Duration)]) -> String {
    let width = results
        .iter()
        .map(|(name, ..)| name.len())
        .max()
        .unwrap_or_default();
    let lines = results.iter().map(|(name, outcome, took)| {
        let told = match outcome {
            Outcome::Failed(why) => format!("FAILED   {why}"),
            Outcome::Passed => "passed".to_owned(),
            Outcome::Skipped(why) => format!("skipped  {why}"),
        };
        format!("{name:width$}  {:>4} s  {told}", took.as_secs())
    });
    lines.collect::<Vec<_>>().join("\n")
}
