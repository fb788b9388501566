//! The migrate function on Lambda.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use settings::{DatabaseSettings, Reader, Stage};
use store::PoolSettings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let vars = cloud::vars().await?;
    let mut reader = Reader::new(&vars);
    let database = DatabaseSettings::direct_from_vars(&mut reader);
    let stage = reader.with_default("APP_ENV", Stage::Production);
    let (database, stage) = reader.finish((database, stage))?;
    web::telemetry(stage);
    let pool = &store::connect(&PoolSettings::from(database))?;
    lambda_runtime::run(service_fn(|_: LambdaEvent<serde_json::Value>| async move {
        migrate::migrate(pool).await.map_err(Error::from)
    }))
    .await
}
