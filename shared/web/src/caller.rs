//! Who is calling.

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
/// `X-Forwarded-For` names is the one that API Gateway itself saw.
pub fn client_address(headers: &HeaderMap) -> String {
    headers
        .get("x-forwarded-for")
        .and_then(|value| value.to_str().ok())
        .and_then(|hops| hops.rsplit(',').next())
        .map(|hop| hop.trim().chars().take(60).collect())
        .unwrap_or_else(|| "unknown".to_owned())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn unauthorised() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "unauthorized",
        "Sign in, and send the token as Authorization: Bearer; when it has ended, refresh it.",
    )
    .header(header::WWW_AUTHENTICATE, "Bearer")
}
