//! Where a look can be stopped, and what can become of it there.

use std::{
    fmt,
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

/// One await of a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Point {
    /// Rows are read or written.
    Books(&'static str),
    /// Files are read or written.
    Files(&'static str),
    /// A wrapped key is asked for.
    Keys,
    /// A request goes out: method, host and path.
    Network(String),
    /// A ring is ordered.
    Ring,
}

impl Point {
    /// Whether a request goes out that may leave something at the network.
    pub(crate) fn makes_something(&self) -> bool {
        match self {
            Self::Network(name) => !name.starts_with("GET"),
            Self::Books(_) | Self::Files(_) | Self::Keys | Self::Ring => false,
        }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Books(what) | Self::Files(what) => f.write_str(what),
            Self::Keys => f.write_str("keys"),
            Self::Network(what) => f.write_str(what),
            Self::Ring => f.write_str("ring"),
        }
    }
}

/// What goes wrong at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// The process dies before it.
    Dies,
    /// The process stands still for longer than its lease, and then goes on.
    Pauses,
    /// Nothing is done, and an error is told.
    Down,
    /// It is done, and an error is told: the answer of the commit was lost.
    DoneButLost,
    /// It waits, for longer than a commit may wait for its arm, before it is done.
    Slow,
    /// The request never leaves.
    NotSent,
    /// The request is lost on its way.
    RequestLost,
    /// The request has its effect; the answer is lost.
    AnswerLost,
    /// The request has its effect a good while after it was given up.
    EffectLate,
    /// The network breaks down before it does anything, and says so.
    Breaks,
    /// The network does it, and says that it broke down.
    BreaksAfter,
    /// The network asks to wait, and does nothing.
    Busy,
    /// From here on the lists of all networks show what is new only after minutes.
    ListsLate,
    /// The request has its effect, another app publishes the very same, and the answer is lost.
    Copied,
    /// The request has its effect, another app publishes other words, and the answer is lost.
    Followed,
    /// Every access token of the network ends just before the request.
    TokensEnd,
    /// The ring is lost.
    RingLost,
    /// The ring comes twice.
    RingTwice,
    /// The post's author edits it at this moment.
    Edited,
    /// The post's author cancels it at this moment.
    Canceled,
    /// The account is disconnected at this moment.
    Disconnected,
    /// An operator halts publishing at this moment, for a while.
    Halted,
    /// The database's clock jumps forward.
    ClockJumps,
    /// The database's clock is set back.
    ClockSetBack,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 24] = [
        Self::Dies,
        Self::Pauses,
        Self::Down,
        Self::DoneButLost,
        Self::Slow,
        Self::NotSent,
        Self::RequestLost,
        Self::AnswerLost,
        Self::EffectLate,
        Self::Breaks,
        Self::BreaksAfter,
        Self::Busy,
        Self::ListsLate,
        Self::Copied,
        Self::Followed,
        Self::TokensEnd,
        Self::RingLost,
        Self::RingTwice,
        Self::Edited,
        Self::Canceled,
        Self::Disconnected,
        Self::Halted,
        Self::ClockJumps,
        Self::ClockSetBack,
    ];

    /// Whether it can happen there.
    pub fn fits(self, point: &Point) -> bool {
        match self {
            Self::Dies
            | Self::Pauses
            | Self::Edited
            | Self::Canceled
            | Self::Disconnected
            | Self::Halted
            | Self::ClockJumps
            | Self::ClockSetBack => true,
            Self::Down => matches!(point, Point::Books(_) | Point::Files(_) | Point::Keys),
            Self::DoneButLost | Self::Slow => matches!(point, Point::Books(_)),
            // What LinkedIn ends is ended for good, and what follows is for the person to do.
            Self::TokensEnd => match point {
                Point::Network(path) => !path.contains("linkedin.com"),
                Point::Books(_) | Point::Files(_) | Point::Keys | Point::Ring => false,
            },
            Self::NotSent
            | Self::RequestLost
            | Self::AnswerLost
            | Self::EffectLate
            | Self::Breaks
            | Self::BreaksAfter
            | Self::Busy
            | Self::ListsLate => matches!(point, Point::Network(_)),
            Self::Copied | Self::Followed => point.makes_something(),
            Self::RingLost | Self::RingTwice => matches!(point, Point::Ring),
        }
    }

    /// Whether somebody wanted it; such things happen now and then, unlike the weather.
    pub const fn is_wish(self) -> bool {
        matches!(
            self,
            Self::Edited | Self::Canceled | Self::Disconnected | Self::Halted
        )
    }

    /// Whether the database's clock stands otherwise after it.
    pub const fn moves_the_clock(self) -> bool {
        matches!(self, Self::ClockJumps | Self::ClockSetBack)
    }
}

/// How a look goes on from its gate: with what goes wrong there, if anything.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order(pub(crate) Option<Fault>);

/// Stops the look that is polled until it is told how to go on. Copies are the same gates.
#[derive(Debug, Clone, Default)]
pub struct Gates(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    arrived: Option<Point>,
    order: Option<Order>,
    are_open: bool,
    /// When those wake who wait behind a gate.
    wake: Vec<Instant>,
}

impl Gates {
    /// Stops here until the way is free, and tells what goes wrong.
    pub(crate) async fn pass(&self, point: Point) -> Option<Fault> {
        let mut point = Some(point);
        poll_fn(|_| {
            let mut state = self.state();
            if state.are_open {
                return Poll::Ready(None);
            }
            if let Some(Order(fault)) = state.order.take() {
                return Poll::Ready(fault);
            }
            if let Some(point) = point.take() {
                state.arrived = Some(point);
            }
            Poll::Pending
        })
        .await
    }

    /// Waits behind a gate for so long.
    pub(crate) async fn wait(&self, time: Duration) {
        let until = Instant::now() + time;
        self.state().wake.push(until);
        sleep_until(until).await;
    }

    /// How long it is until the next of those wakes who wait behind a gate.
    pub(crate) fn next_wakes_in(&self) -> Option<Duration> {
        let now = Instant::now();
        let mut state = self.state();
        state.wake.retain(|until| *until > now);
        let next = state.wake.iter().min()?;
        Some(*next - now)
    }

    /// Where the look that was polled last stopped.
    pub(crate) fn arrived(&self) -> Option<Point> {
        self.state().arrived.take()
    }

    /// Lets the look that is polled next go on like this.
    pub(crate) fn let_pass(&self, order: Order) {
        self.state().order = Some(order);
    }

    /// Lets everybody through, or nobody.
    pub fn open(&self, are_open: bool) {
        self.state().are_open = are_open;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
