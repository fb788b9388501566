//! Bad days: many posts of all kinds, several publishers, and chance, all from one seed.

use domain::{ConnectionId, Platform, UserId};
use fastrand::Rng;
use time::{Duration, OffsetDateTime};
use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    gate::{Fault, Point},
    judge::{Verdict, judge},
    kinds::{KINDS, Kind},
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
/// How long a clock that jumped goes on as it should, by a watch: that it jumps again within the two minutes in which
/// a lost request can have its effect is not assumed.
const CLOCK_KEEPS: Duration = Duration::minutes(3);

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
    jumped_at: Option<Instant>,
}

impl Chance for Luck {
    fn at(&mut self, _: usize, point: &Point, now: OffsetDateTime) -> Option<Fault> {
        if now > self.ends_at || self.rng.u32(0..1_000) >= self.per_mille {
            return None;
        }
        let keeps = self
            .jumped_at
            .is_some_and(|then| then.elapsed() < CLOCK_KEEPS);
        let fitting: Vec<_> = Fault::ALL
            .into_iter()
            .filter(|fault| fault.fits(point) && *fault != Fault::Disconnected)
            .filter(|fault| !fault.is_wish() || self.rng.u32(0..16) == 0)
            .filter(|fault| !(keeps && fault.moves_the_clock()))
            .collect();
        let fault = self.rng.choice(fitting)?;
        if fault.moves_the_clock() {
            self.jumped_at = Some(Instant::now());
        }
        Some(fault)
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
            let connection = world.connect(user, platform, 0).await;
            accounts.push((platform, connection, room(platform)));
        }
        let mut filed: Vec<Filed> = Vec::with_capacity(plan.posts);
        for number in 0..plan.posts {
            let (kind, connection) = place(&mut rng, &mut accounts);
            let due = world.now() + Duration::seconds(rng.i64(60..SPREAD));
            let words = format!("Post {number:05} of this day");
            filed.push(world.file(kind, user, connection, &words, due));
        }
        let mut luck = Luck {
            ends_at: world.now() + TROUBLE,
            per_mille: plan.per_mille,
            jumped_at: None,
            rng,
        };
        let day = live(&world, &mut filed, &mut luck, PUBLISHERS, LENGTH, flaw).await;
        let verdict = judge(&world, &filed, &day);
        Lived { day, verdict }
    })
}

/// How many posts an account may make in a day, as the network has it; what goes beyond would wait.
const fn room(platform: Platform) -> usize {
    match platform {
        Platform::Tiktok => 13,
        Platform::Instagram => 45,
        Platform::Facebook
        | Platform::Linkedin
        | Platform::Pinterest
        | Platform::X
        | Platform::Youtube => usize::MAX,
    }
}

/// A kind, and an account that has room for it.
fn place(rng: &mut Rng, accounts: &mut [(Platform, ConnectionId, usize)]) -> (Kind, ConnectionId) {
    loop {
        let kind = KINDS[rng.usize(0..KINDS.len())];
        let account = accounts
            .iter_mut()
            .find(|(platform, _, room)| *platform == kind.platform && *room > 0);
        if let Some((_, connection, room)) = account {
            *room -= 1;
            return (kind, *connection);
        }
    }
}

/// Runs on one thread, where time passes only when it is told to.
pub(crate) fn on_paused_time<T>(run: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.expect("a runtime").block_on(run)
}
