//! Files on their way to X: pictures whole, moving ones in chunks.

use domain::MediaFacts;
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::{Held, Publish, success};
use crate::{
    Answer, Asset, Auth, Call, Content, Fault, FaultKind, Part, PublishContext,
    x::{
        fault,
        parts::Parts,
        profile::api,
        wire::{Media, Processing, ProcessingError},
    },
};

/// What is sent at a time; larger chunks were answered with 413 (reported, 2026).
const CHUNK: u64 = 1 << 20;
/// After a 413 chunks are halved, down to this.
const MIN_CHUNK: u64 = 1 << 18;
/// X numbers chunks from 0 to 999.
const MAX_CHUNKS: u64 = 1000;
/// So often files are uploaded anew before X is taken at its word.
const MAX_TRIES: u8 = 3;
/// How long X may work on a file.
const MAX_PROCESSING: Duration = Duration::minutes(30);
/// How long to wait before asking after a file again, where X does not say.
const ASK_AGAIN: Duration = Duration::seconds(3);

/// The step with the next file, or with the next part when every file is there.
pub(super) fn next_file(content: &Content, held: Held) -> Publish {
    match Parts::of(content).asset(content, held.media.len()) {
        None => Publish::Post { ask_at: None, held },
        Some(asset) if category(asset) == "tweet_image" => Publish::Upload { held },
        Some(asset) => Publish::Initialize {
            chunk: CHUNK.max(asset.bytes().div_ceil(MAX_CHUNKS)),
            held,
        },
    }
}

/// Uploads anew, as long as there is hope, what parts that are not live yet carry: X forgot the files,
/// or lost count of them.
pub(super) fn begin_anew(
    cx: &PublishContext<'_>,
    mut held: Held,
    refused: Fault,
) -> Result<Publish, Fault> {
    if held.tries + 1 >= MAX_TRIES {
        return Err(refused);
    }
    held.tries += 1;
    let kept = Parts::of(cx.content).files_before(held.live.len());
    held.media.truncate(kept);
    Ok(next_file(cx.content, held))
}

/// What came of a whole picture.
pub(super) fn uploaded(
    cx: &PublishContext<'_>,
    held: Held,
    answer: &Answer,
) -> Result<Publish, Fault> {
    let media: Media = success(answer, cx, "upload")?;
    went_on(cx, media, cx.now + MAX_PROCESSING, held)
}

/// What came of an announcement.
pub(super) fn initialized(
    cx: &PublishContext<'_>,
    chunk: u64,
    held: Held,
    answer: &Answer,
) -> Result<Publish, Fault> {
    let media: Media = success(answer, cx, "initialize")?;
    Ok(Publish::Append {
        id: media.id,
        segment: 0,
        chunk,
        held,
    })
}

/// What came of a chunk.
pub(super) fn appended(
    cx: &PublishContext<'_>,
    id: String,
    (segment, chunk): (u64, u64),
    held: Held,
    answer: &Answer,
) -> Result<Publish, Fault> {
    let (total, _) = facts(cx, &held);
    if answer.is_success() {
        let segment = segment + 1;
        return Ok(if segment * chunk < total {
            Publish::Append {
                id,
                segment,
                chunk,
                held,
            }
        } else {
            Publish::Finalize { id, held }
        });
    }
    let half = chunk / 2;
    let may_halve = half >= MIN_CHUNK && total.div_ceil(half) <= MAX_CHUNKS;
    match answer.status {
        400 | 404 => begin_anew(cx, held, not_kept(answer)),
        413 if may_halve => Ok(Publish::Initialize { chunk: half, held }),
        _ => Err(fault::read(answer, cx.now)),
    }
}

/// What came of closing a file.
pub(super) fn finalized(
    cx: &PublishContext<'_>,
    id: String,
    held: Held,
    answer: &Answer,
) -> Result<Publish, Fault> {
    let give_up_at = cx.now + MAX_PROCESSING;
    match answer.status {
        400 => match fault::read(answer, cx.now) {
            ours @ Fault {
                kind: FaultKind::Operator,
                ..
            } => Err(ours),
            // Closed before, perhaps by a call whose answer was lost: the file itself can be asked.
            _ => Ok(Publish::Process {
                id,
                ask_at: cx.now,
                give_up_at,
                held,
            }),
        },
        404 => begin_anew(cx, held, not_kept(answer)),
        _ => {
            let media: Media = success(answer, cx, "finalize")?;
            went_on(cx, media, give_up_at, held)
        }
    }
}

/// What X says of a file that it works on.
pub(super) fn processed(
    cx: &PublishContext<'_>,
    id: String,
    give_up_at: OffsetDateTime,
    held: Held,
    answer: &Answer,
) -> Result<Publish, Fault> {
    if matches!(answer.status, 400 | 404) {
        return begin_anew(cx, held, not_kept(answer));
    }
    let media: Media = success(answer, cx, "status")?;
    went_on(cx, Media { id, ..media }, give_up_at, held)
}

