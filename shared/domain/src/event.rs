//! Something that happened, as it is told outside.

use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;

use crate::{ConnectionId, EventId, PostId, WebhookEndpointId};

/// Every kind of event there is.
pub const EVENT_TYPES: [&str; 12] = [
    "connection.active",
    "connection.disconnected",
    "connection.disconnecting",
    "connection.expiring",
    "connection.needs_reconnect",
    "post.canceled",
    "post.failed",
    "post.published",
    "post.publishing",
    "post.queued",
    "post.unconfirmed",
    "webhook_endpoint.disabled",
];

/// Something that happened, as the feed and requests to users' own servers tell it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// Its place among all events of its user, counted from 1.
    pub sequence: i64,
    /// One of [`EVENT_TYPES`].
    #[serde(rename = "type")]
    pub kind: String,
    /// When it happened.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// The post that it happened to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_id: Option<PostId>,
    /// The connection that it happened to, or that the post goes to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_id: Option<ConnectionId>,
    /// The endpoint that it happened to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_endpoint_id: Option<WebhookEndpointId>,
    /// What was so when it happened.
    pub data: Value,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ConnectionHealth, Status};

    #[test]
    fn every_status_and_health_is_told_by_a_kind_of_its_own() {
        let statuses = [
            Status::Canceled,
            Status::Failed,
            Status::Published,
            Status::Publishing,
            Status::Queued,
            Status::Unconfirmed,
        ];
        let healths = [
            ConnectionHealth::Active,
            ConnectionHealth::Disconnected,
            ConnectionHealth::Disconnecting,
            ConnectionHealth::NeedsReconnect,
        ];
        let told = statuses
            .map(|status| format!("post.{}", status.as_str()))
            .into_iter()
            .chain(healths.map(|health| format!("connection.{health}")));
        let mut kinds: Vec<String> = told.collect();
        kinds.extend(["connection.expiring", "webhook_endpoint.disabled"].map(str::to_owned));
        kinds.sort();
        assert_eq!(kinds, EVENT_TYPES);
    }
}
