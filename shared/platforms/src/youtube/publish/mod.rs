//! From a frozen post to a receipt.

mod doubt;
mod kept;
mod playlist;
mod processing;
mod resource;
mod session;
mod thumbnail;

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, serde::rfc3339};

pub use self::{kept::Kept, playlist::Adding, session::Session};
use crate::{Action, Answer, Content, Event, Fault, Machine, PublishContext, Receipt};

/// Publishes one video: session, chunks, processing, and what comes with it.
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
        /// When to, where the same bytes came to nothing before.
        #[serde(
            default,
            with = "rfc3339::option",
            skip_serializing_if = "Option::is_none"
        )]
        again_at: Option<OffsetDateTime>,
    },
    /// A chunk that is not the last came to nothing: ask how far the session is.
    Resume {
        /// Where to.
        session: Session,
        /// From where the chunk began.
        offset: u64,
        /// What YouTube said where it refused the chunk for a reason that nobody knows: it may only have
        /// had the bytes already.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refused: Option<String>,
        /// When to, where YouTube was not well.
        #[serde(
            default,
            with = "rfc3339::option",
            skip_serializing_if = "Option::is_none"
        )]
        again_at: Option<OffsetDateTime>,
    },
    /// The last chunk's answer was lost: ask the session.
    Confirm {
        /// Where to.
        session: Session,
        /// When the last chunk was armed.
        #[serde(with = "rfc3339")]
        armed_at: OffsetDateTime,
        /// How many looks were taken.
        looks: usize,
    },
    /// The session is gone as well: list the channel's uploads.
    List {
        /// When the last chunk was armed.
        #[serde(with = "rfc3339")]
        armed_at: OffsetDateTime,
        /// How many looks were taken.
        looks: usize,
    },
    /// Compare the uploads with what was sent.
    Compare {
        /// When the last chunk was armed.
        #[serde(with = "rfc3339")]
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
        #[serde(with = "rfc3339")]
        since: OffsetDateTime,
        /// When to ask next.
        #[serde(with = "rfc3339")]
        ask_at: OffsetDateTime,
        /// How often it was asked.
        asked: u32,
    },
    /// The video is there; its thumbnail is to be set.
    Thumbnail {
        /// The video.
        video_id: String,
        /// What YouTube keeps of it.
        kept: Kept,
        /// How often that was tried.
        tries: u8,
        /// When to try again.
        #[serde(
            default,
            with = "rfc3339::option",
            skip_serializing_if = "Option::is_none"
        )]
        again_at: Option<OffsetDateTime>,
    },
    /// The video is there; it is to be added to a playlist.
    Playlist {
        /// The video.
        video_id: String,
        /// What YouTube keeps of it.
        kept: Kept,
        /// How far that is.
        adding: Adding,
    },
    /// Done.
    Live {
        /// The video.
        video_id: String,
        /// What YouTube keeps of it.
        #[serde(default, skip_serializing_if = "Kept::is_empty")]
        kept: Kept,
    },
}

/// Starts to publish.
pub fn start(_: &Content) -> Publish {
    Publish::Start { tries: 0 }
}

impl Publish {
    /// The video's id, which the channel's feed names.
    pub fn handle(&self) -> Option<String> {
        match self {
            Self::Live { video_id, .. }
            | Self::Playlist { video_id, .. }
            | Self::Process { video_id, .. }
            | Self::Thumbnail { video_id, .. } => Some(video_id.clone()),
            Self::Compare { .. }
            | Self::Confirm { .. }
            | Self::List { .. }
            | Self::Resume { .. }
            | Self::Start { .. }
            | Self::Upload { .. } => None,
        }
    }

    /// What of a published video is otherwise than its author ordered it, in sentences for the author.
    pub fn remarks(&self) -> &[String] {
        match self {
            Self::Live { kept, .. }
            | Self::Playlist { kept, .. }
            | Self::Thumbnail { kept, .. } => &kept.remarks,
            Self::Compare { .. }
            | Self::Confirm { .. }
            | Self::List { .. }
            | Self::Process { .. }
            | Self::Resume { .. }
            | Self::Start { .. }
            | Self::Upload { .. } => &[],
        }
    }
}

