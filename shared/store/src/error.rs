//! What can go wrong with the database.

use std::{fmt, sync::Arc};

/// Classes of codes that say nothing against what was asked: the connection broke, the transaction met others, something
/// ran short or was locked, an operator stepped in. <https://www.postgresql.org/docs/current/errcodes-appendix.html>
const PASSING: [&str; 5] = ["08", "40", "53", "55", "57"];

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
            Self::Database(_) => self.code().is_none_or(|code| {
                let class = code.get(..2).unwrap_or_default();
                PASSING.contains(&class)
            }),
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

#[cfg(test)]
mod tests {
    use sqlx::{AssertSqlSafe, PgPool};

    use super::*;

    #[sqlx::test]
    async fn only_what_may_be_otherwise_in_a_moment_is_asked_again(pool: PgPool) {
        for (code, may_pass) in [
            ("08006", true),
            ("22001", false),
            ("23514", false),
            ("40001", true),
            ("40P01", true),
            ("42501", false),
            ("42P01", false),
            ("53300", true),
            ("55P03", true),
            ("57014", true),
            ("57P01", true),
        ] {
            let raise = format!("DO $$ BEGIN RAISE 'no' USING ERRCODE = '{code}'; END $$");
            let refused = sqlx::raw_sql(AssertSqlSafe(raise)).execute(&pool).await;
            let error = StoreError::from(refused.unwrap_err());
            assert_eq!(error.code().as_deref(), Some(code));
            assert_eq!(error.may_pass(), may_pass, "{code}");
        }
        assert!(StoreError::from(sqlx::Error::PoolTimedOut).may_pass());
    }
}
