//! From a frozen post to a receipt.
//!
//! Every file is uploaded first, which nobody sees; `POST /2/tweets` is the call that may not be
//! repeated. A thread takes one such call a part, each a commit of its own that names the part before
//! it. When an answer is lost, the account's own timeline is searched (kind D of the commits: X refuses
//! equal texts, but does not say which post was first).

mod commit;
mod confirm;
mod upload;

use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{OffsetDateTime, serde::rfc3339};

use super::{fault, profile::api, timeline, wire::Wrapped};
use crate::{
    Account, Action, Answer, Auth, Call, Content, Event, Fault, Machine, PublishContext, Receipt,
};

/// What a post holds on to from step to step.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Held {
    /// X's ids of the files so far, in the order in which they are uploaded.
    pub media: Vec<String>,
    /// How often the files were uploaded before.
    pub tries: u8,
    /// X's ids of the parts that are live, the first one first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub live: Vec<String>,
}

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
        /// What came before.
        #[serde(flatten)]
        held: Held,
    },
    /// The latest uploaded file is to be described.
    Describe {
        /// What came before.
        #[serde(flatten)]
        held: Held,
    },
    /// A large file is complete and is to be closed.
    Finalize {
        /// X's id of the file.
        id: String,
        /// What came before.
        #[serde(flatten)]
        held: Held,
    },
    /// A large file is to be announced.
    Initialize {
        /// The size of a chunk in bytes.
        chunk: u64,
        /// What came before.
        #[serde(flatten)]
        held: Held,
    },
    /// What became of a part is not known; it is to be looked for.
    Look {
        /// When it was armed.
        #[serde(with = "rfc3339")]
        armed_at: OffsetDateTime,
        /// Which look, from 0.
        number: usize,
        /// When to look.
        #[serde(with = "rfc3339")]
        ask_at: OffsetDateTime,
        /// Whether X refused it as the twin of another post.
        #[serde(default)]
        twin: bool,
        /// What came before.
        #[serde(flatten)]
        held: Held,
    },
    /// Everything is there; the next part is to be posted.
    Post {
        /// Not before, where X needs a moment.
        #[serde(default, with = "rfc3339::option")]
        ask_at: Option<OffsetDateTime>,
        /// What came before.
        #[serde(flatten)]
        held: Held,
    },
    /// X works on a large file.
    Process {
        /// X's id of the file.
        id: String,
        /// When to ask.
        #[serde(with = "rfc3339")]
        ask_at: OffsetDateTime,
        /// When X took too long.
        #[serde(with = "rfc3339")]
        give_up_at: OffsetDateTime,
        /// What came before.
        #[serde(flatten)]
        held: Held,
    },
    /// The post is live, and all of its thread.
    Published {
        /// X's id of it.
        id: String,
    },
    /// The next picture is to be uploaded whole.
    Upload {
        /// What came before.
        #[serde(flatten)]
        held: Held,
    },
}

/// Starts to publish.
pub fn start(content: &Content) -> Publish {
    upload::next_file(content, Held::default())
}

impl Publish {
    /// X's webhooks name nothing that is still on its way.
    pub const fn handle(&self) -> Option<String> {
        None
    }

    /// X's ids of the parts of a thread that are live while others are still to come.
    pub fn live(&self) -> &[String] {
        match self {
            Self::Append { held, .. }
            | Self::Describe { held }
            | Self::Finalize { held, .. }
            | Self::Initialize { held, .. }
            | Self::Look { held, .. }
            | Self::Post { held, .. }
            | Self::Process { held, .. }
            | Self::Upload { held } => &held.live,
            Self::Published { .. } => &[],
        }
    }

    /// What is told of a thread that nobody works on any more; see [`crate::Publish::given_up`].
    pub fn given_up(
        &self,
        content: &Content,
        account: &Account,
        unknown: Fault,
        why: Option<&str>,
    ) -> Fault {
        let live = self.live();
        let thread = confirm::Broken {
            content,
            account,
            live,
        };
        match why {
            _ if live.is_empty() => unknown,
            Some(why) if !matches!(self, Self::Look { .. }) => {
                thread.stopped(&format!("was not sent: {why}"), None)
            }
            _ => thread.in_doubt(unknown),
        }
    }

