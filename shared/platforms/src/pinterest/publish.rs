//! From a frozen post to a receipt.
//!
//! A picture is fetched by Pinterest while it makes the Pin; a video is registered, uploaded to a
//! store and processed first. `POST /v5/pins` is the one call that may not be repeated (kind E of the
//! commits: sent twice, it makes two Pins).

use std::fmt;

use domain::MediaKind;
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Duration, OffsetDateTime};
use url::Url;

use super::{
    board_pins, fault,
    options::{self, Options},
    profile::api,
    wire::{Listing, MadePin, MediaSource, MediaStatus, NewPin, Pin, Registered},
};
use crate::{
    Action, Answer, Asset, Auth, Call, Candidate, Content, Event, Fault, FaultKind, Machine, Part,
    PublishContext, Receipt, next_look,
};

/// So often a video is uploaded anew before Pinterest is taken at its word.
const MAX_TRIES: u8 = 3;
/// So often Pinterest is sent to fetch a picture.
const MAX_FETCHES: u8 = 3;
/// How long Pinterest may work on a video.
const MAX_PROCESSING: Duration = Duration::minutes(15);
/// How long an upload may stay unnoticed before it counts as not arrived.
const MAX_UNNOTICED: u32 = 12;
/// How long to wait before Pinterest is sent to fetch a picture again.
const FETCH_AGAIN: Duration = Duration::seconds(30);
/// So many parts of a board are read for one look.
const MAX_PAGES: u32 = 20;

/// How far a Pin is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Publish {
    /// Everything is there; the Pin is to be made.
    Create {
        /// The video; absent for a picture.
        media_id: Option<String>,
        /// How often Pinterest could not fetch the picture.
        #[serde(default)]
        fetches: u8,
        /// Not before, where Pinterest needs a moment.
        #[serde(default, with = "time::serde::rfc3339::option")]
        ask_at: Option<OffsetDateTime>,
    },
    /// The answer to the Pin was lost; it is to be looked for on its board.
    Look {
        /// When the Pin was armed.
        #[serde(with = "time::serde::rfc3339")]
        armed_at: OffsetDateTime,
        /// Which look, from 0.
        number: usize,
        /// When to look.
        #[serde(with = "time::serde::rfc3339")]
        ask_at: OffsetDateTime,
        /// Which part of the board, from 0.
        #[serde(default)]
        page: u32,
        /// What leads to that part.
        #[serde(default)]
        bookmark: Option<String>,
        /// The Pins that fitted so far in this look.
        #[serde(default)]
        found: Vec<String>,
    },
    /// Pinterest works on the video.
    Process {
        /// The video.
        media_id: String,
        /// When to ask.
        #[serde(with = "time::serde::rfc3339")]
        ask_at: OffsetDateTime,
        /// How often it was asked.
        #[serde(default)]
        asked: u32,
        /// When Pinterest took too long.
        #[serde(with = "time::serde::rfc3339")]
        give_up_at: OffsetDateTime,
        /// How often the video was uploaded before in vain.
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
        /// How often the video was uploaded before in vain.
        #[serde(default)]
        tries: u8,
    },
    /// The bytes of the video are to be sent.
    Upload {
        /// Where they go.
        upload: VideoUpload,
        /// How often the video was uploaded before in vain.
        #[serde(default)]
        tries: u8,
    },
}

/// Where the bytes of a video go. Whoever knows the fields may upload in the account's name; its
/// `Debug` leaves them out.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct VideoUpload {
    /// Pinterest's id of the video.
    pub media_id: String,
    /// The address of the store.
    pub url: Url,
    /// The fields of the form before the file, in order.
    pub parameters: Vec<(String, String)>,
}

impl fmt::Debug for VideoUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VideoUpload")
            .field("media_id", &self.media_id)
            .field("host", &self.url.host_str())
            .finish_non_exhaustive()
    }
}

/// Starts to publish.
pub fn start(content: &Content) -> Publish {
    match content.assets.first().map(Asset::kind) {
        Some(MediaKind::Video) => Publish::Register { tries: 0 },
        Some(MediaKind::Image) | None => Publish::Create {
            media_id: None,
            fetches: 0,
            ask_at: None,
        },
    }
}

