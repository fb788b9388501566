//! Places that can be published to.

use domain::{ConnectionHealth, ConnectionId, GrantId, Platform, UserId};
use serde_json::Value;
use sqlx::PgExecutor;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    Link, Pool, StoreError,
    flight::{Ask, Told},
};

/// One place that can be published to, without its secrets.
#[derive(Debug, Clone, PartialEq)]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// Whose it is.
    pub user_id: UserId,
    /// The network.
    pub platform: Platform,
    /// The network's id of the account.
    pub external_id: String,
    /// The name with an @, where the network has such.
    pub username: Option<String>,
    /// The name a person knows it by.
    pub display_name: String,
    /// Its picture; may expire.
    pub avatar_url: Option<String>,
    /// What publishing needs to know beside the id.
    pub facts: Value,
    /// What the person allowed.
    pub scopes: Vec<String>,
    /// Grants that live and die together at the network.
    pub grant_family: String,
    /// Who consented, as the network names them.
    pub subject: String,
    /// When the access token ends; absent where it has no end.
    pub access_expires_at: Option<OffsetDateTime>,
    /// When what renews it ends.
    pub refresh_expires_at: Option<OffsetDateTime>,
    /// Raised whenever the tokens are replaced.
    pub token_version: i32,
    /// Whether it works.
    pub health: ConnectionHealth,
    /// Why it does not.
    pub health_reason: Option<String>,
    /// When the person connected it, last.
    pub connected_at: OffsetDateTime,
    /// When its row changed last.
    pub updated_at: OffsetDateTime,
}

/// An account that a consent lets us publish to.
#[derive(Debug, Clone)]
pub struct Granted<'a> {
    /// The network.
    pub platform: Platform,
    /// The network's id of the account.
    pub external_id: &'a str,
    /// The name with an @.
    pub username: Option<&'a str>,
    /// The name a person knows it by.
    pub display_name: &'a str,
    /// Its picture.
    pub avatar_url: Option<&'a str>,
    /// What publishing needs to know beside the id.
    pub facts: &'a Value,
    /// What the person allowed.
    pub scopes: &'a [String],
    /// The consent.
    pub grant_id: GrantId,
    /// Grants that live and die together at the network.
    pub grant_family: &'a str,
    /// Who consented.
    pub subject: &'a str,
}

/// Sealed tokens and when they end.
#[derive(Debug, Clone)]
pub struct SealedTokens {
    /// The access token.
    pub access: Vec<u8>,
    /// When it ends.
    pub access_expires_at: Option<OffsetDateTime>,
    /// What renews it.
    pub refresh: Option<Vec<u8>>,
    /// When that ends.
    pub refresh_expires_at: Option<OffsetDateTime>,
}

#[derive(sqlx::FromRow, Clone)]
struct Row {
    id: Uuid,
    user_id: Uuid,
    platform: String,
    external_id: String,
    username: Option<String>,
    display_name: String,
    avatar_url: Option<String>,
    facts: Value,
    scopes: Vec<String>,
    grant_family: String,
    subject: String,
    access_expires_at: Option<OffsetDateTime>,
    refresh_expires_at: Option<OffsetDateTime>,
    token_version: i32,
    health: String,
    health_reason: Option<String>,
    connected_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl TryFrom<Row> for Connection {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let broken = |column, reason: &dyn std::fmt::Display| {
            StoreError::row("connections", column, row.id, reason)
        };
        Ok(Self {
            platform: row
                .platform
                .parse()
                .map_err(|error| broken("platform", &error))?,
            health: row
                .health
                .parse()
                .map_err(|error| broken("health", &error))?,
            id: row.id.into(),
            user_id: row.user_id.into(),
            external_id: row.external_id,
            username: row.username,
            display_name: row.display_name,
            avatar_url: row.avatar_url,
            facts: row.facts,
            scopes: row.scopes,
            grant_family: row.grant_family,
            subject: row.subject,
            access_expires_at: row.access_expires_at,
            refresh_expires_at: row.refresh_expires_at,
            token_version: row.token_version,
            health_reason: row.health_reason,
            connected_at: row.connected_at,
            updated_at: row.updated_at,
        })
    }
}

