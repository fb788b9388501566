//! Resumable uploads: sessions, chunks, progress, the resource at the end.

use axum::{
    Json,
    body::{Body, Bytes},
    extract::{Query, State as Shared},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::StreamExt as _;
use http::{HeaderMap, HeaderName, StatusCode, header};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    SESSION_LIFE, Session, State, channel,
    data::unknown_part,
    videos::Video,
    wire::{caller, no_channel, refusal, value},
};
use crate::{Keeper, LivePost, World};

const UNIT: u64 = 262_144;
const UNIT_SIZE: usize = 262_144;
/// Categories that a video can be put in; the list of the United States.
const CATEGORIES: [&str; 15] = [
    "1", "2", "10", "15", "17", "19", "20", "22", "23", "24", "25", "26", "27", "28", "29",
];

pub(super) async fn start(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    Query(pairs): Query<Vec<(String, String)>>,
    body: Bytes,
) -> Response {
    let id = match caller(&world, &headers, "youtube.upload") {
        Ok(id) => id,
        Err(refusal) => return *refusal,
    };
    if !id.starts_with("UC") {
        return no_channel();
    }
    if value(&pairs, "uploadType") != "resumable" {
        return refusal(
            400,
            "global",
            "badRequest",
            "Only resumable uploads are simulated.",
        );
    }
    let mut state = world.states().youtube();
    if state.spends_upload(world.now()) {
        return refusal(
            429,
            "global",
            "rateLimitExceeded",
            "Quota exceeded for quota metric 'Video Uploads' and limit 'Video Uploads per day' of service 'youtube.googleapis.com' for consumer 'project_number:1'.",
        );
    }
    if state.full_channels.contains(&id) {
        return refusal(
            400,
            "youtube.video",
            "uploadLimitExceeded",
            "The user has exceeded the number of videos they may upload.",
        );
    }
    let header = |name: &'static str| {
        headers
            .get(HeaderName::from_static(name))
            .and_then(|value| value.to_str().ok())
    };
    let content_type = header("x-upload-content-type").unwrap_or("application/octet-stream");
    if !content_type.starts_with("video/") && content_type != "application/octet-stream" {
        return refusal(
            400,
            "global",
            "badContent",
            &format!(
                "Media type '{content_type}' is not supported. Valid media types: [video/*, application/octet-stream]"
            ),
        );
    }
    let total = header("x-upload-content-length").and_then(|text| text.parse::<u64>().ok());
    let is_json = header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
    let Some(resource) = serde_json::from_slice::<Value>(&body)
        .ok()
        .filter(|resource| is_json && resource.is_object())
    else {
        return refusal(
            400,
            "global",
            "parseError",
            "This API does not support parsing form-encoded input.",
        );
    };
    let parts: Vec<&str> = value(&pairs, "part").split(',').collect();
    let part = |name: &str| {
        if parts.contains(&name) {
            resource[name].clone()
        } else {
            json!({})
        }
    };
    let written = [
        "id",
        "snippet",
        "status",
        "recordingDetails",
        "localizations",
    ];
    if let Some(unknown) = parts.iter().find(|part| !written.contains(part)) {
        return unknown_part(unknown);
    }
    let (snippet, status) = (part("snippet"), part("status"));
    if let Some((reason, message)) = broken(&snippet, &status, world.now()) {
        return refusal(400, "youtube.video", reason, message);
    }
    let recording = part("recordingDetails");
    let date = &recording["recordingDate"];
    let is_date = date
        .as_str()
        .is_some_and(|date| OffsetDateTime::parse(date, &Rfc3339).is_ok());
    if !date.is_null() && !is_date {
        return refusal(
            400,
            "youtube.video",
            "invalidRecordingDetails",
            "The recordingDetails object in the request contains invalid recording details.",
        );
    }
    let mut status = with_defaults(status);
    if state.private_channels.contains(&id) {
        status["privacyStatus"] = json!("private");
    }
    status["notifySubscribers"] = json!(value(&pairs, "notifySubscribers") != "false");
    let upload_id = world.secret("");
    let location = format!(
        "https://www.googleapis.com/upload/youtube/v3/videos?uploadType=resumable&upload_id={upload_id}&part={}",
        value(&pairs, "part")
    );
    let session = Session {
        channel: id,
        snippet,
        status,
        recording,
        content_type: content_type.to_owned(),
        total,
        file: Keeper::default(),
        opened_at: world.now(),
        answer: None,
    };
    state.sessions.insert(upload_id, session);
    (StatusCode::OK, [(header::LOCATION, location)]).into_response()
}

