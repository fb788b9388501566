//! The video as it is described to YouTube, and the files that it is made of.

use domain::{Container, MediaFacts, MediaKind};
use serde_json::{Map, Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use url::Url;

use super::super::{
    options::{License, Options, Privacy},
    profile::api,
};
use crate::{Asset, Auth, Call, Fault, PublishContext};

/// The longest Short (since 2024-10-15).
const SHORT_MS: u64 = 180_000;

/// The options that the post was accepted with.
///
/// # Errors
/// The broken rule, where they come from a build that knew others.
pub(super) fn options(cx: &PublishContext<'_>) -> Result<Options, Fault> {
    Options::read(&cx.content.options).map_err(|broken| Fault::options(&broken))
}

/// The video's place among the post's files.
pub(super) fn video_place(cx: &PublishContext<'_>) -> usize {
    place(cx, MediaKind::Video).unwrap_or_default()
}

/// The thumbnail's place among the post's files, where one is asked for.
pub(super) fn thumbnail_place(cx: &PublishContext<'_>) -> Option<usize> {
    let is_asked = options(cx).is_ok_and(|options| options.thumbnail);
    is_asked.then(|| place(cx, MediaKind::Image)).flatten()
}

fn place(cx: &PublishContext<'_>, kind: MediaKind) -> Option<usize> {
    let assets = cx.content.assets.iter();
    assets
        .enumerate()
        .find(|(_, asset)| asset.kind() == kind)
        .map(|(place, _)| place)
}

fn video<'a>(cx: &PublishContext<'a>) -> Option<&'a Asset> {
    cx.content.assets.get(video_place(cx))
}

/// How large the video is.
pub(super) fn total(cx: &PublishContext<'_>) -> u64 {
    video(cx).map_or(0, Asset::bytes)
}

pub(super) fn content_type(cx: &PublishContext<'_>) -> &'static str {
    video(cx).map_or(Container::Mp4.content_type(), |asset| {
        asset.facts.content_type()
    })
}

/// Whether YouTube makes a Short of it: there is no flag, only the video's shape and length.
fn is_short(cx: &PublishContext<'_>) -> bool {
    match video(cx).map(|asset| &asset.facts) {
        Some(MediaFacts::Video {
            width,
            height,
            duration_ms,
            ..
        }) => height >= width && *duration_ms <= SHORT_MS,
        Some(MediaFacts::Document { .. } | MediaFacts::Image { .. }) | None => false,
    }
}

/// Where a person can watch it; both addresses lead to every Short.
pub(super) fn address(video_id: &str, cx: &PublishContext<'_>) -> Option<String> {
    if is_short(cx) {
        return Url::parse("https://www.youtube.com/shorts/")
            .and_then(|shorts| shorts.join(video_id))
            .ok()
            .map(Into::into);
    }
    Url::parse_with_params("https://www.youtube.com/watch", [("v", video_id)])
        .ok()
        .map(Into::into)
}

/// A question about videos.
pub(super) fn videos(name: &'static str, part: &str, ids: &str, cx: &PublishContext<'_>) -> Call {
    let mut url = api("/youtube/v3/videos", cx.app);
    url.query_pairs_mut()
        .append_pair("part", part)
        .append_pair("id", ids);
    Call::get(name, url).auth(Auth::Bearer)
}

/// The parts that are written, which is also what the answer holds.
pub(super) const fn parts(options: &Options) -> &'static str {
    if options.recording_date.is_some() {
        "snippet,status,recordingDetails"
    } else {
        "snippet,status"
    }
}

/// The video in YouTube's words. What its author did not say is left to YouTube, except for who may
/// see it: left out, it would be public (since 2026-11-02).
pub(super) fn resource(options: &Options, cx: &PublishContext<'_>) -> Value {
    let mut resource = json!({
        "snippet": {
            "title": options.title(&cx.content.caption),
            "description": cx.content.caption,
            "tags": options.tags,
            "categoryId": options.category_id,
        },
        "status": {
            "privacyStatus": word(options.privacy),
            "selfDeclaredMadeForKids": options.made_for_kids,
        },
    });
    let snippet = [(
        "defaultLanguage",
        options.default_language.clone().map(Value::from),
    )];
    add(&mut resource, "snippet", snippet);
    let status = [
        ("publishAt", options.publish_at.and_then(instant)),
        ("license", options.license.map(license)),
        ("embeddable", options.embeddable.map(Value::from)),
        (
            "publicStatsViewable",
            options.public_stats_viewable.map(Value::from),
        ),
        (
            "containsSyntheticMedia",
            options.contains_synthetic_media.map(Value::from),
        ),
    ];
    add(&mut resource, "status", status);
    let recording = [("recordingDate", options.recording_date.and_then(instant))];
    add(&mut resource, "recordingDetails", recording);
    resource
}

fn add<const N: usize>(resource: &mut Value, part: &str, fields: [(&str, Option<Value>); N]) {
    let given: Map<String, Value> = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect();
    let Some(parts) = resource.as_object_mut().filter(|_| !given.is_empty()) else {
        return;
    };
    let part = parts.entry(part).or_insert_with(|| json!({}));
    if let Some(part) = part.as_object_mut() {
        part.extend(given);
    }
}

pub(super) const fn word(privacy: Privacy) -> &'static str {
    match privacy {
        Privacy::Private => "private",
        Privacy::Public => "public",
        Privacy::Unlisted => "unlisted",
    }
}

fn license(license: License) -> Value {
    Value::from(match license {
        License::CreativeCommon => "creativeCommon",
        License::Youtube => "youtube",
    })
}

fn instant(time: OffsetDateTime) -> Option<Value> {
    let time = time.to_offset(time::UtcOffset::UTC);
    time.format(&Rfc3339).ok().map(Value::from)
}
