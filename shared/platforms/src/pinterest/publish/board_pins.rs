//! How a Pin whose answer was lost is found on its board: Pinterest gives no key to ask by.

use domain::MediaKind;
use time::{Duration, OffsetDateTime};

use super::super::{
    options::Options,
    profile::api,
    wire::{Listing, Pin, PinMedia},
};
use crate::{Asset, Auth, Call, Expectation, PublishContext, Sighting, Verdict, settle};

/// Asks for a part of the board's (or its section's) Pins.
pub(super) fn look(cx: &PublishContext<'_>, options: &Options, bookmark: Option<&str>) -> Call {
    let board = options.board_id.as_deref().unwrap_or_default();
    let path = match options.board_section_id.as_deref() {
        Some(section) => format!("/v5/boards/{board}/sections/{section}/pins"),
        None => format!("/v5/boards/{board}/pins"),
    };
    let mut url = api(cx.app, &path);
    url.query_pairs_mut().append_pair("page_size", "50");
    if let Some(bookmark) = bookmark {
        url.query_pairs_mut().append_pair("bookmark", bookmark);
    }
    Call::get("look_for_pin", url).auth(Auth::Bearer)
}

/// The Pins of one part that fit: our own, with the same title, description, link and kind of media.
pub(super) fn fitting(
    listing: &Listing<Pin>,
    options: &Options,
    armed_at: OffsetDateTime,
    cx: &PublishContext<'_>,
) -> Vec<String> {
    let sightings: Vec<Sighting> = listing
        .items
        .iter()
        .filter(|pin| pin.is_owner != Some(false))
        .filter(|pin| pin.media.as_ref().is_none_or(|media| fits(media, cx)))
        .filter_map(sighting)
        .collect();
    let words = words(
        options.title.as_deref(),
        Some(&cx.content.caption),
        options.link.as_deref(),
    );
    let verdict = settle(
        &sightings,
        &Expectation {
            armed_at,
            text: &words,
            kind: None,
            claimed: cx.claimed,
        },
    );
    match verdict {
        Verdict::Absent => Vec::new(),
        Verdict::Found(pin) => vec![pin.id],
        Verdict::Several(pins) => pins.into_iter().map(|pin| pin.external_id).collect(),
    }
}

/// Whether every Pin of the part is older than ours can be; later parts are older still (newest
/// first is usual, though not documented).
pub(super) fn is_older(listing: &Listing<Pin>, armed_at: OffsetDateTime) -> bool {
    let earliest = armed_at - Duration::seconds(60);
    !listing.items.is_empty()
        && listing
            .items
            .iter()
            .all(|pin| pin.created_at.is_some_and(|time| time < earliest))
}

/// Where a person can look at a Pin.
pub(super) fn permalink(id: &str) -> String {
    format!("https://www.pinterest.com/pin/{id}/")
}

/// Whether a Pin shows as much as ours, and of the same kind, as far as is told.
fn fits(media: &PinMedia, cx: &PublishContext<'_>) -> bool {
    let has_video = cx
        .content
        .assets
        .iter()
        .any(|asset| Asset::kind(asset) == MediaKind::Video);
    let pictures = cx.content.assets.len();
    match media.media_type.as_deref() {
        Some("image") => !has_video && pictures == 1,
        Some("multiple_images") => {
            let told = media.items.as_ref().map_or(pictures, Vec::len);
            !has_video && pictures > 1 && told == pictures
        }
        Some("video") => has_video,
        Some("multiple_mixed" | "multiple_videos") => false,
        Some(_) | None => true,
    }
}

fn sighting(pin: &Pin) -> Option<Sighting> {
    Some(Sighting {
        id: pin.id.clone(),
        created_at: pin.created_at?,
        text: words(
            pin.title.as_deref(),
            pin.description.as_deref(),
            pin.link.as_deref(),
        ),
        kind: None,
        url: Some(permalink(&pin.id)),
    })
}

/// All words of a Pin, kept apart by a sign that no text holds.
fn words(title: Option<&str>, description: Option<&str>, link: Option<&str>) -> String {
    [title, description, link]
        .map(|text| text.unwrap_or_default().trim())
        .join(" \u{1f} ")
}
