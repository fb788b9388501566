//! Searching a Page for a post whose answer was lost.

use domain::MediaKind;
use time::{Duration, OffsetDateTime};

use super::wire::{Attachment, Post};
use crate::{
    Call, Candidate, Expectation, PublishContext, Sighting, Verdict,
    meta::{ask, graph, time_of},
    settle,
};

const FIELDS: &str = "id,message,created_time,permalink_url,attachments{media_type,target{id},subattachments{target{id}}}";

/// Reads the Page's posts since shortly before `armed_at`.
pub(super) fn look(cx: &PublishContext<'_>, armed_at: OffsetDateTime) -> Call {
    let mut url = graph(cx.app, &[&cx.account.external_id, "published_posts"]);
    let since = armed_at - Duration::minutes(2);
    url.query_pairs_mut()
        .append_pair("limit", "100")
        .append_pair("since", &since.unix_timestamp().to_string());
    ask("search_page", url, FIELDS)
}

/// What the Page says of a post armed at `armed_at`. A post that shows our photos is ours, for
/// nobody else knew their ids; without such a one, words and time decide.
pub(super) fn judge(
    cx: &PublishContext<'_>,
    armed_at: OffsetDateTime,
    photos: &[String],
    posts: &[Post],
) -> Verdict {
    let sightings: Vec<(&Post, Sighting)> = posts
        .iter()
        .filter_map(|post| Some((post, sighting(post)?)))
        .collect();
    let shows_ours = |post: &Post| {
        let attachments = post.attachments.iter().flat_map(|all| &all.data);
        attachments
            .flat_map(Attachment::targets)
            .any(|target| photos.iter().any(|photo| photo == target))
    };
    let showing: Vec<&Sighting> = sightings
        .iter()
        .filter(|(post, seen)| shows_ours(post) && !cx.claimed.contains(&seen.id))
        .map(|(_, seen)| seen)
        .collect();
    match showing.as_slice() {
        [] => {}
        [one] => return Verdict::Found((*one).clone()),
        several => {
            let candidates = several.iter().map(|seen| Candidate {
                external_id: seen.id.clone(),
                url: seen.url.clone(),
            });
            return Verdict::Several(candidates.collect());
        }
    }
    let sightings: Vec<Sighting> = sightings.into_iter().map(|(_, seen)| seen).collect();
    settle(
        &sightings,
        &Expectation {
            armed_at,
            text: &cx.content.caption,
            kind: (!photos.is_empty()).then_some(MediaKind::Image),
            claimed: cx.claimed,
        },
    )
}

/// An address as a person can open it; Facebook gives some without its own name.
pub(super) fn absolute(link: &str) -> String {
    if link.starts_with('/') {
        format!("https://www.facebook.com{link}")
    } else {
        link.to_owned()
    }
}

/// Where a post can be looked at when Facebook does not say.
pub(super) fn permalink(post: &str) -> String {
    format!("https://www.facebook.com/{post}")
}

fn sighting(post: &Post) -> Option<Sighting> {
    let kind = post
        .attachments
        .iter()
        .flat_map(|all| &all.data)
        .find_map(|attachment| match attachment.media_type.as_str() {
            "photo" | "album" => Some(MediaKind::Image),
            "video" => Some(MediaKind::Video),
            _ => None,
        });
    let url = post
        .permalink_url
        .as_deref()
        .map_or_else(|| permalink(&post.id), absolute);
    Some(Sighting {
        id: post.id.clone(),
        created_at: time_of(&post.created_time)?,
        text: post.message.clone().unwrap_or_default(),
        kind,
        url: Some(url),
    })
}
