//! From a frozen post to a receipt.
//!
//! Files are uploaded first, which nobody sees; `POST /2/tweets` is the one call that may not be
//! repeated. When its answer is lost, the account's own timeline is searched (kind D of the commits:
//! X refuses equal texts, but does not say which post was first).

use domain::MediaFacts;
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::{
    fault, options,
    profile::api,
    timeline,
    wire::{
        MadePost, Media, NewPost, NewPostMedia, Processing, ProcessingError, Timeline, Wrapped,
    },
};
use crate::{
    Action, Answer, Asset, Auth, Call, Content, Event, Fault, FaultKind, Machine, Part,
    PublishContext, Receipt, Verdict, next_look,
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
/// How long to wait when X does not find a file ready that was reported as ready.
const SETTLE: Duration = Duration::seconds(20);

/// How far a post to X is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Publish {
    /// The next chunk of a large file is to be sent.
    Append {
        /// X's id of the file.
        id: String,
        /// Which chunk, from 0.
        segment: u64,
        /// The size of a chunk in bytes.
        chunk: u64,
        /// How often the files were uploaded before.
        #[serde(default)]
        tries: u8,
    },
    /// The latest uploaded file is to be described.
    Describe {
        /// The files so far.
        media: Vec<String>,
        /// How often the files were uploaded before.
        #[serde(default)]
        tries: u8,
    },
    /// A large file is complete and is to be closed.
    Finalize {
        /// X's id of the file.
        id: String,
        /// How often the files were uploaded before.
        #[serde(default)]
        tries: u8,
    },
    /// A large file is to be announced.
    Initialize {
        /// The size of a chunk in bytes.
        chunk: u64,
        /// How often the files were uploaded before.
        #[serde(default)]
        tries: u8,
    },
    /// The answer to the post was lost; it is to be looked for.
    Look {
        /// When the post was armed.
        #[serde(with = "time::serde::rfc3339")]
        armed_at: OffsetDateTime,
        /// Which look, from 0.
        number: usize,
        /// When to look.
        #[serde(with = "time::serde::rfc3339")]
        ask_at: OffsetDateTime,
    },
    /// Everything is there; the post is to be made.
    Post {
        /// The files.
        media: Vec<String>,
        /// Not before, where X needs a moment.
        #[serde(default, with = "time::serde::rfc3339::option")]
        ask_at: Option<OffsetDateTime>,
        /// How often the files were uploaded before.
        #[serde(default)]
        tries: u8,
    },
    /// X works on a large file.
    Process {
        /// X's id of the file.
        id: String,
        /// When to ask.
        #[serde(with = "time::serde::rfc3339")]
        ask_at: OffsetDateTime,
        /// When X took too long.
        #[serde(with = "time::serde::rfc3339")]
        give_up_at: OffsetDateTime,
        /// How often the files were uploaded before.
        #[serde(default)]
        tries: u8,
    },
    /// The post is live.
    Published {
        /// X's id of it.
        id: String,
    },
    /// The next picture is to be uploaded whole.
    Upload {
        /// The files so far.
        media: Vec<String>,
        /// How often the files were uploaded before.
        #[serde(default)]
        tries: u8,
    },
}

/// Starts to publish.
pub fn start(content: &Content) -> Publish {
    begin(content, 0)
}

impl Publish {
    /// X's webhooks name nothing that is still on its way.
    pub const fn handle(&self) -> Option<String> {
        None
    }
}

impl Machine for Publish {
    type Context<'a> = PublishContext<'a>;
    type Output = Receipt;

    fn next(&self, cx: &PublishContext<'_>) -> Action<Receipt> {
        match self {
            Self::Append {
                id, segment, chunk, ..
            } => Action::Send(append(cx, id, *segment, *chunk)),
            Self::Describe { media, .. } => Action::Send(describe(cx, media)),
            Self::Finalize { id, .. } => Action::Send(
                // The live interface wants an object although none is documented (reported, 2026-07).
                Call::post(
                    "finalize_upload",
                    api(cx.app, &["2", "media", "upload", id, "finalize"]),
                )
                .auth(Auth::Bearer)
                .json(json!({})),
            ),
            Self::Initialize { .. } => Action::Send(initialize(cx)),
            Self::Look {
                armed_at, ask_at, ..
            } => Action::at(*ask_at, cx.now, || timeline::look(cx, *armed_at)),
            Self::Post { media, ask_at, .. } => {
                Action::at(ask_at.unwrap_or(cx.now), cx.now, || post(cx, media))
            }
            Self::Process { id, ask_at, .. } => Action::at(*ask_at, cx.now, || ask_status(cx, id)),
            Self::Published { id } => Action::Done(Receipt::live(
                Some(id.clone()),
                Some(timeline::permalink(id, cx.account.username.as_deref())),
            )),
            Self::Upload { media, .. } => Action::Send(upload(cx, media.len())),
        }
    }

