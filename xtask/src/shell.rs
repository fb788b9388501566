//! Starting other programs from the root of the project.

use std::{
    ffi::OsStr,
    io::{self, Write as _},
    path::Path,
    process::{Child, Command, ExitCode, ExitStatus, Stdio},
};

/// Everything that can be compiled in is tested.
pub(crate) const FEATURES: &str = "lambda/runtime,local/redis";

/// The root of the project.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// Cargo, the same that runs this; queries are checked against the committed data, whatever `.env` says.
pub(crate) fn cargo<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(arguments)
        .current_dir(root())
        .env("SQLX_OFFLINE", "true");
    command
}

/// A program of the project, compiled with the features of the tests, so that nothing is compiled twice.
pub(crate) fn program(name: &str) -> Command {
    let mut command = cargo(["run", "--quiet", "--features", FEATURES, "--bin", name]);
    command.arg("--");
    command
}

/// Whether a subcommand of cargo is installed.
pub(crate) fn has_cargo(subcommand: &str) -> bool {
    cargo([subcommand, "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Shows a command, runs it to its end and tells how it ended.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    eprintln!("$ {}", shown(command));
    match command.status() {
        Ok(status) => ended(status),
        Err(error) => Err(format!("{} could not be started: {error}", shown(command))),
    }
}

/// A command that runs beside others; what it prints is shown at its end.
pub(crate) struct Beside {
    shown: String,
    child: Child,
}

/// Shows a command and starts it.
pub(crate) fn start(command: &mut Command) -> Result<Beside, String> {
    let shown = shown(command);
    eprintln!("$ {shown} &");
    match command.stdout(Stdio::piped()).spawn() {
        Ok(child) => Ok(Beside { shown, child }),
        Err(error) => Err(format!("{shown} could not be started: {error}")),
    }
}

impl Beside {
    /// Waits for it, shows what it printed and tells how it ended.
    pub(crate) fn end(self) -> Result<(), String> {
        let Self { shown, child } = self;
        let output = child
            .wait_with_output()
            .map_err(|error| format!("{shown}: {error}"))?;
        eprintln!("$ {shown}");
        io::stdout()
            .write_all(&output.stdout)
            .map_err(|error| error.to_string())?;
        ended(output.status)
    }
}

/// The exit code of a command that is one step.
pub(crate) fn exit(outcome: Result<(), String>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn ended(status: ExitStatus) -> Result<(), String> {
    match status.code() {
        Some(0) => Ok(()),
        Some(code) => Err(format!("exit code {code}")),
        None => Err("it was killed".to_owned()),
    }
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let program = program.file_name().unwrap_or(program.as_os_str());
    std::iter::once(program)
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
