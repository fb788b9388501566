//! Holds the template that is deployed against the code, without an account.
//!
//! Each check is a function that tells what is wrong; the tests show that nothing is wrong with the
//! template, and that a spoilt one is found out.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod code;
pub mod rights;
pub mod routes;
pub mod shape;
mod template;
mod tools;
pub mod variables;

pub use code::{Call, Code};
pub use template::Template;
pub use tools::{Outcome, lint, root, validate};
