//! Why no Postgres could be started.

use std::{io, path::PathBuf};

/// Why no Postgres could be started, found or stopped; the text says what a person can do.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// There are no server programs on this machine, and none could be fetched.
    #[error(
        "no Postgres of version {oldest} or later is on this machine ({tried}). \
         Install one (Debian, Ubuntu: `apt-get install postgresql`; macOS: `brew install postgresql@17`; \
         Fedora: `dnf install postgresql-server`), or name the folder of its programs in PG_BIN",
        oldest = super::binaries::OLDEST
    )]
    Absent {
        /// What was tried, and why it did not help.
        tried: String,
    },
    /// A database could not be made or asked for.
    #[error("the database `{name}` could not be made")]
    Database {
        /// The database's name.
        name: String,
        /// What the server answered.
        source: sqlx::Error,
    },
    /// A program of Postgres did not do what it was started for.
    #[error("{step} failed: {detail}")]
    Failed {
        /// What was being done.
        step: &'static str,
        /// The last lines the program wrote.
        detail: String,
    },
    /// A file, folder or process could not be used.
    #[error("{path} could not be used for {step}")]
    Io {
        /// What was being done.
        step: &'static str,
        /// The file, folder or program.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// The process runs as root, which Postgres refuses, and there is no account to drop to.
    #[error(
        "Postgres does not run as root, and this machine has neither a `postgres` nor a `nobody` account; start this as an ordinary user"
    )]
    NoAccount,
    /// The data was written by another major version of Postgres than the one at hand.
    #[error(
        "the data in {folder} was written by Postgres {wrote}, but only Postgres {found} is here: install version {wrote}, or move that folder away to begin anew"
    )]
    OtherVersion {
        /// Where the data lies.
        folder: PathBuf,
        /// The major version that wrote it.
        wrote: u32,
        /// The major version of the programs found.
        found: u32,
    },
}

impl PostgresError {
    /// An [`PostgresError::Io`], in the shape `map_err` takes.
    pub(super) fn io(
        step: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { step, path, source }
    }
}
