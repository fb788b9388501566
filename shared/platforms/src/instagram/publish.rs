//! From a frozen post to a receipt.

use domain::MediaKind;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::{
    container,
    fault::{self, row},
    wire::{Container, Limit, Link, Made, Post},
};
use crate::{
    Action, Answer, Asset, Content, Event, Fault, Machine, PublishContext, Receipt, Verdict,
    meta::{self, Listed, Row, ask, graph, success},
    next_look,
};

/// How long Instagram may work on a file; a container lives for a day.
const MAX_PROCESSING: Duration = Duration::minutes(45);
/// A container that cannot be read is published unread after so long: Instagram refuses one that is
/// not ready, and has hidden good ones for hours.
const MAX_UNREADABLE: Duration = Duration::minutes(5);
/// How long publishing may take to show before it is taken as not received.
const SETTLED: Duration = Duration::minutes(2);
/// The longest wait between two questions.
const MAX_WAIT: Duration = Duration::seconds(60);
/// When to ask again after the day's posts are used up; Instagram does not say when one is free.
const LIMIT_AGAIN: Duration = Duration::hours(1);
/// So often a container is made, and so often one is published.
const MAX_TRIES: u8 = 3;

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
        #[serde(with = "time::serde::rfc3339")]
        ask_at: OffsetDateTime,
        /// How often this one was asked.
        #[serde(default)]
        asked: u8,
        /// When Instagram took too long.
        #[serde(with = "time::serde::rfc3339")]
        give_up_at: OffsetDateTime,
    },
    /// A container is to be made: of the file, or of the containers of several files.
    Create {
        /// The containers of several files.
        #[serde(default)]
        children: Vec<String>,
        /// How often one was made before.
        #[serde(default)]
        tries: u8,
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
        #[serde(with = "time::serde::rfc3339")]
        ask_at: OffsetDateTime,
        /// How often it was asked.
        #[serde(default)]
        asked: u8,
        /// When Instagram took too long.
        #[serde(with = "time::serde::rfc3339")]
        give_up_at: OffsetDateTime,
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
    },
    /// The post is live.
    Published {
        /// Instagram's id of it, where it could be found.
        id: Option<String>,
        /// Where it can be looked at.
        url: Option<String>,
    },
}

