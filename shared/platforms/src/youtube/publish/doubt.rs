//! The last chunk's answer was lost: the session is asked, and where it is gone the channel's uploads.

use domain::MediaKind;
use time::{Duration, OffsetDateTime};

use super::{
    super::{
        fault,
        profile::api,
        wire::{Items, PlaylistItem, Video},
    },
    Publish, processing,
    resource::{address, options, total, videos},
    session::{Session, Told},
};
use crate::{
    Answer, Auth, Call, Expectation, Fault, FaultKind, PublishContext, Sighting, Verdict,
    next_look, settle,
};

/// How often the last chunk goes out until its answers come to nothing.
const MAX_FIRES: u8 = 3;
/// How long a lost last chunk settles before it may be sent again on proof that it did not arrive.
const SETTLE: Duration = Duration::minutes(2);

pub(super) fn confirmed(
    session: Session,
    (armed_at, looks): (OffsetDateTime, usize),
    answer: &Answer,
    cx: &PublishContext<'_>,
) -> Result<Publish, Fault> {
    match Told::read(answer, cx) {
        Told::Video(video_id) => return Ok(processing::begun(video_id, cx.now)),
        Told::Gone => return Ok(Publish::List { armed_at, looks }),
        Told::Has(bytes) if cx.now >= armed_at + SETTLE => {
            if session.fires >= MAX_FIRES {
                return Err(Fault::content(
                    "upload_incomplete",
                    "YouTube did not get the end of the video in three tries; nothing was published. Try again.",
                ));
            }
            return Ok(Publish::Upload {
                session,
                offset: bytes,
                again_at: None,
            });
        }
        Told::Has(_) => {}
        Told::Unclear => obstacle(answer, cx)?,
    }
    let looks = another_look(armed_at, looks)?;
    Ok(Publish::Confirm {
        session,
        armed_at,
        looks,
    })
}

/// The number of the next look.
///
/// # Errors
/// Unconfirmed when enough looks were taken.
fn another_look(armed_at: OffsetDateTime, looks: usize) -> Result<usize, Fault> {
    next_look(armed_at, looks + 1)
        .map_or_else(|| Err(Fault::unconfirmed(Vec::new())), |_| Ok(looks + 1))
}

/// What keeps us from being told at all; all other answers say nothing about the video.
pub(super) fn obstacle(answer: &Answer, cx: &PublishContext<'_>) -> Result<(), Fault> {
    if answer.is_server_error() {
        return Err(fault::unwell(answer));
    }
    match fault::refused(answer, cx.now) {
        Some(fault) => match fault.kind {
            FaultKind::Quota { .. }
            | FaultKind::Reconnect
            | FaultKind::Retry { .. }
            | FaultKind::Unauthorized => Err(fault),
            FaultKind::Content | FaultKind::Operator | FaultKind::Unconfirmed { .. } => Ok(()),
        },
        None => Ok(()),
    }
}

pub(super) fn uploads(cx: &PublishContext<'_>) -> Call {
    let playlist = cx.account.facts["uploads"].as_str().unwrap_or_default();
    let mut url = api("/youtube/v3/playlistItems", cx.app);
    url.query_pairs_mut()
        .append_pair("part", "contentDetails")
        .append_pair("playlistId", playlist)
        .append_pair("maxResults", "50");
    Call::get("list_uploads", url).auth(Auth::Bearer)
}

pub(super) fn listed(
    (armed_at, looks): (OffsetDateTime, usize),
    answer: &Answer,
    cx: &PublishContext<'_>,
) -> Result<Publish, Fault> {
    let video_ids: Vec<String> = answer
        .json::<Items<PlaylistItem>>()
        .filter(|_| answer.is_success())
        .map(|list| list.items)
        .unwrap_or_default()
        .into_iter()
        .map(|item| item.content_details.video_id)
        .collect();
    if !video_ids.is_empty() {
        return Ok(Publish::Compare {
            armed_at,
            looks,
            video_ids,
        });
    }
    obstacle(answer, cx)?;
    Ok(Publish::List {
        armed_at,
        looks: another_look(armed_at, looks)?,
    })
}

pub(super) fn compare(video_ids: &[String], cx: &PublishContext<'_>) -> Call {
    let ids = video_ids.join(",");
    videos("compare", "snippet,status,fileDetails", &ids, cx)
}

pub(super) fn compared(
    (armed_at, looks): (OffsetDateTime, usize),
    answer: &Answer,
    cx: &PublishContext<'_>,
) -> Result<Publish, Fault> {
    let Some(list) = answer
        .json::<Items<Video>>()
        .filter(|_| answer.is_success())
    else {
        obstacle(answer, cx)?;
        return Ok(Publish::List {
            armed_at,
            looks: another_look(armed_at, looks)?,
        });
    };
    let sightings: Vec<Sighting> = list
        .items
        .into_iter()
        .filter(|video| has_our_size(video, cx))
        .filter_map(|video| sighting(video, cx))
        .collect();
    let title = options(cx)?.title(&cx.content.caption);
    let verdict = settle(
        &sightings,
        &Expectation {
            armed_at,
            text: &words(&title, &cx.content.caption),
            kind: Some(MediaKind::Video),
            claimed: cx.claimed,
        },
    );
    match verdict {
        Verdict::Found(seen) => Ok(processing::begun(seen.id, cx.now)),
        Verdict::Several(candidates) => Err(Fault::unconfirmed(candidates)),
        Verdict::Absent => Ok(Publish::List {
            armed_at,
            looks: another_look(armed_at, looks)?,
        }),
    }
}

/// Whether the file is as large as ours, where YouTube tells its size.
fn has_our_size(video: &Video, cx: &PublishContext<'_>) -> bool {
    video
        .file_details
        .as_ref()
        .and_then(|file| file.file_size)
        .is_none_or(|bytes| bytes == total(cx))
}

fn sighting(video: Video, cx: &PublishContext<'_>) -> Option<Sighting> {
    let snippet = video.snippet?;
    Some(Sighting {
        url: address(&video.id, cx),
        id: video.id,
        created_at: snippet.published_at,
        text: words(&snippet.title, &snippet.description),
        kind: Some(MediaKind::Video),
    })
}

fn words(title: &str, description: &str) -> String {
    format!("{title}\n{description}")
}
