//! Ending a connection: revoke at the network, then wipe.

use domain::{ConnectionHealth, ConnectionId};
use platforms::AppContext;
use store::connections::{self, Connection};
use time::Duration;

use crate::{Publisher, publisher::LookError, tokens};

/// How long a network may keep us from wiping; secrets must be gone 60 s after disconnecting.
const PATIENCE: Duration = Duration::seconds(40);
const PAUSE: Duration = Duration::seconds(10);

impl Publisher {
    /// Revokes and wipes a connection that is being disconnected.
    pub(crate) async fn look_at_connection(&self, id: ConnectionId) -> Result<(), LookError> {
        let pool = &self.parts.pool;
        let Some(connection) = connections::by_message(pool, id).await? else {
            return Ok(());
        };
        if connection.health != ConnectionHealth::Disconnecting {
            return Ok(());
        }
        let now = store::now(pool).await?;
        let left = PATIENCE - (now - connection.updated_at);
        let revoked = connections::shares_grant(pool, &connection).await?
            || self.revoke_within(left, &connection, now).await?;
        if !revoked && left.is_positive() {
            self.parts
                .doorbell
                .try_ring(id, now + PAUSE.min(left))
                .await;
            return Ok(());
        }
        connections::finish_disconnect(pool, connection.user_id, id).await?;
        tracing::info!(connection.id = %id, platform = %connection.platform, revoked, "disconnected {id}");
        Ok(())
    }

    /// As [`Publisher::revoke`], but neither a network that does not answer nor a secret that does not
    /// open, now or ever, keeps it from being wiped.
    async fn revoke_within(
        &self,
        left: Duration,
        connection: &Connection,
        now: time::OffsetDateTime,
    ) -> Result<bool, LookError> {
        let left = left.try_into().unwrap_or_default();
        let revoked = tokio::time::timeout(left, self.revoke(connection, now)).await;
        match revoked {
            Ok(Err(LookError::Vault(error))) => {
                tracing::error!(connection.id = %connection.id, error = &error as &dyn std::error::Error, "what would revoke {} does not open", connection.id);
                Ok(false)
            }
            Ok(revoked) => revoked,
            Err(_) => Ok(false),
        }
    }

    /// Withdraws our access at the network; tells whether it is withdrawn, as far as we can.
    async fn revoke(
        &self,
        connection: &Connection,
        now: time::OffsetDateTime,
    ) -> Result<bool, LookError> {
        let Some(app) = self
            .parts
            .apps
            .of_account(connection.platform, &connection.facts)
        else {
            return Ok(true);
        };
        let Some(credentials) = tokens::credentials(&self.means, connection).await? else {
            return Ok(true);
        };
        let Some(call) = platforms::revoke(connection.platform, &credentials, app) else {
            return Ok(true);
        };
        match self
            .parts
            .wire
            .converse(call, &AppContext { now, app })
            .await
        {
            Ok(()) => Ok(true),
            Err(fault) => {
                tracing::warn!(connection.id = %connection.id, code = fault.code, evidence = fault.evidence, "the network did not revoke");
                Ok(false)
            }
        }
    }
}
