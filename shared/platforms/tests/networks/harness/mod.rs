//! The stage on which every network is tried, without a socket and without waiting.
//!
//! - [`Stage`]: the simulated networks, a clock that is moved by hand, files at
//!   `https://media.example/`, and our app as each network knows it. It connects accounts.
//! - [`driver`]: publishes a post by the rules that the real driver obeys, one function a rule. Read
//!   it to learn what a machine may rely on.
//! - [`transcript`]: what was said, as a text to be reviewed; secrets, ids and times made stable.
//! - [`conformance()`]: breaks each call of a flow in each way and judges by the network's ledger.
//! - [`wire`]: from a [`platforms::Call`] to the simulator and back.

mod conformance;
mod driver;
mod stage;
mod transcript;
mod wire;

pub use conformance::{Trial, conformance};
pub use driver::{Death, Driver, Outcome, Run};
pub use stage::{Connection, Stage};
pub use tests::samples::{Sample, jpeg, mp4, pdf, png};
pub use transcript::Transcript;
