//! The upload session: opening it, sending bytes into it, asking how far it is.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::{Duration, OffsetDateTime};

use super::{
    super::{fault, profile::api, wire::Created},
    Publish, processing,
    resource::{content_type, options, parts, resource, total, video_place},
};
use crate::{Answer, App, Auth, Call, Fault, PublishContext, UploadUrl};

/// Every chunk but the last is a multiple of this many bytes.
const UNIT: u64 = 262_144;
/// The size of a chunk in bytes.
const CHUNK: u64 = 32 * UNIT;
/// How many sessions are opened for one post; each may cost one of a hundred uploads a day.
const MAX_TRIES: u8 = 3;
/// How often the same bytes are sent without progress.
const MAX_STALLS: u8 = 8;
/// How long to wait before the same bytes are sent again; it doubles each time.
const PAUSE: Duration = Duration::seconds(5);
/// The longest wait that is taken from an answer to a chunk.
const MAX_PAUSE: Duration = Duration::minutes(15);

/// An upload session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its address, with its credential.
    pub url: UploadUrl,
    /// How many sessions came to nothing before it.
    pub tries: u8,
    /// How often the last chunk went out and its answer was lost.
    #[serde(default)]
    pub fires: u8,
    /// How often the same bytes were sent without progress.
    #[serde(default)]
    pub stalls: u8,
    /// The size of its chunks in bytes: which one is the last must not change on the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunk: Option<u64>,
}

impl Session {
    /// The call that sends the bytes from `offset` on.
    pub(super) fn chunk(&self, offset: u64, cx: &PublishContext<'_>) -> Call {
        let total = total(cx);
        let end = self.end_of(offset, cx);
        let call = Call::put("upload_chunk", self.url.expose().clone())
            .auth(Auth::Bearer)
            .header("content-type", content_type(cx))
            .header(
                "content-range",
                format!("bytes {offset}-{}/{total}", end.saturating_sub(1)),
            )
            .file(video_place(cx), offset..end);
        // The video exists once its last byte is taken.
        if end >= total {
            call.once()
        } else {
            call.resumable()
        }
    }

    /// The call that asks how far the session is. Where the video exists already, its answer is the
    /// one that the last chunk had.
    pub(super) fn ask(&self, cx: &PublishContext<'_>) -> Call {
        Call::put("ask_session", self.url.expose().clone())
            .auth(Auth::Bearer)
            .header("content-range", format!("bytes */{}", total(cx)))
    }

    /// Where the chunk that begins at `offset` ends.
    fn end_of(&self, offset: u64, cx: &PublishContext<'_>) -> u64 {
        let size = self.chunk.unwrap_or_else(|| chunk_bytes(cx.app));
        offset.saturating_add(size).min(total(cx))
    }

    fn is_last(&self, offset: u64, cx: &PublishContext<'_>) -> bool {
        self.end_of(offset, cx) >= total(cx)
    }
}

/// The size of a chunk in bytes.
fn chunk_bytes(app: &App) -> u64 {
    app.settings
        .get("chunk_bytes")
        .and_then(|bytes| bytes.parse::<u64>().ok())
        .map_or(CHUNK, |bytes| (bytes / UNIT).max(1) * UNIT)
}

pub(super) fn open(cx: &PublishContext<'_>) -> Call {
    // Options were checked when the post was accepted; what cannot be read is refused by YouTube.
    let options = options(cx).ok();
    let notify = options
        .as_ref()
        .is_none_or(|options| options.notify_subscribers);
    let mut url = api("/upload/youtube/v3/videos", cx.app);
    url.query_pairs_mut()
        .append_pair("uploadType", "resumable")
        .append_pair("part", options.as_ref().map_or("snippet,status", parts))
        .append_pair("notifySubscribers", if notify { "true" } else { "false" });
    Call::post("start_session", url)
        .auth(Auth::Bearer)
        .header("x-upload-content-type", content_type(cx))
        .header("x-upload-content-length", total(cx).to_string())
        .json(options.map_or(Value::Null, |options| resource(&options, cx)))
}

pub(super) fn opened(
    tries: u8,
    answer: &Answer,
    cx: &PublishContext<'_>,
) -> Result<Publish, Fault> {
    options(cx)?;
    if !answer.is_success() {
        return Err(fault::of_the_start(answer, cx.now));
    }
    let url = answer
        .header("location")
        .and_then(|location| UploadUrl::of(location, "googleapis.com"))
        .ok_or_else(|| {
            Fault::retry(
                "session_missing",
                "YouTube opened no upload session; trying again.",
            )
        })?;
    Ok(Publish::Upload {
        session: Session {
            url,
            tries,
            fires: 0,
            stalls: 0,
            chunk: Some(chunk_bytes(cx.app)),
        },
        offset: 0,
        again_at: None,
    })
}

/// What a session says.
pub(super) enum Told {
    /// It is gone.
    Gone,
    /// So many bytes arrived, and more are expected.
    Has(u64),
    /// The video exists.
    Video(String),
    /// Nothing that can be understood.
    Unclear,
}

