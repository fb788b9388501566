//! The migrate function on Lambda.

use std::error::Error;

use lambda_runtime::{LambdaEvent, service_fn};
use migrate::Reporter;
use settings::{DatabaseSettings, Reader, Stage, Vars};
use store::{Pool, PoolSettings};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let vars = Vars::process();
    let mut reader = Reader::new(&vars);
    let stage = reader.with_default("APP_ENV", Stage::Production);
    let stage = reader.finish(stage)?;
    web::telemetry(stage);
    let reporter = &Reporter::new(stage)?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<_>| async move {
        let log = event.context.env_config.log_stream.as_str();
        migrate::handle(event.payload, open, reporter, log).await
    }))
    .await
}

/// Asked for by each invocation, so that a deploy is told what is missing.
async fn open() -> Result<Pool, Box<dyn Error + Send + Sync>> {
    let vars = cloud::vars().await?;
    let mut reader = Reader::new(&vars);
    let database = DatabaseSettings::direct_from_vars(&mut reader);
    let database = reader.finish(database)?;
    Ok(store::connect(&PoolSettings::from(database))?)
}
