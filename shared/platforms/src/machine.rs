//! A conversation with a network, as a value.

use std::fmt;

use domain::Standing;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{Answer, App, Call, Fault, next_look};

/// A conversation with a network that knows no socket, no clock and no token.
///
/// The driver asks what comes `next`, does it, and `apply`s what came of it. A machine that returns
/// a fault is kept as it was before: the same `next` follows when the fault is out of the way.
pub trait Machine: Sized {
    /// What it is told of the world each time.
    type Context<'a>;
    /// What it is for.
    type Output;

    /// What to do in this state. Asking twice gives the same answer, time aside.
    fn next(&self, cx: &Self::Context<'_>) -> Action<Self::Output>;

    /// The state after what came of the call that `next` asked for.
    ///
    /// # Errors
    /// The fault that keeps it from going on; see [`Fault`] for what one means after a call that
    /// may be sent only once.
    fn apply(self, event: Event, cx: &Self::Context<'_>) -> Result<Self, Fault>;
}

/// What a machine wants done.
#[expect(
    clippy::large_enum_variant,
    reason = "one lives at a time, from one step to the next"
)]
#[derive(Debug, Clone)]
pub enum Action<O> {
    /// Nothing more: this came of it.
    Done(O),
    /// Send this.
    Send(Call),
    /// Ask again at that time.
    WaitUntil(OffsetDateTime),
}

impl<O> Action<O> {
    /// Sends `call` when the turn of a look has come; one beyond the last turn is taken at once.
    pub(crate) fn look(
        armed_at: OffsetDateTime,
        number: usize,
        now: OffsetDateTime,
        call: impl FnOnce() -> Call,
    ) -> Self {
        Self::at(next_look(armed_at, number).unwrap_or(now), now, call)
    }

    /// Sends `call` when `then` has come.
    pub(crate) fn at(
        then: OffsetDateTime,
        now: OffsetDateTime,
        call: impl FnOnce() -> Call,
    ) -> Self {
        if now < then {
            Self::WaitUntil(then)
        } else {
            Self::Send(call())
        }
    }
}

/// What came of a call.
#[derive(Debug, Clone)]
pub enum Event {
    /// The network answered.
    Answer(Answer),
    /// It may have arrived, but no whole answer came back. Told for `Once`, `Optional` and `Resumable` calls only.
    Lost,
}

/// What machines about accounts are told.
#[derive(Debug, Clone, Copy)]
pub struct AppContext<'a> {
    /// The time.
    pub now: OffsetDateTime,
    /// Our app.
    pub app: &'a App,
}

/// What publishing came to: the network has the post for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The network's id of the post; absent where the network does not tell it.
    pub external_id: Option<String>,
    /// Where a person can look at it.
    pub url: Option<String>,
    /// Whether it can be seen already.
    #[serde(default)]
    pub standing: Standing,
}

impl Receipt {
    /// Of a post that is live.
    pub const fn live(external_id: Option<String>, url: Option<String>) -> Self {
        Self {
            external_id,
            url,
            standing: Standing::Live,
        }
    }
}

type Read<T> = dyn Fn(&Answer, &AppContext<'_>) -> Result<T, Fault> + Send + Sync;
type Follow<T> = dyn Fn(&Answer) -> Option<OneCall<T>> + Send + Sync;

/// A conversation of one call; of a second where the answer to the first can mean several things.
pub struct OneCall<T> {
    call: Call,
    read: Box<Read<T>>,
    follow: Option<Box<Follow<T>>>,
    output: Option<T>,
}

impl<T> OneCall<T> {
    /// Sends `call` and makes of its answer what `read` says.
    pub fn new(
        call: Call,
        read: impl Fn(&Answer, &AppContext<'_>) -> Result<T, Fault> + Send + Sync + 'static,
    ) -> Self {
        Self {
            call,
            read: Box::new(read),
            follow: None,
            output: None,
        }
    }

    /// The same; but an answer that `follow` makes another conversation of is read by that one.
    #[must_use]
    pub(crate) fn settled_by(
        self,
        follow: impl Fn(&Answer) -> Option<Self> + Send + Sync + 'static,
    ) -> Self {
        Self {
            follow: Some(Box::new(follow)),
            ..self
        }
    }
}

impl<T: Clone> Machine for OneCall<T> {
    type Context<'a> = AppContext<'a>;
    type Output = T;

    fn next(&self, _: &AppContext<'_>) -> Action<T> {
        self.output
            .clone()
            .map_or_else(|| Action::Send(self.call.clone()), Action::Done)
    }

    fn apply(self, event: Event, cx: &AppContext<'_>) -> Result<Self, Fault> {
        match event {
            Event::Answer(answer) => {
                if let Some(next) = self.follow.as_ref().and_then(|follow| follow(&answer)) {
                    return Ok(next);
                }
                let output = Some((self.read)(&answer, cx)?);
                Ok(Self { output, ..self })
            }
            Event::Lost => Ok(self),
        }
    }
}

impl<T> fmt::Debug for OneCall<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OneCall")
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}
