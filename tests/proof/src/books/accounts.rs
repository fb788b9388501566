//! Connections, their tokens, and what networks allow them.

use domain::{ConnectionHealth, ConnectionId, ErrandId, Platform};
use serde_json::Value;
use store::{
    budgets::Holder,
    connections::{Connection, SealedTokens},
    tokens::Versioned,
};
use time::{Duration, OffsetDateTime};

use super::{Budget, ConnectionRow, MemoryBooks, Rows};
use crate::planted::Flaw;

impl MemoryBooks {
    /// `store::connections::connect`, of an account that is new.
    pub fn add_connection(&self, connection: Connection, tokens: SealedTokens) {
        self.change(|rows, _| {
            let row = ConnectionRow {
                tokens: Some(tokens),
                refresh_started_at: None,
                connection,
            };
            rows.connections.insert(row.connection.id, row);
        });
    }

    /// `store::connections::begin_disconnect`, of one account.
    pub fn disconnect(&self, id: ConnectionId) {
        self.change(|rows, now| {
            if let Some(row) = rows.connections.get_mut(&id) {
                row.connection.health = ConnectionHealth::Disconnecting;
                row.connection.updated_at = now;
            }
        });
    }

    pub(crate) fn connection(&self, id: ConnectionId) -> Option<Connection> {
        let rows = self.rows();
        rows.connections.get(&id).map(|row| row.connection.clone())
    }

    pub(crate) fn tokens(&self, id: ConnectionId) -> Option<Versioned> {
        let rows = self.rows();
        let row = rows.connections.get(&id)?;
        Some(Versioned {
            tokens: row.tokens.clone()?,
            version: row.connection.token_version,
        })
    }

    pub(crate) fn begin_refresh(&self, id: ConnectionId, version: i32, patience: Duration) -> bool {
        let lets_all = self.has(Flaw::RefreshesAllAtOnce);
        self.change(|rows, now| {
            let row = rows.connections.get_mut(&id);
            let Some(row) = row.filter(|row| row.connection.token_version == version) else {
                return false;
            };
            let is_free = row.refresh_started_at.is_none_or(|at| at < now - patience);
            if row.connection.health != ConnectionHealth::Active || !(is_free || lets_all) {
                return false;
            }
            row.refresh_started_at = Some(now);
            true
        })
    }

    pub(crate) fn finish_refresh(
        &self,
        id: ConnectionId,
        version: i32,
        tokens: &SealedTokens,
    ) -> bool {
        if self.has(Flaw::RefreshIsNotKept) {
            return true;
        }
        self.change(|rows, now| {
            let row = rows.connections.get_mut(&id);
            let Some(row) = row.filter(|row| row.connection.token_version == version) else {
                return false;
            };
            if !matches!(
                row.connection.health,
                ConnectionHealth::Active | ConnectionHealth::NeedsReconnect
            ) {
                return false;
            }
            row.tokens = Some(tokens.clone());
            row.refresh_started_at = None;
            row.connection.access_expires_at = tokens.access_expires_at;
            row.connection.refresh_expires_at = tokens.refresh_expires_at;
            row.connection.token_version += 1;
            row.connection.health = ConnectionHealth::Active;
            row.connection.health_reason = None;
            row.connection.updated_at = now;
            true
        })
    }

    pub(crate) fn need_reconnect(&self, id: ConnectionId, version: i32, reason: &str) -> bool {
        self.change(|rows, now| {
            let row = rows.connections.get_mut(&id);
            let Some(row) = row.filter(|row| row.connection.token_version == version) else {
                return false;
            };
            if row.connection.health != ConnectionHealth::Active {
                return false;
            }
            row.connection.health = ConnectionHealth::NeedsReconnect;
            row.connection.health_reason = Some(reason.to_owned());
            row.connection.updated_at = now;
            row.refresh_started_at = None;
            true
        })
    }

    pub(crate) fn tell_budget(&self, holder: Holder, used_percent: u8, hold: Duration) {
        self.change(|rows, now| {
            let budget = Budget {
                used_percent,
                free_at: now + hold,
                updated_at: now,
            };
            rows.budgets.insert(key(holder), budget);
        });
    }

    pub(crate) fn plan(&self, wish: &Value, at: OffsetDateTime) -> ErrandId {
        let mut rows = self.rows();
        rows.errands
            .push(serde_json::json!({"wish": wish, "at": at.unix_timestamp()}));
        ErrandId::mint()
    }
}

impl Rows {
    pub(super) fn budgets_of(
        &self,
        connection: ConnectionId,
        platform: Platform,
    ) -> impl Iterator<Item = &Budget> {
        let keys = [key(Holder::Account(connection)), key(Holder::App(platform))];
        keys.into_iter().filter_map(|key| self.budgets.get(&key))
    }
}

fn key(holder: Holder) -> String {
    match holder {
        Holder::Account(id) => id.to_string(),
        Holder::App(platform) => format!("app:{platform}"),
        Holder::Uploads(platform) => format!("uploads:{platform}"),
    }
}
