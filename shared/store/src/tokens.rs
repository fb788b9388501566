//! The sealed tokens of connections, and the single flight of their refresh.

use std::collections::HashMap;

use domain::{ConnectionId, Platform, UserId};
use sqlx::PgExecutor;
use time::Duration;
use uuid::Uuid;

use crate::{
    Pool, StoreError,
    connections::SealedTokens,
    flight::{Ask, Told},
};

/// Sealed tokens with the version they carry.
#[derive(Debug, Clone)]
pub struct Versioned {
    /// The tokens.
    pub tokens: SealedTokens,
    /// Raised whenever they are replaced.
    pub version: i32,
}

/// Asks for the tokens of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Find {
    pub(crate) user: UserId,
    pub(crate) id: ConnectionId,
}

impl Ask for Find {
    /// `None`: it is gone or wiped.
    type Came = Option<Versioned>;

    fn changes(&self) -> Option<Uuid> {
        None
    }

    async fn all(pool: &Pool, asks: &[Self]) -> Result<Vec<Told<Self::Came>>, StoreError> {
        let (users, ids): (Vec<_>, Vec<_>) = asks
            .iter()
            .map(|ask| (ask.user.uuid(), ask.id.uuid()))
            .unzip();
        let rows = sqlx::query!(
            r#"SELECT connections.id, connections.user_id, access_token_ciphertext AS "access!", access_expires_at,
                      refresh_token_ciphertext AS refresh, refresh_expires_at, token_version
               FROM unnest((SELECT $1::uuid[]), (SELECT $2::uuid[])) AS a (user_id, id)
               JOIN connections ON connections.id = a.id AND connections.user_id = a.user_id
               WHERE access_token_ciphertext IS NOT NULL"#,
            &users,
            &ids
        )
        .fetch_all(pool)
        .await?;
        let found: HashMap<_, _> = rows
            .into_iter()
            .map(|row| {
                let tokens = SealedTokens {
                    access: row.access,
                    access_expires_at: row.access_expires_at,
                    refresh: row.refresh,
                    refresh_expires_at: row.refresh_expires_at,
                };
                let version = row.token_version;
                ((row.user_id, row.id), Versioned { tokens, version })
            })
            .collect();
        let told = users.into_iter().zip(ids);
        Ok(told
            .map(|asked| Told::Came(Ok(found.get(&asked).cloned())))
            .collect())
    }
}

/// Claims the refresh of one version of the tokens. Of many callers one is told `true`; the claim
/// of a caller that died is free again after `patience`.
pub async fn begin_refresh(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: ConnectionId,
    version: i32,
    patience: Duration,
) -> Result<bool, StoreError> {
    let claimed = sqlx::query!(
        "UPDATE connections SET refresh_started_at = app_now()
         WHERE user_id = $1 AND id = $2 AND token_version = $3 AND health = 'active'
           AND (refresh_started_at IS NULL
                OR refresh_started_at < app_now() - make_interval(secs => $4))",
        user.uuid(),
        id.uuid(),
        version,
        patience.as_seconds_f64()
    )
    .execute(db)
    .await?;
    Ok(claimed.rows_affected() == 1)
}

/// Stores refreshed tokens and raises the version; tells whether that version was still current. Where the account was
/// called lost meanwhile, for the old tokens were refused, it is not.
pub async fn finish_refresh(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: ConnectionId,
    version: i32,
    tokens: &SealedTokens,
) -> Result<bool, StoreError> {
    let stored = sqlx::query!(
        "UPDATE connections SET access_token_ciphertext = $4, access_expires_at = $5,
             refresh_token_ciphertext = $6, refresh_expires_at = $7,
             token_version = token_version + 1, refresh_started_at = NULL, updated_at = app_now(),
             warned_at = NULL, health = 'active', health_reason = NULL
         WHERE user_id = $1 AND id = $2 AND token_version = $3
           AND health IN ('active', 'needs_reconnect')",
        user.uuid(),
        id.uuid(),
        version,
        tokens.access,
        tokens.access_expires_at,
        tokens.refresh,
        tokens.refresh_expires_at
    )
    .execute(db)
    .await?;
    Ok(stored.rows_affected() == 1)
}

