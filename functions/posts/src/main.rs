//! The posts function on Lambda.

use std::sync::Arc;

use media::Library;
use settings::{DatabaseSettings, DoorbellSettings, HttpSettings, ObjectSettings, Reader};
use store::PoolSettings;
use web::{Clock, WebEnv};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let (vars, config) = cloud::start().await?;
    let mut reader = Reader::new(&vars);
    let http = HttpSettings::from_vars(&mut reader);
    let database = DatabaseSettings::from_vars(&mut reader);
    let objects = ObjectSettings::from_vars(&mut reader, http.stage, &http.public_url);
    let doorbell = DoorbellSettings::from_vars(&mut reader);
    let (http, database, objects, doorbell) = reader.finish((http, database, objects, doorbell))?;
    web::telemetry(http.stage);
    let pool = store::connect(&PoolSettings::from(database))?;
    let doorbell = doorbell::open(doorbell, Some(&config), pool.clone())?;
    let library = Arc::new(Library::from_settings(&objects, Some(&config))?);
    let settings = Arc::new(http);
    let web = WebEnv {
        pool,
        settings: Arc::clone(&settings),
        clock: Clock::default(),
    };
    let router = posts::router(posts::Env {
        web,
        library,
        doorbell,
    });
    web::run(web::dress(router, &settings)).await
}
