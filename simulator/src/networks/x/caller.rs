//! Who calls, whether they may, and whether they did so too often.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, header};

use super::{NETWORK, account, rates::Limit, said::Said};
use crate::{Account, World};

/// Lets `act` answer for the account whose token came along, if the token lives, the account is
/// within its limit and every scope was allowed; puts the limit's headers on whatever is answered.
pub(super) fn for_caller(
    world: &World,
    headers: &HeaderMap,
    limit: Limit,
    scopes: &[&str],
    act: impl FnOnce(&Account) -> Result<Said, Said>,
) -> Response {
    let Some((caller, granted)) = identify(world, headers) else {
        return Said::unauthorized().into_response();
    };
    let (left, hold) = {
        let mut state = world.states().x();
        let left = state.count(&caller.id, limit, world.now());
        (left, state.hold)
    };
    let said = if let Some(hold) = hold {
        hold.said()
    } else if left.is_over {
        Said::too_many()
    } else if scopes
        .iter()
        .any(|scope| !granted.iter().any(|given| given == scope))
    {
        Said::forbidden("Forbidden")
    } else {
        act(&caller).unwrap_or_else(|refusal| refusal)
    };
    let mut response = said.into_response();
    for (name, value) in left.headers() {
        response.headers_mut().insert(name, value);
    }
    response
}

fn identify(world: &World, headers: &HeaderMap) -> Option<(Account, Vec<String>)> {
    let token = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")?;
    let oauth = world.oauth();
    let token = oauth
        .live_token(token, world.now())
        .filter(|token| token.kind == "access" && token.grant.network == NETWORK)?;
    Some((account(&token.account)?, token.grant.scopes.clone()))
}

/// Whether the body comes as JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/json"))
}
