//! Commands that are programs of crate `local`.

use std::{os::unix::process::CommandExt, process::ExitCode};

use crate::shell;

/// Becomes a long-running program; cargo's own options are taken out of what is passed on.
pub(crate) fn server(program: &str, arguments: Vec<String>) -> ExitCode {
    let (features, rest) = split(arguments);
    become_program(program, &features, &rest)
}

/// Becomes one of the tools.
pub(crate) fn tool(name: &str, arguments: &[String]) -> ExitCode {
    let mut rest = vec![name.to_owned()];
    rest.extend_from_slice(arguments);
    become_program("tools", &[], &rest)
}

/// Takes this process's place, so that signals and the exit code are the program's own.
fn become_program(program: &str, features: &[String], arguments: &[String]) -> ExitCode {
    let error = shell::cargo(["run", "--quiet", "--package", "local", "--bin", program])
        .args(features)
        .arg("--")
        .args(arguments)
        .exec();
    eprintln!("cargo could not be started: {error}");
    ExitCode::FAILURE
}

/// Parts the options for cargo from those for the program; after `--` all are the program's.
fn split(arguments: Vec<String>) -> (Vec<String>, Vec<String>) {
    let (mut features, mut rest) = (Vec::new(), Vec::new());
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        if argument == "--" {
            rest.extend(arguments);
            break;
        } else if argument == "--features" || argument == "-F" {
            features.push(argument);
            features.extend(arguments.next());
        } else if argument.starts_with("--features=") || argument == "--release" {
            features.push(argument);
        } else {
            rest.push(argument);
        }
    }
    (features, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_for_cargo_are_parted_from_those_for_the_program() {
        let parted = |line: &str| {
            let words = line.split_whitespace().map(str::to_owned).collect();
            let (features, rest) = split(words);
            (features.join(" "), rest.join(" "))
        };
        let both = |features: &str, rest: &str| (features.to_owned(), rest.to_owned());
        assert_eq!(parted("--no-worker"), both("", "--no-worker"));
        assert_eq!(
            parted("--features redis --no-worker"),
            both("--features redis", "--no-worker")
        );
        assert_eq!(
            parted("--port 1 --features=a,b"),
            both("--features=a,b", "--port 1")
        );
        assert_eq!(parted("-- --features redis"), both("", "--features redis"));
    }
}
