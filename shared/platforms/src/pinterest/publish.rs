//! From a frozen post to a Pin.
//!
//! A picture is fetched by Pinterest from its address; a video is uploaded first. `POST /v5/pins` is
//! the one call that may not be repeated: nothing tells an equal Pin from a second one (kind E), so a
//! lost answer is settled by searching the board.

use domain::MediaKind;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use time::{Duration, OffsetDateTime};
use url::Url;

use super::{
    fault, listing,
    options::{self, Options},
    profile::api,
    wire::{MadePin, MediaStatus, PinPage, Registered},
};
use crate::{
    Action, Answer, Asset, Auth, Call, Content, Event, Fault, Machine, Part, PublishContext,
    Receipt, Verdict, next_look,
};

/// How long Pinterest may work on a video.
const MAX_PROCESSING: Duration = Duration::minutes(15);
/// How long to wait between two questions.
const ASK_AGAIN: Duration = Duration::seconds(5);
/// So often a video is uploaded anew before Pinterest is taken at its word.
const MAX_TRIES: u8 = 3;
/// How many pages of a board are searched.
const MAX_PAGES: u8 = 4;

/// How far a Pin is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Publish {
    /// The answer to the Pin was lost; it is to be looked for.
    Look {
        /// When it was armed.
        #[serde(with = "time::serde::rfc3339")]
        armed_at: OffsetDateTime,
        /// Which look, from 0.
        number: usize,
        /// When to look.
        #[serde(with = "time::serde::rfc3339")]
        ask_at: OffsetDateTime,
        /// Where this look goes on.
        #[serde(default)]
        bookmark: Option<String>,
        /// Which page of this look, from 0.
        #[serde(default)]
        page: u8,
    },
    /// Everything is there; the Pin is to be made.
    Pin {
        /// Pinterest's id of the video; a picture has none.
        media: Option<String>,
    },
    /// Pinterest works on the video.
    Process {
        /// Pinterest's id of it.
        media: String,
        /// When to ask.
        #[serde(with = "time::serde::rfc3339")]
        ask_at: OffsetDateTime,
        /// When Pinterest took too long.
        #[serde(with = "time::serde::rfc3339")]
        give_up_at: OffsetDateTime,
        /// How often it was uploaded before.
        #[serde(default)]
        tries: u8,
    },
    /// The Pin is live.
    Published {
        /// Pinterest's id of it.
        id: String,
    },
    /// The video is to be announced.
    Register {
        /// How often it was uploaded before.
        #[serde(default)]
        tries: u8,
    },
    /// The video is to be uploaded.
    Upload {
        /// Pinterest's id of it.
        media: String,
        /// Where to.
        url: Url,
        /// The fields to send along, as they came.
        fields: BTreeMap<String, String>,
        /// How often it was uploaded before.
        #[serde(default)]
        tries: u8,
    },
}

/// Starts to publish.
pub fn start(content: &Content) -> Publish {
    match content.assets.first().map(Asset::kind) {
        Some(MediaKind::Video) => Publish::Register { tries: 0 },
        Some(MediaKind::Image) | None => Publish::Pin { media: None },
    }
}

impl Publish {
    /// Pinterest tells nothing on its own.
    pub const fn handle(&self) -> Option<String> {
        None
    }
}

impl Machine for Publish {
    type Context<'a> = PublishContext<'a>;
    type Output = Receipt;

    fn next(&self, cx: &PublishContext<'_>) -> Action<Receipt> {
        let options = options::read(&cx.content.options);
        match self {
            Self::Look {
                ask_at, bookmark, ..
            } => at(cx, *ask_at, || {
                listing::look(cx, &options, bookmark.as_deref())
            }),
            Self::Pin { media } => Action::Send(pin(cx, &options, media.as_deref())),
            Self::Process { media, ask_at, .. } => at(cx, *ask_at, || {
                Call::get("ask_status", api(cx.app, &["media", media])).auth(Auth::Bearer)
            }),
            Self::Published { id } => Action::Done(Receipt {
                url: Some(listing::permalink(id)),
                external_id: Some(id.clone()),
            }),
            Self::Register { .. } => Action::Send(
                Call::post("register_video", api(cx.app, &["media"]))
                    .auth(Auth::Bearer)
                    .json(json!({ "media_type": "video" })),
            ),
            Self::Upload { url, fields, .. } => Action::Send(upload(cx, url, fields)),
        }
    }

