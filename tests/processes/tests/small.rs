//! The proof with processes, small enough to be run with every change.

use std::time::Duration;

use processes::Orders;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_dies_and_whatever_is_lost_each_post_is_live_at_most_once_and_what_is_said_is_true()
{
    let orders = Orders {
        seed: fastrand::u64(..),
        posts: 150,
        processes: 8,
        faults: Duration::from_secs(15),
        // Longer than an arm is good for: whoever was stopped before it sent may not send any more.
        pause: Duration::from_secs(7),
        moves_clocks: true,
        program: env!("CARGO_BIN_EXE_processes").into(),
    };
    let report = processes::run(&orders, |line| eprintln!("{line}")).await;
    let report = report.unwrap_or_else(|error| panic!("seed {}: {error}", orders.seed));
    eprintln!("{report}");
    let failure = report.failure();
    assert!(
        failure.is_none(),
        "{failure:?}: {report}\n{}",
        report.wrong()
    );
}
