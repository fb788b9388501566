//! Opening a connection's tokens, and keeping them fresh: one refresh at a time, whoever asks.

use domain::{ConnectionId, Platform, UserId};
use platforms::{App, AppContext, Credentials, FaultKind, Login, OneCall, RefreshPolicy, Tokens};
use secrecy::{ExposeSecret as _, SecretString};
use store::{
    StoreError,
    connections::{Connection, SealedTokens},
    tokens,
};
use time::{Duration, OffsetDateTime};
use vault::{Pen, Place, VaultError};

use crate::{
    backoff::persistently,
    publisher::{LookError, Means},
};

/// How long the refresh of a caller that died keeps others waiting.
const PATIENCE: Duration = Duration::seconds(60);
/// How long the key for new tokens is held: longer than a network takes to give them.
const CONVERSATION: std::time::Duration = std::time::Duration::from_mins(3);
/// How long to wait while somebody else refreshes.
const PAUSE: Duration = Duration::seconds(2);
/// What ends within this time is renewed before a post's next call; what ends later is for the sweep, so that
/// no post waits for it.
const SOON: Duration = Duration::minutes(30);

/// A usable access token, or why there is none.
#[derive(Debug)]
pub(crate) enum Access {
    /// Use this; the version tells which one it was when a network refuses it.
    Token(SecretString, i32),
    /// The person must connect again; says why.
    Reconnect(String),
    /// Ask again that much later.
    Wait(Duration),
    /// The connection was wiped.
    Wiped,
}

/// The access token of a connection, refreshed when it ends soon, or when `refused` is the version
/// that the network no longer takes.
pub(crate) async fn access(
    means: &Means,
    connection: &Connection,
    refused: Option<i32>,
    now: OffsetDateTime,
) -> Result<Access, LookError> {
    access_within(
        means,
        connection,
        refused,
        margin(login(connection)).min(SOON),
        now,
    )
    .await
}

/// Renews what a connection's login renews ahead: its access, and what that is renewed with.
pub(crate) async fn look_after(
    means: &Means,
    connection: &Connection,
    now: OffsetDateTime,
) -> Result<(), LookError> {
    let login = login(connection);
    access_within(means, connection, None, margin(login), now).await?;
    let (user, id) = (connection.user_id, connection.id);
    let Some(current) = means.books.tokens(user, id).await? else {
        return Ok(());
    };
    let left = current.tokens.refresh_expires_at.map(|end| end - now);
    let ends = left
        .zip(prolong_margin(login))
        .is_some_and(|(left, margin)| left.is_positive() && left < margin);
    let Some(app) = means.apps.find(login).filter(|_| ends) else {
        return Ok(());
    };
    let Some(credentials) = open(means, connection, &current.tokens).await? else {
        return Ok(());
    };
    if let Some(call) = platforms::prolong(connection.platform, &credentials, app) {
        let renewal = Renewal {
            call,
            app,
            need: Need::Later,
        };
        renew(means, connection, &current, renewal, now).await?;
    }
    Ok(())
}

/// How long before their end the tokens of each login are looked after.
pub(crate) fn margins() -> Vec<tokens::Margin> {
    let margins = Platform::ALL.into_iter().flat_map(|platform| {
        let profile = platforms::profile(platform);
        profile.logins.iter().map(move |login| tokens::Margin {
            platform,
            login: if login.name == profile.usual_login().name {
                ""
            } else {
                login.name
            },
            access: margin(login),
            refresh: prolong_margin(login).unwrap_or_default(),
        })
    });
    margins.collect()
}

fn login(connection: &Connection) -> &'static Login {
    platforms::profile(connection.platform).login_of(&connection.facts)
}

const fn margin(login: &Login) -> Duration {
    match login.refresh {
        RefreshPolicy::Before { seconds } => Duration::seconds(seconds),
        RefreshPolicy::Never => Duration::ZERO,
    }
}

fn prolong_margin(login: &Login) -> Option<Duration> {
    login.prolong_before.map(Duration::seconds)
}

async fn access_within(
    means: &Means,
    connection: &Connection,
    refused: Option<i32>,
    margin: Duration,
    now: OffsetDateTime,
) -> Result<Access, LookError> {
    let (user, id) = (connection.user_id, connection.id);
    let Some(current) = means.books.tokens(user, id).await? else {
        return Ok(Access::Wiped);
    };
    match of_version(means, connection, &current, refused, margin, now).await {
        Err(LookError::Vault(error)) if error.is_forever() => {
            unreadable(means, connection, &current, &error).await
        }
        known => known,
    }
}

