//! `proof [--seed N] [--seconds N] [--json]`: the deterministic proof, at the size that landing has time for
//! or, with seconds, as long as told.

use std::process::ExitCode;

use proof::report::{Order, run};

fn main() -> ExitCode {
    let order = match Order::parse(std::env::args().skip(1)) {
        Ok(order) => order,
        Err(usage) => {
            eprintln!("{usage}");
            return ExitCode::from(2);
        }
    };
    let report = run(&order);
    report.print(&order);
    if report.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
