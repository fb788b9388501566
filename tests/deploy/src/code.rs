//! What the code calls, read as text, and which function can come to which call.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::tools;

/// The project's crates and what each calls at AWS.
#[derive(Debug, Clone)]
pub struct Code {
    crates: BTreeMap<String, Package>,
}

#[derive(Debug, Clone)]
struct Package {
    folder: PathBuf,
    needs: BTreeSet<String>,
    calls: BTreeSet<Call>,
    text: String,
}

/// An operation of a client of AWS's SDK.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// As in the crate's name: `sqs` of `aws-sdk-sqs`.
    pub service: String,
    /// As the client's method is called: `send_message`.
    pub operation: String,
}

impl Code {
    /// Reads it.
    pub fn of_project() -> Self {
        let metadata = metadata();
        let packages = metadata["packages"].as_array().unwrap();
        let clients: BTreeMap<&str, BTreeSet<String>> = packages
            .iter()
            .filter_map(|package| {
                let service = package["name"].as_str()?.strip_prefix("aws-sdk-")?;
                Some((service, operations(&folder(package))))
            })
            .collect();
        let crates = packages
            .iter()
            .filter(|package| package["source"].is_null())
            .map(|package| {
                let folder = folder(package);
                let needs = needs(package);
                let text = text(&folder.join("src"));
                let calls = needs
                    .iter()
                    .filter_map(|need| need.strip_prefix("aws-sdk-"))
                    .flat_map(|service| calls(&text, service, &clients[service]))
                    .collect();
                let package = package["name"].as_str().unwrap().to_owned();
                (
                    package,
                    Package {
                        folder,
                        needs,
                        calls,
                        text,
                    },
                )
            })
            .collect();
        Self { crates }
    }

    /// The functions, by name.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        let functions = tools::root().join("functions");
        self.crates
            .iter()
            .filter(move |(_, package)| package.folder.starts_with(&functions))
            .map(|(name, _)| name.as_str())
    }

    /// The calls of a crate and of all that it is built from.
    pub fn reach(&self, name: &str) -> BTreeSet<&Call> {
        let crates = self.closure(name);
        crates
            .iter()
            .flat_map(|name| &self.crates[*name].calls)
            .collect()
    }

    /// A crate and all of ours that it is built from.
    fn closure<'a>(&'a self, name: &'a str) -> BTreeSet<&'a str> {
        let mut seen = BTreeSet::new();
        let mut open = vec![name];
        while let Some(name) = open.pop() {
            if seen.insert(name) {
                let needs = self.crates[name].needs.iter().map(String::as_str);
                open.extend(needs.filter(|need| self.crates.contains_key(*need)));
            }
        }
        seen
    }

    /// The text of a crate's sources, without its tests, every run of white space one space.
    pub fn text(&self, name: &str) -> &str {
        &self.crates[name].text
    }

    /// The lines that a crate, and all that it is built from, writes to the log.
    pub fn written_by(&self, name: &str) -> Vec<String> {
        let crates = self.closure(name);
        let texts = crates.iter().map(|name| self.text(name));
        let lines = texts.flat_map(|text| {
            let lines = text.split("tracing::").skip(1);
            lines
                .filter_map(|line| Some(line.split_once("!(")?.1.split_once(");")?.0.to_owned()))
                .collect::<Vec<_>>()
        });
        lines.collect()
    }

    /// Adds a call to a crate, to see whether it is missed.
    pub fn spoil(&mut self, name: &str, service: &str, operation: &str) {
        let call = Call {
            service: service.to_owned(),
            operation: operation.to_owned(),
        };
        self.crates.get_mut(name).unwrap().calls.insert(call);
    }
}

/// The literals that stand right behind `before`.
pub(crate) fn literals<'a>(text: &'a str, before: &str) -> impl Iterator<Item = &'a str> {
    text.split(before)
        .skip(1)
        .filter_map(|rest| Some(rest.split_once('"')?.0))
}

fn metadata() -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let told = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(tools::root())
        .output()
        .unwrap();
    assert!(
        told.status.success(),
        "{}",
        String::from_utf8_lossy(&told.stderr)
    );
    serde_json::from_slice(&told.stdout).unwrap()
}

fn folder(package: &Value) -> PathBuf {
    let manifest = Path::new(package["manifest_path"].as_str().unwrap());
    manifest.parent().unwrap().to_owned()
}

/// What a crate is built from; neither what only its tests need nor what only its features add.
fn needs(package: &Value) -> BTreeSet<String> {
    let dependencies = package["dependencies"].as_array().unwrap().iter();
    dependencies
        .filter(|need| need["kind"].is_null() && need["optional"] == false)
        .map(|need| need["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Every operation has a file of its own.
fn operations(client: &Path) -> BTreeSet<String> {
    let files = fs::read_dir(client.join("src").join("operation")).unwrap();
    files
        .filter_map(|file| Some(file.unwrap().path().file_stem()?.to_str()?.to_owned()))
        .collect()
}

fn calls<'a>(
    text: &'a str,
    service: &'a str,
    operations: &'a BTreeSet<String>,
) -> impl Iterator<Item = Call> + 'a {
    operations
        .iter()
        .filter(move |operation| text.contains(&format!(".{operation}()")))
        .map(move |operation| Call {
            service: service.to_owned(),
            operation: operation.clone(),
        })
}

fn text(folder: &Path) -> String {
    let mut text = String::new();
    let mut entries: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort_unstable();
    for path in entries {
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !matches!(name, "tests" | "testing") {
            text.push_str(&self::text(&path));
        } else if path.extension() == Some("rs".as_ref())
            && !matches!(name, "tests.rs" | "testing.rs")
        {
            let whole = fs::read_to_string(&path).unwrap();
            // Unit tests stand at the end of a file.
            let code = whole.split("#[cfg(test)]").next().unwrap_or_default();
            let code = code.split_whitespace().collect::<Vec<_>>().join(" ");
            text.push_str(&code.replace(" .", ".").replace("( ", "("));
            text.push('\n');
        }
    }
    text
}
