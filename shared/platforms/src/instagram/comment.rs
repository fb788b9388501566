//! The first comment under a live post.

use super::{Publish, host, options};
use crate::{
    Call, Event, PublishContext,
    meta::{FirstComment, Thread},
};

/// The post is live: to its first comment, if it is to have one.
pub(super) fn live(cx: &PublishContext<'_>, id: String, url: Option<String>) -> Publish {
    if text(cx).is_none() {
        return Publish::Published { id: Some(id), url };
    }
    Publish::Comment {
        id,
        url,
        comment: FirstComment::new(),
    }
}

/// The call that comes next; `None` when enough was tried.
pub(super) fn next(cx: &PublishContext<'_>, id: &str, comment: &FirstComment) -> Option<Call> {
    let text = text(cx)?;
    let thread = Thread {
        comments: host::api(cx, &[id, "comments"]),
        auth: host::auth(cx),
        text: &text,
        fields: "id,text,from{id,username}",
    };
    comment.next(cx, thread)
}

/// What came of the call: the post stays published, with the comment or without.
pub(super) fn apply(
    cx: &PublishContext<'_>,
    id: String,
    url: Option<String>,
    comment: FirstComment,
    event: &Event,
) -> Publish {
    let text = text(cx).unwrap_or_default();
    match comment.apply(event, cx, &text) {
        Some(comment) => Publish::Comment { id, url, comment },
        None => Publish::Published { id: Some(id), url },
    }
}

fn text(cx: &PublishContext<'_>) -> Option<String> {
    options::read(&cx.content.options).first_comment
}