/// A container whose publishing was asked for, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// The container.
    pub container: String,
    /// How often this one was published before.
    #[serde(default)]
    pub fires: u8,
    /// When publishing was armed.
    #[serde(with = "time::serde::rfc3339")]
    pub armed_at: OffsetDateTime,
    /// Which look, from 0.
    pub number: usize,
    /// Instagram answered that it suspects spam, which it has said of posts that went live.
    #[serde(default)]
    pub is_blocked: bool,
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
            Self::Child { children, .. } => Action::Send(container::child(cx, children.len())),
            Self::Children {
                children,
                at,
                ask_at,
                ..
            } => Action::at(*ask_at, cx.now, || {
                let container = children.get(*at).map_or("", String::as_str);
                container::ask_status(cx, container)
            }),
            Self::Create { children, .. } => Action::Send(container::create(cx, children)),
            Self::Limit => Action::Send(container::ask_limit(cx)),
            Self::Look { doubt } => Action::at(doubt.ask_at(cx), cx.now, || {
                container::ask_status(cx, &doubt.container)
            }),
            Self::Match { doubt, .. } => {
                Action::at(doubt.ask_at(cx), cx.now, || container::look(cx))
            }
            Self::Permalink { id } => {
                Action::Send(ask("read_permalink", graph(cx.app, &[id]), "permalink").optional())
            }
            Self::Process {
                container, ask_at, ..
            } => Action::at(*ask_at, cx.now, || container::ask_status(cx, container)),
            Self::Publish { container, .. } => Action::Send(container::publish(cx, container)),
            Self::Published { id, url } => Action::Done(Receipt {
                external_id: id.clone(),
                url: url.clone(),
            }),
        }
    }

    fn apply(self, event: Event, cx: &PublishContext<'_>) -> Result<Self, Fault> {
        match (self, event) {
            (
                Self::Child {
                    mut children,
                    tries,
                },
                Event::Answer(answer),
            ) => {
                let made: Made = success(&answer, cx, row, "media")?;
                children.push(made.id);
                Ok(next_child(cx, children, tries))
            }
            (
                Self::Children {
                    children,
                    at,
                    tries,
                    asked,
                    give_up_at,
                    ..
                },
                Event::Answer(answer),
            ) => {
                let waiting = Waiting {
                    container: Pending::Child { children, at },
                    tries,
                    asked,
                    give_up_at,
                };
                processed(cx, waiting, &answer)
            }
            (Self::Create { tries, .. }, Event::Answer(answer)) => created(cx, tries, &answer),
            (Self::Limit, event) => asked_limit(cx, &event),
            (Self::Look { doubt }, Event::Answer(answer)) => looked(cx, doubt, &answer),
            (
                Self::Match {
                    doubt,
                    is_published,
                },
                Event::Answer(answer),
            ) => matched(cx, doubt, is_published, &answer),
            (Self::Permalink { id }, event) => {
                let link = match event {
                    Event::Answer(answer) if answer.is_success() => answer.json::<Link>(),
                    Event::Answer(_) | Event::Lost => None,
                };
                Ok(Self::Published {
                    id: Some(id),
                    url: link.and_then(|link| link.permalink),
                })
            }
            (
                Self::Process {
                    container,
                    tries,
                    asked,
                    give_up_at,
                    ..
                },
                Event::Answer(answer),
            ) => processed(
                cx,
                Waiting {
                    container: Pending::Whole(container),
                    tries,
                    asked,
                    give_up_at,
                },
                &answer,
            ),
            (
                Self::Publish {
                    container, fires, ..
                },
                Event::Lost,
            ) => Ok(in_doubt(cx, container, fires, false)),
            (
                Self::Publish {
                    container,
                    tries,
                    fires,
                },
                Event::Answer(answer),
            ) => published(cx, container, tries, fires, &answer),
            // Lost answers to repeatable calls are the driver's business.
            (
                state @ (Self::Child { .. }
                | Self::Children { .. }
                | Self::Create { .. }
                | Self::Look { .. }
                | Self::Match { .. }
                | Self::Process { .. }),
                Event::Lost,
            )
            | (state @ Self::Published { .. }, Event::Answer(_) | Event::Lost) => Ok(state),
        }
    }
}

impl Doubt {
    fn ask_at(&self, cx: &PublishContext<'_>) -> OffsetDateTime {
        next_look(self.armed_at, self.number).unwrap_or(cx.now)
    }

    /// The next look, while there is one.
    fn next(self) -> Option<Self> {
        let number = self.number + 1;
        next_look(self.armed_at, number)?;
        Some(Self { number, ..self })
    }
}

/// What Instagram works on.
enum Pending {
    /// One of several files.
    Child {
        /// The containers of all.
        children: Vec<String>,
        /// Which one it is.
        at: usize,
    },
    /// The container that will be published.
    Whole(String),
}

/// A container that Instagram works on.
struct Waiting {
    container: Pending,
    tries: u8,
    asked: u8,
    give_up_at: OffsetDateTime,
}

fn asked_limit(cx: &PublishContext<'_>, event: &Event) -> Result<Publish, Fault> {
    let limit = match event {
        Event::Answer(answer) if answer.is_success() => answer.json::<Listed<Limit>>(),
        Event::Answer(_) | Event::Lost => None,
    };
    let limit = limit.and_then(|listed| listed.data.into_iter().next());
    if limit.is_some_and(|limit| limit.is_used_up()) {
        return Err(Fault::quota(
            Some(cx.now + LIMIT_AGAIN),
            "daily_limit",
            "The account's posts of the last 24 hours are used up; the post goes out when Instagram allows.",
        ));
    }
    Ok(begin(cx, 0))
}

/// Several files go into containers of their own first.
fn begin(cx: &PublishContext<'_>, tries: u8) -> Publish {
    let children = Vec::new();
    if cx.content.assets.len() > 1 {
        Publish::Child { children, tries }
    } else {
        Publish::Create { children, tries }
    }
}

