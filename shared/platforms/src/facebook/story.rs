//! A story of a Page: a picture or a video that is shown for a day.
//!
//! Both are uploaded where nobody sees them and shown by one call. No list tells for certain whether
//! that call arrived, so it is sent once: after a lost answer a picture's story is unconfirmed at
//! once, and a video's when the video itself does not say that it is published.

use super::{
    fault::row,
    publish::{Publish, whole},
    wire::Ended,
};
use crate::{
    Answer, Auth, Call, Event, Fault, FormValue, PublishContext,
    meta::{self, graph},
};

/// Shows an uploaded photo.
pub(super) fn show(cx: &PublishContext<'_>, photo: &str) -> Call {
    let url = graph(cx.app, &[&cx.account.external_id, "photo_stories"]);
    Call::post("publish_story", url)
        .auth(Auth::BearerWithProof)
        .form([("photo_id", FormValue::from(photo))])
        .once()
}

/// What became of an uploaded photo.
pub(super) fn shown(cx: &PublishContext<'_>, event: &Event) -> Result<Publish, Fault> {
    let Event::Answer(answer) = event else {
        return Err(Fault::unconfirmed(Vec::new()));
    };
    if let Some(fault) = meta::refused(answer, row, cx.now) {
        return Err(fault);
    }
    match ended(answer) {
        Some(ended) => Ok(live(cx, ended.post_id)),
        None => Err(Fault::unconfirmed(Vec::new()).seen(format!("status {}", answer.status))),
    }
}

/// What a good answer to a publishing call says.
pub(super) fn ended(answer: &Answer) -> Option<Ended> {
    answer
        .is_success()
        .then(|| answer.json::<Ended>())?
        .filter(|ended| ended.success || ended.post_id.is_some())
}

/// Facebook tells no address of a story.
pub(super) fn live(cx: &PublishContext<'_>, post: Option<String>) -> Publish {
    Publish::Published {
        id: post.map(|post| whole(cx, &post)),
        url: None,
    }
}