    fn step(self, event: Event, cx: &PublishContext<'_>) -> Result<Self, Fault> {
        match (self, event) {
            (
                Self::Append {
                    id,
                    segment,
                    chunk,
                    held,
                },
                Event::Answer(answer),
            ) => upload::appended(cx, id, (segment, chunk), held, &answer),
            // An undescribed picture is better than an unpublished one.
            (Self::Describe { held }, Event::Answer(_) | Event::Lost) => {
                Ok(upload::next_file(cx.content, held))
            }
            (Self::Finalize { id, held }, Event::Answer(answer)) => {
                upload::finalized(cx, id, held, &answer)
            }
            (Self::Initialize { chunk, held }, Event::Answer(answer)) => {
                upload::initialized(cx, chunk, held, &answer)
            }
            (
                Self::Look {
                    armed_at,
                    number,
                    ask_at,
                    twin,
                    held,
                },
                Event::Answer(answer),
            ) => {
                let look = confirm::Look {
                    armed_at,
                    number,
                    ask_at,
                    twin,
                };
                confirm::looked(cx, &look, held, &answer)
            }
            (Self::Post { held, .. }, Event::Lost) => Ok(confirm::begin(cx, held, false)),
            (Self::Post { ask_at, held }, Event::Answer(answer)) => {
                commit::posted(cx, ask_at, held, &answer)
            }
            (
                Self::Process {
                    id,
                    give_up_at,
                    held,
                    ..
                },
                Event::Answer(answer),
            ) => upload::processed(cx, id, give_up_at, held, &answer),
            (Self::Upload { held }, Event::Answer(answer)) => upload::uploaded(cx, held, &answer),
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

impl Machine for Publish {
    type Context<'a> = PublishContext<'a>;
    type Output = Receipt;

    fn next(&self, cx: &PublishContext<'_>) -> Action<Receipt> {
        match self {
            Self::Append {
                id,
                segment,
                chunk,
                held,
            } => Action::Send(upload::append(cx, id, (*segment, *chunk), held)),
            Self::Describe { held } => Action::Send(upload::describe(cx, held)),
            Self::Finalize { id, .. } => Action::Send(
                // The live interface wants an object although none is documented (reported, 2026-07).
                Call::post(
                    "finalize_upload",
                    api(cx.app, &["2", "media", "upload", id, "finalize"]),
                )
                .auth(Auth::Bearer)
                .json(json!({})),
            ),
            Self::Initialize { held, .. } => Action::Send(upload::initialize(cx, held)),
            Self::Look {
                armed_at,
                ask_at,
                held,
                ..
            } => Action::at(*ask_at, cx.now, || {
                timeline::look(cx, *armed_at, &held.live)
            }),
            Self::Post { ask_at, held } => {
                Action::at(ask_at.unwrap_or(cx.now), cx.now, || commit::post(cx, held))
            }
            Self::Process { id, ask_at, .. } => {
                Action::at(*ask_at, cx.now, || upload::ask_status(cx, id))
            }
            Self::Published { id } => Action::Done(Receipt::live(
                Some(id.clone()),
                Some(timeline::permalink(id, cx.account.username.as_deref())),
            )),
            Self::Upload { held } => Action::Send(upload::upload(cx, held)),
        }
    }

    fn apply(self, event: Event, cx: &PublishContext<'_>) -> Result<Self, Fault> {
        let live = self.live().to_vec();
        self.step(event, cx)
            .map_err(|fault| confirm::honest(cx, fault, &live))
    }
}

/// The data of a success.
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
            json!({ "step": "append", "id": "2", "segment": 2, "chunk": 1_048_576, "media": ["1"], "tries": 1, "live": ["9"] }),
            json!({ "step": "describe", "media": ["1"] }),
            json!({ "step": "finalize", "id": "1" }),
            json!({ "step": "initialize", "chunk": 1_048_576 }),
            json!({ "step": "look", "armed_at": time, "number": 3, "ask_at": time }),
            json!({ "step": "look", "armed_at": time, "number": 3, "ask_at": time, "twin": true, "media": ["1"], "tries": 0, "live": ["9"] }),
            json!({ "step": "post", "media": [] }),
            json!({ "step": "post", "media": ["1"], "ask_at": time, "tries": 2, "live": ["9", "10"] }),
            json!({ "step": "process", "id": "1", "ask_at": time, "give_up_at": time }),
            json!({ "step": "published", "id": "1" }),
            json!({ "step": "upload", "media": ["1"], "tries": 1 }),
        ] {
            let read: Publish = serde_json::from_value(stored.clone()).expect("a known state");
            let kept = json!(read);
            for (name, value) in stored.as_object().expect("an object") {
                assert_eq!(kept[name], *value, "{stored}");
            }
        }
    }
}