    fn apply(self, event: Event, cx: &PublishContext<'_>) -> Result<Self, Fault> {
        match (self, event) {
            (
                Self::Look {
                    armed_at,
                    number,
                    page,
                    ..
                },
                Event::Answer(answer),
            ) => looked(cx, armed_at, number, page, &answer),
            (Self::Pin { .. }, Event::Lost) => begin_to_look(cx),
            (Self::Pin { media }, Event::Answer(answer)) => pinned(cx, media, &answer),
            (
                Self::Process {
                    media,
                    give_up_at,
                    tries,
                    ..
                },
                Event::Answer(answer),
            ) => processed(cx, media, give_up_at, tries, &answer),
            (Self::Register { tries }, Event::Answer(answer)) => {
                let registered: Registered = success(&answer, cx, "media")?;
                Ok(Self::Upload {
                    media: registered.media_id,
                    url: registered.upload_url,
                    fields: registered.upload_parameters,
                    tries,
                })
            }
            (Self::Upload { media, tries, .. }, Event::Answer(answer)) => {
                uploaded(cx, media, tries, &answer)
            }
            // Lost answers to repeatable calls are the driver's business.
            (
                state @ (Self::Look { .. }
                | Self::Process { .. }
                | Self::Register { .. }
                | Self::Upload { .. }),
                Event::Lost,
            )
            | (state @ Self::Published { .. }, Event::Answer(_) | Event::Lost) => Ok(state),
        }
    }
}

fn at(
    cx: &PublishContext<'_>,
    then: OffsetDateTime,
    call: impl FnOnce() -> Call,
) -> Action<Receipt> {
    if cx.now < then {
        Action::WaitUntil(then)
    } else {
        Action::Send(call())
    }
}

fn pin(cx: &PublishContext<'_>, options: &Options, media: Option<&str>) -> Call {
    let asset = cx.content.assets.first();
    let source = match (media, asset) {
        // The first second is the cover; Pinterest takes no video without one.
        (Some(media), _) => {
            json!({ "source_type": "video_id", "media_id": media, "cover_image_key_frame_time": 0 })
        }
        (None, Some(asset)) => json!({ "source_type": "image_url", "url": asset.url.as_str() }),
        (None, None) => Value::Null,
    };
    let mut body = json!({ "board_id": options.board_id, "description": cx.content.caption, "media_source": source });
    for (name, value) in [
        ("board_section_id", options.board_section_id.as_deref()),
        ("title", options.title.as_deref()),
        ("link", options.link.as_deref()),
        (
            "alt_text",
            asset.and_then(|asset| asset.alt_text.as_deref()),
        ),
    ] {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            body[name] = value.into();
        }
    }
    Call::post("create_pin", api(cx.app, &["pins"]))
        .auth(Auth::Bearer)
        .json(body)
        .once()
}

fn upload(cx: &PublishContext<'_>, url: &Url, fields: &BTreeMap<String, String>) -> Call {
    let mut parts: Vec<Part> = fields
        .iter()
        .map(|(name, value)| Part::text(name, value))
        .collect();
    let (size, kind) = cx.content.assets.first().map_or((0, "video/mp4"), |asset| {
        (asset.bytes(), asset.facts.content_type())
    });
    // S3 reads no field that follows the file.
    parts.push(Part::file("file", 0, 0..size, "video.mp4", kind));
    Call::post("upload_video", url.clone()).multipart(parts)
}

fn uploaded(
    cx: &PublishContext<'_>,
    media: String,
    tries: u8,
    answer: &Answer,
) -> Result<Publish, Fault> {
    if answer.is_success() {
        return Ok(Publish::Process {
            media,
            ask_at: cx.now,
            give_up_at: cx.now + MAX_PROCESSING,
            tries,
        });
    }
    if answer.is_server_error() {
        return Err(fault::read(answer, cx.now));
    }
    anew(tries, &format!("upload: {}", answer.status))
}

