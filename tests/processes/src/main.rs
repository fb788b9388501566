//! `processes [--posts N] [--processes N] [--seed N] [--minutes M] [--json]`: kills publishers while posts go out, and
//! counts what is live. Exit code 1 when anything is wrong.
//!
//! With `--minutes` the faults last that long, with 200 posts a minute where their number is not told; from ten
//! minutes on leases are waited for instead of being brought to their end by moving the clocks.

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use processes::{Failure, Orders, PUBLISHER};
use tracing_subscriber::{
    Layer as _,
    filter::{LevelFilter, Targets},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

const USAGE: &str =
    "usage: processes [--posts N] [--processes N] [--seed N] [--minutes M] [--json]";
/// So many posts, and so many publishers, are what the rules ask for.
const POSTS: usize = 2_000;
const PROCESSES: usize = 8;
/// So many for each minute of faults, lest most of a long run see none.
const POSTS_A_MINUTE: usize = 200;
/// How long the faults last unless told otherwise.
const FAULTS: Duration = Duration::from_secs(90);
/// Longer than a call to a network may take, so that who wakes up finds its call timed out as after a lease.
const PAUSE: Duration = Duration::from_secs(65);
/// Longer than a lease.
const REAL_PAUSE: Duration = Duration::from_secs(390);
/// From so long on there is time to wait for leases.
const LONG: Duration = Duration::from_mins(10);

/// Why a request of an author came to nothing is told to nobody else.
fn tell_of_failed_requests() {
    let failures = Targets::new().with_target("web", LevelFilter::ERROR);
    let told = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry()
        .with(told.with_filter(failures))
        .init();
}

#[tokio::main]
async fn main() -> Result<ExitCode, Failure> {
    let mut arguments = std::env::args().skip(1);
    let mut orders = Orders {
        seed: fastrand::u64(..),
        posts: POSTS,
        processes: PROCESSES,
        faults: FAULTS,
        pause: PAUSE,
        moves_clocks: true,
        program: std::env::current_exe()?,
    };
    let (mut wants_json, mut told) = (false, None);
    while let Some(argument) = arguments.next() {
        let mut number = || -> Result<u64, Failure> {
            let number = arguments.next().and_then(|word| word.parse().ok());
            number.ok_or_else(|| format!("{argument} wants a number; {USAGE}").into())
        };
        match argument.as_str() {
            PUBLISHER => {
                processes::publish().await?;
                return Ok(ExitCode::SUCCESS);
            }
            "--json" => wants_json = true,
            "--minutes" => orders.faults = Duration::from_mins(number()?),
            "--posts" => told = Some(number()?.try_into()?),
            "--processes" => orders.processes = number()?.try_into()?,
            "--seed" => orders.seed = number()?,
            other => return Err(format!("`{other}` is not known; {USAGE}").into()),
        }
    }
    let of_minutes = POSTS_A_MINUTE * usize::try_from(orders.faults.as_secs() / 60)?;
    orders.posts = told.unwrap_or(of_minutes.max(POSTS));
    if orders.faults >= LONG {
        orders.pause = REAL_PAUSE;
        orders.moves_clocks = false;
    }
    tell_of_failed_requests();
    eprintln!("seed {}", orders.seed);
    let begun = Instant::now();
    let say = |line: &str| eprintln!("{:>5} s  {line}", begun.elapsed().as_secs());
    let report = processes::run(&orders, say).await?;
    tell(&report, wants_json);
    Ok(match report.failure() {
        None => ExitCode::SUCCESS,
        Some(why) => {
            eprintln!("{}\n{why}; seed {}", report.wrong(), report.seed);
            ExitCode::FAILURE
        }
    })
}

#[expect(clippy::print_stdout, reason = "the figures are what was asked for")]
fn tell(report: &processes::Report, wants_json: bool) {
    if wants_json {
        println!("{}", report.to_json());
    } else {
        println!("{report}");
    }
}