impl Publish {
    /// Pinterest has no news of what is still on its way.
    pub const fn handle(&self) -> Option<String> {
        None
    }
}

impl Machine for Publish {
    type Context<'a> = PublishContext<'a>;
    type Output = Receipt;

    fn next(&self, cx: &PublishContext<'_>) -> Action<Receipt> {
        match self {
            Self::Create {
                media_id, ask_at, ..
            } => Action::at(ask_at.unwrap_or(cx.now), cx.now, || {
                create(cx, media_id.as_deref())
            }),
            Self::Look {
                ask_at, bookmark, ..
            } => Action::at(*ask_at, cx.now, || {
                board_pins::look(cx, &options_of(cx), bookmark.as_deref())
            }),
            Self::Process {
                media_id, ask_at, ..
            } => Action::at(*ask_at, cx.now, || {
                let url = api(cx.app, &format!("/v5/media/{media_id}"));
                Call::get("ask_status", url).auth(Auth::Bearer)
            }),
            Self::Published { id } => Action::Done(Receipt::live(
                Some(id.clone()),
                Some(board_pins::permalink(id)),
            )),
            Self::Register { .. } => Action::Send(
                Call::post("register_video", api(cx.app, "/v5/media"))
                    .auth(Auth::Bearer)
                    .json(json!({ "media_type": "video" })),
            ),
            Self::Upload { upload, .. } => Action::Send(upload_video(cx, upload)),
        }
    }