fn processed(
    cx: &PublishContext<'_>,
    media: String,
    give_up_at: OffsetDateTime,
    tries: u8,
    answer: &Answer,
) -> Result<Publish, Fault> {
    if answer.status == 404 {
        return anew(tries, "the video is not known any more");
    }
    let status: MediaStatus = success(answer, cx, "media status")?;
    match status.status.as_str() {
        "succeeded" => Ok(Publish::Pin { media: Some(media) }),
        "failed" => Err(Fault::content(
            "processing_failed",
            "Pinterest could not read the video; export it as MP4 with H.264 and AAC.",
        )
        .seen(format!("failure_code {:?}", status.failure_code))),
        // Still only announced although it was uploaded: the bytes did not arrive.
        "registered" if cx.now >= give_up_at => anew(tries, "the upload did not arrive"),
        _ if cx.now >= give_up_at => Err(Fault::content(
            "processing_too_long",
            "Pinterest worked on the video for a quarter of an hour without an end; try again later.",
        )),
        _ => Ok(Publish::Process {
            media,
            ask_at: cx.now + ASK_AGAIN,
            give_up_at,
            tries,
        }),
    }
}

/// Uploads anew: an announced video that no Pin shows is seen by nobody.
fn anew(tries: u8, why: &str) -> Result<Publish, Fault> {
    if tries + 1 < MAX_TRIES {
        return Ok(Publish::Register { tries: tries + 1 });
    }
    Err(Fault::content(
        "upload_refused",
        "Pinterest did not take the video; try again later or use another file.",
    )
    .seen(why))
}

fn pinned(
    cx: &PublishContext<'_>,
    media: Option<String>,
    answer: &Answer,
) -> Result<Publish, Fault> {
    if answer.is_success() {
        return match answer.json::<MadePin>() {
            Some(made) => Ok(Publish::Published { id: made.id }),
            None => begin_to_look(cx),
        };
    }
    drop(media);
    fault::refused(answer, cx.now).map_or_else(|| begin_to_look(cx), Err)
}

fn begin_to_look(cx: &PublishContext<'_>) -> Result<Publish, Fault> {
    let armed_at = cx.armed_at.unwrap_or(cx.now);
    next_look(armed_at, 0).map_or_else(
        || Err(Fault::unconfirmed(Vec::new())),
        |ask_at| {
            Ok(Publish::Look {
                armed_at,
                number: 0,
                ask_at,
                bookmark: None,
                page: 0,
            })
        },
    )
}

fn looked(
    cx: &PublishContext<'_>,
    armed_at: OffsetDateTime,
    number: usize,
    page: u8,
    answer: &Answer,
) -> Result<Publish, Fault> {
    let pins: PinPage = success(answer, cx, "board")?;
    let options = options::read(&cx.content.options);
    match listing::judge(cx, &options, armed_at, &pins.items) {
        Verdict::Found(pin) => Ok(Publish::Published { id: pin.id }),
        Verdict::Several(candidates) => Err(Fault::unconfirmed(candidates)),
        Verdict::Absent => {
            let more = pins
                .bookmark
                .filter(|_| page + 1 < MAX_PAGES && !listing::is_past(armed_at, &pins.items));
            if more.is_some() {
                return Ok(Publish::Look {
                    armed_at,
                    number,
                    ask_at: cx.now,
                    bookmark: more,
                    page: page + 1,
                });
            }
            let number = number + 1;
            next_look(armed_at, number).map_or_else(
                || Err(Fault::unconfirmed(Vec::new())),
                |ask_at| {
                    Ok(Publish::Look {
                        armed_at,
                        number,
                        ask_at,
                        bookmark: None,
                        page: 0,
                    })
                },
            )
        }
    }
}

fn success<T: serde::de::DeserializeOwned>(
    answer: &Answer,
    cx: &PublishContext<'_>,
    what: &str,
) -> Result<T, Fault> {
    if answer.is_success() {
        answer.parse(what)
    } else {
        Err(fault::read(answer, cx.now))
    }
}
