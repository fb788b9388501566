//! A day of a world: looks that are begun, stopped, killed and gone on with, until every post has its end.

use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
};

use domain::{Caption, PostId};
use doorbell::Reply;
use publishing::Means;
use time::{Duration, OffsetDateTime};
use tokio::time::Instant;

use crate::{
    books::{PostRow, Rows},
    gate::{Fault, Order, Point},
    planted::Flaw,
    world::{Filed, World},
};

/// How long a ring stays hidden while it is worked on; longer than any lease.
const VISIBILITY: Duration = Duration::minutes(7);
/// How long a look may last, as the function's own limit has it.
const ALLOWANCE: std::time::Duration = std::time::Duration::from_secs(280);
/// Longer than a lease.
const PAUSE: Duration = Duration::minutes(8);
/// How long publishing is halted.
const HALT: Duration = Duration::minutes(10);
/// How soon it is seen whether a look goes on that waits by itself: for another one, or for a moment to pass.
const MOMENT: Duration = Duration::milliseconds(100);
/// How far a clock jumps.
const JUMP: Duration = Duration::minutes(5);
/// How many overdue posts one sweep takes, and how far apart they are rung for.
const SWEPT: i64 = 500;
const TURN: Duration = Duration::milliseconds(40);
/// A day on which nothing comes to rest goes round in circles.
const STEPS: usize = 2_000_000;

/// What decides what goes wrong.
pub trait Chance {
    /// What goes wrong at the `n`th point of the day, from 0.
    fn at(&mut self, n: usize, point: &Point, now: OffsetDateTime) -> Option<Fault>;

    /// Which of so many looks goes on next.
    fn pick(&mut self, of: usize) -> usize;
}

/// What goes wrong is what this says of each point; looks go on in the order in which they began.
pub struct Whatever<F>(pub F);

impl<F: FnMut(&Point, OffsetDateTime) -> Option<Fault>> Chance for Whatever<F> {
    fn at(&mut self, _: usize, point: &Point, now: OffsetDateTime) -> Option<Fault> {
        (self.0)(point, now)
    }

    fn pick(&mut self, _: usize) -> usize {
        0
    }
}

/// Looks take turns, and nothing goes wrong.
#[derive(Default)]
pub struct Turns(usize);

impl Chance for Turns {
    fn at(&mut self, _: usize, _: &Point, _: OffsetDateTime) -> Option<Fault> {
        None
    }

    fn pick(&mut self, of: usize) -> usize {
        self.0 += 1;
        self.0 % of
    }
}

/// What happened on a day.
#[derive(Debug, Clone, Default)]
pub struct Day {
    /// Every point that a look came by, with what went wrong there.
    pub points: Vec<(Point, Option<Fault>)>,
    /// Looks that were begun.
    pub looks: usize,
    /// When the last thing went wrong.
    pub last_fault: Option<OffsetDateTime>,
    /// When every post had its end; none where that was not so within the day.
    pub rest: Option<OffsetDateTime>,
    /// When accounts were disconnected.
    pub disconnected: Vec<(domain::ConnectionId, OffsetDateTime)>,
}

impl Day {
    /// How many processes died.
    pub fn crashes(&self) -> usize {
        self.count(|fault| fault == Fault::Dies)
    }

    /// How often anything went wrong.
    pub fn faults(&self) -> usize {
        self.count(|_| true)
    }

    /// How often the author edited or canceled a post while it was published.
    pub fn wishes(&self) -> usize {
        self.count(|fault| matches!(fault, Fault::Edited | Fault::Canceled))
    }

    fn count(&self, counts: impl Fn(Fault) -> bool) -> usize {
        let faults = self.points.iter().filter_map(|(_, fault)| *fault);
        faults.filter(|fault| counts(*fault)).count()
    }
}

struct Look {
    post: PostId,
    runs: Pin<Box<dyn Future<Output = Reply>>>,
    /// What it is told at the gate where it stopped.
    order: Option<Order>,
    wakes_at: Option<OffsetDateTime>,
}

enum Stop {
    Gate(Point),
    Held,
    Over(Reply),
}

