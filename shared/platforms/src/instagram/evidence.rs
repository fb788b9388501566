//! Searching the account for a post whose answer was lost.

use domain::MediaKind;
use time::OffsetDateTime;

use super::{host, options, wire::Post};
use crate::{Call, Expectation, PublishContext, Sighting, Verdict, meta::time_of, settle};

const FIELDS: &str = "id,caption,timestamp,permalink,media_type,media_product_type";

/// Reads the newest posts of the account; stories are listed apart.
pub(super) fn look(cx: &PublishContext<'_>) -> Call {
    let list = if options::read(&cx.content.options).story {
        "stories"
    } else {
        "media"
    };
    let path = [cx.account.external_id.as_str(), list];
    let mut call = host::ask(cx, "search_account", &path, FIELDS);
    call.url.query_pairs_mut().append_pair("limit", "50");
    call
}

/// What the account says of a post armed at `armed_at`. A story has no words: there the time and
/// what it shows decide.
pub(super) fn judge(cx: &PublishContext<'_>, armed_at: OffsetDateTime, posts: &[Post]) -> Verdict {
    let kind = match cx.content.assets.as_slice() {
        [one] => Some(one.kind()),
        _ => None,
    };
    let wanted = match kind {
        Some(MediaKind::Image) => "IMAGE",
        Some(MediaKind::Document | MediaKind::Video) => "VIDEO",
        None => "CAROUSEL_ALBUM",
    };
    let sightings: Vec<Sighting> = posts
        .iter()
        .filter(|post| post.media_type.is_empty() || post.media_type == wanted)
        .filter_map(|post| sighting(post, kind))
        .collect();
    settle(
        &sightings,
        &Expectation {
            armed_at,
            text: &cx.content.caption,
            kind,
            claimed: cx.claimed,
        },
    )
}

fn sighting(post: &Post, kind: Option<MediaKind>) -> Option<Sighting> {
    Some(Sighting {
        id: post.id.clone(),
        created_at: time_of(&post.timestamp)?,
        text: post.caption.clone().unwrap_or_default(),
        kind,
        url: post.permalink.clone(),
    })
}
