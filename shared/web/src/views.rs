//! What several functions answer.

use serde::Serialize;
use store::connections::Connection;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use utoipa::ToSchema;

/// A connection as the app sees it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Connection)]
pub struct ConnectionView {
    /// Its id.
    #[schema(example = "con_019314b2c4d57c3ea1b2c3d4e5f60718")]
    pub id: String,
    /// The network.
    #[schema(example = "instagram")]
    pub platform: String,
    /// The network's id of the account.
    pub account_id: String,
    /// The name with an @, where the network has such.
    pub username: Option<String>,
    /// The name a person knows it by.
    pub display_name: String,
    /// Its picture; may expire.
    pub avatar_url: Option<String>,
    /// What the person allowed.
    pub scopes: Vec<String>,
    /// When our access ends unless it is renewed; absent where it has no end.
    #[serde(with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    /// `active`, `needs_reconnect`, `disconnecting` or `disconnected`.
    pub health: String,
    /// Why it does not work.
    pub health_reason: Option<String>,
    /// When the person connected it, last.
    #[serde(with = "time::serde::rfc3339")]
    pub connected_at: OffsetDateTime,
}

impl From<Connection> for ConnectionView {
    fn from(connection: Connection) -> Self {
        // Where there is something to renew it with, the end of that is the end that matters.
        let tokens_end = connection
            .refresh_expires_at
            .or(connection.access_expires_at);
        let data_access_ends = connection.facts["dataAccessUntil"]
            .as_str()
            .and_then(|until| OffsetDateTime::parse(until, &Rfc3339).ok());
        Self {
            id: connection.id.to_string(),
            platform: connection.platform.to_string(),
            account_id: connection.external_id,
            username: connection.username,
            display_name: connection.display_name,
            avatar_url: connection.avatar_url,
            scopes: connection.scopes,
            expires_at: tokens_end.into_iter().chain(data_access_ends).min(),
            health: connection.health.to_string(),
            health_reason: connection.health_reason,
            connected_at: connection.connected_at,
        }
    }
}
