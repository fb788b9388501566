//! What is added to answers: how much of the allowed calls is used up, and a trace.

use axum::{
    extract::{Query, Request, State as Shared},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, header};
use serde::Deserialize;
use serde_json::json;

use super::{Said, page};
use crate::{World, networks::instagram_login, oauth::Token};

/// What is used up.
#[derive(Debug, Clone, Copy)]
pub(in crate::networks) struct Usage {
    /// Of the allowed calls, in percent.
    pub(in crate::networks) percent: u32,
    /// How many minutes no call is taken.
    pub(in crate::networks) minutes: u32,
}

#[derive(Default, Deserialize)]
struct InQuery {
    access_token: Option<String>,
}

/// The usage of a business object: a Page, or an Instagram account. The numbers are percents.
pub(in crate::networks) fn headers(
    network: &str,
    object: &str,
    usage: Usage,
) -> [(&'static str, String); 2] {
    let Usage { percent, minutes } = usage;
    let kind = if is_instagrams(network) {
        "instagram"
    } else {
        "pages"
    };
    let of_app = json!({ "call_count": percent, "total_time": percent, "total_cputime": percent });
    let of_object = json!({ object: [{
        "type": kind, "call_count": percent, "total_cputime": percent, "total_time": percent,
        "estimated_time_to_regain_access": minutes,
    }] });
    [
        ("x-app-usage", of_app.to_string()),
        ("x-business-use-case-usage", of_object.to_string()),
    ]
}

/// Gives each refusal of Meta's hosts a trace, and each answer the headers while usage is told.
pub(crate) async fn annotate(
    Shared(world): Shared<World>,
    request: Request,
    next: Next,
) -> Response {
    let is_at_instagram = request.uri().path().starts_with("/graph.instagram.com/");
    let usage = world.states().meta().usage();
    let token = usage.and_then(|_| token(&world, &request));
    let mut response = next.run(request).await;
    if let Some(said) = response.extensions_mut().remove::<Said>() {
        let trace = world.states().meta().next_trace();
        let said = if is_at_instagram {
            said.at_instagram()
        } else {
            said
        };
        response = said.traced(&trace).into_response();
    }
    if let (Some(usage), Some(token)) = (usage, token) {
        let network = &token.grant.network;
        for (name, value) in headers(network, object(&token), usage) {
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().insert(name, value);
            }
        }
    }
    response
}

/// Whether calls in that network's name count for an account of Instagram.
pub(super) fn is_instagrams(network: &str) -> bool {
    matches!(network, "instagram" | instagram_login::NETWORK)
}

/// What the calls of a token count for.
pub(super) fn object(token: &Token) -> &str {
    let behind = page(&token.account)
        .and_then(|page| page.instagram.as_ref())
        .filter(|_| token.grant.network == "instagram");
    behind.map_or(&token.account, |account| account.id)
}

fn token(world: &World, request: &Request) -> Option<Token> {
    if !request.uri().path().starts_with("/graph") {
        return None;
    }
    let bearer = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .map(str::to_owned);
    let in_query = || {
        let query: Query<InQuery> = Query::try_from_uri(request.uri()).ok()?;
        query.0.access_token
    };
    let text = bearer.or_else(in_query)?;
    let token = world.oauth().token(&text).cloned()?;
    let network = token.grant.network.as_str();
    (network == "facebook" || is_instagrams(network)).then_some(token)
}
