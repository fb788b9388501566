//! The programs that know AWS's own rules.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// The root of the project.
///
/// # Panics
/// When this crate does not lie two folders below it.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
}

/// How a program ended.
#[derive(Debug)]
pub struct Outcome {
    /// Whether it found nothing.
    pub well: bool,
    /// What it said.
    pub said: String,
}

/// Asks `cfn-lint` about a template.
pub fn lint(template: &Path) -> Outcome {
    run(&mut tool("cfn-lint", &[template.as_os_str()]))
}

/// Asks `sam validate --lint` about a template.
pub fn validate(template: &Path) -> Outcome {
    let file = ["validate", "--lint", "--template-file"].map(std::ffi::OsStr::new);
    run(tool("sam", &file).arg(template))
}

pub(crate) fn run(command: &mut Command) -> Outcome {
    let told = command.output().unwrap();
    let said = [told.stdout, told.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Outcome {
        well: told.status.success(),
        said: said.concat(),
    }
}

pub(crate) fn tool(name: &str, arguments: &[&std::ffi::OsStr]) -> Command {
    let folder = std::env::var_os("PICSCRIPTER_TOOLS").map(PathBuf::from);
    let folder = folder.expect(
        "PICSCRIPTER_TOOLS names the folder of sam and cfn-lint; run `cargo xtask test`, which installs them",
    );
    let mut command = Command::new(folder.join(name));
    command
        .args(arguments)
        .current_dir(root())
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("SAM_CLI_TELEMETRY", "0");
    command
}
