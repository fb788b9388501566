//! What can go wrong with the database.

use std::{fmt, sync::Arc};

/// What can go wrong with the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique rule of this name would have been broken.
    #[error("the constraint {0} would have been broken")]
    Conflict(String),
    /// The database refused, or could not be reached.
    #[error("the database failed")]
    Database(#[source] sqlx::Error),
    /// A migration failed.
    #[error("a migration failed")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// A row holds what no row should.
    #[error("{table}.{column} of {row} holds what it should not: {reason}")]
    Row {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's key.
        row: String,
        /// Why it does not parse.
        reason: String,
    },
    /// A statement failed that was for several, who are all told the same.
    #[error(transparent)]
    Shared(Arc<StoreError>),
}

impl StoreError {
    pub(crate) fn row(
        table: &'static str,
        column: &'static str,
        row: impl fmt::Display,
        reason: impl fmt::Display,
    ) -> Self {
        Self::Row {
            table,
            column,
            row: row.to_string(),
            reason: reason.to_string(),
        }
    }

    /// The database's own code (SQLSTATE), where it was the database that refused.
    pub fn code(&self) -> Option<String> {
        std::iter::successors(Some(self as &(dyn std::error::Error + 'static)), |error| {
            (**error).source()
        })
        .filter_map(|cause| cause.downcast_ref::<sqlx::Error>())
        .find_map(|cause| Some(cause.as_database_error()?.code()?.into_owned()))
    }

    /// Whether it was the database that refused, which left everything as it was. One that shuts down, or was killed,
    /// tells nothing of what it did before.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Conflict(_))
            || self.code().is_some_and(|code| !code.starts_with("57P"))
    }

    /// Whether it may be otherwise in a moment: the database did not answer, or not to this.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Conflict(_) | Self::Migrate(_) | Self::Row { .. } => false,
            Self::Database(_) => !self.is_refusal(),
            Self::Shared(error) => error.may_pass(),
        }
    }

    /// Whether the unique rule `name` would have been broken.
    pub fn is_conflict(&self, name: &str) -> bool {
        matches!(self, Self::Conflict(constraint) if constraint == name)
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let conflict = error
            .as_database_error()
            .filter(|error| error.is_unique_violation())
            .and_then(|error| error.constraint().map(str::to_owned));
        conflict.map_or(Self::Database(error), Self::Conflict)
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        Self::Migrate(error)
    }
}