/// Runs a day with so many publishers; it is over when every post has its end, and after `length` at the latest.
pub async fn live(
    world: &World,
    filed: &mut [Filed],
    chance: &mut dyn Chance,
    publishers: usize,
    length: Duration,
    flaw: Option<Flaw>,
) -> Day {
    let mut town = Town {
        world,
        looks: Vec::new(),
        publishers,
        day: Day::default(),
        swept_at: world.now(),
        sweeps: flaw != Some(Flaw::NobodySweeps),
        halted_until: None,
        is_one_held: false,
    };
    let ends_at = world.now() + length;
    for _ in 0..STEPS {
        town.begin_looks();
        if town.step(filed, chance) {
            continue;
        }
        if town.is_at_rest() {
            town.day.rest = Some(world.now());
            break;
        }
        let Some(next) = town.next().filter(|next| *next <= ends_at) else {
            break;
        };
        world.clock.advance(next - world.now()).await;
        world.late.arrive(&world.networks.router()).await;
        town.go_on_publishing();
        town.sweep();
    }
    town.day
}

struct Town<'w> {
    world: &'w World,
    looks: Vec<Look>,
    publishers: usize,
    day: Day,
    swept_at: OffsetDateTime,
    sweeps: bool,
    halted_until: Option<OffsetDateTime>,
    /// Whether a look waits by itself.
    is_one_held: bool,
}

