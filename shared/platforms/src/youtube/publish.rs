//! From a frozen post to a receipt.

use domain::{Container, MediaKind};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use url::Url;

use super::{
    fault,
    options::{Options, Privacy},
    profile::api,
    wire::{Created, Items, PlaylistItem, Video},
};
use crate::{
    Action, Answer, Asset, Auth, Call, Candidate, Content, Event, Expectation, Fault, FaultKind,
    Machine, PublishContext, Receipt, Sighting, UploadUrl, Verdict, next_look, settle,
};

/// Every chunk but the last is a multiple of this many bytes.
const UNIT: u64 = 262_144;
/// The size of a chunk in bytes.
const CHUNK: u64 = 32 * UNIT;
/// How many sessions are opened for one post; each may cost one of a hundred uploads a day.
const MAX_TRIES: u8 = 3;
/// How often the last chunk goes out until its answers come to nothing.
const MAX_FIRES: u8 = 3;
/// How often the same bytes are sent without progress.
const MAX_STALLS: u8 = 5;
/// How long a lost last chunk settles before it may be sent again on proof that it did not arrive.
const SETTLE: Duration = Duration::minutes(2);
/// How long YouTube is asked each minute, and how long at all, what became of a video that it took.
const MINUTELY: Duration = Duration::hours(1);
const PROCESSING: Duration = Duration::hours(23);

/// Publishes one video: session, chunks, processing.
///
/// The last chunk is a strong handle: the session answers for certain whether the video exists,
/// and repeats what it answered then. Only where the session itself is gone is the video looked
/// for among the channel's uploads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Publish {
    /// Open a session. A session alone makes nothing that anybody sees, and ends by itself.
    Start {
        /// How many sessions came to nothing.
        tries: u8,
    },
    /// Send the next bytes.
    Upload {
        /// Where to.
        session: Session,
        /// How many bytes YouTube has.
        offset: u64,
    },
    /// A chunk that is not the last came to nothing: ask how far the session is.
    Resume {
        /// Where to.
        session: Session,
        /// From where the chunk began.
        offset: u64,
    },
    /// The last chunk's answer was lost: ask the session.
    Confirm {
        /// Where to.
        session: Session,
        /// When the last chunk was armed.
        #[serde(with = "time::serde::rfc3339")]
        armed_at: OffsetDateTime,
        /// How many looks were taken.
        looks: usize,
    },
    /// The session is gone as well: list the channel's uploads.
    List {
        /// When the last chunk was armed.
        #[serde(with = "time::serde::rfc3339")]
        armed_at: OffsetDateTime,
        /// How many looks were taken.
        looks: usize,
    },
    /// Compare the uploads with what was sent.
    Compare {
        /// When the last chunk was armed.
        #[serde(with = "time::serde::rfc3339")]
        armed_at: OffsetDateTime,
        /// How many looks were taken.
        looks: usize,
        /// The newest uploads.
        video_ids: Vec<String>,
    },
    /// YouTube has the video and works on it.
    Process {
        /// The video.
        video_id: String,
        /// Since when.
        #[serde(with = "time::serde::rfc3339")]
        since: OffsetDateTime,
        /// When to ask next.
        #[serde(with = "time::serde::rfc3339")]
        ask_at: OffsetDateTime,
        /// How often it was asked.
        asked: u32,
    },
    /// Done.
    Live {
        /// The video.
        video_id: String,
    },
}

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
}

/// Starts to publish.
pub fn start(_: &Content) -> Publish {
    Publish::Start { tries: 0 }
}

impl Publish {
    /// The video's id, which the channel's feed names.
    pub fn handle(&self) -> Option<String> {
        match self {
            Self::Live { video_id } | Self::Process { video_id, .. } => Some(video_id.clone()),
            Self::Compare { .. }
            | Self::Confirm { .. }
            | Self::List { .. }
            | Self::Resume { .. }
            | Self::Start { .. }
            | Self::Upload { .. } => None,
        }
    }
}

impl Machine for Publish {
    type Context<'a> = PublishContext<'a>;
    type Output = Receipt;

