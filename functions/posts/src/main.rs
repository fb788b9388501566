//! The posts function on Lambda.

use std::sync::Arc;

use doorbell::Doorbell;
use media::Library;
use settings::{DatabaseSettings, HttpSettings, ObjectSettings, Reader, Vars};
use store::PoolSettings;
use web::{Clock, WebEnv};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let vars = Vars::process();
    let mut reader = Reader::new(&vars);
    let http = HttpSettings::from_vars(&mut reader);
    let database = DatabaseSettings::from_vars(&mut reader);
    let objects = ObjectSettings::from_vars(&mut reader, http.stage, &http.public_url);
    let (http, database, objects) = reader.finish((http, database, objects))?;
    web::telemetry(http.stage);
    let pool = store::connect(&PoolSettings::from(database))?;
    let doorbell = Doorbell::postgres(pool.clone());
    let library = Arc::new(Library::from_settings(&objects)?);
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
