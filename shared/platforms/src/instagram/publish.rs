//! From a frozen post to a receipt.

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, serde::rfc3339};

use super::{
    comment, container,
    doubt::{self, Doubt},
    evidence,
    making::{self, Making},
    processing::{self, Pending, Waiting},
    upload::{self, Upload},
    wire::Link,
};
use crate::{
    Action, Answer, Content, Event, Fault, Machine, PublishContext, Receipt, meta::FirstComment,
};

/// How far a post on Instagram is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Publish {
    /// The next file of several is to be loaded into a container of its own.
    Child {
        /// The containers of the files before it.
        #[serde(default)]
        children: Vec<String>,
        /// How often all of this was begun before.
        #[serde(default)]
        tries: u8,
        /// When to do it, where it was refused before.
        #[serde(default, with = "rfc3339::option")]
        again_at: Option<OffsetDateTime>,
        /// Whether the bytes of videos are sent; Instagram fetches them otherwise.
        #[serde(default)]
        uploads: bool,
    },
    /// Instagram works on several files; they are asked for one after the other.
    Children {
        /// Their containers.
        children: Vec<String>,
        /// Which one is asked for.
        #[serde(default)]
        at: usize,
        /// How often all of this was begun before.
        #[serde(default)]
        tries: u8,
        /// When to ask.
        #[serde(with = "rfc3339")]
        ask_at: OffsetDateTime,
        /// How often this one was asked.
        #[serde(default)]
        asked: u8,
        /// How often Instagram did not know it.
        #[serde(default)]
        unknown: u8,
        /// When Instagram took too long.
        #[serde(with = "rfc3339")]
        give_up_at: OffsetDateTime,
        /// Whether the bytes of videos are sent; Instagram fetches them otherwise.
        #[serde(default)]
        uploads: bool,
    },
    /// The post is live; its first comment is to be written.
    Comment {
        /// Instagram's id of the post.
        id: String,
        /// Where it can be looked at.
        url: Option<String>,
        /// How far the comment is.
        comment: FirstComment,
    },
    /// A container is to be made: of the file, or of the containers of several files.
    Create {
        /// The containers of several files.
        #[serde(default)]
        children: Vec<String>,
        /// How often one was made before.
        #[serde(default)]
        tries: u8,
        /// When to do it, where it was refused before.
        #[serde(default, with = "rfc3339::option")]
        again_at: Option<OffsetDateTime>,
        /// Whether the bytes of videos are sent; Instagram fetches them otherwise.
        #[serde(default)]
        uploads: bool,
    },
    /// How many posts the day still holds is to be asked.
    Limit,
    /// The answer to publishing was lost; the container is to be asked.
    Look {
        /// What is in doubt.
        doubt: Doubt,
    },
    /// The container was published, or cannot say; the post is to be looked for.
    Match {
        /// What is in doubt.
        doubt: Doubt,
        /// Whether the container said that it was published.
        is_published: bool,
    },
    /// The post is live; where it can be looked at is to be asked.
    Permalink {
        /// Instagram's id of it.
        id: String,
    },
    /// Instagram works on the file.
    Process {
        /// The container.
        container: String,
        /// How often one was made before.
        #[serde(default)]
        tries: u8,
        /// When to ask.
        #[serde(with = "rfc3339")]
        ask_at: OffsetDateTime,
        /// How often it was asked.
        #[serde(default)]
        asked: u8,
        /// How often Instagram did not know it.
        #[serde(default)]
        unknown: u8,
        /// Whether publishing it was refused before.
        #[serde(default)]
        attempted: bool,
        /// When Instagram took too long.
        #[serde(with = "rfc3339")]
        give_up_at: OffsetDateTime,
        /// Whether the bytes of videos are sent; Instagram fetches them otherwise.
        #[serde(default)]
        uploads: bool,
    },
    /// The container is ready; it is to be published.
    Publish {
        /// The container.
        container: String,
        /// How often one was made before.
        #[serde(default)]
        tries: u8,
        /// How often this one was published without Instagram knowing of it.
        #[serde(default)]
        fires: u8,
        /// How often it was asked whether it is ready.
        #[serde(default)]
        asked: u8,
        /// How often Instagram did not know it.
        #[serde(default)]
        unknown: u8,
        /// When Instagram took too long, as long as it may still say that it is not ready.
        #[serde(default, with = "rfc3339::option")]
        give_up_at: Option<OffsetDateTime>,
        /// Whether the bytes of videos are sent; Instagram fetches them otherwise.
        #[serde(default)]
        uploads: bool,
    },
    /// The post is live.
    Published {
        /// Instagram's id of it, where it could be found.
        id: Option<String>,
        /// Where it can be looked at.
        url: Option<String>,
    },
    /// The bytes of a video are to be sent into its container.
    Send {
        /// The container.
        upload: Upload,
        /// When to do it, where none arrived before.
        #[serde(default, with = "rfc3339::option")]
        again_at: Option<OffsetDateTime>,
    },
    /// How much of a video has arrived is to be asked.
    Settle {
        /// The container.
        upload: Upload,
        /// When to ask.
        #[serde(with = "rfc3339")]
        ask_at: OffsetDateTime,
        /// When Instagram took too long.
        #[serde(with = "rfc3339")]
        give_up_at: OffsetDateTime,
    },
}

/// Starts to publish.
pub const fn start(_: &Content) -> Publish {
    Publish::Limit
}

impl Publish {
    /// Instagram tells nothing of posts on their way.
    pub const fn handle(&self) -> Option<String> {
        None
    }
}

impl Machine for Publish {
    type Context<'a> = PublishContext<'a>;
    type Output = Receipt;

