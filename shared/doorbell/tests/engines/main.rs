//! What every engine must do, held against each of them with real parts: Postgres, Redis, and servers
//! that speak as AWS does.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod aws;
mod postgres;
#[cfg(feature = "redis")]
mod redis;
mod refusals;
mod rig;
mod suite;
