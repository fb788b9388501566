//! Making an [`Env`] out of settings, once, before the first request.

use std::{error::Error, sync::Arc, time::Duration};

use cloud::SdkConfig;
use settings::{
    Apps, ConsentSettings, DatabaseSettings, DoorbellSettings, HttpSettings, Reader, Vars,
    VaultSettings,
};
use store::{PoolSettings, data_keys::Shelf};
use vault::{Sealer, SystemClock, Wrapper};
use web::{Clock, WebEnv};
use wire::{Wire, WireSettings};

use crate::Env;

/// How long one call to a network may take: API Gateway gives up on all of them after 30 seconds.
const PATIENCE: Duration = Duration::from_secs(8);

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
        let consent = ConsentSettings::from_vars(&mut reader);
        let database = DatabaseSettings::from_vars(&mut reader);
        let key = VaultSettings::from_vars(&mut reader);
        let apps = Apps::from_vars(&mut reader, &http.public_url);
        let doorbell = DoorbellSettings::from_vars(&mut reader);
        let (http, consent, database, key, apps, doorbell) =
            reader.finish((http, consent, database, key, apps, doorbell))?;
        let pool = store::connect(&PoolSettings::from(database))?;
        let wrapper = Wrapper::from_settings(&key, Some(config))?;
        let shelf = Arc::new(Shelf(pool.clone()));
        let wire = Wire::new(WireSettings {
            networks_base_url: http.networks_base_url.clone(),
            connect_timeout: PATIENCE / 2,
            timeout: PATIENCE,
        })?;
        Ok(Self {
            apps: Arc::new(apps),
            consent,
            wire: Arc::new(wire),
            sealer: Sealer::new(wrapper, shelf, Arc::new(SystemClock)),
            doorbell: doorbell::open(doorbell, Some(config), pool.clone())?,
            web: WebEnv {
                pool,
                settings: Arc::new(http),
                clock: Clock::default(),
            },
        })
    }
}
