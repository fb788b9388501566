//! Bad days: many posts of all kinds, several publishers, and chance, all from one seed.

use domain::{Platform, UserId};
use fastrand::Rng;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    gate::{Fault, Point},
    judge::{Verdict, judge},
    kinds::KINDS,
    planted::Flaw,
    town::{Chance, Day, live},
    world::{Filed, World},
};

/// How long things go wrong.
const TROUBLE: Duration = Duration::hours(2);
/// After that, everybody has a day.
const LENGTH: Duration = Duration::hours(30);
/// Over which time the posts are due.
const SPREAD: i64 = 3_600;
/// How many look at posts at once.
const PUBLISHERS: usize = 6;

/// A bad day.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// All chance comes from this.
    pub seed: u64,
    /// How many posts.
    pub posts: usize,
    /// Of a thousand points, at how many something goes wrong.
    pub per_mille: u32,
}

/// What came of it.
pub struct Lived {
    /// What happened.
    pub day: Day,
    /// What is wrong with it.
    pub verdict: Verdict,
}

struct Luck {
    rng: Rng,
    per_mille: u32,
    ends_at: OffsetDateTime,
}

impl Chance for Luck {
    fn at(&mut self, _: usize, point: &Point, now: OffsetDateTime) -> Option<Fault> {
        if now > self.ends_at || self.rng.u32(0..1_000) >= self.per_mille {
            return None;
        }
        let fitting: Vec<_> = Fault::ALL
            .into_iter()
            .filter(|fault| fault.fits(point) && *fault != Fault::Disconnected)
            // A person changes a post now and then; that is no weather.
            .filter(|fault| !fault.is_wish() || self.rng.u32(0..8) == 0)
            .collect();
        self.rng.choice(fitting)
    }

    fn pick(&mut self, of: usize) -> usize {
        self.rng.usize(0..of)
    }
}

/// Lives through a bad day.
pub fn bad_day(plan: Plan, flaw: Option<Flaw>) -> Lived {
    on_paused_time(async {
        let mut rng = Rng::with_seed(plan.seed);
        let mut world = World::new(flaw);
        let user = UserId::from(Uuid::from_u128(1));
        let mut accounts = Vec::new();
        for platform in Platform::ALL {
            accounts.push((platform, world.connect(user, platform, 0).await));
        }
        let mut filed: Vec<Filed> = Vec::with_capacity(plan.posts);
        for number in 0..plan.posts {
            let kind = KINDS[number % KINDS.len()];
            let account = accounts.iter().find(|(it, _)| *it == kind.platform);
            let connection = account.map(|(_, connection)| *connection);
            let due = world.now() + Duration::seconds(rng.i64(60..SPREAD));
            let words = format!("Post {number:05} of this day");
            let connection = connection.expect("an account at each network");
            filed.push(world.file(kind, user, connection, &words, due));
        }
        let mut luck = Luck {
            ends_at: world.now() + TROUBLE,
            per_mille: plan.per_mille,
            rng,
        };
        let day = live(&world, &mut filed, &mut luck, PUBLISHERS, LENGTH, flaw).await;
        let verdict = judge(&world, &filed, &day);
        Lived { day, verdict }
    })
}

/// Runs on one thread, where time passes only when it is told to.
pub(crate) fn on_paused_time<T>(run: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.expect("a runtime").block_on(run)
}
