//! The proof with processes: publishers of their own that are killed and stopped, a proxy before Postgres that loses
//! the answers to commits, a server that crashes, and networks that fail. In the end the networks' ledger of live posts
//! is held against what the app is told.
//!
//! Everything that is drawn comes from one seed. How processes run beside each other does not, so a seed tells what
//! was tried and not what happened: the log of each post does.

#![expect(clippy::unwrap_used, reason = "tests of the modules fail by panicking")]

mod authors;
mod chaos;
mod clocks;
mod fleet;
mod judge;
mod people;
mod posts;
mod protocol;
mod proxy;
mod report;
mod rest;
mod roulette;
mod town;
mod weather;

use std::{io::Read as _, path::PathBuf, process, time::Duration};

use local::{Variables, house};
use settings::Vars;

pub use chaos::run;
pub use judge::{Verdict, Wrong};
pub use report::Report;

/// What ends a run before it is over; told to a person.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The argument that makes a program a publisher.
pub const PUBLISHER: &str = "publisher";

/// What is tried.
#[derive(Debug, Clone)]
pub struct Orders {
    /// What everything is drawn from.
    pub seed: u64,
    /// How many posts are handed in.
    pub posts: usize,
    /// How many publishers run at a time.
    pub processes: usize,
    /// How long the faults last at least.
    pub faults: Duration,
    /// How long a publisher that was stopped stays so.
    pub pause: Duration,
    /// Whether leases are brought to their end by moving the clocks, rather than waited for.
    pub moves_clocks: bool,
    /// The program that becomes a publisher when it is started with [`PUBLISHER`].
    pub program: PathBuf,
}

/// Is a publisher as `cargo worker` is one, with the settings of its environment and no others, until it is killed or
/// whoever started it is gone.
///
/// # Errors
/// What keeps it from starting.
pub async fn publish() -> Result<(), Failure> {
    std::thread::spawn(|| {
        // Nothing is ever said; the end of the pipe is the end of the one who started this.
        drop(std::io::stdin().read(&mut [0]));
        process::exit(0);
    });
    web::telemetry(settings::Stage::Development);
    house::worker(&Variables {
        vars: Vars::process(),
        data_dir: PathBuf::new(),
        port: 0,
        simulator_port: 0,
        simulated: true,
    })
    .await
}
