//! The publisher function on Lambda.

use doorbell::Doorbell;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use publishing::Publisher;
use settings::{DatabaseSettings, Networks, ObjectSettings, Reader, Vars, VaultSettings};
use store::PoolSettings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let vars = Vars::process();
    let mut reader = Reader::new(&vars);
    let networks = Networks::from_vars(&mut reader);
    let database = DatabaseSettings::from_vars(&mut reader);
    let vault = VaultSettings::from_vars(&mut reader);
    let objects = ObjectSettings::from_vars(&mut reader, networks.stage, &networks.public_url);
    let (networks, database, vault, objects) =
        reader.finish((networks, database, vault, objects))?;
    web::telemetry(networks.stage);
    let pool = store::connect(&PoolSettings::from(database))?;
    let doorbell = Doorbell::postgres(pool.clone());
    let config = &cloud::config().await;
    let publisher =
        &Publisher::assemble(pool, doorbell, &networks, &vault, &objects, Some(config))?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<_>| async move {
        Ok::<_, Error>(publisher::handle(publisher, event.payload).await)
    }))
    .await
}
