//! Looking for a post whose order was answered by nothing: its task has no name, so only the post itself is
//! evidence (Display API, video list, read 2026-11-23).

use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::{Publish, is_video, options, watch::address};
use crate::{
    Answer, Auth, Call, Candidate, Event, Expectation, Fault, PublishContext, Receipt, Sighting,
    Verdict, next_look, normalise, settle,
    tiktok::{
        fault,
        options::PrivacyLevel,
        profile::{LISTS_VIDEOS, api},
        wire::{Envelope, Video, Videos},
    },
};

/// The most that TikTok lists at once, newest first: more than an account may post in a day.
const PAGE: u8 = 20;
/// Longer titles are cut where they are listed (video object, read 2026-11-28).
const TITLE: usize = 150;

/// The first step after an order that was answered by nothing. Nobody can look for a post that is not public, or
/// for a draft, and without its permission for no post at all.
pub(super) fn begun(username: String, cx: &PublishContext<'_>) -> Result<Publish, Fault> {
    let is_public = options(cx).is_ok_and(|options| {
        !options.is_draft() && options.privacy_level == Some(PrivacyLevel::PublicToEveryone)
    });
    if !is_public || cx.account.facts[LISTS_VIDEOS] != true {
        return Err(Fault::unconfirmed(Vec::new()));
    }
    Ok(Publish::Search {
        username,
        armed_at: cx.armed(),
        looks: 0,
    })
}

/// The account's newest videos.
pub(super) fn list(cx: &PublishContext<'_>) -> Call {
    let mut url = api("/v2/video/list/", cx.app);
    url.query_pairs_mut()
        .append_pair("fields", "id,create_time,title");
    Call::post("list_videos", url)
        .auth(Auth::Bearer)
        .json(json!({ "max_count": PAGE }))
        .optional()
}

/// What a look came to. That nothing fits proves nothing: a post may be listed late.
pub(super) fn looked(
    username: String,
    (armed_at, looks): (OffsetDateTime, usize),
    event: Event,
    cx: &PublishContext<'_>,
) -> Result<Publish, Fault> {
    let videos = match event {
        Event::Answer(answer) => listed(&answer, cx.now)?,
        Event::Lost => Vec::new(),
    };
    let seen: Vec<Sighting> = videos
        .into_iter()
        .filter_map(|video| sighting(video, &username, cx))
        .collect();
    let expected = Expectation {
        armed_at,
        text: &cx.content.caption,
        kind: None,
        claimed: cx.claimed,
    };
    match settle(&seen, &expected) {
        Verdict::Found(post) => Ok(Publish::Live {
            receipt: Receipt::live(Some(post.id), post.url),
        }),
        Verdict::Several(candidates) => Err(Fault::unconfirmed(candidates)),
        Verdict::Absent if next_look(armed_at, looks + 1).is_none() => {
            Err(Fault::unconfirmed(near(&seen, armed_at)))
        }
        Verdict::Absent => Ok(Publish::Search {
            username,
            armed_at,
            looks: looks + 1,
        }),
    }
}

fn listed(answer: &Answer, now: OffsetDateTime) -> Result<Vec<Video>, Fault> {
    if fault::is_ok(answer) {
        let listed = answer.json::<Envelope<Videos>>();
        return Ok(listed.map(|listed| listed.data.videos).unwrap_or_default());
    }
    match fault::refused(answer, now) {
        // The permission to list may have been taken back; that must not keep the post from being settled.
        Some(fault) if fault::is_about_access(&fault) && fault.code != "scope_missing" => {
            Err(fault)
        }
        Some(_) | None => Ok(Vec::new()),
    }
}

fn sighting(video: Video, username: &str, cx: &PublishContext<'_>) -> Option<Sighting> {
    let path = if is_video(cx) { "video" } else { "photo" };
    Some(Sighting {
        url: address(username, Some((path, &video.id.0))),
        created_at: OffsetDateTime::from_unix_timestamp(video.create_time).ok()?,
        text: spelt_out(video.title, cx),
        kind: None,
        id: video.id.0,
    })
}

/// The caption that a listed title stands for: pictures are listed by their own title, and long ones are cut.
fn spelt_out(title: String, cx: &PublishContext<'_>) -> String {
    let caption = &cx.content.caption;
    let own = options(cx).ok().and_then(|options| options.title);
    let is_cut = title.chars().count() >= TITLE;
    let stands_for = |text: &str| {
        let (text, title) = (normalise(text), normalise(&title));
        text == title || (is_cut && text.starts_with(&title))
    };
    let stands_for_own = own.is_some_and(|own| !own.is_empty() && stands_for(&own));
    if stands_for(caption) || stands_for_own {
        caption.clone()
    } else {
        title
    }
}

/// Posts of that time under other words: nobody can say which, but a person may.
fn near(seen: &[Sighting], armed_at: OffsetDateTime) -> Vec<Candidate> {
    let minutes = Duration::minutes(11);
    seen.iter()
        .filter(|post| {
            (armed_at - Duration::minutes(1)..=armed_at + minutes).contains(&post.created_at)
        })
        .map(|post| Candidate {
            external_id: post.id.clone(),
            url: post.url.clone(),
        })
        .collect()
}