/// The id under which an account is, or will be, connected. Its tokens are sealed to this id, so
/// it must be known before they are.
pub async fn id_for(
    db: impl PgExecutor<'_>,
    user: UserId,
    platform: Platform,
    external_id: &str,
) -> Result<ConnectionId, StoreError> {
    let id = sqlx::query_scalar!(
        "SELECT id FROM connections WHERE user_id = $1 AND platform = $2 AND external_id = $3",
        user.uuid(),
        platform.as_str(),
        external_id
    )
    .fetch_optional(db)
    .await?;
    Ok(id.map_or_else(ConnectionId::mint, ConnectionId::from))
}

/// Connects an account, or connects it anew with new tokens. Tells whether it took: it does not
/// when another visit connected the same account under another id meanwhile.
pub async fn connect(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: ConnectionId,
    granted: &Granted<'_>,
    tokens: &SealedTokens,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "INSERT INTO connections AS c (
             id, user_id, platform, external_id, username, display_name, avatar_url, facts, scopes,
             grant_id, grant_family, subject, access_token_ciphertext, access_expires_at,
             refresh_token_ciphertext, refresh_expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         ON CONFLICT (user_id, platform, external_id) DO UPDATE SET
             username = excluded.username, display_name = excluded.display_name,
             avatar_url = excluded.avatar_url, facts = excluded.facts, scopes = excluded.scopes,
             grant_id = excluded.grant_id, grant_family = excluded.grant_family,
             subject = excluded.subject,
             access_token_ciphertext = excluded.access_token_ciphertext,
             access_expires_at = excluded.access_expires_at,
             refresh_token_ciphertext = excluded.refresh_token_ciphertext,
             refresh_expires_at = excluded.refresh_expires_at,
             token_version = c.token_version + 1, refresh_started_at = NULL,
             health = 'active', health_reason = NULL, warned_at = NULL,
             connected_at = app_now(), updated_at = app_now()
         WHERE c.id = excluded.id",
        id.uuid(),
        user.uuid(),
        granted.platform.as_str(),
        granted.external_id,
        granted.username,
        granted.display_name,
        granted.avatar_url,
        granted.facts,
        granted.scopes,
        granted.grant_id.uuid(),
        granted.grant_family,
        granted.subject,
        tokens.access,
        tokens.access_expires_at,
        tokens.refresh,
        tokens.refresh_expires_at
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A user's connections, oldest first, without those that are gone or going.
pub async fn list(db: impl PgExecutor<'_>, user: UserId) -> Result<Vec<Connection>, StoreError> {
    sqlx::query_as!(
        Row,
        "SELECT id, user_id, platform, external_id, username, display_name, avatar_url, facts,
                scopes, grant_family, subject, access_expires_at, refresh_expires_at, token_version,
                health, health_reason, connected_at, updated_at
         FROM connections
         WHERE user_id = $1 AND health IN ('active', 'needs_reconnect') ORDER BY id",
        user.uuid()
    )
    .fetch_all(db)
    .await?
    .into_iter()
    .map(Connection::try_from)
    .collect()
}

/// One connection, whatever its health.
pub async fn find(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: ConnectionId,
) -> Result<Option<Connection>, StoreError> {
    sqlx::query_as!(
        Row,
        "SELECT id, user_id, platform, external_id, username, display_name, avatar_url, facts,
                scopes, grant_family, subject, access_expires_at, refresh_expires_at, token_version,
                health, health_reason, connected_at, updated_at
         FROM connections WHERE user_id = $1 AND id = $2",
        user.uuid(),
        id.uuid()
    )
    .fetch_optional(db)
    .await?
    .map(Connection::try_from)
    .transpose()
}

/// The connection that a message names; for the publisher, which has no user.
pub async fn by_message(
    db: impl PgExecutor<'_>,
    id: ConnectionId,
) -> Result<Option<Connection>, StoreError> {
    by_ids(db, &[id.uuid()])
        .await?
        .pop()
        .map(Connection::try_from)
        .transpose()
}

async fn by_ids(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<Row>, StoreError> {
    Ok(sqlx::query_as!(
        Row,
        "SELECT id, user_id, platform, external_id, username, display_name, avatar_url, facts,
                scopes, grant_family, subject, access_expires_at, refresh_expires_at, token_version,
                health, health_reason, connected_at, updated_at
         FROM connections WHERE id IN (SELECT unnest((SELECT $1::uuid[])))",
        ids
    )
    .fetch_all(db)
    .await?)
}

/// Asks as [`by_message`] does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ByMessage(pub(crate) ConnectionId);

impl Ask for ByMessage {
    type Came = Option<Connection>;

    fn changes(&self) -> Option<Uuid> {
        None
    }

    async fn all(pool: &Pool, asks: &[Self]) -> Result<Vec<Told<Self::Came>>, StoreError> {
        let ids: Vec<_> = asks.iter().map(|ask| ask.0.uuid()).collect();
        let found = by_ids(pool, &ids).await?;
        let told = ids.iter().map(|id| {
            let row = found.iter().find(|row| row.id == *id).cloned();
            Told::Came(row.map(Connection::try_from).transpose())
        });
        Ok(told.collect())
    }
}

/// Begins to disconnect: no arm succeeds from here on, and posts that were not armed fail. Tells
/// whether there was something to disconnect.
pub async fn begin_disconnect(
    db: &mut Link,
    user: UserId,
    id: ConnectionId,
) -> Result<bool, StoreError> {
    let begun = sqlx::query!(
        "UPDATE connections SET health = 'disconnecting', updated_at = app_now()
         WHERE user_id = $1 AND id = $2 AND health IN ('active', 'needs_reconnect')",
        user.uuid(),
        id.uuid()
    )
    .execute(&mut *db)
    .await?;
    if begun.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        r#"UPDATE posts SET stage = 'failed', updated_at = app_now(), progress = NULL, lease_until = NULL,
               error = '{"code": "account_disconnected", "message": "The account was disconnected before the post was sent."}'
           WHERE user_id = $1 AND connection_id = $2 AND stage IN ('scheduled', 'preparing', 'prepared')"#,
        user.uuid(),
        id.uuid()
    )
    .execute(db)
    .await?;
    Ok(true)
}

/// Whether another connection, of whomever, still lives on the same consent at the network: to revoke it would end
/// that one too.
pub async fn shares_grant(
    db: impl PgExecutor<'_>,
    connection: &Connection,
) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (
               SELECT 1 FROM connections
               WHERE grant_family = $1 AND subject = $2 AND id <> $3
                 AND health IN ('active', 'needs_reconnect')
           ) AS "shares!""#,
        connection.grant_family,
        connection.subject,
        connection.id.uuid()
    )
    .fetch_one(db)
    .await?)
}

