//! The connections function on Lambda.

use std::sync::Arc;

use doorbell::Doorbell;
use settings::{Apps, DatabaseSettings, HttpSettings, Reader, Vars, VaultSettings};
use store::{PoolSettings, data_keys::Shelf};
use vault::{LocalKey, SystemClock, Vault, Wrapper};
use web::{Clock, WebEnv};
use wire::{Wire, WireSettings};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let vars = Vars::process();
    let mut reader = Reader::new(&vars);
    let http = HttpSettings::from_vars(&mut reader);
    let database = DatabaseSettings::from_vars(&mut reader);
    let key = VaultSettings::from_vars(&mut reader);
    let apps = Apps::from_vars(&mut reader, &http.public_url);
    let (http, database, key, apps) = reader.finish((http, database, key, Arc::new(apps)))?;
    web::telemetry(http.stage);
    let pool = store::connect(&PoolSettings::from(database))?;
    let wrapper = Wrapper::Local(LocalKey::from_bytes(key.local_key.expose())?);
    let sealer = Vault::new(
        wrapper,
        Arc::new(Shelf(pool.clone())),
        Arc::new(SystemClock),
    )
    .sealer();
    let networks_base_url = http.networks_base_url.clone();
    let wire = Arc::new(Wire::new(WireSettings {
        networks_base_url,
        ..WireSettings::default()
    })?);
    let doorbell = Doorbell::postgres(pool.clone());
    let settings = Arc::new(http);
    let web = WebEnv {
        pool,
        settings: Arc::clone(&settings),
        clock: Clock::default(),
    };
    let router = connections::router(connections::Env {
        web,
        apps,
        wire,
        sealer,
        doorbell,
    });
    web::run(web::dress(router, &settings)).await
}
