//! How a post whose answer was lost is found among the author's own.
//!
//! Only few tokens may read posts (`r_member_social` is closed to new apps); the others are told so
//! with 403, and the outcome stays open for a person to decide. A post is never sent again to see
//! whether it is refused as a duplicate.

use time::OffsetDateTime;

use super::{
    little_text,
    profile::{api, versioned},
    wire::{Post, PostContent, Posts},
};
use crate::{Call, Expectation, PublishContext, Sighting, Verdict, settle};

/// Asks for the author's latest posts.
pub(super) fn look(cx: &PublishContext<'_>) -> Call {
    let mut url = api(cx.app, "/rest/posts");
    url.query_pairs_mut()
        .append_pair("q", "author")
        .append_pair("author", author(cx))
        .append_pair("count", "50");
    versioned(cx.app, Call::get("look_for_post", url)).header("x-restli-method", "FINDER")
}

/// What the look came to: a post with the same words and the very files that were uploaded for it.
pub(super) fn judge(
    posts: &Posts,
    media: &[String],
    armed_at: OffsetDateTime,
    cx: &PublishContext<'_>,
) -> Verdict {
    let sightings: Vec<Sighting> = posts
        .elements
        .iter()
        .filter(|post| matches!(post.lifecycle_state.as_str(), "PUBLISHED" | ""))
        .filter(|post| files_of(post) == media)
        .filter_map(sighting)
        .collect();
    settle(
        &sightings,
        &Expectation {
            armed_at,
            text: &little_text::escape(&cx.content.caption),
            kind: None,
            claimed: cx.claimed,
        },
    )
}

/// The author's URN.
pub(super) const fn author<'a>(cx: &PublishContext<'a>) -> &'a str {
    cx.account.external_id.as_str()
}

/// Where a person can look at a post.
pub(super) fn permalink(urn: &str) -> String {
    format!("https://www.linkedin.com/feed/update/{urn}/")
}

fn files_of(post: &Post) -> Vec<&str> {
    let Some(PostContent { media, multi_image }) = &post.content else {
        return Vec::new();
    };
    let several = multi_image.iter().flat_map(|several| &several.images);
    media
        .iter()
        .chain(several)
        .map(|media| media.id.as_str())
        .collect()
}

fn sighting(post: &Post) -> Option<Sighting> {
    let created_at =
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(post.created_at) * 1_000_000).ok()?;
    Some(Sighting {
        id: post.id.clone(),
        created_at,
        text: post.commentary.clone(),
        kind: None,
        url: Some(permalink(&post.id)),
    })
}
