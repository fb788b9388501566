//! `cargo xtask sam-local`: the demo's story, told to functions as they are deployed.
//!
//! Each request of the app is answered by the release build of a function under Lambda's emulator, in a container
//! of its own that `sam local start-api` starts for it. Postgres, the simulated networks and the publisher
//! are those of `cargo dev`, on this machine, with data that is deleted; containers reach them at the gateway of
//! Docker's network. Files go through a stand-in for S3 that keeps each in a folder, which is the publisher's `MEDIA_DIR`.

mod engine;
mod gateway;
mod guard;
mod ports;
mod settings;
mod stage;

use std::{
    ffi::OsString,
    fs,
    path::Path,
    process::{Command, ExitCode},
};

use guard::Guard;
use stage::Stage;

use crate::{
    lambda::{self, Architecture},
    shell, tools,
};

const HOME: &str = "target/sam-local";
/// What of this project runs on this machine.
const PROGRAMS: [&str; 3] = ["dev", "throwaway", "tools"];

/// `cargo xtask sam-local [NETWORK…]`
pub(crate) fn command(networks: &[String]) -> ExitCode {
    shell::exit(run(networks))
}

fn run(networks: &[String]) -> Result<(), String> {
    let root = shell::root();
    let example = root.join(".env.example");
    let known = settings::networks(&fs::read_to_string(&example).map_err(told(&example))?);
    if let Some(strange) = networks.iter().find(|network| !known.contains(*network)) {
        return Err(format!(
            "there is no network `{strange}`; use {}",
            known.join(", ")
        ));
    }
    tools::install_postgres();
    let tools = tools::install_tools()?;
    let functions = lambda::build(Architecture::X86_64)?;
    // With the features of the tests, so that nothing is compiled twice.
    shell::run(
        shell::cargo(["build", "--quiet", "--features", shell::FEATURES])
            .args(PROGRAMS.iter().flat_map(|name| ["--bin", name])),
    )?;
    let guard = Guard::take(&root.join(HOME))?;
    let story = Stage::prepare(&guard, tools, functions, &known).and_then(|stage| {
        stage.open()?;
        stage.demo(networks)
    });
    if story.is_err() {
        eprintln!("what was said meanwhile stands in {HOME}/*.log");
    }
    story
}

/// What a command says on its standard output; when it fails, what it complains of.
fn output(command: &mut Command) -> Result<String, String> {
    let program: OsString = command.get_program().to_owned();
    let program = program.display();
    let told = command
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    if told.status.success() {
        return Ok(String::from_utf8_lossy(&told.stdout).trim().to_owned());
    }
    let complaint = String::from_utf8_lossy(&told.stderr);
    Err(format!("{program}: {} {}", told.status, complaint.trim()))
}

fn told(path: &Path) -> impl Fn(std::io::Error) -> String {
    move |error| format!("{}: {error}", path.display())
}
