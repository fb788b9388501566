//! `POST /api/webhook-endpoints/:id/rotate-secret`.

use axum::extract::State;
use domain::WebhookEndpointId;
use serde::Serialize;
use store::{StoreError, webhook_endpoints};
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;
use web::{Caller, Json, Path, Problem, ProblemBody};

use super::{find, secret};
use crate::Env;

/// How long the old secret signs beside the new one.
const OVERLAP: Duration = Duration::hours(24);

/// A secret that was just made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RotatedSecret {
    /// What requests are signed with from now on. It is shown here and never again.
    #[schema(example = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")]
    secret: String,
    /// Until when they are signed with the old one as well.
    #[serde(with = "time::serde::rfc3339")]
    old_secret_until: OffsetDateTime,
}

/// Gives an endpoint a new secret. The old one signs too for 24 hours, so that `webhook-signature` holds two; one that was
/// rotated out before signs no more.
#[utoipa::path(
    post, operation_id = "rotateWebhookSecret", path = "/api/webhook-endpoints/{endpointId}/rotate-secret", tag = "events", params(("endpointId" = String, Path)),
    responses(
        (status = 200, body = RotatedSecret),
        (status = 404, body = ProblemBody),
        (status = 503, description = "No secret could be made; ask again.", body = ProblemBody)
    ),
    security(("bearer" = []))
)]
pub(crate) async fn rotate(
    State(env): State<Env>,
    caller: Caller,
    Path(id): Path<WebhookEndpointId>,
) -> Result<Json<RotatedSecret>, Problem> {
    find(&env, caller.user, id).await?;
    let fresh = secret::make(&env, caller.user).await?;
    let mut tx = env.web.pool.begin().await.map_err(StoreError::from)?;
    let rotated =
        webhook_endpoints::rotate(&mut tx, caller.user, id, &fresh.sealed, OVERLAP).await?;
    let old_secret_until = rotated.ok_or_else(Problem::not_found)?;
    tx.commit().await.map_err(StoreError::from)?;
    tracing::info!(endpoint.id = %id, "{id} has a new secret");
    Ok(Json(RotatedSecret {
        secret: fresh.shown,
        old_secret_until,
    }))
}
