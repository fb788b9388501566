//! Documents and videos that LinkedIn works on: asked after until they are ready.

use time::{Duration, OffsetDateTime};

use super::{Publish, again};
use crate::{
    Answer, Call, Fault, PublishContext,
    linkedin::{
        fault,
        profile::{api, encoded, versioned},
        wire::FileStatus,
    },
};

/// How long LinkedIn may work on a file.
const MAX_PROCESSING: Duration = Duration::hours(1);
/// After so long it is asked seldom: a member has few calls a day.
const BRISK: Duration = Duration::minutes(15);
/// How long to wait from then on.
const SELDOM: Duration = Duration::minutes(5);
/// So often a file that was sent whole may be said to wait for its bytes, about a minute.
const MAX_UNNOTICED: u32 = 8;
/// How long a post waits where LinkedIn does not let us ask whether the file is ready.
const BLIND_WAIT: Duration = Duration::seconds(60);

/// What LinkedIn works on.
#[derive(Debug, Clone, Copy)]
pub(super) enum Work {
    Document,
    Video,
}

/// What was asked about a file.
pub(super) struct Asked {
    /// Its URN.
    pub(super) urn: String,
    /// Whether LinkedIn said that all of it arrived.
    pub(super) is_closed: bool,
    pub(super) times: u32,
    pub(super) give_up_at: OffsetDateTime,
    pub(super) tries: u8,
}

impl Work {
    /// Begins to wait for a file.
    pub(super) fn begin(
        self,
        cx: &PublishContext<'_>,
        urn: String,
        is_closed: bool,
        tries: u8,
    ) -> Publish {
        let asked = Asked {
            urn,
            is_closed,
            times: 0,
            give_up_at: cx.now + MAX_PROCESSING,
            tries,
        };
        self.wait(cx, asked)
    }

    /// Asks how far LinkedIn is with a file.
    pub(super) fn ask_status(self, cx: &PublishContext<'_>, urn: &str) -> Call {
        let (name, path) = match self {
            Self::Document => ("ask_document_status", "documents"),
            Self::Video => ("ask_status", "videos"),
        };
        let path = format!("/rest/{path}/{}", encoded(urn));
        versioned(cx.app, Call::get(name, api(cx.app, &path)))
    }

    /// What LinkedIn says of a file; a word that is not known means that it is still at work.
    pub(super) fn processed(
        self,
        cx: &PublishContext<'_>,
        asked: Asked,
        answer: &Answer,
    ) -> Result<Publish, Fault> {
        let tries = asked.tries;
        match answer.status {
            // Not every token may ask; a post that comes too early is refused and waits.
            403 => {
                return Ok(Publish::Post {
                    media: vec![asked.urn],
                    ask_at: Some(cx.now + BLIND_WAIT),
                    tries,
                });
            }
            404 => return again(tries, answer, |tries| self.anew(tries)),
            _ if !answer.is_success() => return Err(fault::read(answer, cx.now)),
            _ => {}
        }
        let file: FileStatus = answer.parse("file")?;
        match file.status.as_str() {
            "AVAILABLE" => Ok(Publish::Post {
                media: vec![asked.urn],
                ask_at: None,
                tries,
            }),
            "PROCESSING_FAILED" => {
                Err(fault::unusable().seen(file.processing_failure_reason.unwrap_or_default()))
            }
            "WAITING_UPLOAD" if !asked.is_closed || asked.times >= MAX_UNNOTICED => {
                again(tries, answer, |tries| self.anew(tries))
            }
            _ if cx.now >= asked.give_up_at => Err(Fault::content(
                "processing_too_long",
                format!(
                    "LinkedIn worked on the {} for an hour without an end; try again or convert it.",
                    self.name()
                ),
            )),
            _ => Ok(self.wait(cx, asked)),
        }
    }

    fn wait(self, cx: &PublishContext<'_>, asked: Asked) -> Publish {
        let Asked {
            urn,
            is_closed,
            times: asked,
            give_up_at,
            tries,
        } = asked;
        let ask_at = cx.now + pause(asked, give_up_at - cx.now);
        match self {
            Self::Document => Publish::ProcessDocument {
                document: urn,
                ask_at,
                asked,
                give_up_at,
                tries,
            },
            Self::Video => Publish::ProcessVideo {
                video: urn,
                is_closed,
                ask_at,
                asked,
                give_up_at,
                tries,
            },
        }
    }

    const fn anew(self, tries: u8) -> Publish {
        match self {
            Self::Document => Publish::InitializeDocument { tries },
            Self::Video => Publish::InitializeVideo { tries },
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Video => "video",
        }
    }
}

/// 5 seconds at first, growing to 30; minutes in the end.
fn pause(asked: u32, left: Duration) -> Duration {
    if left < MAX_PROCESSING - BRISK {
        SELDOM.min(left.max(Duration::seconds(5)))
    } else {
        Duration::seconds(5 + i64::from(asked.min(25)))
    }
}