/// A status with what a video has whose author did not say otherwise.
pub(super) fn with_defaults(given: Value) -> Value {
    let mut status = json!({
        "privacyStatus": "public", "license": "youtube", "embeddable": true, "publicStatsViewable": true,
    });
    if let (Some(status), Value::Object(given)) = (status.as_object_mut(), given) {
        status.extend(given.into_iter().filter(|(_, value)| !value.is_null()));
    }
    status
}

/// The rule that the metadata breaks.
pub(super) fn broken(
    snippet: &Value,
    status: &Value,
    now: OffsetDateTime,
) -> Option<(&'static str, &'static str)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let has_brackets = |text: &str| text.contains(['<', '>']);
    let title = text(&snippet["title"]);
    if title.trim().is_empty() || title.encode_utf16().count() > 100 || has_brackets(&title) {
        return Some((
            "invalidTitle",
            "The request metadata specifies an invalid or empty video title.",
        ));
    }
    let description = text(&snippet["description"]);
    if description.len() > 5000 || has_brackets(&description) {
        return Some((
            "invalidDescription",
            "The request metadata specifies an invalid video description.",
        ));
    }
    let tags: Vec<String> = snippet["tags"]
        .as_array()
        .into_iter()
        .flatten()
        .map(text)
        .collect();
    let length: usize = tags
        .iter()
        .map(|tag| tag.chars().count() + if tag.contains(' ') { 3 } else { 1 })
        .sum();
    if tags.iter().any(String::is_empty) || length > 501 {
        return Some((
            "invalidTags",
            "The request metadata specifies invalid video keywords.",
        ));
    }
    let category = &snippet["categoryId"];
    if !category.is_null() && !CATEGORIES.contains(&category.as_str().unwrap_or_default()) {
        return Some((
            "invalidCategoryId",
            "The snippet.categoryId property specifies an invalid category ID.",
        ));
    }
    let privacy = &status["privacyStatus"];
    if !privacy.is_null()
        && !["public", "unlisted", "private"].contains(&privacy.as_str().unwrap_or_default())
    {
        return Some(("invalidVideoMetadata", "The request metadata is invalid."));
    }
    let license = &status["license"];
    if !license.is_null()
        && !["youtube", "creativeCommon"].contains(&license.as_str().unwrap_or_default())
    {
        return Some(("invalidVideoMetadata", "The request metadata is invalid."));
    }
    for name in [
        "embeddable",
        "publicStatsViewable",
        "selfDeclaredMadeForKids",
        "containsSyntheticMedia",
    ] {
        if !status[name].is_null() && !status[name].is_boolean() {
            return Some(("invalidVideoMetadata", "The request metadata is invalid."));
        }
    }
    if let Some(time) = status["publishAt"].as_str() {
        let is_ahead = OffsetDateTime::parse(time, &Rfc3339).is_ok_and(|time| time > now);
        if !is_ahead || privacy != "private" {
            return Some((
                "invalidPublishAt",
                "The request metadata specifies an invalid scheduled publishing time.",
            ));
        }
    }
    None
}

/// What a request to a session asks for, before its body was read.
enum Asked {
    /// How far it is, or what it ended with.
    Answered(Response),
    /// So many bytes from this one on, of which so many are taken.
    Bytes { first: u64, length: u64, taken: u64 },
}

