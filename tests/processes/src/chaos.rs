//! One run: posts are handed in while everything fails, then nothing fails any more, and then is counted.

use std::{
    sync::Arc,
    time::{Duration as RealDuration, Instant},
};

use fastrand::Rng;
use time::Duration;
use tokio::{task::JoinHandle, time::interval};

use crate::{
    Failure, Orders, Report, Verdict,
    authors::Authors,
    fleet::Fleet,
    posts::Plan,
    proxy::{Odds, Proxy, Witness},
    report::Faults,
    rest,
    roulette::Roulette,
    town::Town,
    weather,
};

/// Longer than a publisher may hold a post.
pub(crate) const LEASE_OVER: Duration = Duration::minutes(7);
/// How often it is looked at what is to be done next.
const LOOK: RealDuration = RealDuration::from_millis(100);
/// How far apart the deaths at random are, in seconds, on average.
const BETWEEN_KILLS: f64 = 1.5;
/// How many publishers are stopped at a time.
const STOPPED: usize = 3;
/// How long is waited for publishers that arm something, to be stopped there: on a machine that does much else, few do.
const HUNT: RealDuration = RealDuration::from_mins(1);
/// The longest that a publisher waits for a network.
const CALL: RealDuration = RealDuration::from_mins(1);
/// How long those that were stopped work on beside the others before they are killed.
const AFTERLIFE: RealDuration = RealDuration::from_secs(8);
/// How long requests of the dead may still be on their way to a network.
const ECHO: RealDuration = RealDuration::from_secs(1);
/// How many posts a person hands in, about.
const A_PERSON: usize = 50;
/// No person has more accounts at a network than it keeps tokens for.
const MOST_PEOPLE: usize = 90;

/// Does what was ordered; `say` hears how it goes.
///
/// # Errors
/// What kept it from going to the end, which says nothing about what it was to prove.
pub async fn run(orders: &Orders, say: impl Fn(&str)) -> Result<Report, Failure> {
    let begun = Instant::now();
    let mut chance = Rng::with_seed(orders.seed);
    let town = Arc::new(Town::open().await?);
    let people = (orders.posts / A_PERSON).clamp(4, MOST_PEOPLE);
    let authors = Arc::new(Authors::join(&town, people).await?);
    say(&format!("{people} people are connected to every network"));
    let within = orders.faults.as_secs_f64() / 2.0;
    let plans = Plan::draw(&mut chance, orders.posts, people, within);
    let broken = weather::order(&town.networks, &mut chance, orders.posts);
    say(&format!("{broken} calls of the networks will go wrong"));

    let proxy = Proxy::new(town.server(), chance.fork());
    let roulette = Roulette::new(&town, chance.fork(), orders.posts);
    let mut databases = Vec::new();
    for door in 0..orders.processes {
        let witness: Arc<dyn Witness> = Arc::new(roulette.clone());
        databases.push(town.through(proxy.open(door, witness).await?));
    }
    let program = orders.program.clone();
    let fleet = roulette.take(Fleet::new(program, town.vars(), databases, town.logs()?));
    fleet.start()?;
    proxy.set_odds(odds(orders.posts));
    roulette.turn(true);
    let mut storm = Storm {
        orders,
        town: &town,
        authors: &authors,
        roulette: &roulette,
        fleet,
        chance: chance.fork(),
        restarts: 0,
        stopped: 0,
    };
    let handing_in = tokio::spawn(Arc::clone(&authors).hand_in(plans));
    storm.rage(handing_in, &say).await?;
    let (restarts, stopped) = (storm.restarts, storm.stopped);

    proxy.set_odds(Odds::default());
    roulette.turn(false);
    town.networks.clear_faults();
    fleet.end_aside()?;
    storm.leap().await?;
    say("nothing fails any more");
    let rested = rest::rest(&town, fleet, &say).await?;
    roulette.check()?;
    let verdict = Verdict::reach(&town, &authors).await?;
    let report = Report {
        seed: orders.seed,
        posts: authors.count(),
        processes: orders.processes,
        started: fleet.started(),
        changes: authors.raced(),
        faults: Faults::of(&proxy, &roulette, restarts, stopped, broken),
        rested: rested + LEASE_OVER,
        seconds: begun.elapsed().as_secs(),
        verdict,
    };
    fleet.close()?;
    drop((authors, roulette));
    if let Some(town) = Arc::into_inner(town) {
        town.close().await?;
    }
    Ok(report)
}

