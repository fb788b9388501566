//! The auth function on Lambda.

use std::sync::Arc;

use settings::{DatabaseSettings, HttpSettings, Reader};
use store::PoolSettings;
use web::{Clock, WebEnv};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let vars = cloud::vars().await?;
    let mut reader = Reader::new(&vars);
    let http = HttpSettings::from_vars(&mut reader);
    let database = DatabaseSettings::from_vars(&mut reader);
    let (http, database) = reader.finish((http, database))?;
    web::telemetry(http.stage);
    let pool = store::connect(&PoolSettings::from(database))?;
    let settings = Arc::new(http);
    let router = auth::router(WebEnv {
        pool,
        settings: Arc::clone(&settings),
        clock: Clock::default(),
    });
    web::run(web::dress(router, &settings)).await
}
