//! Making an [`Env`] out of settings, once, before the first request.

use std::{error::Error, sync::Arc};

use cloud::SdkConfig;
use settings::{Apps, DatabaseSettings, DoorbellSettings, HttpSettings, Reader, Vars};
use store::PoolSettings;
use web::{Clock, WebEnv};

use crate::Env;

impl Env {
    /// What this function needs, as the variables say.
    ///
    /// # Errors
    /// Everything that is missing or wrong.
    pub fn from_vars(
        vars: &Vars,
        config: &SdkConfig,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let mut reader = Reader::new(vars);
        let http = HttpSettings::from_vars(&mut reader);
        let database = DatabaseSettings::from_vars(&mut reader);
        let apps = Apps::from_vars(&mut reader, &http.public_url);
        let doorbell = DoorbellSettings::from_vars(&mut reader);
        let (http, database, apps, doorbell) = reader.finish((http, database, apps, doorbell))?;
        let pool = store::connect(&PoolSettings::from(database))?;
        Ok(Self {
            apps: Arc::new(apps),
            doorbell: doorbell::open(doorbell, Some(config), pool.clone())?,
            web: WebEnv {
                pool,
                settings: Arc::new(http),
                clock: Clock::default(),
            },
        })
    }
}
