//! `/healthz` and `/readyz`.

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use web::{Json, Problem, ProblemBody};

use crate::Env;

/// How it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`
    status: &'static str,
}

/// Says that the process answers.
#[utoipa::path(get, operation_id = "getHealth", path = "/healthz", tag = "ops", responses((status = 200, body = Health)))]
pub(crate) async fn live() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Says whether requests can be served: the database answers, and its schema is that of this build.
#[utoipa::path(
    get, operation_id = "getReadiness", path = "/readyz", tag = "ops",
    responses((status = 200, body = Health), (status = 503, body = ProblemBody))
)]
pub(crate) async fn ready(State(env): State<Env>) -> Result<Json<Health>, Problem> {
    let unready = |detail: &str| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", detail);
    match store::ping(&env.web.pool).await {
        Ok(true) => Ok(Json(Health { status: "ok" })),
        Ok(false) => Err(unready(
            "The schema is older than this build; run the migrations.",
        )),
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the database does not answer"
            );
            Err(unready("The database does not answer."))
        }
    }
}