    fn apply(self, event: Event, cx: &PublishContext<'_>) -> Result<Self, Fault> {
        match (self, event) {
            (
                Self::Append {
                    id,
                    segment,
                    chunk,
                    tries,
                },
                Event::Answer(answer),
            ) => appended(cx, id, segment, chunk, tries, &answer),
            // An undescribed picture is better than an unpublished one.
            (Self::Describe { media, tries }, Event::Answer(_) | Event::Lost) => {
                Ok(after_file(cx.content, media, tries))
            }
            (Self::Finalize { id, tries }, Event::Answer(answer)) => {
                finalized(cx, id, tries, &answer)
            }
            (Self::Initialize { chunk, tries }, Event::Answer(answer)) => {
                let media: Media = success(&answer, cx, "initialize")?;
                Ok(Self::Append {
                    id: media.id,
                    segment: 0,
                    chunk,
                    tries,
                })
            }
            (
                Self::Look {
                    armed_at,
                    number,
                    ask_at,
                },
                Event::Answer(answer),
            ) => looked(cx, armed_at, number, ask_at, &answer),
            (Self::Post { .. }, Event::Lost) => Ok(begin_to_look(cx)),
            (
                Self::Post {
                    media,
                    ask_at,
                    tries,
                },
                Event::Answer(answer),
            ) => posted(cx, media, ask_at, tries, &answer),
            (
                Self::Process {
                    id,
                    give_up_at,
                    tries,
                    ..
                },
                Event::Answer(answer),
            ) => processed(cx, id, give_up_at, tries, &answer),
            (Self::Upload { mut media, tries }, Event::Answer(answer)) => {
                let uploaded: Media = success(&answer, cx, "upload")?;
                media.push(uploaded.id);
                Ok(after_upload(cx.content, media, tries))
            }
            // Lost answers to repeatable calls are the driver's business.
            (
                state @ (Self::Append { .. }
                | Self::Finalize { .. }
                | Self::Initialize { .. }
                | Self::Look { .. }
                | Self::Process { .. }
                | Self::Upload { .. }),
                Event::Lost,
            )
            | (state @ Self::Published { .. }, Event::Answer(_) | Event::Lost) => Ok(state),
        }
    }
}

/// The first step with the post's files: a lone moving one goes in chunks, pictures go whole.
fn begin(content: &Content, tries: u8) -> Publish {
    match content.assets.first() {
        None => Publish::Post {
            media: Vec::new(),
            ask_at: None,
            tries,
        },
        Some(asset) if category(asset) == "tweet_image" => Publish::Upload {
            media: Vec::new(),
            tries,
        },
        Some(asset) => Publish::Initialize {
            chunk: CHUNK.max(asset.bytes().div_ceil(MAX_CHUNKS)),
            tries,
        },
    }
}

/// Uploads anew, as long as there is hope; what was uploaded before is forgotten by X.
fn begin_anew(cx: &PublishContext<'_>, tries: u8, answer: &Answer) -> Result<Publish, Fault> {
    if tries + 1 < MAX_TRIES {
        return Ok(begin(cx.content, tries + 1));
    }
    Err(Fault::content(
        fault::MEDIA_REFUSED,
        "X did not keep the files of this post; try again later or use others.",
    )
    .seen(format!("{}", answer.status)))
}

fn after_upload(content: &Content, media: Vec<String>, tries: u8) -> Publish {
    let is_described = media
        .len()
        .checked_sub(1)
        .and_then(|place| content.assets.get(place))
        .and_then(|asset| asset.alt_text.as_deref())
        .is_some_and(|text| !text.is_empty());
    if is_described {
        Publish::Describe { media, tries }
    } else {
        after_file(content, media, tries)
    }
}

fn after_file(content: &Content, media: Vec<String>, tries: u8) -> Publish {
    if media.len() < content.assets.len() {
        Publish::Upload { media, tries }
    } else {
        Publish::Post {
            media,
            ask_at: None,
            tries,
        }
    }
}

fn appended(
    cx: &PublishContext<'_>,
    id: String,
    segment: u64,
    chunk: u64,
    tries: u8,
    answer: &Answer,
) -> Result<Publish, Fault> {
    if answer.is_success() {
        let sent = (segment + 1) * chunk;
        let total = cx.content.assets.first().map_or(0, Asset::bytes);
        return Ok(if sent < total {
            Publish::Append {
                id,
                segment: segment + 1,
                chunk,
                tries,
            }
        } else {
            Publish::Finalize { id, tries }
        });
    }
    match answer.status {
        400 | 404 => begin_anew(cx, tries, answer),
        413 if chunk / 2 >= MIN_CHUNK => Ok(Publish::Initialize {
            chunk: chunk / 2,
            tries,
        }),
        _ => Err(fault::read(answer, cx.now)),
    }
}

