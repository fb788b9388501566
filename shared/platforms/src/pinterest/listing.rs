//! Searching a board for a Pin whose answer was lost.

use domain::MediaKind;
use time::{
    OffsetDateTime, PrimitiveDateTime,
    format_description::well_known::{Iso8601, Rfc3339},
};

use super::{options::Options, profile::api, wire::Pin};
use crate::{Auth, Call, Expectation, PublishContext, Sighting, Verdict, normalise, settle};

/// Reads a page of the board, or of its section.
pub(super) fn look(cx: &PublishContext<'_>, options: &Options, bookmark: Option<&str>) -> Call {
    let board = options.board_id.as_str();
    let mut url = match options.board_section_id.as_deref() {
        Some(section) => api(cx.app, &["boards", board, "sections", section, "pins"]),
        None => api(cx.app, &["boards", board, "pins"]),
    };
    url.query_pairs_mut().append_pair("page_size", "50");
    if let Some(bookmark) = bookmark {
        url.query_pairs_mut().append_pair("bookmark", bookmark);
    }
    Call::get("search_board", url).auth(Auth::Bearer)
}

/// What the board says of a Pin armed at `armed_at`: words, title, link and kind must all be its own.
pub(super) fn judge(
    cx: &PublishContext<'_>,
    options: &Options,
    armed_at: OffsetDateTime,
    pins: &[Pin],
) -> Verdict {
    let same = |a: Option<&str>, b: Option<&str>| {
        normalise(a.unwrap_or_default()) == normalise(b.unwrap_or_default())
    };
    let sightings: Vec<Sighting> = pins
        .iter()
        .filter(|pin| same(pin.title.as_deref(), options.title.as_deref()))
        .filter(|pin| same(pin.link.as_deref(), options.link.as_deref()))
        .filter_map(sighting)
        .collect();
    let kind = cx.content.assets.first().map(crate::Asset::kind);
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

/// Whether all of a page is older than a Pin armed at `armed_at` could be, so that reading on is idle.
pub(super) fn is_past(armed_at: OffsetDateTime, pins: &[Pin]) -> bool {
    let earliest = armed_at - time::Duration::minutes(5);
    !pins.is_empty()
        && pins
            .iter()
            .all(|pin| time_of(&pin.created_at).is_some_and(|at| at < earliest))
}

/// Where a person can look at a Pin.
pub(super) fn permalink(id: &str) -> String {
    format!("https://www.pinterest.com/pin/{id}/")
}

fn sighting(pin: &Pin) -> Option<Sighting> {
    let kind = pin
        .media
        .as_ref()
        .and_then(|media| match media.media_type.as_str() {
            "image" => Some(MediaKind::Image),
            "video" => Some(MediaKind::Video),
            _ => None,
        });
    Some(Sighting {
        id: pin.id.clone(),
        created_at: time_of(&pin.created_at)?,
        text: pin.description.clone().unwrap_or_default(),
        kind,
        url: Some(permalink(&pin.id)),
    })
}

/// Times come with an offset or without one; without, they are UTC.
fn time_of(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok().or_else(|| {
        PrimitiveDateTime::parse(text, &Iso8601::DEFAULT)
            .ok()
            .map(PrimitiveDateTime::assume_utc)
    })
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_time_without_offset_is_utc() {
        assert_eq!(
            time_of("2026-01-01T20:10:40"),
            Some(datetime!(2026-01-01 20:10:40 UTC))
        );
        assert_eq!(
            time_of("2026-01-01T20:10:40Z"),
            time_of("2026-01-01T20:10:40")
        );
    }
}