    fn apply(self, event: Event, cx: &PublishContext<'_>) -> Result<Self, Fault> {
        match (self, event) {
            (Self::Create { .. }, Event::Lost) => Ok(begin_to_look(cx)),
            (
                Self::Create {
                    media_id, fetches, ..
                },
                Event::Answer(answer),
            ) => created(cx, media_id, fetches, &answer),
            (
                Self::Look {
                    armed_at,
                    number,
                    ask_at,
                    page,
                    bookmark,
                    found,
                },
                Event::Answer(answer),
            ) => {
                let look = Look {
                    armed_at,
                    number,
                    ask_at,
                    page,
                    bookmark,
                    found,
                };
                looked(cx, look, &answer)
            }
            (
                Self::Process {
                    media_id,
                    asked,
                    give_up_at,
                    tries,
                    ..
                },
                Event::Answer(answer),
            ) => processed(cx, media_id, asked + 1, give_up_at, tries, &answer),
            (Self::Register { tries }, Event::Answer(answer)) => registered(cx, tries, &answer),
            (Self::Upload { upload, tries }, Event::Answer(answer)) => {
                uploaded(cx, upload, tries, &answer)
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

/// The options were accepted with the post; what cannot be read is not there.
fn options_of(cx: &PublishContext<'_>) -> Options {
    options::read(&cx.content.options).unwrap_or_default()
}

/// The same video from the start, as long as there is hope; a registration that was given up is
/// never seen.
fn again(tries: u8, answer: &Answer) -> Result<Publish, Fault> {
    if tries + 1 < MAX_TRIES {
        return Ok(Publish::Register { tries: tries + 1 });
    }
    Err(Fault::content(
        "upload_refused",
        "Pinterest did not keep the video; try again later or use another.",
    )
    .seen(format!(
        "{}: {}",
        answer.status,
        String::from_utf8_lossy(&answer.body)
    )))
}

fn registered(cx: &PublishContext<'_>, tries: u8, answer: &Answer) -> Result<Publish, Fault> {
    if !answer.is_success() {
        return Err(fault::read(answer, cx.now));
    }
    let registered: Registered = answer.parse("media")?;
    let is_id = !registered.media_id.is_empty()
        && registered
            .media_id
            .bytes()
            .all(|byte| byte.is_ascii_digit());
    if registered.upload_url.scheme() != "https" || !is_id {
        return Err(Fault::retry(
            "unreadable_answer",
            "The network's answer could not be read; trying again.",
        ));
    }
    Ok(Publish::Upload {
        upload: VideoUpload {
            media_id: registered.media_id,
            url: registered.upload_url,
            parameters: registered.upload_parameters,
        },
        tries,
    })
}

fn uploaded(
    cx: &PublishContext<'_>,
    upload: VideoUpload,
    tries: u8,
    answer: &Answer,
) -> Result<Publish, Fault> {
    if answer.is_success() {
        return Ok(Publish::Process {
            media_id: upload.media_id,
            ask_at: cx.now + pause(0),
            asked: 0,
            give_up_at: cx.now + MAX_PROCESSING,
            tries,
        });
    }
    // The store is not Pinterest: whatever it refuses, the form is to be asked for again.
    match answer.status {
        400..=499 => again(tries, answer),
        _ => Err(Fault::retry(
            "upload_unavailable",
            "Pinterest's store is not available; trying again.",
        )
        .after(answer.retry_after())
        .seen(format!("{}", answer.status))),
    }
}

fn processed(
    cx: &PublishContext<'_>,
    media_id: String,
    asked: u32,
    give_up_at: OffsetDateTime,
    tries: u8,
    answer: &Answer,
) -> Result<Publish, Fault> {
    if answer.status == 404 {
        return again(tries, answer);
    }
    if !answer.is_success() {
        return Err(fault::read(answer, cx.now));
    }
    let media: MediaStatus = answer.parse("media status")?;
    match media.status.as_str() {
        "succeeded" => Ok(Publish::Create {
            media_id: Some(media_id),
            fetches: 0,
            ask_at: None,
        }),
        "failed" => Err(Fault::content(
            "media_unusable",
            "Pinterest could not process the video; convert it or use another.",
        )
        .seen(media.failure_code.unwrap_or_default().to_string())),
        "registered" if asked >= MAX_UNNOTICED => again(tries, answer),
        _ if cx.now >= give_up_at => Err(Fault::content(
            "processing_too_long",
            "Pinterest worked on the video for a quarter of an hour without an end; try again or convert it.",
        )),
        _ => Ok(Publish::Process {
            media_id,
            ask_at: cx.now + pause(asked),
            asked,
            give_up_at,
            tries,
        }),
    }
}

/// 5 seconds at first, growing to 30.
fn pause(asked: u32) -> Duration {
    Duration::seconds(5 + i64::from(asked.min(25)))
}

fn created(
    cx: &PublishContext<'_>,
    media_id: Option<String>,
    fetches: u8,
    answer: &Answer,
) -> Result<Publish, Fault> {
    if answer.is_success() {
        let made: Option<MadePin> = answer.json();
        return Ok(made.filter(|pin| !pin.id.is_empty()).map_or_else(
            || begin_to_look(cx),
            |pin| Publish::Published { id: pin.id },
        ));
    }
    let Some(refused) = fault::refused(answer, cx.now) else {
        return Ok(begin_to_look(cx));
    };
    if refused.code == fault::IMAGE_UNREACHABLE && fetches + 1 < MAX_FETCHES {
        return Ok(Publish::Create {
            media_id,
            fetches: fetches + 1,
            ask_at: Some(cx.now + FETCH_AGAIN),
        });
    }
    Err(refused)
}

fn begin_to_look(cx: &PublishContext<'_>) -> Publish {
    let armed_at = cx.armed_at.unwrap_or(cx.now);
    Publish::Look {
        armed_at,
        number: 0,
        ask_at: next_look(armed_at, 0).unwrap_or(cx.now),
        page: 0,
        bookmark: None,
        found: Vec::new(),
    }
}

/// A look on its way through the board.
struct Look {
    armed_at: OffsetDateTime,
    number: usize,
    ask_at: OffsetDateTime,
    page: u32,
    bookmark: Option<String>,
    found: Vec<String>,
}

fn looked(cx: &PublishContext<'_>, mut look: Look, answer: &Answer) -> Result<Publish, Fault> {
    if !answer.is_success() {
        return match fault::read(answer, cx.now) {
            // A look that is refused says nothing of the Pin, and half a look says no more.
            Fault {
                kind: FaultKind::Content,
                ..
            } => look_again(&look),
            fault => Err(fault),
        };
    }
    let listing: Listing<Pin> = answer.parse("pins")?;
    for id in board_pins::fitting(&listing, &options_of(cx), look.armed_at, cx) {
        if !look.found.contains(&id) {
            look.found.push(id);
        }
    }
    let following = listing
        .bookmark
        .clone()
        .filter(|next| !next.is_empty() && look.bookmark.as_ref() != Some(next))
        .filter(|_| !board_pins::is_older(&listing, look.armed_at));
    if let Some(bookmark) = following {
        if look.page + 1 < MAX_PAGES {
            return Ok(Publish::Look {
                armed_at: look.armed_at,
                number: look.number,
                ask_at: look.ask_at,
                page: look.page + 1,
                bookmark: Some(bookmark),
                found: look.found,
            });
        }
        // Without having seen all that could be ours, one that fits is not known to be the only one.
        return Err(Fault::unconfirmed(candidates(&look.found)));
    }
    match look.found.as_slice() {
        [] => look_again(&look),
        [id] => Ok(Publish::Published { id: id.clone() }),
        several => Err(Fault::unconfirmed(candidates(several))),
    }
}

fn look_again(look: &Look) -> Result<Publish, Fault> {
    next_look(look.armed_at, look.number + 1)
        .map(|then| Publish::Look {
            armed_at: look.armed_at,
            number: look.number + 1,
            ask_at: then.max(look.ask_at),
            page: 0,
            bookmark: None,
            found: Vec::new(),
        })
        .ok_or_else(|| Fault::unconfirmed(Vec::new()))
}

fn candidates(ids: &[String]) -> Vec<Candidate> {
    ids.iter()
        .map(|id| Candidate {
            external_id: id.clone(),
            url: Some(board_pins::permalink(id)),
        })
        .collect()
}

fn upload_video(cx: &PublishContext<'_>, upload: &VideoUpload) -> Call {
    let (bytes, content_type) = cx.content.assets.first().map_or((0, "video/mp4"), |asset| {
        (asset.bytes(), asset.facts.content_type())
    });
    // The store reads the fields up to the file and ignores what comes behind it.
    let fields = upload
        .parameters
        .iter()
        .map(|(name, value)| Part::text(name, value));
    let file = Part::file("file", 0, 0..bytes, "video", content_type);
    Call::post("upload_video", upload.url.clone()).multipart(fields.chain([file]).collect())
}

fn create(cx: &PublishContext<'_>, media_id: Option<&str>) -> Call {
    let options = options_of(cx);
    let asset = cx.content.assets.first();
    let given = |text: Option<&'_ str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    let (title, description, link, alt_text) = (
        given(options.title.as_deref()),
        given(Some(&cx.content.caption)),
        given(options.link.as_deref()),
        given(asset.and_then(|asset| asset.alt_text.as_deref())),
    );
    let media_source = match media_id {
        Some(media_id) => MediaSource::VideoId {
            media_id,
            cover_image_key_frame_time: 0,
        },
        None => MediaSource::ImageUrl {
            url: asset.map_or("", |asset| asset.url.as_str()),
        },
    };
    let body = NewPin {
        board_id: options.board_id.as_deref().unwrap_or_default(),
        board_section_id: options.board_section_id.as_deref(),
        title: title.as_deref(),
        description: description.as_deref(),
        link: link.as_deref(),
        alt_text: alt_text.as_deref(),
        media_source,
    };
    Call::post("create_pin", api(cx.app, "/v5/pins"))
        .auth(Auth::Bearer)
        .json(json!(body))
        .once()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_states_can_be_read_for_ever() {
        let stored: Vec<serde_json::Value> =
            serde_json::from_str(include_str!("fixtures/states.json")).unwrap();
        for state in stored {
            let read: Publish = serde_json::from_value(state.clone()).unwrap();
            let written = serde_json::to_value(&read).unwrap();
            for (name, value) in state.as_object().unwrap() {
                assert_eq!(&written[name], value, "{name} of {state}");
            }
            assert_eq!(serde_json::from_value::<Publish>(written).unwrap(), read);
        }
    }
}
