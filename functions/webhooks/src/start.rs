//! Making an [`Env`] out of settings, once, before the first request.

use std::{error::Error, sync::Arc};

use doorbell::Doorbell;
use settings::{Apps, DatabaseSettings, HttpSettings, Reader, Vars};
use store::PoolSettings;
use web::{Clock, WebEnv};

use crate::Env;

impl Env {
    /// What this function needs, as the variables say.
    ///
    /// # Errors
    /// Everything that is missing or wrong.
    pub fn from_vars(vars: &Vars) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let mut reader = Reader::new(vars);
        let http = HttpSettings::from_vars(&mut reader);
        let database = DatabaseSettings::from_vars(&mut reader);
        let apps = Apps::from_vars(&mut reader, &http.public_url);
        let (http, database, apps) = reader.finish((http, database, apps))?;
        let pool = store::connect(&PoolSettings::from(database))?;
        Ok(Self {
            apps: Arc::new(apps),
            doorbell: Doorbell::postgres(pool.clone()),
            web: WebEnv {
                pool,
                settings: Arc::new(http),
                clock: Clock::default(),
            },
        })
    }
}