/// Where X's word on a file leads; a word that is not known means that X is still at work.
fn went_on(
    cx: &PublishContext<'_>,
    media: Media,
    give_up_at: OffsetDateTime,
    held: Held,
) -> Result<Publish, Fault> {
    let Some(processing) = media.processing_info else {
        return Ok(after_upload(cx, media.id, held));
    };
    match processing.state.as_str() {
        "succeeded" => Ok(after_upload(cx, media.id, held)),
        "failed" => Err(unusable(processing.error)),
        _ if cx.now >= give_up_at => Err(Fault::content(
            "processing_too_long",
            "X worked on the file for half an hour without an end; try again or convert it.",
        )),
        _ => Ok(Publish::Process {
            id: media.id,
            ask_at: cx.now + pause(&processing),
            give_up_at,
            held,
        }),
    }
}

fn after_upload(cx: &PublishContext<'_>, id: String, mut held: Held) -> Publish {
    let is_described = alt_text(cx, held.media.len()).is_some_and(|text| !text.is_empty());
    held.media.push(id);
    if is_described {
        Publish::Describe { held }
    } else {
        next_file(cx.content, held)
    }
}

fn pause(processing: &Processing) -> Duration {
    processing.check_after_secs.map_or(ASK_AGAIN, |seconds| {
        Duration::seconds(seconds.clamp(1, 120))
    })
}

fn not_kept(answer: &Answer) -> Fault {
    Fault::content(
        fault::MEDIA_REFUSED,
        "X did not keep the files of this post; try again later or use others.",
    )
    .seen(answer.status.to_string())
}

fn unusable(error: Option<ProcessingError>) -> Fault {
    let fault = Fault::content(
        fault::MEDIA_REFUSED,
        "X could not use the file; convert it or use another.",
    );
    let said = error.map(|error| {
        let parts = [error.name, error.message];
        parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
    });
    match said {
        Some(said) => fault.seen(said),
        None => fault,
    }
}

/// What X calls the use of a file.
const fn category(asset: &Asset) -> &'static str {
    match asset.facts {
        MediaFacts::Image { animated: true, .. } => "tweet_gif",
        MediaFacts::Image {
            animated: false, ..
        } => "tweet_image",
        MediaFacts::Document { .. } | MediaFacts::Video { .. } => "tweet_video",
    }
}

/// Sends a picture whole.
pub(super) fn upload(cx: &PublishContext<'_>, held: &Held) -> Call {
    let (bytes, content_type) = facts(cx, held);
    Call::post("upload_picture", api(cx.app, &["2", "media", "upload"]))
        .auth(Auth::Bearer)
        .multipart(vec![
            Part::text("media_category", "tweet_image"),
            Part::file("media", place(cx, held), 0..bytes, "picture", content_type),
        ])
}

/// Tells what the latest file shows.
pub(super) fn describe(cx: &PublishContext<'_>, held: &Held) -> Call {
    let text = alt_text(cx, held.media.len().saturating_sub(1)).unwrap_or_default();
    Call::post("describe_file", api(cx.app, &["2", "media", "metadata"]))
        .auth(Auth::Bearer)
        .json(json!({
            "id": held.media.last(),
            "metadata": { "alt_text": { "text": text } },
        }))
        .optional()
}

/// Announces a file that is sent in chunks.
pub(super) fn initialize(cx: &PublishContext<'_>, held: &Held) -> Call {
    let (bytes, content_type) = facts(cx, held);
    let asset = Parts::of(cx.content).asset(cx.content, held.media.len());
    Call::post(
        "initialize_upload",
        api(cx.app, &["2", "media", "upload", "initialize"]),
    )
    .auth(Auth::Bearer)
    .json(json!({
        "media_type": content_type,
        "media_category": asset.map_or("tweet_video", category),
        "total_bytes": bytes,
    }))
}

/// Sends a chunk. X is told its number with it: the same one again replaces itself.
pub(super) fn append(
    cx: &PublishContext<'_>,
    id: &str,
    (segment, chunk): (u64, u64),
    held: &Held,
) -> Call {
    let (bytes, _) = facts(cx, held);
    let start = (segment * chunk).min(bytes);
    let end = (start + chunk).min(bytes);
    let kind = "application/octet-stream";
    Call::post(
        "append_chunk",
        api(cx.app, &["2", "media", "upload", id, "append"]),
    )
    .auth(Auth::Bearer)
    .multipart(vec![
        Part::text("segment_index", segment.to_string()),
        Part::file("media", place(cx, held), start..end, "chunk", kind),
    ])
}

/// Asks how far X is with a file.
pub(super) fn ask_status(cx: &PublishContext<'_>, id: &str) -> Call {
    let mut url = api(cx.app, &["2", "media", "upload"]);
    url.query_pairs_mut()
        .append_pair("media_id", id)
        .append_pair("command", "STATUS");
    Call::get("ask_status", url).auth(Auth::Bearer)
}

/// The place of the file that is next.
fn place(cx: &PublishContext<'_>, held: &Held) -> usize {
    let place = Parts::of(cx.content).place(held.media.len());
    place.unwrap_or_default()
}

/// The size and type of the file that is next.
fn facts(cx: &PublishContext<'_>, held: &Held) -> (u64, &'static str) {
    Parts::of(cx.content)
        .asset(cx.content, held.media.len())
        .map_or((0, ""), |asset| (asset.bytes(), asset.facts.content_type()))
}

fn alt_text<'a>(cx: &PublishContext<'a>, uploaded: usize) -> Option<&'a str> {
    let asset = Parts::of(cx.content).asset(cx.content, uploaded)?;
    asset.alt_text.as_deref()
}