impl Town<'_> {
    fn begin_looks(&mut self) {
        while self.looks.len() < self.publishers {
            let Some(subject) = self.world.bell.take(self.world.now()) else {
                return;
            };
            let Ok(post) = subject.parse::<PostId>() else {
                continue;
            };
            self.day.looks += 1;
            self.looks.push(Look {
                post,
                runs: Box::pin(answer(self.world.means.clone(), post)),
                order: None,
                wakes_at: None,
            });
        }
    }

    /// Lets one look go on to its next gate; tells whether any could.
    fn step(&mut self, filed: &mut [Filed], chance: &mut dyn Chance) -> bool {
        let now = self.world.now();
        let mut awake: Vec<usize> = (0..self.looks.len())
            .filter(|place| self.looks[*place].wakes_at.is_none_or(|at| at <= now))
            .collect();
        self.is_one_held = false;
        while !awake.is_empty() {
            let place = awake.swap_remove(chance.pick(awake.len()));
            match self.go_on(place) {
                Stop::Held => self.is_one_held = true,
                Stop::Over(reply) => {
                    let look = self.looks.swap_remove(place);
                    if reply == Reply::Again {
                        self.world
                            .bell
                            .order(now + VISIBILITY, look.post.to_string());
                    }
                    return true;
                }
                Stop::Gate(point) => {
                    self.stopped(place, point, filed, chance);
                    return true;
                }
            }
        }
        false
    }

    fn go_on(&mut self, place: usize) -> Stop {
        let look = &mut self.looks[place];
        look.wakes_at = None;
        let world = self.world;
        // Who is held up by another look has not come to its gate yet, and keeps its order.
        let order = look.order.take();
        if let Some(order) = order {
            world.gates.let_pass(order);
        }
        match look
            .runs
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(reply) => Stop::Over(reply),
            Poll::Pending => world.gates.arrived().map_or(Stop::Held, Stop::Gate),
        }
    }

    fn stopped(
        &mut self,
        place: usize,
        point: Point,
        filed: &mut [Filed],
        chance: &mut dyn Chance,
    ) {
        let now = self.world.now();
        let n = self.day.points.len();
        let fault = chance.at(n, &point, now).filter(|fault| fault.fits(&point));
        if fault.is_some() {
            self.day.last_fault = Some(now);
        }
        self.day.points.push((point, fault));
        let post = self.looks[place].post;
        let filed = filed.iter_mut().find(|filed| filed.id == post);
        let look = &mut self.looks[place];
        look.order = Some(Order(fault));
        match fault {
            Some(Fault::Dies) => {
                self.looks.swap_remove(place);
                self.world.bell.order(now + VISIBILITY, post.to_string());
            }
            Some(Fault::Pauses) => look.wakes_at = Some(now + PAUSE),
            Some(Fault::Halted) => {
                self.world.books.rows().halted = true;
                self.halted_until = Some(now + HALT);
            }
            Some(Fault::ClockJumps) => self.world.clock.jump(JUMP),
            Some(Fault::ClockSetBack) => self.world.clock.jump(-JUMP),
            Some(Fault::Edited) => {
                if let Some(filed) = filed {
                    self.edit(filed);
                }
            }
            Some(Fault::Canceled) => {
                self.world.books.cancel(post);
            }
            Some(Fault::Disconnected) => {
                if let Some(filed) = filed {
                    self.world.books.disconnect(filed.connection);
                    self.day.disconnected.push((filed.connection, now));
                }
            }
            _ => {}
        }
    }

    fn edit(&mut self, filed: &mut Filed) {
        let words = format!("{} (edition {})", filed.words[0], filed.words.len() + 1);
        let Ok(caption) = Caption::try_from(words.clone()) else {
            return;
        };
        let due = filed.due.max(self.world.now());
        let options = filed.kind.options(&words);
        if self.world.books.edit(filed.id, caption, options, due) {
            filed.words.push(words);
            filed.due = due;
            self.world
                .bell
                .order(self.world.now(), filed.id.to_string());
        }
    }

    /// Ends a halt whose time is over.
    fn go_on_publishing(&mut self) {
        if self.halted_until.is_some_and(|at| at <= self.world.now()) {
            self.halted_until = None;
            self.world.books.rows().halted = false;
        }
    }

    /// Rings for what was overlooked, each minute.
    fn sweep(&mut self) {
        let now = self.world.now();
        if now < self.swept_at + Duration::MINUTE || !self.sweeps {
            return;
        }
        self.swept_at = now;
        for late in self.world.books.overdue(SWEPT, TURN) {
            self.world.bell.order(late.at, late.id.to_string());
        }
        for post in self.world.books.unsettled() {
            self.world.bell.order(now, post.to_string());
        }
    }

    fn is_at_rest(&self) -> bool {
        let rows = self.world.books.rows();
        self.looks.is_empty()
            && self.world.late.next(self.world.now()).is_none()
            && rows.posts.values().all(|row| {
                row.post.stage.is_final() && !is_looked_for(&rows, row, self.world.now())
            })
    }

    /// When something happens next.
    fn next(&self) -> Option<OffsetDateTime> {
        let now = self.world.now();
        let wakes = self.looks.iter().filter_map(|look| look.wakes_at).min();
        let answered = self.world.gates.next_wakes_in().map(|time| now + time);
        let seen = self.is_one_held.then_some(now + MOMENT);
        // A sweep finds nothing before half a minute after the first post should have been looked at.
        let is_open = {
            let rows = self.world.books.rows();
            rows.posts
                .values()
                .filter(|row| !row.post.stage.is_final())
                .map(|row| {
                    let overdue = row.post.next_attempt_at + Duration::seconds(31);
                    overdue.max(row.lease_until.unwrap_or(overdue))
                })
                .min()
        };
        let sweep = is_open
            .filter(|_| self.sweeps)
            .map(|at| at.max(self.swept_at + Duration::MINUTE));
        let is_free = self.looks.len() < self.publishers;
        let ring = self.world.bell.next().filter(|_| is_free);
        let late = self.world.late.next(now);
        let once_more = {
            let rows = self.world.books.rows();
            let unsettled = rows
                .posts
                .values()
                .filter(|row| is_looked_for(&rows, row, now));
            unsettled.map(|row| row.post.next_attempt_at).min()
        };
        let once_more = once_more
            .filter(|_| self.sweeps)
            .map(|at| at.max(self.swept_at + Duration::MINUTE));
        [
            wakes,
            answered,
            seen,
            ring,
            late,
            sweep,
            once_more,
            self.halted_until,
        ]
        .into_iter()
        .flatten()
        .min()
        .map(|at| at.max(now + Duration::MILLISECOND))
    }
}

/// Whether a sweep will open a post once more although nobody can tell of it.
fn is_looked_for(rows: &Rows, row: &PostRow, now: OffsetDateTime) -> bool {
    let next = row.post.next_attempt_at.max(now);
    row.post
        .armed_at
        .is_some_and(|at| next < at + Duration::DAY)
        && rows.is_unsettled(row)
}

async fn answer(means: Means, post: PostId) -> Reply {
    means.answer(post, Instant::now() + ALLOWANCE).await
}
