//! The functions under the Lambda runtime: an account of AWS as far as a stand-in has one, the runtime's
//! emulator, `cargo lambda watch`, and the events that Lambda would send.

#![cfg(feature = "runtime")]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod account;
mod bootstrap;
mod budget;
mod emulator;
pub mod event;
pub mod process;
mod watch;

pub use account::Account;
pub use bootstrap::{Bootstrap, FUNCTIONS};
pub use budget::{Budget, GLIBC};
pub use emulator::{Emulator, Memory};
pub use watch::Watch;
