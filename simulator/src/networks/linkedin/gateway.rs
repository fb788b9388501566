//! What stands before every call of the versioned interface: token, version, protocol, daily limits.

use axum::response::Response;
use http::{HeaderMap, header};
use time::{Date, macros::date};

use super::wire::refusal;
use crate::{World, oauth::Token};

/// The versions and the last day of each.
const VERSIONS: [(&str, Date); 11] = [
    ("202607", date!(2027 - 07 - 15)),
    ("202606", date!(2027 - 06 - 15)),
    ("202605", date!(2027 - 05 - 15)),
    ("202604", date!(2027 - 04 - 15)),
    ("202603", date!(2027 - 03 - 16)),
    ("202602", date!(2027 - 02 - 15)),
    ("202601", date!(2027 - 01 - 15)),
    ("202511", date!(2026 - 11 - 16)),
    ("202510", date!(2026 - 10 - 15)),
    ("202509", date!(2026 - 09 - 15)),
    ("202508", date!(2026 - 08 - 17)),
];

/// Who is asking, in which version.
pub(super) struct Caller {
    pub(super) token: Token,
    pub(super) version: String,
}

impl Caller {
    /// Who calls an address that has no version.
    pub(super) const fn unversioned(token: Token) -> Self {
        Self {
            token,
            version: String::new(),
        }
    }

    /// The URN of the member.
    pub(super) fn urn(&self) -> String {
        format!("urn:li:person:{}", self.token.account)
    }

    /// Whether the member allowed that.
    pub(super) fn may(&self, scope: &str) -> bool {
        self.token.grant.scopes.iter().any(|given| given == scope)
    }

    /// The refusal of a resource that the member did not allow.
    pub(super) fn denied(&self, resource: &str) -> Response {
        refusal(
            403,
            Some(100),
            "ACCESS_DENIED",
            &format!(
                "Not enough permissions to access: {resource}.{}01",
                self.version
            ),
        )
    }
}

/// Lets a call of the versioned interface in.
///
/// # Errors
/// The refusal.
pub(super) fn enter(world: &World, headers: &HeaderMap) -> Result<Caller, Response> {
    let token = token(world, headers)?;
    let version = text(headers, "linkedin-version");
    if version.is_empty() {
        return Err(refusal(
            400,
            None,
            "VERSION_MISSING",
            "A version must be present. Please specify a version by adding the LinkedIn-Version header.",
        ));
    }
    let mut state = world.states().linkedin();
    let is_served = VERSIONS
        .iter()
        .any(|(known, last)| *known == version && state.versions_as_of <= *last);
    if !is_served {
        let echoed = if version.len() == 6 {
            format!("{version}01")
        } else {
            version.to_owned()
        };
        return Err(refusal(
            426,
            None,
            "NONEXISTENT_VERSION",
            &format!("Requested version {echoed} is not active"),
        ));
    }
    if text(headers, "x-restli-protocol-version") != "2.0.0" {
        return Err(refusal(
            400,
            None,
            "INVALID_REQUEST",
            "Syntax exception in path variables",
        ));
    }
    let day = world.now().date();
    let limits = [
        (token.account.clone(), state.member_calls_a_day, "limit"),
        (
            token.grant.client_id.clone(),
            state.app_calls_a_day,
            "APPLICATION DAY limit",
        ),
    ];
    for (who, most, what) in limits {
        let calls = state.calls.entry((who, day)).or_default();
        *calls += 1;
        if *calls > most {
            let message =
                format!("Resource level throttle {what} for calls to this resource is reached.");
            return Err(throttled(&message));
        }
    }
    Ok(Caller {
        token,
        version: version.to_owned(),
    })
}

fn throttled(message: &str) -> Response {
    use axum::{Json, response::IntoResponse as _};
    let body = serde_json::json!({"serviceErrorCode": 101, "message": message, "status": 429});
    (http::StatusCode::TOO_MANY_REQUESTS, Json(body)).into_response()
}

/// The live token of a call.
///
/// # Errors
/// The refusal: unknown, revoked or expired.
pub(super) fn token(world: &World, headers: &HeaderMap) -> Result<Token, Response> {
    let text = text(headers, header::AUTHORIZATION.as_str())
        .strip_prefix("Bearer ")
        .unwrap_or_default();
    let known = world
        .oauth()
        .token(text)
        .filter(|token| token.grant.network == "linkedin" && token.kind == "access")
        .cloned();
    let Some(token) = known else {
        return Err(refusal(
            401,
            Some(65600),
            "INVALID_ACCESS_TOKEN",
            "Invalid access token",
        ));
    };
    if token.dead {
        return Err(called_revoked());
    }
    if token.ends_at.is_some_and(|end| world.now() >= end) {
        return Err(refusal(
            401,
            Some(65602),
            "EXPIRED_ACCESS_TOKEN",
            "The token used in the request has expired",
        ));
    }
    Ok(token)
}

pub(super) fn called_revoked() -> Response {
    refusal(
        401,
        Some(65601),
        "REVOKED_ACCESS_TOKEN",
        "The token used in the request has been revoked by the user",
    )
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}