fn finalized(
    cx: &PublishContext<'_>,
    id: String,
    tries: u8,
    answer: &Answer,
) -> Result<Publish, Fault> {
    let give_up_at = cx.now + MAX_PROCESSING;
    match answer.status {
        // Closed before, perhaps by a call whose answer was lost: the file itself can be asked.
        400 => Ok(Publish::Process {
            id,
            ask_at: cx.now,
            give_up_at,
            tries,
        }),
        404 => begin_anew(cx, tries, answer),
        _ => {
            let media: Media = success(answer, cx, "finalize")?;
            went_on(cx, media, give_up_at, tries)
        }
    }
}

fn processed(
    cx: &PublishContext<'_>,
    id: String,
    give_up_at: OffsetDateTime,
    tries: u8,
    answer: &Answer,
) -> Result<Publish, Fault> {
    if matches!(answer.status, 400 | 404) {
        return begin_anew(cx, tries, answer);
    }
    let media: Media = success(answer, cx, "status")?;
    went_on(cx, Media { id, ..media }, give_up_at, tries)
}

/// Where X's word on a file leads; a word that is not known means that X is still at work.
fn went_on(
    cx: &PublishContext<'_>,
    media: Media,
    give_up_at: OffsetDateTime,
    tries: u8,
) -> Result<Publish, Fault> {
    let Some(processing) = media.processing_info else {
        return Ok(after_upload(cx.content, vec![media.id], tries));
    };
    match processing.state.as_str() {
        "succeeded" => Ok(after_upload(cx.content, vec![media.id], tries)),
        "failed" => Err(unusable(processing.error)),
        _ if cx.now >= give_up_at => Err(Fault::content(
            "processing_too_long",
            "X worked on the file for half an hour without an end; try again or convert it.",
        )),
        _ => Ok(Publish::Process {
            id: media.id,
            ask_at: cx.now + pause(&processing),
            give_up_at,
            tries,
        }),
    }
}

fn pause(processing: &Processing) -> Duration {
    processing.check_after_secs.map_or(ASK_AGAIN, |seconds| {
        Duration::seconds(seconds.clamp(1, 120))
    })
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

fn posted(
    cx: &PublishContext<'_>,
    media: Vec<String>,
    ask_at: Option<OffsetDateTime>,
    tries: u8,
    answer: &Answer,
) -> Result<Publish, Fault> {
    if answer.is_success() {
        let made: Option<Wrapped<MadePost>> = answer.json();
        return Ok(made.map_or_else(
            || begin_to_look(cx),
            |made| Publish::Published { id: made.data.id },
        ));
    }
    let Some(refused) = fault::refused(answer, cx.now) else {
        return Ok(begin_to_look(cx));
    };
    if refused.code != fault::MEDIA_REFUSED || media.is_empty() {
        return Err(refused);
    }
    // A file may need a moment more, or may have outlived its day at X.
    if ask_at.is_none() {
        return Ok(Publish::Post {
            media,
            ask_at: Some(cx.now + SETTLE),
            tries,
        });
    }
    if tries + 1 < MAX_TRIES {
        return Ok(begin(cx.content, tries + 1));
    }
    Err(refused)
}

fn begin_to_look(cx: &PublishContext<'_>) -> Publish {
    let armed_at = cx.armed_at.unwrap_or(cx.now);
    Publish::Look {
        armed_at,
        number: 0,
        ask_at: next_look(armed_at, 0).unwrap_or(cx.now),
    }
}

fn looked(
    cx: &PublishContext<'_>,
    armed_at: OffsetDateTime,
    number: usize,
    ask_at: OffsetDateTime,
    answer: &Answer,
) -> Result<Publish, Fault> {
    let verdict = if answer.is_success() {
        let timeline: Timeline = answer.parse("timeline")?;
        timeline::judge(&timeline, cx, armed_at)
    } else {
        match fault::read(answer, cx.now) {
            // A look that is refused says nothing of the post.
            Fault {
                kind: FaultKind::Content,
                ..
            } => Verdict::Absent,
            fault => return Err(fault),
        }
    };
    match verdict {
        Verdict::Absent => next_look(armed_at, number + 1)
            .map(|then| Publish::Look {
                armed_at,
                number: number + 1,
                ask_at: then.max(ask_at),
            })
            .ok_or_else(|| Fault::unconfirmed(Vec::new())),
        Verdict::Found(post) => Ok(Publish::Published { id: post.id }),
        Verdict::Several(candidates) => Err(Fault::unconfirmed(candidates)),
    }
}

fn success<T: serde::de::DeserializeOwned>(
    answer: &Answer,
    cx: &PublishContext<'_>,
    what: &str,
) -> Result<T, Fault> {
    if !answer.is_success() {
        return Err(fault::read(answer, cx.now));
    }
    let wrapped: Wrapped<T> = answer.parse(what)?;
    Ok(wrapped.data)
}

/// What X calls the use of a file.
const fn category(asset: &Asset) -> &'static str {
    match asset.facts {
        MediaFacts::Image { animated: true, .. } => "tweet_gif",
        MediaFacts::Image {
            animated: false, ..
        } => "tweet_image",
        MediaFacts::Video { .. } => "tweet_video",
    }
}

