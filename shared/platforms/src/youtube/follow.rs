//! What became of a video that YouTube was to make public at a time.

use serde_json::{Value, json};

use super::{
    fault,
    profile::api,
    wire::{Items, Video},
};
use crate::{App, Auth, Call, Credentials, Fault, OneCall, Receipt};

/// Asks whether a video can be seen by others than its owner: a receipt if so, else null. Its address is known
/// already.
pub fn follow_up(video_id: &str, credentials: &Credentials, app: &App) -> OneCall<Value> {
    let mut url = api("/youtube/v3/videos", app);
    url.query_pairs_mut()
        .append_pair("part", "status")
        .append_pair("id", video_id);
    let call = Call::get("follow_up", url).auth(Auth::BearerOf(credentials.tokens.access.clone()));
    let video_id = video_id.to_owned();
    OneCall::new(call, move |answer, cx| {
        if !answer.is_success() {
            return Err(fault::read(answer, cx.now));
        }
        let list: Items<Video> = answer.parse("videos")?;
        let video = list.items.into_iter().find(|video| video.id == video_id);
        let status = video.and_then(|video| video.status).ok_or_else(|| {
            Fault::content(
                "video_removed",
                "The video was removed before its time came.",
            )
        })?;
        let is_kept = status.privacy_status.as_deref() == Some("private");
        Ok(if is_kept {
            Value::Null
        } else {
            json!(Receipt::live(Some(video_id.clone()), None))
        })
    })
}
