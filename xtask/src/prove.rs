//! `cargo xtask prove`: that no post is lost, doubled or misreported.

use std::process::ExitCode;

use crate::shell;

const USAGE: &str = "usage: cargo xtask prove [--seed N] [--soak TIME]   TIME as 90s, 30m or 1h";
/// Of how many first faults of pairs a landing takes one; a soak takes all.
const EVERY: &str = "3";

/// What is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Order {
    seed: Option<String>,
    soak: Option<u64>,
}

/// `cargo xtask prove [--seed N] [--soak TIME]`
pub(crate) fn command(arguments: &[String]) -> ExitCode {
    let Some(order) = Order::parse(arguments) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    shell::exit(prove(&order))
}

/// The landing size.
pub(crate) fn landing() -> Result<(), String> {
    prove(&Order::default())
}

fn prove(order: &Order) -> Result<(), String> {
    let mut core = shell::program("proof");
    let mut processes = shell::program("processes");
    if let Some(seed) = &order.seed {
        core.args(["--seed", seed]);
        processes.args(["--seed", seed]);
    }
    match order.soak {
        None => {
            core.args(["--every", EVERY]);
        }
        Some(seconds) => {
            let minutes = (seconds / 60).max(1).to_string();
            core.args(["--seconds", &seconds.to_string()]);
            processes.args(["--minutes", &minutes]);
        }
    }
    // The core computes; the processes mostly wait.
    let core = shell::start(&mut core)?;
    let processes = shell::run(&mut processes);
    // One half is of use although the other failed.
    core.end().and(processes)
}

impl Order {
    fn parse(arguments: &[String]) -> Option<Self> {
        let mut order = Self::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let value = arguments.next()?;
            match argument.as_str() {
                "--seed" => {
                    value.parse::<u64>().ok()?;
                    order.seed = Some(value.clone());
                }
                "--soak" => order.soak = Some(seconds(value)?),
                _ => return None,
            }
        }
        Some(order)
    }
}

fn seconds(time: &str) -> Option<u64> {
    let (number, unit) = time.split_at_checked(time.len().checked_sub(1)?)?;
    let of_unit = match unit {
        "h" => 3_600,
        "m" => 60,
        "s" => 1,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(of_unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read_and_nonsense_is_refused() {
        let parsed = |line: &str| {
            let words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
            Order::parse(&words)
        };
        assert_eq!(parsed(""), Some(Order::default()));
        let soak = Order {
            seed: Some("7".to_owned()),
            soak: Some(5_400),
        };
        assert_eq!(parsed("--soak 90m --seed 7"), Some(soak));
        for wrong in [
            "--soak",
            "--soak 1",
            "--soak h",
            "--soak 1d",
            "--seed x",
            "--often 3",
        ] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }
}
