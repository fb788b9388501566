//! The ops function on Lambda.

use std::sync::Arc;

use settings::{DatabaseSettings, DoorbellSettings, HttpSettings, Reader};
use store::PoolSettings;
use web::{Clock, WebEnv};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let (vars, config) = cloud::start().await?;
    let mut reader = Reader::new(&vars);
    let http = HttpSettings::from_vars(&mut reader);
    let database = DatabaseSettings::from_vars(&mut reader);
    let doorbell = DoorbellSettings::from_vars(&mut reader);
    let (http, database, doorbell) = reader.finish((http, database, doorbell))?;
    web::telemetry(http.stage);
    let pool = store::connect(&PoolSettings::from(database))?;
    let doorbell = doorbell::open(doorbell, Some(&config), pool.clone())?;
    let settings = Arc::new(http);
    let web = WebEnv {
        pool,
        settings: Arc::clone(&settings),
        clock: Clock::default(),
    };
    let router = ops::router(ops::Env { web, doorbell });
    web::run(web::dress(router, &settings)).await
}
