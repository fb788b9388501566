//! The connections function on Lambda.

use std::sync::Arc;

use settings::Vars;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let env = connections::Env::from_vars(&Vars::process(), &cloud::config().await)?;
    let settings = Arc::clone(&env.web.settings);
    web::telemetry(settings.stage);
    web::run(web::dress(connections::router(env), &settings)).await
}