/// Of many posts few enough go wrong that most have an ordinary life, of few enough that something goes wrong at all.
fn odds(posts: usize) -> Odds {
    let posts = f64::from(u32::try_from(posts).unwrap_or(u32::MAX));
    Odds {
        commit: f64::max(0.02, 8.0 / posts),
        statement: f64::max(0.001, 0.6 / posts),
        cut: f64::max(0.000_2, 0.12 / posts),
    }
}

struct Storm<'a> {
    orders: &'a Orders,
    town: &'a Arc<Town>,
    authors: &'a Arc<Authors>,
    roulette: &'a Roulette,
    fleet: &'a Fleet,
    chance: Rng,
    restarts: usize,
    stopped: usize,
}

/// What is done with publishers that are stopped.
#[derive(Debug, Clone, Copy)]
enum Course {
    /// They are looked for since then.
    Hunting(Instant),
    /// The last one was stopped then.
    Stopped(Instant),
    /// They went on then.
    Awake(Instant),
}

impl Storm<'_> {
    /// Lets everything fail until all is handed in and the ordered time is over.
    async fn rage(
        &mut self,
        handing_in: JoinHandle<Result<(), Failure>>,
        say: &impl Fn(&str),
    ) -> Result<(), Failure> {
        let begun = Instant::now();
        let (mut looks, mut next_kill) = (interval(LOOK), begun);
        let (mut course, mut courses) = (None, 0);
        loop {
            looks.tick().await;
            self.roulette.check()?;
            self.fleet.start()?;
            if Instant::now() >= next_kill {
                self.roulette.kill_any();
                let wait = -BETWEEN_KILLS * self.chance.f64().max(0.001).ln();
                next_kill += RealDuration::from_secs_f64(wait);
            }
            if self.restarts == 0 && self.authors.count() * 2 >= self.orders.posts {
                self.town.crash().await?;
                self.restarts += 1;
                say("the database crashed, and is back");
            }
            let is_over = begun.elapsed() >= self.orders.faults && handing_in.is_finished();
            course = match course {
                None if is_over && courses > 0 => break,
                None if courses > 0 && !self.has_time_for_a_pause(begun) => None,
                None => {
                    self.roulette.stop_some(STOPPED);
                    courses += 1;
                    Some(Course::Hunting(Instant::now()))
                }
                Some(course) => self.go_on(course, say).await?,
            };
            if handing_in.is_finished() && self.restarts == 0 {
                // Its failure is told below.
                break;
            }
        }
        handing_in.await??;
        say(&format!("{} posts are handed in", self.authors.count()));
        Ok(())
    }

    /// What comes next of stopping; nothing when all of them went on and died.
    async fn go_on(
        &mut self,
        course: Course,
        say: &impl Fn(&str),
    ) -> Result<Option<Course>, Failure> {
        let now = Instant::now();
        Ok(match course {
            Course::Hunting(since) => {
                let stopped = self.roulette.stopped();
                let is_over = since.elapsed() > HUNT;
                if stopped.len() < self.stopped + STOPPED && !is_over {
                    Some(course)
                } else {
                    self.roulette.stop_some(0);
                    self.stopped = stopped.len();
                    say(&format!("{} publishers stand still", self.stopped));
                    Some(Course::Stopped(now))
                }
            }
            Course::Stopped(since) if since.elapsed() < self.orders.pause => Some(course),
            Course::Stopped(_) => {
                if self.leaps_over_pauses() {
                    self.leap().await?;
                }
                self.fleet.go_on()?;
                say("the publishers that stood still go on");
                Some(Course::Awake(now))
            }
            Course::Awake(since) if since.elapsed() < AFTERLIFE => Some(course),
            Course::Awake(_) => {
                self.fleet.end_aside()?;
                if self.orders.moves_clocks && !self.leaps_over_pauses() {
                    self.leap().await?;
                }
                None
            }
        })
    }

    fn has_time_for_a_pause(&self, begun: Instant) -> bool {
        begun.elapsed() + HUNT + self.orders.pause + AFTERLIFE < self.orders.faults
    }

    /// Whether leases end while somebody stands still. By their own watch the pause must be longer than any call.
    fn leaps_over_pauses(&self) -> bool {
        self.orders.moves_clocks && self.orders.pause > CALL
    }

    /// Kills everybody who runs, lets their leases end, and starts others. Nobody who measures time by a watch of their
    /// own may be in the middle of something while the clocks leap, or it would take no time by that watch.
    async fn leap(&mut self) -> Result<(), Failure> {
        let killed = self.fleet.close()?;
        self.roulette.note_random(killed);
        let mut echo = interval(ECHO);
        echo.tick().await;
        echo.tick().await;
        self.town.clocks.advance(LEASE_OVER).await?;
        Ok(self.fleet.start()?)
    }
}
