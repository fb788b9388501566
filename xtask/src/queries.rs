//! The query data that lets crate `store` be compiled without a database.
//!
//! The macros write it when they are compiled beside a database with a folder to write to; see
//! `SQLX_OFFLINE_DIR` in <https://docs.rs/sqlx/0.9/sqlx/macro.query.html>. The database is a throw-away one.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::ExitCode,
    time::SystemTime,
};

use crate::shell::{self, FEATURES};

/// File name to content.
type Files = BTreeMap<String, String>;

/// `cargo xtask sqlx [--check]`
pub(crate) fn command(arguments: &[String]) -> ExitCode {
    match arguments {
        [] => shell::exit(regenerate()),
        [flag] if flag == "--check" => shell::exit(compare()),
        _ => {
            eprintln!("usage: cargo xtask sqlx [--check]");
            ExitCode::from(2)
        }
    }
}

/// Fails when the committed data is not what the queries and migrations of today give.
pub(crate) fn compare() -> Result<(), String> {
    let differences = differences(&read(&committed())?, &generate()?);
    if differences.is_empty() {
        return Ok(());
    }
    for difference in &differences {
        eprintln!("{difference}");
    }
    Err("the query data is stale: run `cargo xtask sqlx` and commit the result".to_owned())
}

fn regenerate() -> Result<(), String> {
    let (folder, fresh) = (committed(), generate()?);
    let present = read(&folder)?;
    fs::create_dir_all(&folder).map_err(told(&folder))?;
    for name in present.keys().filter(|name| !fresh.contains_key(*name)) {
        let path = folder.join(name);
        fs::remove_file(&path).map_err(told(&path))?;
    }
    for (name, content) in fresh
        .iter()
        .filter(|(name, content)| present.get(*name) != Some(content))
    {
        let path = folder.join(name);
        fs::write(&path, content).map_err(told(&path))?;
    }
    eprintln!(
        "{} queries are described in {}",
        fresh.len(),
        folder.display()
    );
    Ok(())
}

/// Compiles the crate beside a migrated database and takes what its macros wrote.
fn generate() -> Result<Files, String> {
    let folder = shell::root()
        .join("target")
        .join(format!("queries-{}", std::process::id()));
    fs::create_dir_all(&folder).map_err(told(&folder))?;
    let generated = compile(&folder).and_then(|()| read(&folder));
    fs::remove_dir_all(&folder).map_err(told(&folder))?;
    generated
}

fn compile(folder: &Path) -> Result<(), String> {
    // Built before the sources look changed, and without the crates whose queries are in question.
    shell::run(&mut shell::cargo([
        "build",
        "--quiet",
        "--features",
        FEATURES,
        "--bin",
        "throwaway",
    ]))?;
    let _touched = Touched::new(store().join("src").join("lib.rs"))?;
    // The inner cargo is given its own settings: the outer one must not ask the database that is not there yet.
    let mut command = shell::program("throwaway");
    command
        .args(["env", "SQLX_OFFLINE=false"])
        .arg(format!("SQLX_OFFLINE_DIR={}", folder.display()))
        .args(["cargo", "check", "--quiet", "--package", "store"])
        .args(["--all-targets", "--all-features"]);
    shell::run(&mut command)
}

/// A source file that looks changed, so that cargo compiles its crate again; as before when dropped.
struct Touched {
    path: PathBuf,
    before: SystemTime,
}

impl Touched {
    #[expect(
        clippy::disallowed_methods,
        reason = "cargo compares the times of files"
    )]
    fn new(path: PathBuf) -> Result<Self, String> {
        let before = fs::metadata(&path)
            .and_then(|file| file.modified())
            .map_err(told(&path))?;
        modify(&path, SystemTime::now()).map_err(told(&path))?;
        Ok(Self { path, before })
    }
}

impl Drop for Touched {
    fn drop(&mut self) {
        if let Err(error) = modify(&self.path, self.before) {
            eprintln!("{} keeps a newer time: {error}", self.path.display());
        }
    }
}

fn modify(path: &Path, time: SystemTime) -> io::Result<()> {
    File::options().append(true).open(path)?.set_modified(time)
}

fn differences(committed: &Files, fresh: &Files) -> Vec<String> {
    let lost = fresh.keys().filter(|name| !committed.contains_key(*name));
    let changed = fresh.iter().filter_map(|(name, content)| {
        committed
            .get(name)
            .filter(|committed| *committed != content)
            .map(|_| name)
    });
    let surplus = committed.keys().filter(|name| !fresh.contains_key(*name));
    lost.map(|name| format!("missing: {name}"))
        .chain(changed.map(|name| format!("changed: {name}")))
        .chain(surplus.map(|name| format!("unused: {name}")))
        .collect()
}

/// The files of a folder; none when there is no folder.
fn read(folder: &Path) -> Result<Files, String> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Files::new()),
        Err(error) => return Err(told(folder)(error)),
    };
    entries
        .map(|entry| {
            let path = entry.map_err(told(folder))?.path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            Ok((name, fs::read_to_string(&path).map_err(told(&path))?))
        })
        .collect()
}

fn store() -> PathBuf {
    shell::root().join("shared").join("store")
}

fn committed() -> PathBuf {
    store().join(".sqlx")
}

fn told(path: &Path) -> impl Fn(io::Error) -> String {
    move |error| format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_changed_and_unused_data_are_each_told() {
        let files = |pairs: &[(&str, &str)]| -> Files {
            pairs
                .iter()
                .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
                .collect()
        };
        let committed = files(&[("a", "1"), ("b", "1"), ("c", "1")]);
        let fresh = files(&[("b", "1"), ("c", "2"), ("d", "1")]);
        assert_eq!(
            differences(&committed, &fresh),
            ["missing: d", "changed: c", "unused: a"]
        );
        assert!(differences(&fresh, &fresh).is_empty());
    }
}
