//! What became of a draft after it was delivered.

use serde_json::{Value, json};

use super::{
    fault,
    profile::api,
    publish::{End, address, end},
    wire::Progress,
};
use crate::{App, Auth, Call, Credentials, OneCall, Receipt};

/// Asks whether a person has posted the draft of a task: a receipt if so, else null.
pub fn follow_up(publish_id: &str, credentials: &Credentials, app: &App) -> OneCall<Value> {
    let username = credentials.username.clone().unwrap_or_default();
    let call = Call::post("status", api("/v2/post/publish/status/fetch/", app))
        .auth(Auth::BearerOf(credentials.tokens.access.clone()))
        .json(json!({"publish_id": publish_id}));
    OneCall::new(call, move |answer, cx| {
        let told: Progress = fault::data(answer, "status", cx.now)?;
        if end(&told) != Some(End::Posted) {
            return Ok(Value::Null);
        }
        let id = told.publicaly_available_post_id.first();
        // TikTok leads from this address to the right one where the post holds pictures.
        let post = id.map(|id| ("video", id.0.as_str()));
        Ok(json!(Receipt::live(
            id.map(|id| id.0.clone()),
            address(&username, post)
        )))
    })
}
