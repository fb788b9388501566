//! The functions as they are built for release.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Every function, by its name.
pub const FUNCTIONS: [&str; 8] = [
    "auth",
    "connections",
    "migrate",
    "ops",
    "posts",
    "publisher",
    "sweeper",
    "webhooks",
];

/// A function as it is built for release.
#[derive(Debug, Clone)]
pub struct Bootstrap(PathBuf);

impl Bootstrap {
    /// That of a function, in the folder which `cargo xtask test` built into.
    ///
    /// # Panics
    /// When it is not there.
    pub fn of(function: &str) -> Self {
        #[expect(clippy::disallowed_methods, reason = "tests are told where builds are")]
        let folder = std::env::var("PICSCRIPTER_BOOTSTRAPS").expect(
            "PICSCRIPTER_BOOTSTRAPS names no folder of functions; run `cargo xtask test` without a filter or with `bootstrap`",
        );
        Self::within(Path::new(&folder), function)
    }

    /// That of a function in a folder.
    ///
    /// # Panics
    /// When it is not there.
    pub fn within(folder: &Path, function: &str) -> Self {
        let file = folder.join(function).join("bootstrap");
        assert!(
            file.is_file(),
            "{function} is not built; `cargo xtask lambda` builds it"
        );
        Self(file.canonicalize().unwrap())
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.0
    }

    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        fs::metadata(&self.0).unwrap().len()
    }

    /// The newest version of the C library that it asks for, such as (2, 34).
    pub fn glibc(&self) -> (u32, u32) {
        let told = Command::new("readelf")
            .arg("--version-info")
            .arg(&self.0)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&told.stdout);
        let versions = said.split("GLIBC_").skip(1).filter_map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
            let mut numbers = rest[..end].split('.').map(str::parse);
            Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
        });
        versions.max().expect("a version of the C library")
    }
}
