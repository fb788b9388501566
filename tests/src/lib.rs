//! What tests of the whole share: the settings of a house, the networks on a socket, and answers.
//!
//! The tests over the routers and the database stand in `tests/acceptance`, those under the Lambda
//! runtime in the crate `lambda`.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod answer;
pub mod bench;
pub mod samples;
pub mod settings;
mod survival;
pub mod world;

pub use answer::Answer;
pub use survival::survives;
