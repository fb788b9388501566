//! Who may call what, how often, and what a post must be like.

use axum::response::Response;
use http::{HeaderMap, header};
use serde_json::Value;

use super::{
    accounts::{Creator, creator},
    wire::{Caller, caller, refusal},
};
use crate::World;

/// So many drafts of 24 hours may wait in the inbox.
const DRAFTS_A_DAY: usize = 5;
const BANNED: &str = "spam_risk_user_banned_from_posting";

/// What is refused, in an enveloped answer.
pub(super) type Refused<T> = Result<T, Box<Response>>;

/// The caller with one of these scopes, within the route's calls of a minute.
pub(super) fn admitted(
    world: &World,
    headers: &HeaderMap,
    scopes: &[&str],
    (route, a_minute): (&'static str, usize),
) -> Refused<(Caller, Creator)> {
    let caller = caller(world, headers, scopes)?;
    let is_too_fast =
        world
            .states()
            .tiktok()
            .is_too_fast(&caller.token, route, a_minute, world.now());
    if is_too_fast {
        return Err(Box::new(refusal(
            world,
            429,
            "rate_limit_exceeded",
            "The API rate limit was exceeded. Please try again later.",
        )));
    }
    let known = creator(&caller.account).ok_or_else(|| {
        Box::new(refusal(
            world,
            401,
            "access_token_invalid",
            "The user is gone.",
        ))
    })?;
    Ok((caller, known))
}

/// The body, where it is said to be JSON and is an object.
pub(super) fn parsed(world: &World, headers: &HeaderMap, body: &[u8]) -> Refused<Value> {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .filter(|value| value.starts_with("application/json"))
        .and_then(|_| serde_json::from_slice::<Value>(body).ok())
        .filter(Value::is_object)
        .ok_or_else(|| {
            Box::new(refusal(
                world,
                400,
                "invalid_params",
                "The request body is not JSON",
            ))
        })
}

/// The cap that keeps an account from posting.
pub(super) fn cap(world: &World, caller: &Caller) -> Option<String> {
    let state = world.states().tiktok();
    state.caps.get(&caller.account).cloned().or_else(|| {
        (state.posts_today(&caller.account, world.now()) >= state.posts_a_day)
            .then(|| "spam_risk_too_many_posts".to_owned())
    })
}

/// Whether a draft may be sent: caps of posts do not count for it.
pub(super) fn may_draft(world: &World, caller: &Caller) -> Refused<()> {
    let state = world.states().tiktok();
    let is_banned = state.caps.get(&caller.account).map(String::as_str) == Some(BANNED);
    let is_full = state.drafts_today(&caller.account, world.now()) >= DRAFTS_A_DAY;
    drop(state);
    let code = match (is_banned, is_full) {
        (true, _) => BANNED,
        (false, true) => "spam_risk_too_many_pending_share",
        (false, false) => return Ok(()),
    };
    Err(Box::new(refusal(
        world,
        403,
        code,
        "The account cannot get any more drafts.",
    )))
}

/// Whether a post may be made: caps, required fields, the account's choices, the app's audit.
pub(super) fn may_post(
    world: &World,
    caller: &Caller,
    known: &Creator,
    post: &Value,
) -> Refused<()> {
    let refused =
        |status, code: &str, message: &str| Err(Box::new(refusal(world, status, code, message)));
    if let Some(code) = cap(world, caller) {
        return refused(403, &code, "The account cannot post any more.");
    }
    for name in ["brand_content_toggle", "brand_organic_toggle"] {
        if !post[name].is_boolean() {
            return refused(400, "invalid_params", &format!("{name} is required"));
        }
    }
    let Some(privacy) = post["privacy_level"].as_str() else {
        return refused(400, "invalid_params", "privacy_level is required");
    };
    if !known.privacy_options().contains(&privacy) {
        return refused(
            403,
            "privacy_level_option_mismatch",
            "The privacy_level is not one of the creator's options",
        );
    }
    if post["brand_content_toggle"] == true && privacy == "SELF_ONLY" {
        return refused(400, "invalid_param", "Branded content cannot be private");
    }
    if world.states().tiktok().is_unaudited && (privacy != "SELF_ONLY" || !known.is_private) {
        return refused(
            403,
            "unaudited_client_can_only_post_to_private_accounts",
            "Please review our integration guidelines at https://developers.tiktok.com/doc/content-sharing-guidelines/",
        );
    }
    Ok(())
}

/// Whether a text of a post fits, in UTF-16 code units.
pub(super) fn fits(world: &World, post: &Value, name: &str, max: usize) -> Refused<()> {
    let length = post[name]
        .as_str()
        .unwrap_or_default()
        .encode_utf16()
        .count();
    if length > max {
        return Err(Box::new(refusal(
            world,
            400,
            "invalid_params",
            &format!("{name} is too long"),
        )));
    }
    Ok(())
}
