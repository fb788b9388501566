//! Bringing the schema up to a build.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection, PgExecutor,
    migrate::{Migrate as _, MigrateError, Migration, Migrator},
};

use crate::{Pool, StoreError};

/// The migrations of this build.
pub static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// The database's code for a lock that was not had in time.
const LOCKED: &str = "55P03";

/// Brings the schema up to this build. One that is newer already is left as it is, without waiting for
/// anybody: old code runs on it, and a deploy that is rolled back comes by here.
///
/// # Errors
/// When a migration fails; those before it stay. Through a pooler in transaction mode none is begun.
pub async fn migrate(pool: &Pool) -> Result<(), StoreError> {
    let sessions = pool.sessions().ok_or_else(|| {
        let reason = "migrations need a session: a direct connection or a pooler in session mode";
        MigrateError::Execute(sqlx::Error::Configuration(reason.into()))
    })?;
    // Detached, so that it ends with its locks and settings whatever happens.
    let mut session = sessions.acquire().await?.detach();
    if !is_complete(&mut session).await? {
        run(&mut session).await?;
    }
    Ok(session.close().await?)
}

/// Whether every migration of this build is applied, and every index that one made is whole.
async fn is_complete(session: &mut PgConnection) -> Result<bool, StoreError> {
    if !has_table(&mut *session).await? {
        return Ok(false);
    }
    let applied = applied(&mut *session).await?;
    let broken = broken(&mut *session).await?;
    Ok(MIGRATOR.iter().all(|migration| {
        let noted = applied.get(&migration.version).map(Vec::as_slice);
        noted == Some(&*migration.checksum)
            && index(migration).is_none_or(|index| !broken.contains(index))
    }))
}

async fn run(session: &mut PgConnection) -> Result<(), StoreError> {
    lock(session).await?;
    if has_table(&mut *session).await? {
        mend(session).await?;
    }
    let mut migrator = Migrator::with_migrations(MIGRATOR.iter().cloned().collect());
    migrator.set_ignore_missing(true).set_locking(false);
    migrator.run_direct(None, &mut *session, false).await?;
    Ok(session.unlock().await?)
}

/// Waits until no other process migrates, in steps: while one waits, its statement is a transaction that
/// `CREATE INDEX CONCURRENTLY` of the other would wait for.
async fn lock(session: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("SET lock_timeout = '500ms'")
        .execute(&mut *session)
        .await?;
    loop {
        match session.lock().await.map_err(StoreError::from) {
            Err(error) if error.code().as_deref() == Some(LOCKED) => {}
            Err(error) => return Err(error),
            Ok(()) => break,
        }
    }
    sqlx::query!("SET lock_timeout = 0")
        .execute(session)
        .await?;
    Ok(())
}

/// Clears up behind migrations that were cut short.
///
/// Indexes are made outside of a transaction, and sqlx notes such a migration after it ran (0.9, read
/// 2026-11-28). So one that was cut short left an index that is not valid, which fails a second try by its
/// name, or which `IF NOT EXISTS` takes for whole; it is made anew. One that the database went on to make
/// after its process had gone is valid and only not noted.
async fn mend(session: &mut PgConnection) -> Result<(), StoreError> {
    let applied = applied(&mut *session).await?;
    for made in made() {
        match is_valid(&mut *session, &made.index).await? {
            Some(false) => {
                let version = made.version;
                sqlx::query!("DELETE FROM _sqlx_migrations WHERE version = $1", version)
                    .execute(&mut *session)
                    .await?;
                let drop = format!("DROP INDEX CONCURRENTLY {}", made.index);
                sqlx::raw_sql(AssertSqlSafe(drop))
                    .execute(&mut *session)
                    .await?;
            }
            Some(true) if !applied.contains_key(&made.version) => {
                sqlx::query!(
                    "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                     VALUES ($1, $2, true, $3, -1)",
                    made.version,
                    made.description,
                    made.checksum
                )
                .execute(&mut *session)
                .await?;
            }
            None | Some(true) => {}
        }
    }
    Ok(())
}

/// An index that a migration makes outside of a transaction, and what the migration is noted by.
struct Made {
    index: String,
    version: i64,
    description: String,
    checksum: Vec<u8>,
}

fn made() -> Vec<Made> {
    let migrations = MIGRATOR.iter();
    migrations
        .filter_map(|migration| {
            Some(Made {
                index: index(migration)?.to_owned(),
                version: migration.version,
                description: migration.description.clone().into_owned(),
                checksum: migration.checksum.to_vec(),
            })
        })
        .collect()
}

/// The index that a migration makes outside of a transaction.
fn index(migration: &Migration) -> Option<&str> {
    if !migration.no_tx {
        return None;
    }
    let (_, rest) = migration.sql.as_str().split_once("INDEX CONCURRENTLY ")?;
    let rest = rest.trim_start().trim_start_matches("IF NOT EXISTS ");
    rest.split_whitespace().next()
}

async fn has_table(db: impl PgExecutor<'_>) -> Result<bool, StoreError> {
    Ok(
        sqlx::query_scalar!(
            r#"SELECT to_regclass('_sqlx_migrations') IS NOT NULL AS "has_table!""#
        )
        .fetch_one(db)
        .await?,
    )
}

/// The checksums of what is applied, by version.
async fn applied(db: impl PgExecutor<'_>) -> Result<BTreeMap<i64, Vec<u8>>, StoreError> {
    let rows = sqlx::query!("SELECT version, checksum FROM _sqlx_migrations WHERE success")
        .fetch_all(db)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.version, row.checksum))
        .collect())
}

/// The indexes of this schema that cannot be relied on.
async fn broken(db: impl PgExecutor<'_>) -> Result<BTreeSet<String>, StoreError> {
    let names = sqlx::query_scalar!(
        r#"SELECT c.relname::text AS "name!" FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
           WHERE NOT i.indisvalid AND c.relnamespace = current_schema()::regnamespace"#
    )
    .fetch_all(db)
    .await?;
    Ok(names.into_iter().collect())
}

/// Whether an index of this schema can be relied on; `None` when there is none of that name.
async fn is_valid(db: impl PgExecutor<'_>, index: &str) -> Result<Option<bool>, StoreError> {
    Ok(sqlx::query_scalar!(
        "SELECT i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
         WHERE c.relname = $1::text AND c.relnamespace = current_schema()::regnamespace",
        index
    )
    .fetch_optional(db)
    .await?)
}

/// Whether the database answers and its schema is that of this build or newer.
pub async fn ping(db: impl PgExecutor<'_>) -> Result<bool, StoreError> {
    let newest = MIGRATOR
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0);
    let applied = sqlx::query_scalar!("SELECT max(version) FROM _sqlx_migrations WHERE success")
        .fetch_one(db)
        .await?;
    Ok(applied.is_some_and(|applied| applied >= newest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_without_a_transaction_is_one_index() {
        let outside: Vec<_> = MIGRATOR.iter().filter(|it| it.no_tx).collect();
        assert!(outside.len() > 3);
        for migration in outside {
            let name = index(migration).unwrap();
            assert!(
                name.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
                "{name}"
            );
            let statements: Vec<_> = migration.sql.as_str().trim().split(';').collect();
            assert!(matches!(statements[..], [_, ""]), "{name}");
        }
    }
}
