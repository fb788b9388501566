//! What an account may post just then, for the form in which a post is written.

use serde_json::{Value, json};

use super::{fault, profile::api, wire::Creator};
use crate::{Answer, App, Auth, Call, Credentials, Fault, OneCall};

/// What TikTok says when an account may not post at all. It says so with HTTP 200.
const CAPS: [&str; 3] = ["account_banned", "app_user_limit", "daily_post_limit"];

/// Asks what the account may post; TikTok wants it asked whenever the form is shown (content sharing
/// guidelines, read 2026-11-23).
///
/// Comes to `nickname`, `username`, `avatarUrl` (it ends after two hours), `privacyLevelOptions`,
/// `commentDisabled`, `duetDisabled`, `stitchDisabled`, `maxVideoPostDurationSec` and `canPost`; where the
/// account may not post, to `canPost` false and the `reason` with its `code` and `message` alone.
pub fn creator_info(credentials: &Credentials, app: &App) -> OneCall<Value> {
    let call = query(app).auth(Auth::BearerOf(credentials.tokens.access.clone()));
    OneCall::new(call, |answer, cx| shown(answer, cx.now))
}

/// The call itself, not yet authorised.
pub(super) fn query(app: &App) -> Call {
    Call::post(
        "creator_info",
        api("/v2/post/publish/creator_info/query/", app),
    )
    .json(json!({}))
}

fn shown(answer: &Answer, now: time::OffsetDateTime) -> Result<Value, Fault> {
    match fault::data::<Creator>(answer, "creator info", now) {
        Ok(creator) => Ok(json!({
            "canPost": true,
            "nickname": creator.nickname,
            "username": creator.username,
            "avatarUrl": creator.avatar_url,
            "privacyLevelOptions": creator.privacy_level_options,
            "commentDisabled": creator.comment_disabled,
            "duetDisabled": creator.duet_disabled,
            "stitchDisabled": creator.stitch_disabled,
            "maxVideoPostDurationSec": creator.max_video_post_duration_sec,
        })),
        Err(fault) if CAPS.contains(&fault.code.as_str()) => Ok(json!({
            "canPost": false,
            "reason": {"code": fault.code, "message": fault.message},
        })),
        Err(fault) => Err(fault),
    }
}