/// To the next file, or to waiting for all of them.
fn next_child(cx: &PublishContext<'_>, children: Vec<String>, tries: u8) -> Publish {
    if children.len() < cx.content.assets.len() {
        return Publish::Child { children, tries };
    }
    Publish::Children {
        children,
        at: 0,
        tries,
        ask_at: cx.now + wait(cx, 0),
        asked: 0,
        give_up_at: cx.now + MAX_PROCESSING,
    }
}

fn created(cx: &PublishContext<'_>, tries: u8, answer: &Answer) -> Result<Publish, Fault> {
    let made: Made = success(answer, cx, row, "media")?;
    Ok(Publish::Process {
        container: made.id,
        tries,
        ask_at: cx.now + wait(cx, 0),
        asked: 0,
        give_up_at: cx.now + MAX_PROCESSING,
    })
}

/// Pictures are ready in seconds, videos in minutes.
fn wait(cx: &PublishContext<'_>, asked: u8) -> Duration {
    let mut kinds = cx.content.assets.iter().map(Asset::kind);
    let first = if kinds.any(|kind| kind == MediaKind::Video) {
        5
    } else {
        2
    };
    let grown = Duration::seconds(first).saturating_mul(3_i32.saturating_pow(asked.into()))
        / 2_i32.saturating_pow(asked.min(16).into());
    grown.min(MAX_WAIT)
}

/// Where Instagram's word on a container leads; a word that is not known means that it is at work.
fn processed(cx: &PublishContext<'_>, waiting: Waiting, answer: &Answer) -> Result<Publish, Fault> {
    if meta::problem(answer).is_some_and(|problem| problem.is_invisible()) {
        let made_at = waiting.give_up_at - MAX_PROCESSING;
        return if cx.now >= made_at + MAX_UNREADABLE {
            Ok(ready(cx, waiting))
        } else {
            still_working(cx, waiting)
        };
    }
    let told: Container = success(answer, cx, row, "container")?;
    match told.status_code.as_str() {
        "FINISHED" => Ok(ready(cx, waiting)),
        "EXPIRED" => anew(cx, waiting.tries, None, &told.status),
        "ERROR" => anew(cx, waiting.tries, told.error(), &told.status),
        _ => still_working(cx, waiting),
    }
}

fn ready(cx: &PublishContext<'_>, waiting: Waiting) -> Publish {
    let tries = waiting.tries;
    match waiting.container {
        Pending::Whole(container) => Publish::Publish {
            container,
            tries,
            fires: 0,
        },
        Pending::Child { children, at } if at + 1 < children.len() => Publish::Children {
            children,
            at: at + 1,
            tries,
            ask_at: cx.now,
            asked: 0,
            give_up_at: waiting.give_up_at,
        },
        Pending::Child { children, .. } => Publish::Create { children, tries },
    }
}

fn still_working(cx: &PublishContext<'_>, waiting: Waiting) -> Result<Publish, Fault> {
    if cx.now >= waiting.give_up_at {
        return Err(Fault::content(
            "processing_too_long",
            "Instagram worked on the file for three quarters of an hour without an end; try again later.",
        ));
    }
    let asked = waiting.asked.saturating_add(1);
    let ask_at = cx.now + wait(cx, asked);
    let (tries, give_up_at) = (waiting.tries, waiting.give_up_at);
    Ok(match waiting.container {
        Pending::Child { children, at } => Publish::Children {
            children,
            at,
            tries,
            ask_at,
            asked,
            give_up_at,
        },
        Pending::Whole(container) => Publish::Process {
            container,
            tries,
            ask_at,
            asked,
            give_up_at,
        },
    })
}

/// Makes a new container; the old one was never published. `number` is Instagram's error.
fn anew(
    cx: &PublishContext<'_>,
    tries: u8,
    number: Option<i64>,
    told: &str,
) -> Result<Publish, Fault> {
    let may_mend = number.is_none_or(fault::wants_new_container);
    if may_mend && tries + 1 < MAX_TRIES {
        return Ok(begin(cx, tries + 1));
    }
    let fault = match fault::of_container(number) {
        Some(Row::Content(code, sentence)) => Fault::content(code, sentence),
        Some(_) | None => Fault::content(
            "file_refused",
            "Instagram could not load or read the file; export it anew, then post again.",
        ),
    };
    Err(fault.seen(told))
}

