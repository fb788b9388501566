//! The vault of a house: its key service fails on demand, and its clock is moved with all others.

use std::{sync::Arc, time::Instant};

use store::Pool;
use time::OffsetDateTime;
use vault::{Vault, testing::SteeredWrapper};

pub fn vault(keys: &SteeredWrapper, pool: &Pool, clock: &web::Clock) -> Vault {
    let clock = Moved {
        since: (Instant::now(), clock.now()),
        clock: clock.clone(),
    };
    let shelf = store::data_keys::Shelf(pool.clone());
    Vault::new(keys.wrapper(), Arc::new(shelf), Arc::new(clock))
}

struct Moved {
    clock: web::Clock,
    since: (Instant, OffsetDateTime),
}

impl vault::Clock for Moved {
    fn instant(&self) -> Instant {
        let (instant, then) = self.since;
        instant + (self.clock.now() - then).unsigned_abs()
    }

    fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }
}
