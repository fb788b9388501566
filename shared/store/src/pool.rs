//! Connecting, migrating and asking for the time.

use std::{
    str::FromStr as _,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use sqlx::{
    PgExecutor, PgPool, Row as _,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use time::OffsetDateTime;

use crate::StoreError;

/// The migrations of this build.
pub static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// How to reach the database.
#[derive(Debug, Clone)]
pub struct PoolSettings {
    /// A `postgres://` address.
    pub url: String,
    /// How many connections one process holds at most.
    pub max_connections: u32,
    /// How far the sessions' clock is moved; for tests.
    pub shift: Option<Shift>,
}

impl From<settings::DatabaseSettings> for PoolSettings {
    fn from(settings: settings::DatabaseSettings) -> Self {
        Self {
            url: settings.url,
            max_connections: settings.max_connections,
            shift: None,
        }
    }
}

/// Moves the clock of every session of a pool; copies move together.
#[derive(Debug, Clone, Default)]
pub struct Shift(Arc<AtomicI64>);

impl Shift {
    /// Moves the clock forward.
    pub fn advance(&self, by: time::Duration) {
        let milliseconds = i64::try_from(by.whole_milliseconds()).unwrap_or(i64::MAX);
        self.0.fetch_add(milliseconds, Ordering::SeqCst);
    }

    /// How far it stands from the true time.
    pub fn offset(&self) -> time::Duration {
        time::Duration::milliseconds(self.0.load(Ordering::SeqCst))
    }
}

/// Opens a pool; the first connection is made when it is first used.
///
/// # Errors
/// When the address is none.
pub fn connect(settings: &PoolSettings) -> Result<PgPool, StoreError> {
    let options = PgConnectOptions::from_str(&settings.url)?.application_name("picscripter");
    let mut pool = PgPoolOptions::new()
        .max_connections(settings.max_connections)
        .acquire_timeout(Duration::from_secs(5))
        .after_release(|connection, _| Box::pin(is_at_rest(connection)));
    if let Some(shift) = settings.shift.clone() {
        pool = pool.before_acquire(move |connection, _| {
            let shift = shift.clone();
            Box::pin(async move { apply(connection, &shift).await.map(|()| true) })
        });
        let shift = settings.shift.clone().unwrap_or_default();
        pool = pool.after_connect(move |connection, _| {
            let shift = shift.clone();
            Box::pin(async move { apply(connection, &shift).await })
        });
    }
    Ok(pool.connect_lazy_with(options))
}

/// Whether no transaction is open on a connection that comes back; one that is goes back to nobody.
///
/// Whoever is dropped while its `BEGIN` is on the way leaves a transaction that sqlx does not know of
/// (0.9, read 2026-11-23). The next user's writes would be told done and undone later, and its locks
/// would hold everybody up. Inside a transaction `now()` is the time of its beginning.
async fn is_at_rest(connection: &mut sqlx::PgConnection) -> Result<bool, sqlx::Error> {
    let row = sqlx::raw_sql("SELECT now() = statement_timestamp()")
        .fetch_one(connection)
        .await?;
    row.try_get(0)
}

async fn apply(connection: &mut sqlx::PgConnection, shift: &Shift) -> Result<(), sqlx::Error> {
    let offset = format!("{} milliseconds", shift.0.load(Ordering::SeqCst));
    sqlx::query!(
        "SELECT set_config('picscripter.clock_offset', $1, false)",
        offset
    )
    .fetch_one(connection)
    .await
    .map(drop)
}

/// Brings the schema up to this build. One that is newer already is left as it is: old code runs on
/// it, and a deploy that is rolled back comes by here.
///
/// # Errors
/// When a migration fails; those before it stay.
pub async fn migrate(pool: &PgPool) -> Result<(), StoreError> {
    let mut migrator = Migrator::with_migrations(MIGRATOR.iter().cloned().collect());
    migrator.set_ignore_missing(true);
    Ok(migrator.run(pool).await?)
}

/// The database's clock, which all rows go by.
pub async fn now(db: impl PgExecutor<'_>) -> Result<OffsetDateTime, StoreError> {
    Ok(sqlx::query_scalar!(r#"SELECT app_now() AS "now!""#)
        .fetch_one(db)
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