impl Machine for Publish {
    type Context<'a> = PublishContext<'a>;
    type Output = Receipt;

    fn next(&self, cx: &PublishContext<'_>) -> Action<Receipt> {
        match self {
            Self::Start { .. } => Action::Send(session::open(cx)),
            Self::Upload {
                session,
                offset,
                again_at,
            } => Action::at(again_at.unwrap_or(cx.now), cx.now, || {
                session.chunk(*offset, cx)
            }),
            Self::Resume {
                session, again_at, ..
            } => Action::at(again_at.unwrap_or(cx.now), cx.now, || session.ask(cx)),
            Self::Confirm {
                session,
                armed_at,
                looks,
            } => Action::look(*armed_at, *looks, cx.now, || session.ask(cx)),
            Self::List { armed_at, looks } => {
                Action::look(*armed_at, *looks, cx.now, || doubt::uploads(cx))
            }
            Self::Compare { video_ids, .. } => Action::Send(doubt::compare(video_ids, cx)),
            Self::Process {
                video_id, ask_at, ..
            } => Action::at(*ask_at, cx.now, || processing::ask(video_id, cx)),
            Self::Thumbnail {
                video_id, again_at, ..
            } => Action::at(again_at.unwrap_or(cx.now), cx.now, || {
                thumbnail::set(video_id, cx)
            }),
            Self::Playlist {
                video_id, adding, ..
            } => Action::at(adding.again_at().unwrap_or(cx.now), cx.now, || {
                adding.call(video_id, cx)
            }),
            Self::Live { video_id, kept } => Action::Done(kept::receipt(video_id, kept, cx)),
        }
    }

    fn apply(self, event: Event, cx: &PublishContext<'_>) -> Result<Self, Fault> {
        match (self, event) {
            (
                Self::Thumbnail {
                    video_id,
                    kept,
                    tries,
                    ..
                },
                event,
            ) => Ok(thumbnail::told(video_id, kept, tries, &event, cx)),
            (
                Self::Playlist {
                    video_id,
                    kept,
                    adding,
                },
                event,
            ) => Ok(playlist::told(video_id, kept, adding, &event, cx)),
            (
                Self::Upload {
                    session, offset, ..
                },
                Event::Lost,
            ) => Ok(session::lost(session, offset, cx)),
            (state, Event::Answer(answer)) => state.answered(&answer, cx),
            // Lost answers to repeatable calls are the driver's business.
            (
                state @ (Self::Compare { .. }
                | Self::Confirm { .. }
                | Self::List { .. }
                | Self::Live { .. }
                | Self::Process { .. }
                | Self::Resume { .. }
                | Self::Start { .. }),
                Event::Lost,
            ) => Ok(state),
        }
    }
}

impl Publish {
    /// The state after an answer that cannot be done without.
    fn answered(self, answer: &Answer, cx: &PublishContext<'_>) -> Result<Self, Fault> {
        match self {
            Self::Start { tries } => session::opened(tries, answer, cx),
            Self::Upload {
                session, offset, ..
            } => session::sent(session, offset, answer, cx),
            Self::Resume {
                session,
                offset,
                refused,
                ..
            } => session::resumed(session, offset, refused, answer, cx),
            Self::Confirm {
                session,
                armed_at,
                looks,
            } => doubt::confirmed(session, (armed_at, looks), answer, cx),
            Self::List { armed_at, looks } => doubt::listed((armed_at, looks), answer, cx),
            Self::Compare {
                armed_at, looks, ..
            } => doubt::compared((armed_at, looks), answer, cx),
            Self::Process {
                video_id,
                since,
                asked,
                ..
            } => processing::processed(video_id, (since, asked), answer, cx),
            state @ (Self::Live { .. } | Self::Playlist { .. } | Self::Thumbnail { .. }) => {
                Ok(state)
            }
        }
    }
}
