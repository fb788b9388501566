//! From a frozen post to a receipt.

mod confirm;
mod order;
mod search;
mod upload;
mod watch;

use domain::MediaKind;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

pub use self::upload::Upload;
pub(super) use self::watch::{End, address, end};
use self::{order::Forbids, upload::Place};
use super::{
    creator,
    fault::{self, Failure},
    options::Options,
    wire::Progress,
};
use crate::{Action, Auth, Content, Event, Fault, Machine, PublishContext, Receipt};

/// How often a post is started anew after TikTok itself failed.
const MAX_TRIES: u8 = 3;

/// Publishes one post.
///
/// A video that is sent goes live (or into the inbox) by its last chunk, a strong handle: the task can be asked
/// whether that chunk arrived. What TikTok fetches goes live by `init` itself, and no call lists tasks: its lost
/// answer is settled by the list of public videos, where that may be read, and by nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Publish {
    /// Ask what the account may post just then.
    Creator {
        /// How often the post was started anew.
        tries: u8,
    },
    /// Open a task.
    Init {
        /// How often the post was started anew.
        tries: u8,
        /// The account's name; empty where it was not asked for.
        username: String,
        /// What the account forbids.
        forbids: Forbids,
    },
    /// The answer to an `init` that may have posted was lost: look among the account's videos.
    Search {
        /// The account's name.
        username: String,
        /// When the `init` was armed.
        #[serde(with = "time::serde::rfc3339")]
        armed_at: OffsetDateTime,
        /// How many looks were taken.
        looks: usize,
    },
    /// Send the video, chunk by chunk.
    Upload {
        /// The task.
        task: Task,
        /// Where it is uploaded.
        upload: Upload,
        /// Which chunk comes next.
        place: u64,
        /// How often the last chunk went out and its answer was lost.
        fires: u8,
    },
    /// Some of a chunk may have arrived: ask the task how far it came.
    Resync {
        /// The task.
        task: Task,
        /// Where it is uploaded.
        upload: Upload,
        /// Which chunk was sent.
        place: u64,
        /// How often the last chunk went out and its answer was lost.
        fires: u8,
    },
    /// The last chunk's answer was lost: ask the task.
    Confirm {
        /// The task.
        task: Task,
        /// Where it is uploaded.
        upload: Upload,
        /// When the last chunk was armed.
        #[serde(with = "time::serde::rfc3339")]
        armed_at: OffsetDateTime,
        /// How many looks were taken.
        looks: usize,
        /// How often the last chunk went out and its answer was lost.
        fires: u8,
    },
    /// TikTok has everything and works on it.
    Process {
        /// The task.
        task: Task,
        /// Since when.
        #[serde(with = "time::serde::rfc3339")]
        since: OffsetDateTime,
        /// When to ask next.
        #[serde(with = "time::serde::rfc3339")]
        ask_at: OffsetDateTime,
        /// How often it was asked.
        asked: u32,
    },
    /// Live; the id comes after TikTok's own review.
    Locate {
        /// The task.
        task: Task,
        /// When to ask next.
        #[serde(with = "time::serde::rfc3339")]
        ask_at: OffsetDateTime,
        /// How often it was asked.
        asked: u8,
    },
    /// Live, or in the inbox.
    Live {
        /// The post.
        receipt: Receipt,
    },
}

/// A task at TikTok.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// TikTok's id of it; webhooks name it.
    pub publish_id: String,
    /// The account's name; empty where it was not asked for.
    pub username: String,
    /// How often the post was started anew.
    pub tries: u8,
}

/// Starts to publish.
pub fn start(content: &Content) -> Publish {
    begin(content, 0)
}

/// The first step. What an account may post is of no concern to a draft: the app asks for all of it.
fn begin(content: &Content, tries: u8) -> Publish {
    if Options::read(&content.options).is_ok_and(|options| options.is_draft()) {
        return Publish::Init {
            tries,
            username: String::new(),
            forbids: Forbids::default(),
        };
    }
    Publish::Creator { tries }
}

impl Publish {
    /// TikTok's id of the task.
    pub fn handle(&self) -> Option<String> {
        match self {
            Self::Confirm { task, .. }
            | Self::Locate { task, .. }
            | Self::Process { task, .. }
            | Self::Resync { task, .. }
            | Self::Upload { task, .. } => Some(task.publish_id.clone()),
            Self::Creator { .. } | Self::Init { .. } | Self::Live { .. } | Self::Search { .. } => {
                None
            }
        }
    }
}

impl Machine for Publish {
    type Context<'a> = PublishContext<'a>;
    type Output = Receipt;