fn upload(cx: &PublishContext<'_>, place: usize) -> Call {
    let (bytes, content_type) = facts(cx, place);
    Call::post("upload_picture", api(cx.app, &["2", "media", "upload"]))
        .auth(Auth::Bearer)
        .multipart(vec![
            Part::text("media_category", "tweet_image"),
            Part::file("media", place, 0..bytes, "picture", content_type),
        ])
}

fn describe(cx: &PublishContext<'_>, media: &[String]) -> Call {
    let place = media.len().saturating_sub(1);
    let text = cx
        .content
        .assets
        .get(place)
        .and_then(|asset| asset.alt_text.as_deref())
        .unwrap_or_default();
    Call::post("describe_file", api(cx.app, &["2", "media", "metadata"]))
        .auth(Auth::Bearer)
        .json(json!({
            "id": media.last(),
            "metadata": { "alt_text": { "text": text } },
        }))
        .optional()
}

fn initialize(cx: &PublishContext<'_>) -> Call {
    let (bytes, content_type) = facts(cx, 0);
    let category = cx.content.assets.first().map_or("tweet_video", category);
    Call::post(
        "initialize_upload",
        api(cx.app, &["2", "media", "upload", "initialize"]),
    )
    .auth(Auth::Bearer)
    .json(json!({
        "media_type": content_type,
        "media_category": category,
        "total_bytes": bytes,
    }))
}

fn append(cx: &PublishContext<'_>, id: &str, segment: u64, chunk: u64) -> Call {
    let (bytes, _) = facts(cx, 0);
    let start = (segment * chunk).min(bytes);
    let end = (start + chunk).min(bytes);
    Call::post(
        "append_chunk",
        api(cx.app, &["2", "media", "upload", id, "append"]),
    )
    .auth(Auth::Bearer)
    .multipart(vec![
        Part::text("segment_index", segment.to_string()),
        Part::file("media", 0, start..end, "chunk", "application/octet-stream"),
    ])
}

fn ask_status(cx: &PublishContext<'_>, id: &str) -> Call {
    let mut url = api(cx.app, &["2", "media", "upload"]);
    url.query_pairs_mut()
        .append_pair("media_id", id)
        .append_pair("command", "STATUS");
    Call::get("ask_status", url).auth(Auth::Bearer)
}

fn post(cx: &PublishContext<'_>, media: &[String]) -> Call {
    // The options were accepted with the post; what cannot be read is not there.
    let options = options::read(&cx.content.options).unwrap_or_default();
    let body = NewPost {
        text: &cx.content.caption,
        media: (!media.is_empty()).then_some(NewPostMedia { media_ids: media }),
        reply_settings: options.reply_settings,
        made_with_ai: options.made_with_ai,
        paid_partnership: options.paid_partnership,
    };
    Call::post("create_post", api(cx.app, &["2", "tweets"]))
        .auth(Auth::Bearer)
        .json(json!(body))
        .once()
}

/// The size and type of a file.
fn facts(cx: &PublishContext<'_>, place: usize) -> (u64, &'static str) {
    cx.content
        .assets
        .get(place)
        .map_or((0, ""), |asset| (asset.bytes(), asset.facts.content_type()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Publish;

    /// A stored state outlives a deploy: these must be read for ever.
    #[test]
    fn stored_states_are_read() {
        let time = "2026-03-04T05:06:07Z";
        for stored in [
            json!({ "step": "append", "id": "1", "segment": 2, "chunk": 1_048_576 }),
            json!({ "step": "describe", "media": ["1"] }),
            json!({ "step": "finalize", "id": "1" }),
            json!({ "step": "initialize", "chunk": 1_048_576 }),
            json!({ "step": "look", "armed_at": time, "number": 3, "ask_at": time }),
            json!({ "step": "post", "media": [] }),
            json!({ "step": "process", "id": "1", "ask_at": time, "give_up_at": time }),
            json!({ "step": "published", "id": "1" }),
            json!({ "step": "upload", "media": ["1"], "tries": 1 }),
        ] {
            let read: Publish = serde_json::from_value(stored.clone()).expect("a known state");
            assert_eq!(json!(read)["step"], stored["step"]);
        }
    }
}