    fn next(&self, cx: &PublishContext<'_>) -> Action<Receipt> {
        match self {
            Self::Start { .. } => Action::Send(open(cx)),
            Self::Upload { session, offset } => Action::Send(chunk(session, *offset, cx)),
            Self::Resume { session, .. } => Action::Send(ask(session, cx)),
            Self::Confirm {
                session,
                armed_at,
                looks,
            } => at_look(*armed_at, *looks, cx, || ask(session, cx)),
            Self::List { armed_at, looks } => at_look(*armed_at, *looks, cx, || uploads(cx)),
            Self::Compare { video_ids, .. } => Action::Send(videos(
                "compare",
                "snippet,status,fileDetails",
                &video_ids.join(","),
                cx,
            )),
            Self::Process {
                video_id, ask_at, ..
            } => {
                if cx.now < *ask_at {
                    return Action::WaitUntil(*ask_at);
                }
                Action::Send(videos(
                    "processing",
                    "status,processingDetails",
                    video_id,
                    cx,
                ))
            }
            Self::Live { video_id } => {
                Action::Done(Receipt::live(Some(video_id.clone()), address(video_id)))
            }
        }
    }

    fn apply(self, event: Event, cx: &PublishContext<'_>) -> Result<Self, Fault> {
        let answer = match event {
            Event::Answer(answer) => answer,
            Event::Lost => return Ok(self.lost(cx)),
        };
        match self {
            Self::Start { tries } => opened(tries, &answer, cx),
            Self::Upload { session, offset } => sent(session, offset, &answer, cx),
            Self::Resume { session, offset } => resumed(session, offset, &answer, cx),
            Self::Confirm {
                session,
                armed_at,
                looks,
            } => confirmed(session, (armed_at, looks), &answer, cx),
            Self::List { armed_at, looks } => listed((armed_at, looks), &answer, cx),
            Self::Compare {
                armed_at, looks, ..
            } => compared((armed_at, looks), &answer, cx),
            Self::Process {
                video_id,
                since,
                asked,
                ..
            } => processed(video_id, (since, asked), &answer, cx),
            Self::Live { video_id } => Ok(Self::Live { video_id }),
        }
    }
}

impl Publish {
    /// Only the last chunk's lost answer is told; every other call is simply repeated.
    fn lost(self, cx: &PublishContext<'_>) -> Self {
        match self {
            Self::Upload { session, .. } => in_doubt(session, cx),
            same @ (Self::Compare { .. }
            | Self::Confirm { .. }
            | Self::List { .. }
            | Self::Live { .. }
            | Self::Process { .. }
            | Self::Resume { .. }
            | Self::Start { .. }) => same,
        }
    }
}

fn in_doubt(session: Session, cx: &PublishContext<'_>) -> Publish {
    Publish::Confirm {
        session: Session {
            fires: session.fires + 1,
            ..session
        },
        armed_at: cx.armed_at.unwrap_or(cx.now),
        looks: 0,
    }
}

fn at_look(
    armed_at: OffsetDateTime,
    looks: usize,
    cx: &PublishContext<'_>,
    call: impl FnOnce() -> Call,
) -> Action<Receipt> {
    match next_look(armed_at, looks) {
        Some(at) if cx.now < at => Action::WaitUntil(at),
        Some(_) | None => Action::Send(call()),
    }
}

fn options(cx: &PublishContext<'_>) -> Result<Options, Fault> {
    Options::read(&cx.content.options).map_err(|rule| {
        Fault::content(
            "invalid_options",
            format!("{} {}. {}", rule.field, rule.detail, rule.remedy),
        )
    })
}

fn total(cx: &PublishContext<'_>) -> u64 {
    cx.content.assets.first().map_or(0, Asset::bytes)
}

fn content_type(cx: &PublishContext<'_>) -> &'static str {
    cx.content
        .assets
        .first()
        .map_or(Container::Mp4.content_type(), |asset| {
            asset.facts.content_type()
        })
}

fn open(cx: &PublishContext<'_>) -> Call {
    // Options were checked when the post was accepted; what cannot be read is refused by YouTube.
    let options = options(cx).ok();
    let notify = options
        .as_ref()
        .is_none_or(|options| options.notify_subscribers);
    let mut url = api("/upload/youtube/v3/videos", cx.app);
    url.query_pairs_mut()
        .append_pair("uploadType", "resumable")
        .append_pair("part", "snippet,status")
        .append_pair("notifySubscribers", if notify { "true" } else { "false" });
    Call::post("start_session", url)
        .auth(Auth::Bearer)
        .header("x-upload-content-type", content_type(cx))
        .header("x-upload-content-length", total(cx).to_string())
        .json(options.map_or(Value::Null, |options| resource(&options, cx)))
}

fn resource(options: &Options, cx: &PublishContext<'_>) -> Value {
    json!({
        "snippet": {
            "title": options.title(&cx.content.caption),
            "description": cx.content.caption,
            "tags": options.tags,
            "categoryId": options.category_id,
        },
        "status": {
            // Left out, it would be public (since 2026-11-02).
            "privacyStatus": match options.privacy {
                Privacy::Private => "private",
                Privacy::Public => "public",
                Privacy::Unlisted => "unlisted",
            },
            "selfDeclaredMadeForKids": options.made_for_kids,
        },
    })
}

fn opened(tries: u8, answer: &Answer, cx: &PublishContext<'_>) -> Result<Publish, Fault> {
    options(cx)?;
    if !answer.is_success() {
        return Err(fault::read(answer, cx.now));
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
        },
        offset: 0,
    })
}