    fn next(&self, cx: &PublishContext<'_>) -> Action<Receipt> {
        match self {
            Self::Child {
                children,
                again_at,
                uploads,
                ..
            } => Action::at(again_at.unwrap_or(cx.now), cx.now, || {
                container::child(cx, children.len(), *uploads)
            }),
            Self::Children {
                children,
                at,
                ask_at,
                ..
            } => Action::at(*ask_at, cx.now, || {
                let container = children.get(*at).map_or("", String::as_str);
                container::ask_status(cx, container)
            }),
            Self::Comment { id, url, comment } => comment::next(cx, id, comment)
                .map_or_else(|| done(Some(id), url.as_ref()), Action::Send),
            Self::Create {
                children,
                again_at,
                uploads,
                ..
            } => Action::at(again_at.unwrap_or(cx.now), cx.now, || {
                container::create(cx, children, *uploads)
            }),
            Self::Limit => Action::Send(container::ask_limit(cx)),
            Self::Look { doubt } => Action::at(doubt.ask_at(cx), cx.now, || {
                container::ask_status(cx, &doubt.container)
            }),
            Self::Match { doubt, .. } => {
                Action::at(doubt.ask_at(cx), cx.now, || evidence::look(cx))
            }
            Self::Permalink { id } => Action::Send(container::ask_permalink(cx, id)),
            Self::Process {
                container, ask_at, ..
            } => Action::at(*ask_at, cx.now, || container::ask_status(cx, container)),
            Self::Publish { container, .. } => Action::Send(container::publish(cx, container)),
            Self::Published { id, url } => done(id.as_ref(), url.as_ref()),
            Self::Send { upload, again_at } => {
                Action::at(again_at.unwrap_or(cx.now), cx.now, || {
                    upload::send(cx, upload)
                })
            }
            Self::Settle { upload, ask_at, .. } => {
                Action::at(*ask_at, cx.now, || upload::ask(cx, upload))
            }
        }
    }

    fn apply(self, event: Event, cx: &PublishContext<'_>) -> Result<Self, Fault> {
        match (self, event) {
            (Self::Comment { id, url, comment }, event) => {
                Ok(comment::apply(cx, id, url, comment, &event))
            }
            (Self::Limit, event) => making::asked_limit(cx, &event),
            (Self::Permalink { id }, event) => Ok(linked(cx, id, &event)),
            (
                Self::Publish {
                    container, fires, ..
                },
                Event::Lost,
            ) => Ok(doubt::in_doubt(cx, container, fires, false)),
            (state, Event::Answer(answer)) => state.answered(&answer, cx),
            // Lost answers to repeatable calls are the driver's business.
            (
                state @ (Self::Child { .. }
                | Self::Children { .. }
                | Self::Create { .. }
                | Self::Look { .. }
                | Self::Match { .. }
                | Self::Process { .. }
                | Self::Published { .. }
                | Self::Send { .. }
                | Self::Settle { .. }),
                Event::Lost,
            ) => Ok(state),
        }
    }
}

impl Publish {
    /// The state after an answer that cannot be done without.
    fn answered(self, answer: &Answer, cx: &PublishContext<'_>) -> Result<Self, Fault> {
        match self {
            Self::Child {
                children,
                tries,
                uploads,
                ..
            } => making::child_made(cx, Making::new(children, tries, uploads), answer),
            Self::Children {
                children,
                at,
                tries,
                asked,
                unknown,
                give_up_at,
                uploads,
                ..
            } => {
                let waiting = Waiting {
                    container: Pending::Child { children, at },
                    tries,
                    asked,
                    unknown,
                    attempted: false,
                    give_up_at,
                    uploads,
                };
                processing::processed(cx, waiting, answer)
            }
            Self::Create {
                children,
                tries,
                uploads,
                ..
            } => making::made(cx, Making::new(children, tries, uploads), answer),
            Self::Look { doubt } => doubt::looked(cx, doubt, answer),
            Self::Match {
                doubt,
                is_published,
            } => doubt::matched(cx, doubt, is_published, answer),
            Self::Process {
                container,
                tries,
                asked,
                unknown,
                attempted,
                give_up_at,
                uploads,
                ..
            } => {
                let waiting = Waiting {
                    container: Pending::Whole(container),
                    tries,
                    asked,
                    unknown,
                    attempted,
                    give_up_at,
                    uploads,
                };
                processing::processed(cx, waiting, answer)
            }
            Self::Publish {
                container,
                tries,
                fires,
                asked,
                unknown,
                give_up_at,
                uploads,
            } => {
                let fresh = Waiting::for_whole(cx, container.clone(), tries, uploads);
                let waiting = Waiting {
                    asked,
                    unknown,
                    give_up_at: give_up_at.unwrap_or(fresh.give_up_at),
                    ..fresh
                };
                doubt::published(cx, container, waiting, fires, answer)
            }
            Self::Send { upload, .. } => upload::sent(cx, upload, answer),
            Self::Settle {
                upload, give_up_at, ..
            } => upload::settled(cx, upload, give_up_at, answer),
            state @ (Self::Comment { .. }
            | Self::Limit
            | Self::Permalink { .. }
            | Self::Published { .. }) => Ok(state),
        }
    }
}

fn done(id: Option<&String>, url: Option<&String>) -> Action<Receipt> {
    Action::Done(Receipt::live(id.cloned(), url.cloned()))
}

fn linked(cx: &PublishContext<'_>, id: String, event: &Event) -> Publish {
    let link = match event {
        Event::Answer(answer) if answer.is_success() => answer.json::<Link>(),
        Event::Answer(_) | Event::Lost => None,
    };
    comment::live(cx, id, link.and_then(|link| link.permalink))
}