impl Told {
    pub(super) fn read(answer: &Answer, cx: &PublishContext<'_>) -> Self {
        match answer.status {
            200 | 201 => answer
                .json::<Created>()
                .map_or(Self::Unclear, |video| Self::Video(video.id)),
            308 => bytes_kept(answer)
                .filter(|bytes| *bytes < total(cx))
                .map_or(Self::Unclear, Self::Has),
            404 | 410 => Self::Gone,
            _ => Self::Unclear,
        }
    }
}

/// How many bytes a session has. Without a range nothing was kept.
fn bytes_kept(answer: &Answer) -> Option<u64> {
    let Some(range) = answer.header("range") else {
        return Some(0);
    };
    let (_, last) = range.rsplit_once('-')?;
    last.parse::<u64>().ok()?.checked_add(1)
}

/// After the lost answer to a chunk.
pub(super) fn lost(session: Session, offset: u64, cx: &PublishContext<'_>) -> Publish {
    if session.is_last(offset, cx) {
        return in_doubt(session, cx);
    }
    Publish::Resume {
        session,
        offset,
        refused: None,
        again_at: None,
    }
}

/// After the answer to a chunk.
pub(super) fn sent(
    session: Session,
    offset: u64,
    answer: &Answer,
    cx: &PublishContext<'_>,
) -> Result<Publish, Fault> {
    match Told::read(answer, cx) {
        Told::Video(video_id) => Ok(processing::begun(video_id, cx.now)),
        Told::Has(bytes) => go_on(session, offset, bytes, cx.now),
        Told::Gone => gone(&session, cx),
        Told::Unclear => {
            // 408, 429 and 5xx may come after the bytes were taken: the session knows.
            let is_certain = !matches!(answer.status, 408 | 429);
            match fault::refused(answer, cx.now) {
                Some(fault) if is_certain => Err(fault),
                Some(_) | None if session.is_last(offset, cx) => Ok(in_doubt(session, cx)),
                None if is_certain && (400..500).contains(&answer.status) => Ok(Publish::Resume {
                    session,
                    offset,
                    refused: Some(fault::words(answer)),
                    again_at: None,
                }),
                Some(_) | None => Ok(Publish::Resume {
                    again_at: Some(cx.now + pause(&session, answer)),
                    session,
                    offset,
                    refused: None,
                }),
            }
        }
    }
}

/// After the session was asked how far it is.
pub(super) fn resumed(
    session: Session,
    offset: u64,
    refused: Option<String>,
    answer: &Answer,
    cx: &PublishContext<'_>,
) -> Result<Publish, Fault> {
    match (Told::read(answer, cx), refused) {
        (Told::Video(video_id), _) => Ok(processing::begun(video_id, cx.now)),
        // It did not have the bytes, and the same again would hear the same.
        (Told::Has(bytes), Some(words)) if bytes <= offset => Err(fault::upload_refused(&words)),
        (Told::Has(bytes), _) => go_on(session, offset, bytes, cx.now),
        (Told::Gone, _) => gone(&session, cx),
        (Told::Unclear, _) => Err(fault::read(answer, cx.now)),
    }
}

fn go_on(session: Session, offset: u64, bytes: u64, now: OffsetDateTime) -> Result<Publish, Fault> {
    if bytes > offset {
        return Ok(Publish::Upload {
            session: Session {
                stalls: 0,
                ..session
            },
            offset: bytes,
            again_at: None,
        });
    }
    let session = Session {
        stalls: session.stalls + 1,
        ..session
    };
    if session.stalls >= MAX_STALLS {
        return Err(Fault::content(
            "upload_refused",
            "YouTube did not take the bytes of the video; nothing was published. Upload the file again.",
        )
        .seen(format!("{bytes} bytes arrived")));
    }
    Ok(Publish::Upload {
        again_at: Some(now + grown(session.stalls)),
        session,
        offset: bytes,
    })
}

fn grown(stalls: u8) -> Duration {
    PAUSE * (1_i32 << stalls.min(MAX_STALLS))
}

/// How long to wait before a session is asked that was not well.
fn pause(session: &Session, answer: &Answer) -> Duration {
    answer
        .retry_after()
        .unwrap_or_else(|| grown(session.stalls))
        .min(MAX_PAUSE)
}

/// The session is gone: another one, or, where the last byte may have arrived, the channel's uploads.
fn gone(session: &Session, cx: &PublishContext<'_>) -> Result<Publish, Fault> {
    if session.fires > 0 {
        return Ok(Publish::List {
            armed_at: cx.armed(),
            looks: 0,
        });
    }
    if session.tries + 1 >= MAX_TRIES {
        return Err(Fault::content(
            "session_ended",
            "YouTube ended the upload three times before it was complete; nothing was published. Try again later.",
        ));
    }
    Ok(Publish::Start {
        tries: session.tries + 1,
    })
}

/// The last chunk may have arrived.
fn in_doubt(session: Session, cx: &PublishContext<'_>) -> Publish {
    Publish::Confirm {
        session: Session {
            fires: session.fires + 1,
            ..session
        },
        armed_at: cx.armed(),
        looks: 0,
    }
}