/// Gives a claim back after a failure that another try may mend.
pub async fn abandon_refresh(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: ConnectionId,
    version: i32,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE connections SET refresh_started_at = NULL
         WHERE user_id = $1 AND id = $2 AND token_version = $3",
        user.uuid(),
        id.uuid(),
        version
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Marks a connection whose tokens of this version are dead for good; tells whether they still
/// were the current ones.
pub async fn need_reconnect(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: ConnectionId,
    version: i32,
    reason: &str,
) -> Result<bool, StoreError> {
    let marked = sqlx::query!(
        "UPDATE connections SET health = 'needs_reconnect', health_reason = $4,
             refresh_started_at = NULL, updated_at = app_now()
         WHERE user_id = $1 AND id = $2 AND token_version = $3 AND health = 'active'",
        user.uuid(),
        id.uuid(),
        version,
        reason
    )
    .execute(db)
    .await?;
    Ok(marked.rows_affected() == 1)
}

/// How long before their end the tokens of a login are looked after.
#[derive(Debug, Clone, Copy)]
pub struct Margin {
    /// The network.
    pub platform: Platform,
    /// The login, as the facts of its accounts name it; empty for the network's usual one.
    pub login: &'static str,
    /// Of access tokens.
    pub access: Duration,
    /// Of what renews them.
    pub refresh: Duration,
}

/// Active connections whose tokens end within the margin of their login and can be renewed, those that end
/// first first. After a failure one is left alone for a tenth of what its tokens still live, a minute at
/// least and a day at most.
pub async fn ending(
    db: impl PgExecutor<'_>,
    margins: &[Margin],
    limit: i64,
) -> Result<Vec<ConnectionId>, StoreError> {
    let platforms: Vec<String> = margins.iter().map(|it| it.platform.to_string()).collect();
    let logins: Vec<String> = margins.iter().map(|it| it.login.to_owned()).collect();
    let seconds = |of: fn(&Margin) -> Duration| -> Vec<f64> {
        margins.iter().map(|it| of(it).as_seconds_f64()).collect()
    };
    let ids = sqlx::query_scalar!(
        "SELECT c.id FROM connections c
         JOIN unnest($1::text[], $2::text[], $3::float8[], $4::float8[]) AS m (platform, login, access, refresh)
           ON c.platform = m.platform AND coalesce(c.facts ->> 'login', '') = m.login
         WHERE c.health = 'active' AND c.refresh_token_ciphertext IS NOT NULL
           AND (c.access_expires_at < app_now() + make_interval(secs => m.access)
                OR (c.refresh_expires_at > app_now()
                    AND c.refresh_expires_at < app_now() + make_interval(secs => m.refresh)))
           AND (c.refresh_started_at IS NULL
                OR c.refresh_started_at < app_now() - least(interval '1 day', greatest(interval '1 minute',
                    (least(c.access_expires_at, c.refresh_expires_at) - app_now()) / 10)))
         ORDER BY least(c.access_expires_at, c.refresh_expires_at) LIMIT $5",
        &platforms,
        &logins,
        &seconds(|it| it.access),
        &seconds(|it| it.refresh),
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(ConnectionId::from).collect())
}

/// Tells the people whose access ends within `ahead` and is not renewed by itself, each once for the same
/// tokens: an event `connection.expiring`. Gives how many.
pub async fn warn(db: impl PgExecutor<'_>, ahead: Duration) -> Result<u64, StoreError> {
    let told = sqlx::query!(
        "WITH ends AS (
             SELECT id, least((facts ->> 'dataAccessUntil')::timestamptz,
                 CASE WHEN refresh_token_ciphertext IS NULL THEN access_expires_at ELSE refresh_expires_at END) AS at
             FROM connections WHERE health = 'active' AND warned_at IS NULL
         ), warned AS (
             UPDATE connections c SET warned_at = app_now() FROM ends
             WHERE c.id = ends.id AND c.warned_at IS NULL
               AND ends.at < app_now() + make_interval(secs => $1)
             RETURNING c.user_id, c.id, c.platform, c.username, c.display_name, c.health, ends.at
         )
         INSERT INTO events (user_id, kind, subject, data)
         SELECT user_id, 'connection.expiring', id, jsonb_strip_nulls(jsonb_build_object('platform', platform,
             'username', username, 'displayName', display_name, 'health', health, 'endsAt', at))
         FROM warned",
        ahead.as_seconds_f64()
    )
    .execute(db)
    .await?;
    Ok(told.rows_affected())
}