fn published(
    cx: &PublishContext<'_>,
    container: String,
    tries: u8,
    fires: u8,
    answer: &Answer,
) -> Result<Publish, Fault> {
    if answer.is_success() {
        return Ok(match answer.json::<Made>() {
            Some(made) => Publish::Permalink { id: made.id },
            None => in_doubt(cx, container, fires, false),
        });
    }
    let problem = meta::problem(answer);
    let is = |what: fn(&meta::Problem) -> bool| problem.as_ref().is_some_and(what);
    if is(fault::is_not_ready) || is(fault::is_unknown_container) {
        // This order had no effect; an earlier one may have had.
        return Ok(if fires == 0 {
            Publish::Process {
                container,
                tries,
                ask_at: cx.now + wait(cx, 1),
                asked: 1,
                give_up_at: cx.now + MAX_PROCESSING,
            }
        } else {
            in_doubt(cx, container, fires, false)
        });
    }
    if let Some(fault) = meta::refused(answer, row, cx.now) {
        return Err(fault);
    }
    Ok(in_doubt(cx, container, fires, is(fault::is_blocked)))
}

fn in_doubt(cx: &PublishContext<'_>, container: String, fires: u8, is_blocked: bool) -> Publish {
    Publish::Look {
        doubt: Doubt {
            container,
            fires: fires + 1,
            armed_at: cx.armed_at.unwrap_or(cx.now),
            number: 0,
            is_blocked,
        },
    }
}

fn looked(cx: &PublishContext<'_>, doubt: Doubt, answer: &Answer) -> Result<Publish, Fault> {
    let is_invisible = meta::problem(answer)
        .is_some_and(|problem| problem.is_invisible() || fault::is_unknown_container(&problem));
    if is_invisible {
        return Ok(Publish::Match {
            doubt,
            is_published: false,
        });
    }
    let told: Container = success(answer, cx, row, "container")?;
    match told.status_code.as_str() {
        "PUBLISHED" => Ok(Publish::Match {
            doubt,
            is_published: true,
        }),
        "ERROR" | "EXPIRED" => Ok(Publish::Match {
            doubt,
            is_published: false,
        }),
        "FINISHED" if cx.now >= doubt.armed_at + SETTLED => not_published(doubt),
        _ => again(doubt, false),
    }
}

/// The container is still only ready: the order to publish it had no effect.
fn not_published(doubt: Doubt) -> Result<Publish, Fault> {
    if doubt.is_blocked {
        return Err(Fault::content(
            "action_blocked",
            "Instagram limits posting by this account for now; look at the account on Instagram, then post again later.",
        ));
    }
    if doubt.fires >= MAX_TRIES {
        return Err(Fault::content(
            "not_published",
            "Instagram has the post ready but did not publish it; try again later.",
        ));
    }
    Ok(Publish::Publish {
        container: doubt.container,
        tries: 0,
        fires: doubt.fires,
    })
}

fn matched(
    cx: &PublishContext<'_>,
    doubt: Doubt,
    is_published: bool,
    answer: &Answer,
) -> Result<Publish, Fault> {
    let seen: Listed<Post> = success(answer, cx, row, "media")?;
    match container::judge(cx, doubt.armed_at, &seen.data) {
        Verdict::Found(seen) => Ok(Publish::Published {
            id: Some(seen.id),
            url: seen.url,
        }),
        // It is live, and nobody can tell which of them it is.
        Verdict::Several(_) if is_published => Ok(Publish::Published {
            id: None,
            url: None,
        }),
        Verdict::Several(candidates) => Err(Fault::unconfirmed(candidates)),
        Verdict::Absent => again(doubt, is_published),
    }
}

/// Looks again later, while there is a later.
fn again(doubt: Doubt, is_published: bool) -> Result<Publish, Fault> {
    match (doubt.next(), is_published) {
        (Some(doubt), true) => Ok(Publish::Match {
            doubt,
            is_published,
        }),
        (Some(doubt), false) => Ok(Publish::Look { doubt }),
        (None, true) => Ok(Publish::Published {
            id: None,
            url: None,
        }),
        (None, false) => Err(Fault::unconfirmed(Vec::new())),
    }
}
