//! Who is calling.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use domain::{SessionId, UserId};
use http::{HeaderMap, StatusCode, header, request::Parts};
use store::{
    rate_limits::{self, Limit},
    sessions,
};
use time::Duration;

use crate::{HasWeb, Problem, WebEnv, token};

/// A signed-in user. To ask for it is the permission; asking also counts against the user's limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub user: UserId,
    /// Their sign-in.
    pub session: SessionId,
    /// Whether they may do what operators do.
    pub is_admin: bool,
}

/// A signed-in operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admin(pub Caller);

impl<S: HasWeb> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let web = state.web();
        let token = bearer(&parts.headers)
            .and_then(|text| token::read(&web.settings, text, web.clock.now()))
            .ok_or_else(unauthorised)?;
        // The session is asked each time, so that signing out bites at once.
        let role = sessions::role(&web.pool, token.sub, token.sid)
            .await?
            .ok_or_else(unauthorised)?;
        let per_minute = web.settings.requests_per_minute.max(1);
        limit(web, &format!("user:{}", token.sub), per_minute).await?;
        Ok(Self {
            user: token.sub,
            session: token.sid,
            is_admin: role == "admin",
        })
    }
}

impl<S: HasWeb> FromRequestParts<S> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        if caller.is_admin {
            Ok(Self(caller))
        } else {
            Err(Problem::new(
                StatusCode::FORBIDDEN,
                "operators_only",
                "Only operators may do this.",
            ))
        }
    }
}

/// Takes one of `per_minute` requests of `key`; a full minute's worth may come at once.
///
/// # Errors
/// 429 with `Retry-After` when there is none left.
pub async fn limit(web: &WebEnv, key: &str, per_minute: u32) -> Result<(), Problem> {
    let allowed = Limit {
        burst: per_minute,
        every: Duration::minutes(1) / per_minute,
    };
    rate_limits::take(&web.pool, key, allowed)
        .await?
        .map_err(|wait| {
            Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_requests",
                format!(
                    "More than {per_minute} requests a minute; wait as long as Retry-After says."
                ),
            )
            .retry_after(wait)
        })
}

/// The address a request came from, as far as it can be trusted: the last hop that
/// `X-Forwarded-For` names is the one that API Gateway itself saw; earlier ones are the sender's
/// word. An IPv6 sender owns its whole /64, so that is its name. Without any, all share one name.
pub fn client_address(headers: &HeaderMap) -> String {
    headers
        .get_all("x-forwarded-for")
        .iter()
        .next_back()
        .and_then(|value| value.to_str().ok())
        .and_then(|hops| hops.rsplit(',').next())
        .and_then(|hop| hop.trim().parse::<IpAddr>().ok())
        .map_or_else(|| "unknown".to_owned(), network)
}

fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

fn unauthorised() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "unauthorized",
        "Sign in, and send the token as Authorization: Bearer; when it has ended, refresh it.",
    )
    .header(header::WWW_AUTHENTICATE, "Bearer")
}

#[cfg(test)]
mod tests;
