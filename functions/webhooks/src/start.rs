//! Making an [`Env`] out of settings, once, before the first request.

use std::{error::Error, sync::Arc};

use cloud::SdkConfig;
use guard::{Beside, Guard, SystemResolver};
use settings::{
    Apps, DatabaseSettings, DoorbellSettings, HttpSettings, Reader, Vars, VaultSettings,
};
use store::{PoolSettings, data_keys::Shelf};
use vault::{Sealer, SystemClock, Wrapper};
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
        let key = VaultSettings::from_vars(&mut reader);
        let (http, database, apps, doorbell, key) =
            reader.finish((http, database, apps, doorbell, key))?;
        let pool = store::connect(&PoolSettings::from(database))?;
        let wrapper = Wrapper::from_settings(&key, Some(config))?;
        let shelf = Arc::new(Shelf(pool.clone()));
        let beside = Beside::loopback_if(http.stage.is_development());
        Ok(Self {
            apps: Arc::new(apps),
            doorbell: doorbell::open(doorbell, Some(config), pool.clone())?,
            guard: Guard::new(beside, Arc::new(SystemResolver))?,
            sealer: Sealer::new(wrapper, shelf, Arc::new(SystemClock)),
            web: WebEnv {
                pool,
                settings: Arc::new(http),
                clock: Clock::default(),
            },
        })
    }
}