/// Wipes the secrets of a connection that is being disconnected; tells whether it was.
pub async fn finish_disconnect(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: ConnectionId,
) -> Result<bool, StoreError> {
    let wiped = sqlx::query!(
        "WITH told AS (DELETE FROM errands WHERE user_id = $1 AND connection_id = $2)
         UPDATE connections SET health = 'disconnected', health_reason = NULL,
             access_token_ciphertext = NULL, refresh_token_ciphertext = NULL, avatar_url = NULL,
             facts = '{}', updated_at = app_now()
         WHERE user_id = $1 AND id = $2 AND health = 'disconnecting'",
        user.uuid(),
        id.uuid()
    )
    .execute(db)
    .await?;
    Ok(wiped.rows_affected() == 1)
}

/// Ends the connections of a grant that was withdrawn at the network, and drops their tokens. What was
/// connected after `before` stands: its grant is a newer one.
pub async fn withdraw(
    db: impl PgExecutor<'_>,
    grant_family: &str,
    subject: &str,
    before: Option<OffsetDateTime>,
) -> Result<Vec<ConnectionId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "UPDATE connections SET health = 'needs_reconnect', updated_at = app_now(),
             access_token_ciphertext = NULL, refresh_token_ciphertext = NULL,
             token_version = token_version + 1, refresh_started_at = NULL,
             health_reason = 'Access was withdrawn at the network; connect the account again.'
         WHERE grant_family = $1 AND subject = $2 AND health IN ('active', 'needs_reconnect')
           AND ($3::timestamptz IS NULL OR connected_at <= $3) RETURNING id",
        grant_family,
        subject,
        before
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(ConnectionId::from).collect())
}
