//! Measures the functions as they are built for release: `measure FOLDER [--files-alone]`, beside a migrated
//! database.
//!
//! Size and the version of the C library are read off the files; start and memory are measured under the
//! emulator of the Lambda runtime, which needs a machine of the kind that the functions are built for.

#![expect(clippy::unwrap_used, reason = "a command stops where it cannot go on")]
#![expect(clippy::print_stdout, reason = "this is what the command is for")]

use std::{path::PathBuf, process::ExitCode, time::Duration};

use lambda::{Account, Bootstrap, Budget, Emulator, FUNCTIONS, GLIBC, Memory, event};

/// How often a function is started; the median counts.
const STARTS: usize = 15;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (folder, starts) = match arguments.as_slice() {
        [folder] => (PathBuf::from(folder), true),
        [folder, flag] if flag == "--files-alone" => (PathBuf::from(folder), false),
        _ => panic!("usage: measure FOLDER [--files-alone]"),
    };
    let account = if starts {
        Some(Account::open().await)
    } else {
        None
    };
    println!(
        "of files: stripped size and newest C library; of {STARTS} starts: median, and largest memory after the first answer"
    );
    println!(
        "function     size MB  (at most)  glibc  start ms  (at most)  resident MB  (at most)  peak MB"
    );
    let mut over = Vec::new();
    for function in FUNCTIONS {
        let bootstrap = Bootstrap::within(&folder, function);
        let run = match &account {
            Some(account) => Some(started(account, &bootstrap, function).await),
            None => None,
        };
        let figures = Figures {
            size: bootstrap.size(),
            glibc: bootstrap.glibc(),
            run,
        };
        let budget = Budget::of(function);
        println!("{function:11}  {}", figures.shown(&budget));
        over.extend(
            figures
                .over(&budget)
                .map(|what| format!("{function} {what}")),
        );
    }
    for what in &over {
        println!("{what}");
    }
    if over.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// What is to be known of a function.
struct Figures {
    size: u64,
    glibc: (u32, u32),
    /// How long it takes to start, and what it holds then.
    run: Option<(Duration, Memory)>,
}

impl Figures {
    fn shown(&self, budget: &Budget) -> String {
        let (major, minor) = self.glibc;
        let glibc = format!("{major}.{minor}");
        let file = format!(
            "{:7.1}  {:9.1}  {glibc:>5}",
            megabytes(self.size),
            megabytes(budget.size)
        );
        let Some((start, memory)) = self.run else {
            return file;
        };
        format!(
            "{file}  {:8.1}  {:9.1}  {:11.1}  {:9.1}  {:7.1}",
            milliseconds(start),
            milliseconds(budget.start),
            megabytes(memory.resident),
            megabytes(budget.resident),
            megabytes(memory.peak),
        )
    }

    /// In what it is more than it may be.
    fn over(&self, budget: &Budget) -> impl Iterator<Item = &'static str> {
        let run = self.run;
        [
            (self.size > budget.size, "is too large"),
            (self.glibc > GLIBC, "asks for too new a C library"),
            (
                run.is_some_and(|(start, _)| start > budget.start),
                "starts too slowly",
            ),
            (
                run.is_some_and(|(_, memory)| memory.resident > budget.resident),
                "holds too much memory",
            ),
        ]
        .into_iter()
        .filter(|(is_over, _)| *is_over)
        .map(|(_, what)| what)
    }
}

/// How long a function takes to start, in the median, and the most it holds after its first answer.
async fn started(account: &Account, bootstrap: &Bootstrap, function: &str) -> (Duration, Memory) {
    #[expect(
        clippy::disallowed_methods,
        reason = "the command is told where the database is"
    )]
    let database = std::env::var("DATABASE_URL").unwrap();
    // Without the time that a stand-in takes to hand out secrets, which says nothing of AWS.
    let secrets = [("DATABASE_URL", database.as_str())];
    let variables = account.variables_in_clear(function, &secrets);
    let mut runs = Vec::new();
    for _ in 0..STARTS {
        let emulator = Emulator::start(bootstrap, &variables).await;
        emulator.send(&event::first(function)).await;
        runs.push((emulator.init(), emulator.memory()));
    }
    runs.sort_unstable_by_key(|(start, _)| *start);
    let memories = runs.iter().map(|(_, memory)| *memory);
    let largest = memories.max_by_key(|memory| memory.resident);
    (runs[STARTS / 2].0, largest.unwrap())
}

#[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
