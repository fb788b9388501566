//! The way to run.

use axum::Router;

/// Serves a router as a Lambda function behind API Gateway.
///
/// # Errors
/// When the runtime cannot be reached.
pub async fn run(router: Router) -> Result<(), lambda_http::Error> {
    lambda_http::run(router).await
}
