//! What every HTTP function shares: problems, callers, limits, headers, the way to run.

mod caller;
mod clock;
mod env;
mod extract;
mod layers;
mod page;
mod problem;
mod run;
mod telemetry;
mod token;
mod views;

pub use caller::{Admin, Caller, client_address, limit};
pub use clock::Clock;
pub use env::{HasWeb, WebEnv};
pub use extract::{Json, Path, Query};
pub use layers::dress;
pub use page::{escaped, page};
pub use problem::{Problem, ProblemBody};
pub use run::run;
pub use telemetry::telemetry;
pub use token::{AccessToken, issue};
pub use views::ConnectionView;

#[cfg(test)]
mod testing;
