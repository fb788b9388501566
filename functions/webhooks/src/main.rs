//! The webhooks function on Lambda.

use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let (vars, config) = cloud::start().await?;
    let env = webhooks::Env::from_vars(&vars, &config)?;
    let settings = Arc::clone(&env.web.settings);
    web::telemetry(settings.stage);
    web::run(web::dress(webhooks::router(env), &settings)).await
}
