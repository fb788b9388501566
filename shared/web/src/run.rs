//! The way to run.

use axum::Router;
use settings::Stage;
use tracing_subscriber::{EnvFilter, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Serves a router as a Lambda function behind API Gateway.
///
/// # Errors
/// When the runtime cannot be reached.
pub async fn run(router: Router) -> Result<(), lambda_http::Error> {
    lambda_http::run(router).await
}

/// Starts to write the log: JSON for machines in production, lines for people in development.
/// `RUST_LOG` chooses what is written.
pub fn telemetry(stage: Stage) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let registry = tracing_subscriber::registry().with(filter);
    if stage.is_development() {
        registry
            .with(
                tracing_subscriber::fmt::layer()
                    .with_target(false)
                    .compact()
                    .with_writer(std::io::stderr),
            )
            .init();
    } else {
        registry
            .with(tracing_subscriber::fmt::layer().json().flatten_event(true))
            .init();
    }
}