    fn next(&self, cx: &PublishContext<'_>) -> Action<Receipt> {
        match self {
            Self::Creator { .. } => Action::Send(creator::query(cx.app).auth(Auth::Bearer)),
            Self::Init { forbids, .. } => Action::Send(order::init(*forbids, cx)),
            Self::Search {
                armed_at, looks, ..
            } => Action::look(*armed_at, *looks, cx.now, || search::list(cx)),
            Self::Upload {
                task,
                upload,
                place,
                fires,
            } => {
                if upload.is_over(*fires, cx.now) {
                    Action::Send(watch::status(task, cx))
                } else {
                    Action::Send(upload.chunk(*place, cx))
                }
            }
            Self::Resync { task, .. } => Action::Send(watch::status(task, cx)),
            Self::Confirm {
                task,
                armed_at,
                looks,
                ..
            } => Action::look(*armed_at, *looks, cx.now, || watch::status(task, cx)),
            Self::Process { task, ask_at, .. } => {
                Action::at(*ask_at, cx.now, || watch::status(task, cx))
            }
            Self::Locate { task, ask_at, .. } => {
                Action::at(*ask_at, cx.now, || watch::status(task, cx).optional())
            }
            Self::Live { receipt } => Action::Done(receipt.clone()),
        }
    }

    fn apply(self, event: Event, cx: &PublishContext<'_>) -> Result<Self, Fault> {
        match self {
            Self::Creator { tries } => match event {
                Event::Answer(answer) => order::allowed(tries, &answer, cx),
                Event::Lost => Ok(Self::Creator { tries }),
            },
            Self::Init {
                tries, username, ..
            } => match event {
                Event::Answer(answer) if order::is_commit(cx) => {
                    order::ordered(tries, username, &answer, cx)
                }
                Event::Answer(answer) => order::opened(tries, username, &answer, cx),
                // Told only where the call could make the post visible.
                Event::Lost => search::begun(username, cx),
            },
            Self::Search {
                username,
                armed_at,
                looks,
            } => search::looked(username, (armed_at, looks), event, cx),
            Self::Upload {
                task,
                upload,
                place,
                fires,
            } => upload::sent(task, upload, Place { place, fires }, event, cx),
            Self::Resync {
                task,
                upload,
                place,
                fires,
            } => {
                let at = Place { place, fires };
                match event {
                    Event::Answer(answer) => upload::resynced(task, upload, at, &answer, cx),
                    Event::Lost => Ok(at.resync(task, upload)),
                }
            }
            Self::Confirm {
                task,
                upload,
                armed_at,
                looks,
                fires,
            } => {
                let doubt = confirm::Doubt {
                    armed_at,
                    looks,
                    fires,
                };
                match event {
                    Event::Answer(answer) => confirm::looked(task, upload, doubt, &answer, cx),
                    Event::Lost => Ok(doubt.confirm(task, upload)),
                }
            }
            Self::Process {
                task,
                since,
                ask_at,
                asked,
            } => match event {
                Event::Answer(answer) => watch::processed(task, (since, asked), &answer, cx),
                Event::Lost => Ok(Self::Process {
                    task,
                    since,
                    ask_at,
                    asked,
                }),
            },
            Self::Locate { task, asked, .. } => Ok(watch::located(&task, asked, event, cx)),
            Self::Live { receipt } => Ok(Self::Live { receipt }),
        }
    }
}

fn is_video(cx: &PublishContext<'_>) -> bool {
    cx.content
        .assets
        .first()
        .is_none_or(|asset| asset.kind() == MediaKind::Video)
}

fn options(cx: &PublishContext<'_>) -> Result<Options, Fault> {
    Options::read(&cx.content.options).map_err(|broken| Fault::options(&broken))
}

/// TikTok has everything.
fn work(task: Task, now: OffsetDateTime) -> Publish {
    Publish::Process {
        task,
        since: now,
        ask_at: now + pause(0),
        asked: 0,
    }
}

/// 5 seconds, doubling to a minute: well under 30 questions a minute.
fn pause(asked: u32) -> Duration {
    Duration::seconds(60.min(5 << asked.min(4)))
}

/// A task that came to its end. One that failed never posts, so another one cannot double it.
fn ended(task: &Task, told: &Progress, cx: &PublishContext<'_>) -> Result<Publish, Fault> {
    match fault::failed(&told.fail_reason) {
        Failure::Final(fault) => Err(fault),
        Failure::Transient => anew(task.tries, &told.fail_reason, cx),
    }
}

/// Another task, after one that is proven to have posted nothing.
fn anew(tries: u8, why: &str, cx: &PublishContext<'_>) -> Result<Publish, Fault> {
    if tries + 1 >= MAX_TRIES {
        return Err(Fault::content(
            "network_failed",
            "TikTok failed to take the post three times; try again later.",
        )
        .seen(why));
    }
    Ok(begin(cx.content, tries + 1))
}
