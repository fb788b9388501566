//! What the app's form must know of an account.

use serde_json::{Value, json};

use super::{fault, profile::api, wire::Creator};
use crate::{App, Auth, Call, Credentials, OneCall};

/// Asks what the account may post just now, for the app's form.
pub fn creator_info(credentials: &Credentials, app: &App) -> OneCall<Value> {
    let call = Call::post(
        "creator_info",
        api("/v2/post/publish/creator_info/query/", app),
    )
    .auth(Auth::BearerOf(credentials.tokens.access.clone()))
    .json(json!({}));
    OneCall::new(call, |answer, cx| {
        let creator: Creator = fault::data(answer, "creator info", cx.now)?;
        Ok(json!({
            "username": creator.username,
            "privacyLevelOptions": creator.privacy_level_options,
            "canPost": true,
        }))
    })
}