pub(super) async fn put(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    Query(pairs): Query<Vec<(String, String)>>,
    body: Body,
) -> Response {
    let id = match caller(&world, &headers, "youtube.upload") {
        Ok(id) => id,
        Err(refusal) => return *refusal,
    };
    let upload_id = value(&pairs, "upload_id");
    let (first, length, taken) = match asked(&world, &id, upload_id, &headers) {
        Asked::Answered(response) => return response,
        Asked::Bytes {
            first,
            length,
            taken,
        } => (first, length, taken),
    };
    let mut pieces = body.into_data_stream();
    let (mut arrived, mut kept, mut rest) = (0, first, Vec::new());
    while arrived < length {
        // What arrived before the connection broke stays, in whole units.
        let Some(Ok(piece)) = pieces.next().await else {
            return bad("Content-Length does not match the body.");
        };
        if arrived + piece.len() as u64 > length {
            return bad("Content-Length does not match the body.");
        }
        let useful = taken.saturating_sub(arrived).min(piece.len() as u64);
        arrived += piece.len() as u64;
        rest.extend_from_slice(&piece[..usize::try_from(useful).unwrap_or(piece.len())]);
        let is_end = arrived >= taken;
        let whole = if is_end {
            rest.len()
        } else {
            rest.len() / UNIT_SIZE * UNIT_SIZE
        };
        if !keep(&world, upload_id, kept, &rest[..whole]) {
            return bad("The range does not continue where the session stands.");
        }
        kept += whole as u64;
        rest.drain(..whole);
    }
    let mut state = world.states().youtube();
    let Some(session) = state.sessions.get(upload_id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if session
        .total
        .is_some_and(|total| session.file.length() < total)
    {
        return progress(session);
    }
    finish(&world, &mut state, upload_id)
}

/// Keeps a video of another app that is like this one; gives its id.
pub(in super::super) fn copy(world: &World, like: &str, number: u64, text: &str) -> String {
    let mut state = world.states().youtube();
    let id = URL_SAFE_NO_PAD.encode(number.to_be_bytes());
    let like = state.videos.iter().find(|video| video.id == like).cloned();
    if let Some(mut video) = like {
        video.id.clone_from(&id);
        video.snippet["description"] = text.into();
        video.created_at = world.now();
        state.videos.push(video);
    }
    id
}

fn bad(message: &str) -> Response {
    refusal(400, "global", "badRequest", message)
}

/// Checks what can be checked before a byte of the body is read.
fn asked(world: &World, id: &str, upload_id: &str, headers: &HeaderMap) -> Asked {
    let mut state = world.states().youtube();
    let now = world.now();
    let State {
        sessions, partial, ..
    } = &mut *state;
    let Some(session) = sessions
        .get_mut(upload_id)
        .filter(|session| now < session.opened_at + SESSION_LIFE)
    else {
        return Asked::Answered(StatusCode::NOT_FOUND.into_response());
    };
    if session.channel != id {
        return Asked::Answered(refusal(
            403,
            "youtube.video",
            "forbidden",
            "The session belongs to another channel.",
        ));
    }
    if let Some(answer) = &session.answer {
        return Asked::Answered((StatusCode::CREATED, Json(answer)).into_response());
    }
    let text = |name| {
        headers
            .get(name)
            .and_then(|text: &http::HeaderValue| text.to_str().ok())
    };
    let Some(length) = text(header::CONTENT_LENGTH).and_then(|text| text.parse::<u64>().ok())
    else {
        return Asked::Answered(bad("Content-Length is missing."));
    };
    let range = text(header::CONTENT_RANGE);
    let Some((first, total)) = range.map_or(Some((Some(0), length)), |text| parse(text, length))
    else {
        return Asked::Answered(bad("Failed to parse Content-Range header."));
    };
    if session.total.is_some_and(|known| known != total) {
        return Asked::Answered(bad("The total size does not match the session's."));
    }
    session.total = Some(total);
    let Some(first) = first else {
        return Asked::Answered(progress(session));
    };
    if first != session.file.length() {
        return Asked::Answered(bad("The range does not continue where the session stands."));
    }
    let is_last = first + length == total;
    if !is_last && !length.is_multiple_of(UNIT) {
        return Asked::Answered(bad(
            "The number of bytes uploaded is required to be a multiple of 262144, except for the final request.",
        ));
    }
    let taken = partial.pop_front().map_or(length, |max| {
        if max >= length {
            length
        } else {
            max / UNIT * UNIT
        }
    });
    Asked::Bytes {
        first,
        length,
        taken,
    }
}

/// Appends to a session; tells whether it still stands at `kept`.
fn keep(world: &World, upload_id: &str, kept: u64, bytes: &[u8]) -> bool {
    let mut state = world.states().youtube();
    let Some(session) = state.sessions.get_mut(upload_id) else {
        return false;
    };
    if session.file.length() != kept || session.answer.is_some() {
        return false;
    }
    session.file.take(bytes);
    true
}

/// `bytes FIRST-LAST/TOTAL` or `bytes */TOTAL`, which has no first byte.
fn parse(text: &str, length: u64) -> Option<(Option<u64>, u64)> {
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let total = total.parse().ok()?;
    if range == "*" {
        return (length == 0).then_some((None, total));
    }
    let (first, last) = range.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    let fits = last >= first && last < total && last - first + 1 == length;
    fits.then_some((Some(first), total))
}

fn progress(session: &Session) -> Response {
    let status = StatusCode::PERMANENT_REDIRECT;
    match session.file.length() {
        0 => status.into_response(),
        kept => (status, [(header::RANGE, format!("bytes=0-{}", kept - 1))]).into_response(),
    }
}

fn finish(world: &World, state: &mut State, upload_id: &str) -> Response {
    let now = world.now();
    let Some(session) = state.sessions.get_mut(upload_id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let id = URL_SAFE_NO_PAD.encode(world.number().to_be_bytes());
    let file = std::mem::take(&mut session.file);
    let head = file.head();
    let is_video = head.get(4..8) == Some(b"ftyp") || head.starts_with(&[0x1A, 0x45, 0xDF, 0xA3]);
    let ending = state
        .endings
        .pop_front()
        .or_else(|| (!is_video).then(|| ("failed".to_owned(), "invalidFile".to_owned())));
    let mut status = session.status.clone();
    let notify = status["notifySubscribers"].take();
    if let Some(status) = status.as_object_mut() {
        status.remove("notifySubscribers");
        let kids = status
            .get("selfDeclaredMadeForKids")
            .cloned()
            .unwrap_or(json!(false));
        status.insert("madeForKids".to_owned(), kids);
    }
    let video = Video {
        id: id.clone(),
        channel: session.channel.clone(),
        snippet: session.snippet.clone(),
        status,
        recording: session.recording.clone(),
        size: file.length(),
        created_at: now,
        ready_at: now + world.processing("youtube"),
        ending,
        is_short: state.are_shorts,
        thumbnail: None,
    };
    if video.ending.is_none() {
        let mut details = video.status.clone();
        for name in ["title", "tags", "categoryId", "defaultLanguage"] {
            details[name] = video.snippet[name].clone();
        }
        details["recordingDate"] = video.recording["recordingDate"].clone();
        details["notifySubscribers"] = notify;
        world.publish(LivePost {
            network: "youtube".to_owned(),
            account_id: video.channel.clone(),
            account_name: channel(&video.channel)
                .map(|known| known.account.name)
                .unwrap_or_default(),
            post_id: id.clone(),
            kind: "video".to_owned(),
            text: video.snippet["description"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            media: vec![world.keep_pieces(&session.content_type, file)],
            created_at: now,
            url: format!("https://www.youtube.com/watch?v={id}"),
            details,
        });
    }
    let answer = video.created(&["snippet", "status"], now);
    session.answer = Some(answer.clone());
    state.videos.push(video);
    (StatusCode::CREATED, Json(answer)).into_response()
}
