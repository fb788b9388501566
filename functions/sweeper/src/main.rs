//! The sweeper function on Lambda.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use publishing::Publisher;
use settings::{
    DatabaseSettings, DoorbellSettings, Networks, ObjectSettings, Reader, VaultSettings,
};
use store::PoolSettings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let (vars, config) = cloud::start().await?;
    let mut reader = Reader::new(&vars);
    let networks = Networks::from_vars(&mut reader);
    let database = DatabaseSettings::from_vars(&mut reader);
    let vault = VaultSettings::from_vars(&mut reader);
    let objects = ObjectSettings::from_vars(&mut reader, networks.stage, &networks.public_url);
    let doorbell = DoorbellSettings::from_vars(&mut reader);
    let (networks, database, vault, objects, doorbell) =
        reader.finish((networks, database, vault, objects, doorbell))?;
    web::telemetry(networks.stage);
    let pool = store::connect(&PoolSettings::from(database))?;
    let doorbell = doorbell::open(doorbell, Some(&config), pool.clone())?;
    let publisher =
        &Publisher::assemble(pool, doorbell, &networks, &vault, &objects, Some(&config))?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<_>| async move {
        sweeper::handle(publisher, &event.payload)
            .await
            .map_err(Error::from)
    }))
    .await
}
