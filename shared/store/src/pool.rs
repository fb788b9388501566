//! Connecting, and asking for the time.

use std::{
    str::FromStr as _,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use settings::Pooler;
use sqlx::{
    Connection as _, PgConnection, PgExecutor, PgPool,
    pool::PoolConnectionMetadata,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use time::OffsetDateTime;

use crate::{Link, StoreError, link::Line};

/// How long a connection is kept that nobody uses: poolers and firewalls end it without a word after some
/// minutes, and while a function is frozen nobody hears of it.
const IDLE: Duration = Duration::from_mins(1);
/// What was used this long ago is there: it was asked when it was given back, and no server comes back from a crash
/// so soon.
const FRESH: Duration = Duration::from_millis(50);

/// How to reach the database.
#[derive(Debug, Clone)]
pub struct PoolSettings {
    /// A `postgres://` address.
    pub url: String,
    /// How many connections one process holds at most.
    pub max_connections: u32,
    /// What stands between this process and the database.
    pub pooler: Pooler,
    /// How far the sessions' clock is moved; for tests.
    pub shift: Option<Shift>,
}

impl From<settings::DatabaseSettings> for PoolSettings {
    fn from(settings: settings::DatabaseSettings) -> Self {
        Self {
            url: settings.url,
            max_connections: settings.max_connections,
            pooler: settings.pooler,
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

/// The connections of one process. A statement sent over it takes whichever is free, and lasts
/// once it is answered.
///
/// Through a pooler in transaction mode each statement is a transaction of its own, and none is prepared.
#[derive(Debug, Clone)]
pub struct Pool {
    connections: PgPool,
    manner: Manner,
}

#[derive(Debug, Clone)]
enum Manner {
    Session,
    Transaction { shift: Option<Shift> },
}

impl From<PgPool> for Pool {
    /// Over connections that each have a session of their own.
    fn from(connections: PgPool) -> Self {
        Self {
            connections,
            manner: Manner::Session,
        }
    }
}

impl Pool {
    /// Takes statements one after another, each by itself.
    pub async fn acquire(&self) -> Result<Link, sqlx::Error> {
        Ok(Link(match self.manner {
            Manner::Session => Line::Connection(self.connections.acquire().await?),
            Manner::Transaction { .. } => Line::Pool(self.clone()),
        }))
    }

    /// Begins a transaction.
    ///
    /// It is begun even if this is dropped, and then undone: sqlx does not know of a transaction whose `BEGIN` is on the
    /// way when its caller is dropped (0.9, read 2026-11-23). The connection's next user would write what is undone later,
    /// and its locks would hold everybody up.
    pub async fn begin(&self) -> Result<Link, sqlx::Error> {
        let connections = self.connections.clone();
        let begun = tokio::spawn(async move { connections.begin().await });
        let transaction = match begun.await {
            Ok(begun) => begun?,
            Err(ended) => match ended.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime shuts down.
                Err(_) => return Err(sqlx::Error::PoolClosed),
            },
        };
        Ok(match &self.manner {
            Manner::Session => Link(Line::Transaction(transaction)),
            Manner::Transaction { shift } => {
                let mut link = Link(Line::Unprepared(transaction));
                if let Some(shift) = shift {
                    apply(&mut link, shift, true).await?;
                }
                link
            }
        })
    }

    /// Listens on a channel; `None` where there is no session to listen on.
    pub async fn listen(&self, channel: &str) -> Result<Option<PgListener>, StoreError> {
        let Some(sessions) = self.sessions() else {
            return Ok(None);
        };
        let mut listener = PgListener::connect_with(sessions).await?;
        listener.listen(channel).await?;
        Ok(Some(listener))
    }

    /// Closes all connections, and waits until those that are in use have come back.
    pub async fn close(&self) {
        self.connections.close().await;
    }

    /// The connections, if each has a session of its own.
    pub(crate) const fn sessions(&self) -> Option<&PgPool> {
        match self.manner {
            Manner::Session => Some(&self.connections),
            Manner::Transaction { .. } => None,
        }
    }
}

/// Opens a pool; the first connection is made when it is first used.
///
/// # Errors
/// When the address is none.
pub fn connect(settings: &PoolSettings) -> Result<Pool, StoreError> {
    let mut options = PgConnectOptions::from_str(&settings.url)?.application_name("picscripter");
    let mut pool = PgPoolOptions::new()
        .max_connections(settings.max_connections)
        .acquire_timeout(Duration::from_secs(5))
        .idle_timeout(IDLE)
        .test_before_acquire(false)
        .before_acquire(|connection, usage| Box::pin(is_there(connection, usage)));
    let shift = settings.shift.clone();
    let manner = match settings.pooler {
        Pooler::Session => {
            if let Some(shift) = shift {
                pool = shifted(pool, &shift);
            }
            Manner::Session
        }
        Pooler::Transaction => {
            // Poolers refuse to start a session with a parameter that they do not keep track of.
            options = options.extra_float_digits(None);
            Manner::Transaction { shift }
        }
    };
    Ok(Pool {
        connections: pool.connect_lazy_with(options),
        manner,
    })
}

fn shifted(pool: PgPoolOptions, shift: &Shift) -> PgPoolOptions {
    let (before, after) = (shift.clone(), shift.clone());
    pool.before_acquire(move |connection, _| {
        let shift = before.clone();
        Box::pin(async move { apply(connection, &shift, false).await.map(|()| true) })
    })
    .after_connect(move |connection, _| {
        let shift = after.clone();
        Box::pin(async move { apply(connection, &shift, false).await })
    })
}

/// Asks a connection that nobody used for a while whether it is still there.
async fn is_there(
    connection: &mut PgConnection,
    usage: PoolConnectionMetadata,
) -> Result<bool, sqlx::Error> {
    if usage.idle_for > FRESH {
        connection.ping().await?;
    }
    Ok(true)
}

/// Moves the clock of a session; where `only_here`, until its transaction ends.
async fn apply(db: impl PgExecutor<'_>, shift: &Shift, only_here: bool) -> Result<(), sqlx::Error> {
    let offset = format!("{} milliseconds", shift.0.load(Ordering::SeqCst));
    sqlx::query!(
        "SELECT set_config('picscripter.clock_offset', $1, $2)",
        offset,
        only_here
    )
    .fetch_one(db)
    .await
    .map(drop)
}

/// The database's clock, which all rows go by.
pub async fn now(db: impl PgExecutor<'_>) -> Result<OffsetDateTime, StoreError> {
    Ok(sqlx::query_scalar!(r#"SELECT app_now() AS "now!""#)
        .fetch_one(db)
        .await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_that_nobody_uses_is_given_back_within_a_minute() {
        let pool = connect(&PoolSettings {
            url: "postgres://127.0.0.1:1/picscripter".to_owned(),
            max_connections: 1,
            pooler: Pooler::Session,
            shift: None,
        });
        let pool = pool.unwrap();
        let options = pool.connections.options();
        assert_eq!(options.get_idle_timeout(), Some(Duration::from_mins(1)));
    }
}
