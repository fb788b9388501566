//! The deterministic proof: the real core, killed and lied to at every step, judged by what is live.
//!
//! What is real: the looks of `publishing`, the machines of `platforms`, the vault, and the simulated
//! networks, whose ledger is the judge. What is a fake: rows ([`books`]), files, the doorbell, sockets
//! and time. Between the two stand [`gate::Gates`]: every await of a look comes by there, and a
//! [`gate::Fault`] decides what becomes of it. A look that dies is a future that is dropped.
//!
//! [`exhaustive`] tries every fault at every await, all pairs of them, lists that are late, and authors who
//! change their minds against two looks at once; [`random`] lets hundreds of
//! posts live through a bad day; [`planted`] checks that a core that is kept wrongly is found out.

pub mod books;
pub mod exhaustive;
pub mod gate;
pub mod judge;
pub mod kinds;
pub mod planted;
pub mod random;
pub mod report;
pub mod town;
pub mod world;

mod clock;
mod means;
mod network;

pub use clock::Clock;