fn chunk(session: &Session, offset: u64, cx: &PublishContext<'_>) -> Call {
    let total = total(cx);
    let end = end_of(offset, cx);
    let call = Call::put("upload_chunk", session.url.expose().clone())
        .auth(Auth::Bearer)
        .header("content-type", content_type(cx))
        .header(
            "content-range",
            format!("bytes {offset}-{}/{total}", end.saturating_sub(1)),
        )
        .file(0, offset..end);
    // The video exists once its last byte is taken.
    if end >= total { call.once() } else { call }
}

/// Where the chunk that begins at `offset` ends.
fn end_of(offset: u64, cx: &PublishContext<'_>) -> u64 {
    let size = cx
        .app
        .settings
        .get("chunk_bytes")
        .and_then(|bytes| bytes.parse::<u64>().ok())
        .map_or(CHUNK, |bytes| (bytes / UNIT).max(1) * UNIT);
    offset.saturating_add(size).min(total(cx))
}

fn ask(session: &Session, cx: &PublishContext<'_>) -> Call {
    Call::put("ask_session", session.url.expose().clone())
        .auth(Auth::Bearer)
        .header("content-range", format!("bytes */{}", total(cx)))
}

/// What a session says.
enum Told {
    /// It is gone.
    Gone,
    /// So many bytes arrived, and more are expected.
    Has(u64),
    /// The video exists.
    Video(String),
    /// Nothing that can be understood.
    Unclear,
}

fn told(answer: &Answer) -> Told {
    match answer.status {
        200 | 201 => answer
            .json::<Created>()
            .map_or(Told::Unclear, |video| Told::Video(video.id)),
        // No range: nothing was kept.
        308 => answer.header("range").map_or(Told::Has(0), |range| {
            range
                .rsplit_once('-')
                .and_then(|(_, last)| last.parse::<u64>().ok()?.checked_add(1))
                .map_or(Told::Unclear, Told::Has)
        }),
        404 | 410 => Told::Gone,
        _ => Told::Unclear,
    }
}

fn sent(
    session: Session,
    offset: u64,
    answer: &Answer,
    cx: &PublishContext<'_>,
) -> Result<Publish, Fault> {
    let is_last = end_of(offset, cx) >= total(cx);
    match told(answer) {
        Told::Video(video_id) => Ok(work(video_id, cx.now)),
        Told::Has(bytes) if bytes < total(cx) => go_on(session, offset, bytes),
        Told::Gone if session.fires == 0 => anew(&session),
        Told::Gone => Ok(Publish::List {
            armed_at: cx.armed_at.unwrap_or(cx.now),
            looks: 0,
        }),
        Told::Has(_) | Told::Unclear => {
            // 408, 429 and 5xx may come after the bytes were taken: the session knows.
            let is_certain = !matches!(answer.status, 408 | 429);
            match fault::refused(answer, cx.now) {
                Some(fault) if is_certain => Err(fault),
                Some(_) | None if is_last => Ok(in_doubt(session, cx)),
                Some(_) | None => Ok(Publish::Resume { session, offset }),
            }
        }
    }
}

fn resumed(
    session: Session,
    offset: u64,
    answer: &Answer,
    cx: &PublishContext<'_>,
) -> Result<Publish, Fault> {
    match told(answer) {
        Told::Video(video_id) => Ok(work(video_id, cx.now)),
        Told::Has(bytes) if bytes < total(cx) => go_on(session, offset, bytes),
        Told::Gone if session.fires == 0 => anew(&session),
        Told::Gone => Ok(Publish::List {
            armed_at: cx.armed_at.unwrap_or(cx.now),
            looks: 0,
        }),
        Told::Has(_) | Told::Unclear => Err(fault::read(answer, cx.now)),
    }
}

