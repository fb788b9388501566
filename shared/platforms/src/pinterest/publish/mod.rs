//! From a frozen post to a receipt.
//!
//! Pictures are fetched by Pinterest while it makes the Pin, or sent along in base64 where it cannot; a video is
//! registered, uploaded to a store and processed first. `POST /v5/pins` is the one call that may not be repeated
//! (kind E of the commits: sent twice, it makes two Pins).

mod board_pins;
mod confirm;
mod create;
mod upload;

use domain::MediaKind;
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, serde::rfc3339};

use self::{confirm::Look, upload::Processing};
use super::options::{self, Options};
use crate::{Action, Asset, Content, Event, Fault, Machine, PublishContext, Receipt};

pub use upload::VideoUpload;

/// How far a Pin is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Publish {
    /// Everything is there; the Pin is to be made.
    Create {
        /// The video; absent for a picture.
        media_id: Option<String>,
        /// How often Pinterest could not fetch the pictures.
        #[serde(default)]
        fetches: u8,
        /// Whether the pictures are sent, since it never could.
        #[serde(default)]
        sent: bool,
        /// Not before, where Pinterest needs a moment.
        #[serde(default, with = "rfc3339::option")]
        ask_at: Option<OffsetDateTime>,
    },
    /// The answer to the Pin was lost; it is to be looked for on its board.
    Look {
        /// When the Pin was armed.
        #[serde(with = "rfc3339")]
        armed_at: OffsetDateTime,
        /// Which look, from 0.
        number: usize,
        /// When to look.
        #[serde(with = "rfc3339")]
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
        #[serde(with = "rfc3339")]
        ask_at: OffsetDateTime,
        /// How often it was asked.
        #[serde(default)]
        asked: u32,
        /// When Pinterest took too long.
        #[serde(with = "rfc3339")]
        give_up_at: OffsetDateTime,
        /// How often the video was uploaded before in vain.
        #[serde(default)]
        tries: u8,
        /// The upload, where its answer was lost: it may not have arrived.
        #[serde(default)]
        lost: Option<VideoUpload>,
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

/// Starts to publish.
pub fn start(content: &Content) -> Publish {
    if place_of(content, MediaKind::Video).is_some() {
        return Publish::Register { tries: 0 };
    }
    Publish::first_create(None)
}

impl Publish {
    /// Pinterest has no news of what is still on its way.
    pub const fn handle(&self) -> Option<String> {
        None
    }

    const fn first_create(media_id: Option<String>) -> Self {
        Self::Create {
            media_id,
            fetches: 0,
            sent: false,
            ask_at: None,
        }
    }
}

impl Machine for Publish {
    type Context<'a> = PublishContext<'a>;
    type Output = Receipt;

    fn next(&self, cx: &PublishContext<'_>) -> Action<Receipt> {
        match self {
            Self::Create {
                media_id,
                sent,
                ask_at,
                ..
            } => Action::at(ask_at.unwrap_or(cx.now), cx.now, || {
                create::pin(cx, media_id.as_deref(), *sent)
            }),
            Self::Look {
                ask_at, bookmark, ..
            } => Action::at(*ask_at, cx.now, || {
                board_pins::look(cx, &options_of(cx), bookmark.as_deref())
            }),
            Self::Process {
                media_id, ask_at, ..
            } => Action::at(*ask_at, cx.now, || upload::ask(cx, media_id)),
            Self::Published { id } => Action::Done(Receipt::live(
                Some(id.clone()),
                Some(board_pins::permalink(id)),
            )),
            Self::Register { .. } => Action::Send(upload::register(cx)),
            Self::Upload { upload, .. } => Action::Send(upload::send(cx, upload)),
        }
    }

    fn apply(self, event: Event, cx: &PublishContext<'_>) -> Result<Self, Fault> {
        match (self, event) {
            (Self::Create { .. }, Event::Lost) => Ok(confirm::begin(cx)),
            (
                Self::Create {
                    media_id,
                    fetches,
                    sent,
                    ..
                },
                Event::Answer(answer),
            ) => create::made(cx, media_id, fetches, sent, &answer),
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
                confirm::looked(cx, look, &answer)
            }
            (
                Self::Process {
                    media_id,
                    asked,
                    give_up_at,
                    tries,
                    lost,
                    ..
                },
                Event::Answer(answer),
            ) => {
                let processing = Processing {
                    media_id,
                    asked: asked + 1,
                    give_up_at,
                    tries,
                    lost,
                };
                upload::processed(cx, processing, &answer)
            }
            (Self::Register { tries }, Event::Answer(answer)) => {
                upload::registered(cx, tries, &answer)
            }
            (Self::Upload { upload, tries }, Event::Answer(answer)) => {
                upload::sent(cx, upload, tries, &answer)
            }
            (Self::Upload { upload, tries }, Event::Lost) => Ok(upload::lost(cx, upload, tries)),
            // Lost answers to repeatable calls are the driver's business.
            (
                state @ (Self::Look { .. } | Self::Process { .. } | Self::Register { .. }),
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

/// The first file of a kind, by its place.
fn place_of(content: &Content, kind: MediaKind) -> Option<usize> {
    content.assets.iter().position(|asset| asset.kind() == kind)
}

/// The pictures of a post, with their places.
fn pictures<'a>(cx: &PublishContext<'a>) -> impl Iterator<Item = (usize, &'a Asset)> {
    let assets = cx.content.assets.iter().enumerate();
    assets.filter(|(_, asset)| asset.kind() == MediaKind::Image)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::read_stored;

    #[test]
    fn stored_states_can_be_read_for_ever() {
        read_stored::<Publish>(include_str!("../fixtures/states.json"));
    }
}