async fn of_version(
    means: &Means,
    connection: &Connection,
    current: &tokens::Versioned,
    refused: Option<i32>,
    margin: Duration,
    now: OffsetDateTime,
) -> Result<Access, LookError> {
    let was_refused = refused == Some(current.version);
    let left = current.tokens.access_expires_at.map(|end| end - now);
    let usable = !was_refused && left.is_none_or(|left| left > Duration::ZERO);
    if usable && left.is_none_or(|left| left > margin) {
        return token(means, connection, current).await;
    }
    let Some(app) = means.apps.find(login(connection)) else {
        return Ok(Access::Wait(PAUSE));
    };
    let Some(credentials) = open(means, connection, &current.tokens).await? else {
        return Ok(Access::Wiped);
    };
    let Some(call) = platforms::refresh(connection.platform, &credentials, app) else {
        if usable {
            return token(means, connection, current).await;
        }
        return give_up(
            means,
            connection,
            current.version,
            "The access ended; connect the account again.",
        )
        .await;
    };
    let renewal = Renewal {
        call,
        app,
        need: if usable { Need::Soon } else { Need::Now },
    };
    renew(means, connection, current, renewal, now).await
}

/// Asking a network for new tokens.
struct Renewal<'a> {
    call: OneCall<Tokens>,
    app: &'a App,
    need: Need,
}

/// How much depends on new tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// Nothing yet: that they are refused means nothing.
    Later,
    /// The old ones are dead.
    Now,
    /// The old ones will do for a while.
    Soon,
}

async fn renew(
    means: &Means,
    connection: &Connection,
    current: &tokens::Versioned,
    renewal: Renewal<'_>,
    now: OffsetDateTime,
) -> Result<Access, LookError> {
    let (user, id) = (connection.user_id, connection.id);
    let Renewal { call, app, need } = renewal;
    let usable = need != Need::Now;
    // Taken before the network is asked: it may take the old tokens back as it gives new ones, and
    // then those must be stored even if no key is to be had any more.
    let pen = match means.vault.pen(CONVERSATION).await {
        Ok(pen) => pen,
        Err(error) if usable => {
            tracing::warn!(connection.id = %id, error = &error as &dyn std::error::Error, "tokens are renewed later");
            return token(means, connection, current).await;
        }
        Err(error) => return Err(error.into()),
    };
    if !means
        .books
        .begin_refresh(user, id, current.version, PATIENCE)
        .await?
    {
        return if usable {
            token(means, connection, current).await
        } else {
            Ok(Access::Wait(PAUSE))
        };
    }
    match means.wire.converse(call, &AppContext { now, app }).await {
        Ok(fresh) => {
            let sealed = seal(&pen, connection, &fresh)?;
            let stored = keep(means, connection, current.version, &sealed).await?;
            tracing::info!(connection.id = %id, platform = %connection.platform, stored, "refreshed the tokens of {id}");
            // Not stored: the person connected anew meanwhile, and that token is the better one.
            Ok(if stored {
                Access::Token(fresh.access, current.version + 1)
            } else {
                Access::Wait(PAUSE)
            })
        }
        Err(fault) => match fault.kind {
            FaultKind::Content | FaultKind::Reconnect | FaultKind::Unauthorized
                if need != Need::Later =>
            {
                give_up(means, connection, current.version, &fault.message).await
            }
            FaultKind::Content
            | FaultKind::Operator
            | FaultKind::Quota { .. }
            | FaultKind::Reconnect
            | FaultKind::Retry { .. }
            | FaultKind::Unauthorized
            | FaultKind::Unconfirmed { .. } => {
                tracing::warn!(connection.id = %id, code = fault.code, evidence = fault.evidence, "tokens could not be refreshed");
                if usable {
                    return token(means, connection, current).await;
                }
                // The claim stays until its patience ends: a refresh token that may have been used
                // is not thrown at the network again at once.
                Ok(Access::Wait(PATIENCE))
            }
        },
    }
}

/// Stores fresh tokens; tells whether that version was still current. The network may have taken the old ones back, so
/// a failure that passes by itself must not cost the connection.
async fn keep(
    means: &Means,
    connection: &Connection,
    version: i32,
    sealed: &SealedTokens,
) -> Result<bool, StoreError> {
    let (user, id) = (connection.user_id, connection.id);
    let store = || means.books.finish_refresh(user, id, version, sealed);
    persistently(id, store).await
}

