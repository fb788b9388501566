//! The one loop that does the I/O of a state machine.
//!
//! [`Publisher::answer`] is what a doorbell calls: it looks at the row that the ring names and does
//! what comes next for it. Read `pass/`, and `pass/commit.rs` slowly: there a post is published at most once.

mod assets;
mod backoff;
mod deliveries;
mod disconnect;
mod errands;
mod feeds;
mod pass;
mod ports;
mod progress;
mod publisher;
mod reseal;
mod signature;
mod sweep;
mod tokens;

pub use deliveries::Courier;
pub use pass::Lines;
pub use ports::{Asked, Books, DatabaseBooks, Files};
pub use publisher::{AssembleError, Means, Parts, Publisher, courier, vault, wire};
pub use sweep::{RotateError, Swept};
