//! The clocks that agree: of the database, of the request handlers and of the networks. Processes keep their own, with
//! which they measure durations only.

use std::{
    fs::File,
    io::Write as _,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use store::Pool;
use time::{Duration, OffsetDateTime};

use crate::Failure;

/// The clocks.
pub(crate) struct Clocks {
    settings: PathBuf,
    pool: Pool,
    web: web::Clock,
    networks: simulator::Clock,
    offset: Mutex<Duration>,
}

impl Clocks {
    /// The clocks of a server whose data lie in a folder, and these.
    pub(crate) fn new(
        data: PathBuf,
        pool: Pool,
        web: web::Clock,
        networks: simulator::Clock,
    ) -> Self {
        Self {
            settings: data.join("postgresql.conf"),
            pool,
            web,
            networks,
            offset: Mutex::default(),
        }
    }

    /// The time.
    pub(crate) fn now(&self) -> OffsetDateTime {
        self.web.now()
    }

    /// How far it stands from the true time.
    pub(crate) fn offset(&self) -> Duration {
        *self.offset.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves all of them forward. That of the database stands in the settings of the server, so all of its sessions
    /// go by it from their next statement on, and it outlasts a crash.
    pub(crate) async fn advance(&self, by: Duration) -> Result<(), Failure> {
        let offset = self.offset() + by;
        *self.offset.lock().unwrap_or_else(PoisonError::into_inner) = offset;
        let shown = format!("{} milliseconds", offset.whole_milliseconds());
        // Of a setting that is there twice the last one counts.
        let mut settings = File::options().append(true).open(&self.settings)?;
        writeln!(settings, "picscripter.clock_offset = '{shown}'")?;
        sqlx::query("SELECT pg_reload_conf()")
            .execute(&self.pool)
            .await?;
        let mut looks = tokio::time::interval(std::time::Duration::from_millis(5));
        while self.in_the_database().await? != Some(shown.clone()) {
            looks.tick().await;
        }
        self.web.advance(by);
        self.networks.advance(by);
        Ok(())
    }

    async fn in_the_database(&self) -> Result<Option<String>, sqlx::Error> {
        sqlx::query_scalar("SELECT current_setting('picscripter.clock_offset', true)")
            .fetch_one(&self.pool)
            .await
    }
}
