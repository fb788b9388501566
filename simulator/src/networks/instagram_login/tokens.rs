//! Tokens: of an hour, of sixty days, and those renewed. Their addresses bear no version.

use std::collections::BTreeMap;

use axum::extract::{Query, State};
use serde_json::{Value, json};
use time::Duration;

use super::{HOST, NETWORK};
use crate::{
    Grant, World,
    networks::meta::{Said, living_at},
    oauth::{Token, TokenKind},
};

const SHORT: TokenKind = "short";
const LONG: TokenKind = "long";
const SHORT_LIFE: Duration = Duration::hours(1);
const LONG_LIFE: Duration = Duration::seconds(5_183_944);
/// Younger tokens are not renewed.
const LEAST_AGE: Duration = Duration::hours(24);

type Fields = BTreeMap<String, String>;

/// What the person allows of what was asked for.
pub(super) fn allowed(world: &World, grant: &Grant) -> Vec<String> {
    let state = world.states().instagram_login();
    let scopes = grant.scopes.iter();
    scopes
        .filter(|scope| !state.has_declined(scope))
        .cloned()
        .collect()
}

/// Gives out a token of an hour.
pub(super) fn short(world: &World, grant: &Grant) -> String {
    give(world, grant, SHORT, SHORT_LIFE)
}

/// A token of an hour for one of sixty days.
pub(super) async fn lengthen(
    State(world): State<World>,
    Query(fields): Query<Fields>,
) -> Result<Said, Said> {
    let token = asked_with(&world, &fields, "ig_exchange_token", SHORT)?;
    let secret = fields.get("client_secret").map(String::as_str);
    if !world
        .oauth()
        .knows(NETWORK, &token.grant.client_id, secret.unwrap_or_default())
    {
        return Err(Said::refused(101, 0, "Error validating client secret."));
    }
    Ok(Said::good(long(&world, &token.grant)))
}

/// A token of sixty days for a new one.
pub(super) async fn refresh(
    State(world): State<World>,
    Query(fields): Query<Fields>,
) -> Result<Said, Said> {
    let token = asked_with(&world, &fields, "ig_refresh_token", LONG)?;
    if world.now() < token.issued_at + LEAST_AGE {
        return Err(Said::refused(
            190,
            0,
            "The access token is too young to be refreshed.",
        ));
    }
    let allowed = allowed(&world, &token.grant);
    if !allowed
        .iter()
        .any(|scope| scope == "instagram_business_basic")
    {
        return Err(Said::refused(
            10,
            0,
            "Application does not have permission for this action",
        ));
    }
    let mut said = long(&world, &token.grant);
    said["permissions"] = allowed.join(",").into();
    Ok(Said::good(said))
}

/// The token of a request, if the request and the token are of these kinds.
fn asked_with(
    world: &World,
    fields: &Fields,
    grant_type: &str,
    kind: TokenKind,
) -> Result<Token, Said> {
    let one = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    if one("grant_type") != grant_type {
        return Err(Said::invalid("Invalid grant_type"));
    }
    let token = living_at(world, HOST, one("access_token"))?;
    if token.kind == kind {
        Ok(token)
    } else {
        Err(Said::refused(190, 0, "Invalid OAuth access token."))
    }
}

fn long(world: &World, grant: &Grant) -> Value {
    let text = give(world, grant, LONG, LONG_LIFE);
    json!({
        "access_token": text, "token_type": "bearer", "expires_in": LONG_LIFE.whole_seconds(),
    })
}

fn give(world: &World, grant: &Grant, kind: TokenKind, life: Duration) -> String {
    let text = world.secret("IGA");
    let now = world.now();
    let token = Token {
        kind,
        grant: grant.clone(),
        account: grant.accounts.first().cloned().unwrap_or_default(),
        ends_at: Some(now + life),
        issued_at: now,
        dead: false,
    };
    world.oauth().give_token(&text, token);
    text
}
