//! `POST /api/webhook-endpoints/:id/deliveries/:deliveryId/redeliver`.

use axum::extract::State;
use domain::{DeliveryId, WebhookEndpointId};
use http::StatusCode;
use store::deliveries::{self, Again};
use web::{Caller, Json, Path, Problem, ProblemBody};

use super::{enabled, view::DeliveryView};
use crate::Env;

/// Sends a delivery again, whatever became of it, and if need be as often as a new one. It has the same `webhook-id`.
#[utoipa::path(
    post, operation_id = "redeliverWebhook", path = "/api/webhook-endpoints/{endpointId}/deliveries/{deliveryId}/redeliver", tag = "events",
    params(("endpointId" = String, Path), ("deliveryId" = String, Path)),
    responses(
        (status = 202, description = "It is on its way.", body = DeliveryView),
        (status = 404, body = ProblemBody),
        (status = 409, description = "The endpoint is disabled, or an attempt is being made just now.", body = ProblemBody)
    ),
    security(("bearer" = []))
)]
pub(crate) async fn redeliver(
    State(env): State<Env>,
    caller: Caller,
    Path((id, delivery)): Path<(WebhookEndpointId, DeliveryId)>,
) -> Result<(StatusCode, Json<DeliveryView>), Problem> {
    enabled(&env, caller.user, id).await?;
    match deliveries::again(&env.web.pool, caller.user, id, delivery).await? {
        Again::Ordered(ordered) => {
            env.doorbell.announce(caller.user).await;
            Ok((StatusCode::ACCEPTED, Json((*ordered).try_into()?)))
        }
        Again::Running => Err(Problem::new(
            StatusCode::CONFLICT,
            "delivery_running",
            "An attempt of this delivery is being made just now; look at what came of it first.",
        )),
        Again::Missing => Err(Problem::not_found()),
    }
}
