//! An endpoint and its deliveries as their owner sees them.

use domain::{DeliveryId, EventId, WebhookEndpointId};
use serde::{Deserialize, Serialize};
use store::{deliveries::Delivery, webhook_endpoints::Endpoint};
use time::OffsetDateTime;
use utoipa::ToSchema;
use web::Problem;

/// Where one of your servers is told of events.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WebhookEndpoint)]
pub(crate) struct EndpointView {
    /// Its id.
    #[schema(value_type = String, example = "whe_019314b2c4d57c3ea1b2c3d4e5f60718")]
    pub(crate) id: WebhookEndpointId,
    /// Where events are sent.
    pub(crate) url: String,
    /// What you call it.
    pub(crate) description: Option<String>,
    /// The types of events that are sent; all when none is named.
    pub(crate) event_types: Vec<String>,
    /// Whether events are sent.
    pub(crate) enabled: bool,
    /// Why none are sent: `asked` by you; `failing`, nothing arrived for five days and in ten attempts; `gone`, it answered 410.
    pub(crate) disabled_reason: Option<String>,
    /// Since when none are sent.
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) disabled_at: Option<OffsetDateTime>,
    /// Since when nothing arrived, while that is so.
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) failing_since: Option<OffsetDateTime>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) created_at: OffsetDateTime,
    /// When you changed it last.
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) updated_at: OffsetDateTime,
}

impl From<Endpoint> for EndpointView {
    fn from(endpoint: Endpoint) -> Self {
        Self {
            id: endpoint.id,
            url: endpoint.url,
            description: endpoint.description,
            event_types: endpoint.event_types,
            enabled: endpoint.enabled,
            disabled_reason: endpoint.disabled_reason,
            disabled_at: endpoint.disabled_at,
            failing_since: endpoint.failing_since,
            created_at: endpoint.created_at,
            updated_at: endpoint.updated_at,
        }
    }
}

/// One event, or a ping, on its way to one endpoint.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WebhookDelivery)]
pub(crate) struct DeliveryView {
    /// Its id.
    #[schema(value_type = String, example = "dlv_019314b2c4d57c3ea1b2c3d4e5f60718")]
    pub(crate) id: DeliveryId,
    /// The event, by which `webhook-id` names it; absent for a ping, which is named by the id of the delivery.
    #[schema(value_type = Option<String>)]
    pub(crate) event_id: Option<EventId>,
    /// The type of the event, or `ping`.
    pub(crate) event_type: String,
    /// `waiting` for its next attempt, `running`, `delivered`, or `failed` and given up.
    pub(crate) status: String,
    /// The attempts that were made, oldest first; the last twenty.
    pub(crate) attempts: Vec<AttemptView>,
    /// When the next attempt is made; absent where there will be none.
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) next_attempt_at: Option<OffsetDateTime>,
    /// When it was planned.
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) created_at: OffsetDateTime,
    /// When it was delivered or given up.
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) ended_at: Option<OffsetDateTime>,
}

/// One attempt.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WebhookAttempt)]
pub(crate) struct AttemptView {
    /// When it was begun.
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    /// What the endpoint answered; absent where no answer came.
    status: Option<u16>,
    /// What was wrong; absent for a success.
    error: Option<String>,
    /// The beginning of an answer that was no success.
    answer: Option<String>,
    /// How long it took, in milliseconds.
    duration_ms: u64,
}

impl TryFrom<Delivery> for DeliveryView {
    type Error = Problem;

    fn try_from(delivery: Delivery) -> Result<Self, Problem> {
        let (event_id, event_type) = match delivery.event {
            Some((id, kind)) => (Some(id), kind),
            None => (None, "ping".to_owned()),
        };
        let attempts =
            serde_json::from_value(delivery.attempts).map_err(|error| Problem::internal(&error))?;
        let waits = delivery.state == "waiting";
        Ok(Self {
            id: delivery.id,
            event_id,
            event_type,
            status: delivery.state,
            attempts,
            next_attempt_at: waits.then_some(delivery.due_at),
            created_at: delivery.created_at,
            ended_at: delivery.ended_at,
        })
    }
}