fn go_on(session: Session, offset: u64, bytes: u64) -> Result<Publish, Fault> {
    let stalls = if bytes > offset {
        0
    } else {
        session.stalls + 1
    };
    if stalls >= MAX_STALLS {
        return Err(Fault::content(
            "upload_refused",
            "YouTube did not take the bytes of the video; nothing was published. Upload the file again.",
        )
        .seen(format!("{bytes} bytes arrived")));
    }
    Ok(Publish::Upload {
        session: Session { stalls, ..session },
        offset: bytes,
    })
}

/// Only for a session whose last byte never went out, or was proven not to have arrived.
fn anew(session: &Session) -> Result<Publish, Fault> {
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

fn confirmed(
    session: Session,
    (armed_at, looks): (OffsetDateTime, usize),
    answer: &Answer,
    cx: &PublishContext<'_>,
) -> Result<Publish, Fault> {
    match told(answer) {
        Told::Video(video_id) => return Ok(work(video_id, cx.now)),
        Told::Gone => return Ok(Publish::List { armed_at, looks }),
        Told::Has(bytes) if bytes < total(cx) && cx.now >= armed_at + SETTLE => {
            if session.fires >= MAX_FIRES {
                return Err(Fault::content(
                    "upload_incomplete",
                    "YouTube did not get the end of the video in three tries; nothing was published. Try again.",
                ));
            }
            return Ok(Publish::Upload {
                session,
                offset: bytes,
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

/// What keeps us from asking at all; all other answers say nothing about the video.
fn obstacle(answer: &Answer, cx: &PublishContext<'_>) -> Result<(), Fault> {
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

fn uploads(cx: &PublishContext<'_>) -> Call {
    let playlist = cx.account.facts["uploads"].as_str().unwrap_or_default();
    let mut url = api("/youtube/v3/playlistItems", cx.app);
    url.query_pairs_mut()
        .append_pair("part", "contentDetails")
        .append_pair("playlistId", playlist)
        .append_pair("maxResults", "50");
    Call::get("list_uploads", url).auth(Auth::Bearer)
}

fn videos(name: &'static str, part: &str, ids: &str, cx: &PublishContext<'_>) -> Call {
    let mut url = api("/youtube/v3/videos", cx.app);
    url.query_pairs_mut()
        .append_pair("part", part)
        .append_pair("id", ids);
    Call::get(name, url).auth(Auth::Bearer)
}

fn listed(
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

fn compared(
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
        .filter_map(sighting)
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
        Verdict::Found(seen) => Ok(work(seen.id, cx.now)),
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

fn sighting(video: Video) -> Option<Sighting> {
    let snippet = video.snippet?;
    Some(Sighting {
        url: address(&video.id),
        id: video.id,
        created_at: snippet.published_at,
        text: words(&snippet.title, &snippet.description),
        kind: Some(MediaKind::Video),
    })
}

fn words(title: &str, description: &str) -> String {
    format!("{title}\n{description}")
}

fn work(video_id: String, now: OffsetDateTime) -> Publish {
    Publish::Process {
        video_id,
        since: now,
        ask_at: now + Duration::seconds(15),
        asked: 0,
    }
}

fn processed(
    video_id: String,
    (since, asked): (OffsetDateTime, u32),
    answer: &Answer,
    cx: &PublishContext<'_>,
) -> Result<Publish, Fault> {
    let video = answer
        .json::<Items<Video>>()
        .filter(|_| answer.is_success())
        .and_then(|list| list.items.into_iter().find(|video| video.id == video_id));
    if let Some(video) = video {
        if let Some(fault) = fault::ended(&video) {
            return Err(fault);
        }
        if video
            .status
            .is_some_and(|status| status.upload_status == "processed")
        {
            return Ok(Publish::Live { video_id });
        }
    } else {
        obstacle(answer, cx)?;
    }
    let age = cx.now - since;
    if age >= PROCESSING {
        return Err(Fault::unconfirmed(vec![Candidate {
            url: address(&video_id),
            external_id: video_id,
        }]));
    }
    let pause = match asked {
        0 => Duration::seconds(30),
        _ if age < MINUTELY => Duration::minutes(1),
        _ => Duration::hours(1),
    };
    Ok(Publish::Process {
        video_id,
        since,
        ask_at: cx.now + pause,
        asked: asked + 1,
    })
}

/// Where a person can watch it.
fn address(video_id: &str) -> Option<String> {
    Url::parse_with_params("https://www.youtube.com/watch", [("v", video_id)])
        .ok()
        .map(Into::into)
}