/// Everything that is kept of a connection's tokens, opened; `None` when they were wiped.
pub(crate) async fn credentials(
    means: &Means,
    connection: &Connection,
) -> Result<Option<Credentials>, LookError> {
    match means
        .books
        .tokens(connection.user_id, connection.id)
        .await?
    {
        Some(current) => open(means, connection, &current.tokens).await,
        None => Ok(None),
    }
}

async fn token(
    means: &Means,
    connection: &Connection,
    current: &tokens::Versioned,
) -> Result<Access, LookError> {
    let access = unseal(means, connection, "access_token", &current.tokens.access).await?;
    Ok(Access::Token(access, current.version))
}

/// Tokens that were altered, or whose key is gone: only the person can give new ones.
async fn unreadable(
    means: &Means,
    connection: &Connection,
    seen: &tokens::Versioned,
    error: &VaultError,
) -> Result<Access, LookError> {
    let (user, id) = (connection.user_id, connection.id);
    // What was sealed anew while we looked keeps its version, and opens.
    let is_still = means.books.tokens(user, id).await?.is_some_and(|current| {
        current.tokens.access == seen.tokens.access && current.tokens.refresh == seen.tokens.refresh
    });
    if !is_still {
        return Ok(Access::Wait(PAUSE));
    }
    tracing::error!(connection.id = %id, error = error as &dyn std::error::Error, "the tokens of {id} do not open");
    let reason = "The access that is kept cannot be read any more; connect the account again.";
    give_up(means, connection, seen.version, reason).await
}

async fn give_up(
    means: &Means,
    connection: &Connection,
    version: i32,
    reason: &str,
) -> Result<Access, LookError> {
    let still = means
        .books
        .need_reconnect(connection.user_id, connection.id, version, reason)
        .await?;
    Ok(if still {
        Access::Reconnect(reason.to_owned())
    } else {
        Access::Wait(PAUSE)
    })
}

async fn open(
    means: &Means,
    connection: &Connection,
    sealed: &SealedTokens,
) -> Result<Option<Credentials>, LookError> {
    let refresh = match &sealed.refresh {
        Some(blob) => Some(unseal(means, connection, "refresh_token", blob).await?),
        None => None,
    };
    Ok(Some(Credentials {
        external_id: connection.external_id.clone(),
        username: connection.username.clone(),
        subject: connection.subject.clone(),
        facts: connection.facts.clone(),
        tokens: Tokens {
            access: unseal(means, connection, "access_token", &sealed.access).await?,
            access_expires_at: sealed.access_expires_at,
            refresh,
            refresh_expires_at: sealed.refresh_expires_at,
            scopes: connection.scopes.clone(),
        },
    }))
}

fn seal(pen: &Pen, connection: &Connection, tokens: &Tokens) -> Result<SealedTokens, VaultError> {
    let access = tokens.access.expose_secret().as_bytes();
    let refresh = match &tokens.refresh {
        Some(refresh) => {
            let clear = refresh.expose_secret().as_bytes();
            Some(pen.seal(&place_of(connection, "refresh_token"), clear)?)
        }
        None => None,
    };
    Ok(SealedTokens {
        access: pen.seal(&place_of(connection, "access_token"), access)?,
        access_expires_at: tokens.access_expires_at,
        refresh,
        refresh_expires_at: tokens.refresh_expires_at,
    })
}

async fn unseal(
    means: &Means,
    connection: &Connection,
    field: &'static str,
    blob: &[u8],
) -> Result<SecretString, LookError> {
    let clear = means.vault.open(&place_of(connection, field), blob).await?;
    Ok(String::from_utf8_lossy(clear.expose_secret())
        .into_owned()
        .into())
}

fn place_of(connection: &Connection, field: &'static str) -> Place {
    let Connection {
        id,
        user_id,
        platform,
        ..
    } = connection;
    place(*id, *user_id, *platform, field)
}

/// Where a token of a connection rests.
pub(crate) fn place(
    id: ConnectionId,
    user: UserId,
    platform: Platform,
    field: &'static str,
) -> Place {
    Place {
        table: "connections",
        row: id.uuid(),
        user: user.uuid(),
        platform: platform.as_str(),
        field,
    }
}
