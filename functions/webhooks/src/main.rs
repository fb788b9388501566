//! The webhooks function on Lambda.

use std::sync::Arc;

use settings::Vars;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let env = webhooks::Env::from_vars(&Vars::process())?;
    let settings = Arc::clone(&env.web.settings);
    web::telemetry(settings.stage);
    web::run(web::dress(webhooks::router(env), &settings)).await
}
